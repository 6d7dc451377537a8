"""What is normal for a customer, for programs."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from fintrust.core.api import AmountText, Body, Moment, body_of
from fintrust.core.http import PersonApiRequest
from fintrust.core.models import User
from fintrust.core.money import Money
from fraud.profile import selectors, services
from fraud.profile.normal import Amounts

_HELD = "Three days after it was chosen: until then the old normal guards."


class AmountsView(serializers.Serializer[Amounts]):
    currency = serializers.CharField()
    payments = serializers.IntegerField()
    sum = AmountText()
    mean = AmountText()
    deviation = AmountText(help_text="The sample standard deviation.")
    median = AmountText()
    high = AmountText(help_text="Nine payments in ten are at most this.")
    largest = AmountText()

    def to_representation(self, instance: Amounts) -> Any:
        names = ("sum", "mean", "deviation", "median", "high", "largest")
        money = {
            name: Money(getattr(instance, f"{name}_minor"), instance.currency) for name in names
        }
        counted = {"currency": instance.currency, "payments": instance.payments}
        return super().to_representation(counted | money)


class FamiliarPayee(serializers.Serializer[Any]):
    account = serializers.CharField(source="name", help_text="acc_…")
    payments = serializers.IntegerField()
    last_at = Moment()


class FamiliarPlace(serializers.Serializer[Any]):
    place = serializers.CharField(source="name", help_text="As it was declared.")
    payments = serializers.IntegerField()
    last_at = Moment()


class RiskProfile(serializers.Serializer[Any]):
    """Your own normal, from what you have paid in the last half year."""

    learns = serializers.BooleanField(help_text="Without it, only others are compared with.")
    learns_since = Moment(allow_null=True, help_text="Only payments after this count.")
    judged_by_from = Moment(allow_null=True, help_text=_HELD)
    payments = serializers.IntegerField()
    first_at = Moment(source="since", allow_null=True)
    last_at = Moment(allow_null=True)
    payments_per_week = serializers.FloatField()
    amounts = AmountsView(many=True)
    hours = serializers.ListField(
        child=serializers.IntegerField(), help_text="Payments in each hour of your day, 0 to 23."
    )
    weekdays = serializers.ListField(
        child=serializers.IntegerField(), help_text="Payments on each weekday, Monday first."
    )
    payees = FamiliarPayee(many=True, help_text="The most often paid.")
    payees_count = serializers.IntegerField()
    places = FamiliarPlace(many=True)
    sentences = serializers.ListField(child=serializers.CharField(), help_text="The same in words.")


class LearningInput(Body):
    learn = serializers.BooleanField(
        help_text="Whether the bank may learn from your payments what is normal for you."
    )

    class Meta:
        ref_name = "NewRiskProfile"

    def to_internal_value(self, data: Any) -> Any:
        if "learn" in data and not isinstance(data["learn"], bool):
            raise serializers.ValidationError({"learn": ["Send true or false."]})
        return super().to_internal_value(data)


class OwnProfile(APIView):
    @extend_schema(operation_id="risk_profile", responses={200: RiskProfile})
    def get(self, request: PersonApiRequest) -> Response:
        """What is normal for you, as the bank has learned it."""
        return Response(_shown(request.user))

    @extend_schema(
        operation_id="risk_profile_choose",
        request=LearningInput,
        responses={200: RiskProfile},
        examples=[OpenApiExample("No more", {"learn": False}, request_only=True)],
    )
    def put(self, request: PersonApiRequest) -> Response:
        """Let the bank learn from your payments, or not

        It is judged by from three days later on; until then the old normal guards, so that nobody
        who gets at your account can make the bank look away. What you pay while nothing may be
        learned is never learned from.
        """
        learn = body_of(request, LearningInput)["learn"]
        services.choose_learning(customer=request.user, learn=learn, by=request.user)
        return Response(_shown(request.user))

    @extend_schema(operation_id="risk_profile_reset", responses={200: RiskProfile})
    def delete(self, request: PersonApiRequest) -> Response:
        """Forget what is normal for you

        Only payments from now on count. It is judged by from three days later on; until then the
        old normal guards. Asking again while that waits changes nothing. Which devices are yours
        and where you were last is not forgotten: it protects you, and runs out by itself.
        """
        services.forget_normal(customer=request.user, by=request.user)
        return Response(_shown(request.user))


def _shown(customer: User) -> dict[str, Any]:
    normal, learning = selectors.profile_of(customer), selectors.learning_of(customer)
    names = (
        "payments", "since", "last_at", "amounts", "hours", "weekdays", "payees", "payees_count",
        "places",
    )  # fmt: skip
    return RiskProfile(
        {name: getattr(normal, name) for name in names}
        | {
            "learns": learning.learns,
            "learns_since": learning.since,
            "judged_by_from": learning.effective_at,
            "payments_per_week": round(normal.per_week, 2),
            "sentences": normal.sentences(),
        }
    ).data
