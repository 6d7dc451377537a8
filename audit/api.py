"""The records over the API, for those whose work it is to read them."""

from typing import Any

from django.db.models import F, QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit import access
from audit.models import Record
from fintrust.core.api import Moment, PageQuery, Text, query_of, raises
from fintrust.core.errors import Forbidden, Invalid, NotFound
from fintrust.core.ids import from_public, to_public
from fintrust.core.models import User


class EventsQuery(PageQuery):
    action = Text(
        required=False, max_length=80, help_text="An action, or the beginning of one up to a dot."
    )
    subject = Text(required=False, max_length=60, help_text="What it happened to: a public id.")
    actor = Text(required=False, max_length=30, help_text="Who did it: usr_….")
    owner = Text(required=False, max_length=30, help_text="Whose data it was: usr_….")
    request_id = Text(required=False, max_length=60)
    since = Moment(required=False, help_text="From this moment on.")
    until = Moment(required=False, help_text="Before this moment.")


class Actor(serializers.Serializer[Record]):
    id = serializers.SerializerMethodField()
    kind = serializers.CharField(source="actor_kind")
    label = serializers.CharField(source="actor_label")  # type: ignore[assignment]

    def get_id(self, record: Record) -> str | None:
        return to_public(User.prefix, record.actor_id) if record.actor_id else None


class EventOut(serializers.ModelSerializer[Record]):
    id = serializers.CharField(source="public_id")
    at = Moment()
    actor = Actor(source="*")
    owner = serializers.SerializerMethodField()
    index = serializers.IntegerField(
        allow_null=True, help_text="Its place in the log; null until it is sealed."
    )

    class Meta:
        model = Record
        fields = (
            "id", "at", "action", "actor", "subject", "owner", "before", "after", "data", "reason",
            "purpose", "request_id", "ip", "session", "index",
        )  # fmt: skip
        read_only_fields = fields

    def get_owner(self, record: Record) -> str | None:
        return to_public(User.prefix, record.owner_id) if record.owner_id else None


class EventsPage(serializers.Serializer[Any]):
    results = EventOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class NotAnAuditor(Forbidden):
    """The records of the bank are for its auditors and officers."""

    code = "audit-readers-only"


class Events(APIView):
    @extend_schema(
        operation_id="audit_events",
        parameters=[EventsQuery],
        responses={200: EventsPage},
        examples=[
            OpenApiExample("What happened to a transfer", {"results": [], "next_cursor": None})
        ],
    )
    @raises(NotAnAuditor, Invalid)
    def get(self, request: Request) -> Response:
        """What happened, newest first. Reading it is itself remembered."""
        if not access.reads_everything(request.user):
            raise NotAnAuditor()
        query = query_of(request, EventsQuery)
        limit = query.pop("limit")
        rows = list(_found(query)[: limit + 1])
        page = rows[:limit]
        asked = {name: str(value) for name, value in query.items()}
        access.remember_reading("api", query=asked, records=len(page))
        more = page[-1].public_id if len(rows) > limit else None
        return Response({"results": EventOut(page, many=True).data, "next_cursor": more})


def _found(query: dict[str, Any]) -> QuerySet[Record]:
    """Public ids are ordered by time, so the cursor is the last record's id."""
    rows = Record.objects.annotate(index=F("leaf__index")).order_by("-id")
    plain = {name: query[name] for name in ("subject", "request_id") if name in query}
    rows = rows.filter(**plain)
    if "action" in query:
        rows = rows.filter(**_action(query["action"]))
    if "actor" in query:
        rows = rows.filter(actor_id=_id("actor", User.prefix, query["actor"]))
    if "owner" in query:
        rows = rows.filter(owner=_id("owner", User.prefix, query["owner"]))
    if "since" in query:
        rows = rows.filter(at__gte=query["since"])
    if "until" in query:
        rows = rows.filter(at__lt=query["until"])
    if "cursor" in query:
        rows = rows.filter(id__lt=_id("cursor", Record.prefix, query["cursor"]))
    return rows


def _action(text: str) -> dict[str, str]:
    return {"action__startswith": text} if text.endswith(".") else {"action": text}


def _id(name: str, prefix: str, text: str) -> Any:
    """Here a public id is a filter: a wrong one is a mistake in the request, not a missing page."""
    try:
        return from_public(prefix, text)
    except NotFound:
        raise Invalid(f"This is not an id that begins with {prefix}_.", field=name) from None
