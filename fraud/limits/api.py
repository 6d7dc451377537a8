"""The customer's own hard limits for programs."""

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from biometrics import pins
from biometrics.errors import PinLocked, PinNotSet, PinWrong
from fintrust.core.api import (
    Amount,
    AmountText,
    Body,
    Moment,
    Text,
    WholeNumber,
    about,
    body_of,
    raises,
)
from fintrust.core.etags import ETAG, PreconditionFailed, etag, if_match
from fintrust.core.http import PersonApiRequest
from fintrust.core.money import AmountTooLarge, InvalidAmount, Money
from fraud.errors import InvalidLimit, LimitsMissing, TooManyPendingChanges
from fraud.limits import selectors, services
from fraud.limits.own import Amounts, CustomerPolicies, NewPayee, TimeRange, minute_of
from fraud.limits.policy import LIMITS

_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_NAME_MAX = 200  # read at most; what is kept is judged by the service
_EXAMPLE = {
    "max_transaction_amount": {"EUR": "500.00", "GBP": "400.00"},
    "daily_total": {"EUR": "1000.00"},
    "daily_payments": 10,
    "allowed_locations": ["Lisbon, PT", "ES"],
    "block_unknown_locations": False,
    "allowed_time_range": {"start": "07:00", "end": "23:00"},
    "allowed_currencies": ["EUR", "GBP"],
    "only_allowed_payees": False,
    "allowed_payees": ["acc_01kahkf19qf7wa2mgdb9wkbn4x"],
    "new_payee": {"hours": 48, "amount": {"EUR": "100.00"}},
    "block_withdrawals": False,
}


# --- what comes in --------------------------------------------------------------------------


class LimitAmount(Amount):
    """An amount in a map by currency: a problem is about the map."""

    @property
    def name(self) -> str:
        field: Any = self.parent
        return str(field.field_name)


class ByCurrency(serializers.DictField):
    def __init__(self, **options: Any) -> None:
        super().__init__(child=LimitAmount(allow_null=True), **options)


class Names(serializers.ListField):
    def __init__(self, most: int, **options: Any) -> None:
        super().__init__(child=Text(max_length=_NAME_MAX), max_length=most, **options)


class TimeRangeInput(Body):
    start = serializers.RegexField(_TIME, help_text="Included.")
    end = serializers.RegexField(_TIME, help_text="Not included; before `start`: over midnight.")


class Count(WholeNumber):
    """A number of JSON. Text is not made into one."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class NewPayeeInput(Body):
    hours = Count(min_value=1, max_value=LIMITS.new_payee_hours_max)
    amount = ByCurrency()


class Flag(serializers.BooleanField):
    """true or false. Nothing else is made into one."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


class PoliciesInput(Body):
    max_transaction_amount = ByCurrency(
        required=False, help_text="The largest payment by currency."
    )
    daily_total = ByCurrency(
        required=False, help_text="What may leave in one of your days, by currency, to others."
    )
    daily_payments = Count(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=LIMITS.daily_payments_max,
        help_text="How many payments to others you allow in one of your days.",
    )
    allowed_locations = Names(
        LIMITS.places_max,
        required=False,
        allow_null=True,
        help_text='Places as "Lisbon, PT", or whole countries as "PT". Compared as a whole, '
        "with what a payment says and with where its connection comes from.",
    )
    block_unknown_locations = Flag(
        required=False,
        help_text="Refuse what comes from a place that nobody knows, or where coordinates and "
        "connection are 100 km apart or more.",
    )
    allowed_time_range = TimeRangeInput(
        required=False, allow_null=True, help_text="On your own clock, see `timezone`."
    )
    allowed_currencies = Names(
        LIMITS.currencies_max, required=False, allow_null=True, help_text="ISO 4217 codes."
    )
    only_allowed_payees = Flag(
        required=False, help_text="Pay nobody but `allowed_payees` and your own accounts."
    )
    allowed_payees = Names(LIMITS.payees_max, required=False, help_text="Accounts: acc_….")
    new_payee = NewPayeeInput(
        required=False,
        allow_null=True,
        help_text="What a payee gets from you at most in the first hours after the first payment.",
    )
    block_withdrawals = Flag(required=False)
    pin = Text(
        required=False,
        max_length=pins.PIN_MAX,
        write_only=True,
        help_text="Your PIN: then looser limits need not wait.",
    )

    class Meta:
        ref_name = "NewRiskPolicies"


def _asked(body: dict[str, Any], zone: str) -> CustomerPolicies:
    """What is left out, null or an empty list limits nothing."""
    hours, rule = body.get("allowed_time_range"), body.get("new_payee")
    return CustomerPolicies(
        max_transaction_amount=_minor(body, "max_transaction_amount"),
        daily_total=_minor(body, "daily_total"),
        daily_payments=body.get("daily_payments"),
        allowed_locations=_names(body, "allowed_locations"),
        block_unknown_locations=body.get("block_unknown_locations", False),
        allowed_time_range=hours and TimeRange(minute_of(hours["start"]), minute_of(hours["end"])),
        allowed_currencies=_names(body, "allowed_currencies"),
        only_allowed_payees=body.get("only_allowed_payees", False),
        allowed_payees=tuple(body.get("allowed_payees", ())),
        new_payee=rule and NewPayee(rule["hours"], _minor(rule, "amount", "new_payee")),
        block_withdrawals=body.get("block_withdrawals", False),
        timezone=zone,
    )


def _names(body: dict[str, Any], name: str) -> tuple[str, ...] | None:
    return tuple(" ".join(text.split()) for text in body.get(name) or ()) or None


def _minor(body: dict[str, Any], name: str, field: str = "") -> Amounts:
    """A currency that is not named, or is null, has no limit."""
    with about(field or name):
        parsed = {
            currency: services.limit_in(currency, amount)
            for currency, amount in body.get(name, {}).items()
        }
    return {currency: minor for currency, minor in parsed.items() if minor is not None}


# --- what goes out --------------------------------------------------------------------------


class AmountsView(serializers.DictField):
    child = AmountText()

    def to_representation(self, value: Amounts) -> dict[str, str]:
        money = {currency: Money(minor, currency) for currency, minor in value.items()}
        return dict(super().to_representation(money))


class TimeRangeView(serializers.Serializer[TimeRange]):
    def to_representation(self, value: TimeRange) -> dict[str, str]:
        return value.to_json()

    start = serializers.CharField()
    end = serializers.CharField(help_text="The same as `start`: at no time, while a change waits.")


class NewPayeeView(serializers.Serializer[NewPayee]):
    hours = serializers.IntegerField()
    amount = AmountsView()


class Limits(serializers.Serializer[CustomerPolicies]):
    max_transaction_amount = AmountsView()
    daily_total = AmountsView()
    daily_payments = serializers.IntegerField(allow_null=True)
    allowed_locations = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="null: anywhere. Empty: nowhere, while a change from one to another waits.",
    )
    block_unknown_locations = serializers.BooleanField()
    allowed_time_range = TimeRangeView(allow_null=True)
    allowed_currencies = serializers.ListField(child=serializers.CharField(), allow_null=True)
    only_allowed_payees = serializers.BooleanField()
    allowed_payees = serializers.ListField(child=serializers.CharField())
    new_payee = NewPayeeView(allow_null=True)
    block_withdrawals = serializers.BooleanField()
    timezone = serializers.CharField(
        help_text="The clock of your days and hours: yours when you wrote them. It does not follow"
        " your profile by itself."
    )

    class Meta:
        ref_name = "RiskLimits"


class PendingView(serializers.Serializer[Any]):
    takes_effect_at = Moment(source="at")
    looser = serializers.ListField(child=serializers.CharField(), source="fields")
    policies = Limits()


class RiskPolicies(Limits):
    version = serializers.IntegerField(help_text="The version you wrote last; 0 is none.")
    pending = PendingView(many=True, help_text="Looser limits that wait, the next one first.")

    class Meta:
        ref_name = "RiskPolicies"


_IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The `ETag` of what you have seen; without it you replace whatever there is.",
)


class Policies(APIView):
    @extend_schema(
        operation_id="risk_policies",
        parameters=[ETAG],
        responses={200: RiskPolicies},
    )
    def get(self, request: PersonApiRequest) -> Response:
        """Your own hard limits: what is in force now, and what waits to be."""
        return _shown(request)

    @extend_schema(
        operation_id="risk_policies_set",
        request=PoliciesInput,
        parameters=[_IF_MATCH, ETAG],
        responses={200: RiskPolicies},
        examples=[OpenApiExample("Every kind of limit", _EXAMPLE, request_only=True)],
    )
    @raises(
        InvalidLimit,
        LimitsMissing,
        InvalidAmount,
        AmountTooLarge,
        TooManyPendingChanges,
        PreconditionFailed,
        PinNotSet,
        PinWrong,
        PinLocked,
    )
    def put(self, request: PersonApiRequest) -> Response:
        """Set your own hard limits

        The body replaces all of them: what is left out, or is null or an empty list, is not
        limited any more; a body that names no limit at all is refused. What gets tighter holds
        from the next payment on, and nothing outweighs it. What gets looser waits a day, or holds
        at once with your `pin`; until then the limits before hold too, and sending those again
        takes the change back.
        """
        expected = if_match(request) if request.headers.get("If-Match") else None
        body = body_of(request, PoliciesInput)
        if not body.keys() - {"pin"}:
            raise LimitsMissing()
        asked = _asked(body, request.user.timezone)
        services.check(asked)  # before the PIN: a mistake in the body is no guess
        if "pin" in body:
            pins.verify_pin(user=request.user, pin=body["pin"])
        services.set_policies(
            customer=request.user,
            asked=asked,
            by=request.user,
            stepped_up="pin" in body,
            expected=expected,
        )
        return _shown(request)


def _shown(request: PersonApiRequest) -> Response:
    written, now = selectors.written_by(request.user), timezone.now()
    values = Limits(written.in_force(now)).data
    waiting = PendingView(written.pending(now), many=True).data
    return Response(
        {**values, "version": written.version, "pending": waiting},
        headers={"ETag": etag(written.version)},
    )
