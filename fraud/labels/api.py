"""How old labels are, for programs that watch the bank."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from fintrust.core.api import Body, Moment, WholeNumber, query_of, raises
from fintrust.core.errors import Forbidden
from fintrust.core.http import PersonApiRequest
from fraud.labels.selectors import AGE_DAYS, Age, Ages, ages
from fraud.models import Label


class AgeView(serializers.Serializer[Age]):
    count = serializers.IntegerField()
    median_hours = serializers.FloatField()
    high_hours = serializers.FloatField(help_text="Nine in ten were known sooner.")


class SourceAge(AgeView):
    source = serializers.ChoiceField(Label.Source.choices)  # type: ignore[assignment]


class LabelAgeView(serializers.Serializer[Ages]):
    since = Moment()
    overall = AgeView(allow_null=True)
    by_source = SourceAge(many=True)
    alerts = serializers.IntegerField()
    labelled = serializers.IntegerField(help_text="Of these alerts, how many have a label by now.")


class LabelAgeQuery(Body):
    days = WholeNumber(required=False, default=AGE_DAYS, min_value=1, max_value=366)


class LabelAge(APIView):
    @extend_schema(
        operation_id="analytics_label_age",
        parameters=[LabelAgeQuery],
        responses={200: LabelAgeView},
    )
    @raises(Forbidden)
    def get(self, request: PersonApiRequest) -> Response:
        """How long it took to learn what payments were

        In hours from when a payment was asked for to its first label of each source. For staff who
        may read labels.
        """
        days = query_of(request, LabelAgeQuery)["days"]
        if not request.user.has_perm("fraud.view_label"):
            raise Forbidden()
        return Response(LabelAgeView(ages(days)).data)
