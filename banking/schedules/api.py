"""Scheduled payments for programs: plan, look ahead, change, pause, skip, cancel."""

from dataclasses import replace
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from banking import selectors as accounts
from banking.errors import AccountClosed, SameAccount
from banking.models import Occurrence, Schedule
from banking.models.transfers import NOTE_MAX
from banking.numbers import AccountNumberInvalid
from banking.payees.errors import TooManyLooks, UnknownPayee
from banking.payees.names import NAME_MAX
from banking.payees.services import look_up
from banking.policy import SCHEDULES
from banking.schedules import errors, selectors, services
from banking.schedules.dates import EVERY_MAX, Plan, Rhythm, Weekend
from banking.schedules.services import Wish
from banking.selectors import InvalidCursor
from fintrust.core import idempotency, money
from fintrust.core.api import (
    Amount,
    AmountText,
    Body,
    Moment,
    MoneyBody,
    PageQuery,
    Text,
    WholeNumber,
    about,
    body_of,
    query_of,
    raises,
)
from fintrust.core.errors import Invalid, NotFound
from fintrust.core.etags import (
    ETAG,
    IF_MATCH,
    PreconditionFailed,
    PreconditionRequired,
    etag,
    if_match,
)
from fintrust.core.http import PersonApiRequest
from fintrust.core.models import User
from fintrust.core.money import Money

_MINE = "acc_01kahkf19qf7wa2mgdb9wkbn4w"
_THEIRS = "acc_01kahkf19qf7wa2mgdb9wkbn4x"


# --- what goes out --------------------------------------------------------------------------


class ScheduleView(serializers.Serializer[Schedule]):
    """All dates are days in your own time zone."""

    id = serializers.CharField(source="public_id")
    status = serializers.ChoiceField(Schedule.Status.choices)
    source = serializers.CharField(source="source.public_id")  # type: ignore[assignment]
    target = serializers.CharField(source="target.public_id")
    name = serializers.CharField()
    amount = AmountText()
    currency = serializers.CharField()
    note = serializers.CharField()
    rhythm = serializers.ChoiceField(Schedule.Rhythm.choices)
    every = serializers.IntegerField()
    first_on = serializers.DateField()
    until = serializers.DateField(allow_null=True)
    times = serializers.IntegerField(allow_null=True)
    weekend = serializers.ChoiceField(Schedule.Weekend.choices)
    next_dates = serializers.SerializerMethodField()
    created_at = Moment()
    ended_at = Moment(allow_null=True)
    ended_because = serializers.CharField()

    def get_next_dates(self, schedule: Schedule) -> list[dict[str, str]]:
        """The next three dates, each with the day the money moves."""
        coming = selectors.coming_dates(schedule, SCHEDULES.shown)
        return [{"due_on": str(due.due_on), "run_on": str(due.run_on)} for due in coming]


class ScheduleList(serializers.Serializer[Any]):
    results = ScheduleView(many=True)


class OccurrenceView(serializers.Serializer[Occurrence]):
    due_on = serializers.DateField()
    run_on = serializers.DateField()
    status = serializers.ChoiceField(Occurrence.Status.choices)
    transfer = serializers.SerializerMethodField()
    transfer_status = serializers.SerializerMethodField()
    tries = serializers.IntegerField()
    next_try_at = Moment(allow_null=True)
    reason = serializers.CharField(help_text="The code of an error, or why it was skipped.")
    settled_at = Moment(allow_null=True)

    def get_transfer(self, occurrence: Occurrence) -> str | None:
        """The transfer it became."""
        return occurrence.transfer.public_id if occurrence.transfer else None

    def get_transfer_status(self, occurrence: Occurrence) -> str | None:
        """What became of that: it may wait for you, or have been refused."""
        return occurrence.transfer.status if occurrence.transfer else None


class OccurrencePage(serializers.Serializer[Any]):
    results = OccurrenceView(many=True)
    next_cursor = serializers.CharField(allow_null=True)


# --- what comes in --------------------------------------------------------------------------


class DateText(serializers.DateField):
    """A day, `2026-05-31`; a number or a time is none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **options)

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str) or len(value) != 10 or not value.isascii():
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


_EVERY = {"min_value": 1, "max_value": EVERY_MAX, "help_text": "Every so many weeks."}
_TIMES = {"min_value": 1, "max_value": SCHEDULES.times_max, "allow_null": True}


class ScheduleBody(MoneyBody):
    source = Text(max_length=60, help_text="One of your accounts.")  # type: ignore[assignment]
    target = Text(max_length=60, help_text="Who is paid: an account's id or number.")
    name = Text(max_length=NAME_MAX, required=False, allow_blank=True, default="")
    note = Text(max_length=NOTE_MAX, required=False, allow_blank=True, default="")
    rhythm = serializers.ChoiceField(Schedule.Rhythm.choices)
    every = WholeNumber(required=False, default=1, **_EVERY)
    first_on = DateText(help_text="A day in your own time zone, today at the earliest.")
    until = DateText(required=False, allow_null=True, default=None, help_text="Inclusive.")
    times = WholeNumber(required=False, default=None, **_TIMES)
    weekend = serializers.ChoiceField(
        Schedule.Weekend.choices, required=False, default=Weekend.SAME.value
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _only_weeks(attrs["rhythm"], attrs["every"])
        return super().validate(attrs)


class ScheduleChanges(Body):
    amount = Amount(required=False)
    note = Text(max_length=NOTE_MAX, required=False, allow_blank=True)
    rhythm = serializers.ChoiceField(Schedule.Rhythm.choices, required=False)
    every = WholeNumber(required=False, **_EVERY)
    first_on = DateText(required=False)
    until = DateText(required=False, allow_null=True)
    times = WholeNumber(required=False, **_TIMES)
    weekend = serializers.ChoiceField(Schedule.Weekend.choices, required=False)


class SkipBody(Body):
    due_on = DateText(help_text="The next date, so that pressed twice it is skipped once.")


def _only_weeks(rhythm: str, every: int) -> None:
    if every != 1 and rhythm != Rhythm.WEEKLY:
        raise Invalid("`every` counts weeks, so it needs the rhythm `weekly`.", field="every")


# --- doors ----------------------------------------------------------------------------------

_PLAN = (
    errors.ScheduleInPast,
    errors.ScheduleTooFar,
    errors.ScheduleWithoutDates,
    money.InvalidAmount,
    money.AmountTooLarge,
)


class Schedules(APIView):
    throttle_scope = "money"

    @extend_schema(operation_id="schedules_list", responses={200: ScheduleList})
    def get(self, request: PersonApiRequest) -> Response:
        """Your scheduled payments: what comes next first, what ended at the end."""
        found = selectors.schedules_of(request.user)[: selectors.LIST_MAX]
        return Response(ScheduleList({"results": found}).data)

    @extend_schema(
        operation_id="schedules_create",
        request=ScheduleBody,
        responses={200: ScheduleView, 201: ScheduleView},
        parameters=[
            ETAG,
            OpenApiParameter(
                "Idempotency-Key",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                required=True,
                pattern="^[!-~]{1,100}$",
                description="Your own name for this request. Sent again, it plans nothing again.",
            ),
            OpenApiParameter(
                "Idempotent-Replayed",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                response=[200],
                enum=["true"],
                description="This is the stored answer to the same request.",
            ),
        ],
        examples=[
            OpenApiExample(
                "Rent",
                {
                    "source": _MINE,
                    "target": _THEIRS,
                    "amount": "12.50",
                    "currency": "EUR",
                    "note": "Rent",
                    "rhythm": "monthly",
                    "first_on": "2027-01-31",
                    "weekend": "next",
                },
                request_only=True,
            )
        ],
    )
    @raises(
        *_PLAN,
        idempotency.IdempotencyKeyMissing,
        idempotency.IdempotencyKeyInvalid,
        idempotency.IdempotencyKeyReused,
        money.CurrencyMismatch,
        SameAccount,
        UnknownPayee,
        TooManyLooks,
        AccountClosed,
        errors.SchedulesExhausted,
        AccountNumberInvalid,
        NotFound,
    )
    def post(self, request: PersonApiRequest) -> Response:
        """Plan a payment, once or again and again.

        Each date is paid at six in the morning on your clock, judged like any payment. Without
        enough money it is tried again until six in the evening. A month that is too short for the
        day is paid on its last day.
        """
        key = idempotency.clean_key(request.headers.get("Idempotency-Key"))
        asked = body_of(request, ScheduleBody)
        wish = _wish(request.user, asked)
        schedule = services.create_schedule(by=request.user, wish=wish, request_id=key)
        if schedule.replayed:
            return _shown(schedule, headers={"Idempotent-Replayed": "true"})
        at = reverse("api-schedule", kwargs={"schedule": schedule.public_id}, request=request)
        return _shown(schedule, status=201, headers={"Location": at})


def _wish(user: User, asked: dict[str, Any]) -> Wish:
    with about("source"):
        source = accounts.account_for(user, asked["source"])
    with about("target"):
        found = look_up(by=user, text=asked["target"], name=asked["name"])
    return Wish(
        source,
        found.account,
        selectors.called(user, found),
        asked["amount"],
        _plan(asked),
        asked["note"],
    )


def _plan(asked: dict[str, Any]) -> Plan:
    return Plan(
        asked["first_on"],
        Rhythm(asked["rhythm"]),
        asked["every"],
        asked["until"],
        asked["times"],
        Weekend(asked["weekend"]),
    )


class OneSchedule(APIView):
    @extend_schema(operation_id="schedules_read", parameters=[ETAG], responses={200: ScheduleView})
    def get(self, request: PersonApiRequest, schedule: str) -> Response:
        """One of your scheduled payments. Somebody else's does not exist."""
        return _shown(selectors.schedule_for(request.user, schedule))

    @extend_schema(
        operation_id="schedules_change",
        request=ScheduleChanges,
        parameters=[IF_MATCH, ETAG],
        responses={200: ScheduleView},
        examples=[OpenApiExample("More rent", {"amount": "13.00"}, request_only=True)],
    )
    @raises(PreconditionRequired, PreconditionFailed, errors.ScheduleEnded, *_PLAN)
    def patch(self, request: PersonApiRequest, schedule: str) -> Response:
        """Change what comes from the next date on; what you leave out stays.

        Another rhythm needs a new `first_on`, and `times` counts from there.
        """
        expected, asked = if_match(request), body_of(request, ScheduleChanges)
        found = selectors.schedule_for(request.user, schedule)
        amount = asked.pop("amount", None)
        changed = services.change_schedule(
            schedule=found,
            by=request.user,
            expected=expected,
            amount=None if amount is None else Money.parse(amount, found.currency),
            note=asked.pop("note", None),
            plan=_changed(found.plan, asked),
        )
        return _shown(changed)


def _changed(plan: Plan, asked: dict[str, Any]) -> Plan:
    kinds = {"rhythm": Rhythm, "weekend": Weekend}
    new = {name: kinds[name](value) if name in kinds else value for name, value in asked.items()}
    if "first_on" in new:
        new["first"] = new.pop("first_on")
    changed = replace(plan, **new)
    _only_weeks(changed.rhythm, changed.every)
    return changed


class Occurrences(APIView):
    @extend_schema(
        operation_id="schedules_occurrences",
        parameters=[PageQuery],
        responses={200: OccurrencePage},
    )
    @raises(InvalidCursor)
    def get(self, request: PersonApiRequest, schedule: str) -> Response:
        """What came of its dates, newest first."""
        asked = query_of(request, PageQuery)
        found = selectors.schedule_for(request.user, schedule)
        with about("cursor"):
            page = selectors.occurrences_page(
                found, before=asked.get("cursor"), size=asked["limit"]
            )
        answer = {"results": page.rows, "next_cursor": page.next or None}
        return Response(OccurrencePage(answer).data)


class Action(APIView):
    throttle_scope = "money"


class Pause(Action):
    @extend_schema(
        operation_id="schedules_pause",
        request=None,
        parameters=[ETAG],
        responses={200: ScheduleView},
    )
    @raises(errors.ScheduleEnded)
    def post(self, request: PersonApiRequest, schedule: str) -> Response:
        """Pay nothing until it is resumed."""
        found = selectors.schedule_for(request.user, schedule)
        return _shown(services.pause_schedule(schedule=found, by=request.user))


class Resume(Action):
    @extend_schema(
        operation_id="schedules_resume",
        request=None,
        parameters=[ETAG],
        responses={200: ScheduleView},
    )
    @raises(errors.ScheduleEnded)
    def post(self, request: PersonApiRequest, schedule: str) -> Response:
        """Go on with the next date to come; those of the pause are not made up for."""
        found = selectors.schedule_for(request.user, schedule)
        return _shown(services.resume_schedule(schedule=found, by=request.user))


class Skip(Action):
    @extend_schema(
        operation_id="schedules_skip",
        request=SkipBody,
        parameters=[ETAG],
        responses={200: ScheduleView},
        examples=[OpenApiExample("Not in January", {"due_on": "2027-01-31"}, request_only=True)],
    )
    @raises(errors.ScheduleEnded, errors.NotTheNextDate)
    def post(self, request: PersonApiRequest, schedule: str) -> Response:
        """Leave out the next date. It counts as one of its `times`."""
        due_on = body_of(request, SkipBody)["due_on"]
        found = selectors.schedule_for(request.user, schedule)
        return _shown(services.skip_next(schedule=found, by=request.user, due_on=due_on))


class Cancel(Action):
    @extend_schema(
        operation_id="schedules_cancel",
        request=None,
        parameters=[ETAG],
        responses={200: ScheduleView},
    )
    @raises(errors.ScheduleEnded)
    def post(self, request: PersonApiRequest, schedule: str) -> Response:
        """End it. What was paid stays in the history."""
        found = selectors.schedule_for(request.user, schedule)
        return _shown(services.cancel_schedule(schedule=found, by=request.user))


def _shown(schedule: Schedule, **options: Any) -> Response:
    headers = {"ETag": etag(schedule.version), **options.pop("headers", {})}
    return Response(ScheduleView(schedule).data, headers=headers, **options)
