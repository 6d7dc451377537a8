"""Officers' rules for programs of the bank's staff: to be read. They are written in the console."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from fintrust.core.api import Moment, PageQuery, query_of, raises
from fintrust.core.errors import Forbidden, NotFound
from fintrust.core.http import PersonApiRequest
from fintrust.core.ids import from_public
from fraud.models import Ruleset, RuleVersion
from fraud.rulebook import selectors, trial


class RiskRule(serializers.Serializer[RuleVersion]):
    id = serializers.CharField(source="public_id", help_text="rlv_…: of this version.")
    name = serializers.CharField(source="rule.name")
    purpose = serializers.CharField(source="rule.purpose")
    version = serializers.IntegerField(source="number")
    state = serializers.SerializerMethodField()
    condition = serializers.CharField()
    meaning = serializers.SerializerMethodField(help_text="The condition in plain English.")
    action = serializers.CharField(help_text="watch, hold or block.")
    author = serializers.CharField(source="author.name")
    written_at = Moment(source="at")

    def get_state(self, version: RuleVersion) -> str:
        row: Ruleset | None = self.context["row"]
        return selectors.state_of(version, row)

    def get_meaning(self, version: RuleVersion) -> str:
        return trial.say(version.condition).english


class RiskRulePage(serializers.Serializer[Any]):
    rules = RiskRule(many=True)
    next_cursor = serializers.CharField(allow_null=True)


def _may_read(request: PersonApiRequest) -> None:
    if not request.user.has_perm("fraud.view_ruleversion"):
        raise Forbidden()


class Rules(APIView):
    @extend_schema(operation_id="risk_rules", parameters=[PageQuery], responses={200: RiskRulePage})
    @raises(Forbidden, NotFound)
    def get(self, request: PersonApiRequest) -> Response:
        """Officers' rules, every version

        Newest first. For staff who may read rules.
        """
        _may_read(request)
        asked = query_of(request, PageQuery)
        found = selectors.versions().order_by("-id")
        if cursor := asked.get("cursor"):
            found = found.filter(pk__lt=from_public(RuleVersion.prefix, cursor))
        page = list(found[: asked["limit"] + 1])
        shown = page[: asked["limit"]]
        more = shown[-1].public_id if len(page) > len(shown) else None
        context = {"row": selectors.newest()}
        return Response(RiskRulePage({"rules": shown, "next_cursor": more}, context=context).data)


class OneRule(APIView):
    @extend_schema(
        operation_id="risk_rule",
        parameters=[OpenApiParameter("rule", str, OpenApiParameter.PATH, description="rlv_…")],
        responses={200: RiskRule},
    )
    @raises(Forbidden, NotFound)
    def get(self, request: PersonApiRequest, rule: str) -> Response:
        """One version of a rule."""
        _may_read(request)
        context = {"row": selectors.newest()}
        return Response(RiskRule(selectors.versions().get_public(rule), context=context).data)
