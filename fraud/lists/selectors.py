"""What is listed, and what a payment is looked up by."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from fintrust.core.ids import to_public
from fraud.facts import Facts
from fraud.lists.matched import TRUST, Listed, Match
from fraud.lists.values import address_of, places_of
from fraud.models import ListEntry, ListStep

#: The entries that a payment matches with their steps, as text: a subselect that travels with the
#: snapshot's one statement. All of it as of the payment's own time. Each kind is a prefix written
#: here, so that no device can be named like a payee. A place is what is said and what the address
#: shows: either is refused or held, and trusted are both or none.
MATCHED = """SELECT jsonb_agg(jsonb_build_object('id', id, 'kind', kind, 'effect', effect, 'steps',
            (SELECT jsonb_agg(step) FROM fraud_liststep AS taken
             WHERE entry_id = entry.id AND taken.at <= %(at)s::timestamptz)))::text
        FROM fraud_listentry AS entry
        WHERE (
            key IN (
                'payee:' || %(counterparty)s::text,
                'account:' || %(account)s::text,
                'customer:' || %(customer)s::uuid::text,
                'customer:' || %(asker)s::uuid::text,
                'device:' || %(device)s::text,
                'place:' || %(town)s::text,
                'place:' || %(country)s::text,
                'place:' || %(address_town)s::text,
                'place:' || %(address_country)s::text
            ) OR (kind = 'address' AND network >>= %(ip)s::inet)
        )
        AND (
            kind <> 'place' OR effect <> 'trust' OR %(address_town)s::text = '' OR (
                value IN (%(town)s::text, %(country)s::text)
                AND value IN (%(address_town)s::text, %(address_country)s::text)
            )
        )
        AND at <= %(at)s::timestamptz AND (until IS NULL OR until > %(at)s::timestamptz)"""


def parameters(facts: Facts) -> dict[str, Any]:
    """What `MATCHED` asks for beside what the features do."""
    town, country = places_of(facts.place)
    address_town, address_country = places_of(facts.address_place)
    return {
        "asker": facts.asker_id,
        "town": town,
        "country": country,
        "address_town": address_town,
        "address_country": address_country,
        "ip": address_of(facts.ip),
    }


PARAMETER_TYPES = {
    "asker": "uuid",
    "town": "text",
    "country": "text",
    "address_town": "text",
    "address_country": "text",
    "ip": "inet",
}


def matched(row: str | None) -> Listed | None:
    """Those of them that were in force."""
    if row is None:
        return None
    found = [
        Match(to_public(ListEntry.prefix, UUID(one["id"])), one["kind"], one["effect"])
        for one in json.loads(row)
        if _held(one["effect"], one["steps"] or ())
    ]
    return Listed(tuple(sorted(found, key=lambda entry: entry.id))) if found else None


def _held(effect: str, steps: Sequence[str]) -> bool:
    agreed = effect != TRUST or ListStep.Step.APPROVED in steps
    return agreed and not {ListStep.Step.LIFTED, ListStep.Step.ENDED}.intersection(steps)


# --- what an entry is now -----------------------------------------------------------------------

WAITING, IN_FORCE, LIFTING, OVER, LIFTED, REJECTED, WITHDRAWN = (
    "Waits for a colleague", "In force", "In force, lifting asked for", "Over", "Lifted",
    "Rejected", "Withdrawn",
)  # fmt: skip
_ENDED = {
    ListStep.Step.LIFTED: LIFTED,
    ListStep.Step.ENDED: LIFTED,
    ListStep.Step.REJECTED: REJECTED,
    ListStep.Step.WITHDRAWN: WITHDRAWN,
}


def entries() -> "QuerySet[Any]":
    """All entries, newest first, each with its newest step as `last_step`, and who took it."""
    newest = ListStep.objects.filter(entry=OuterRef("pk")).order_by("-id")
    return (
        ListEntry.objects.select_related("by")
        .annotate(
            last_step=Subquery(newest.values("step")[:1]),
            last_by=Subquery(newest.values("by")[:1]),
        )
        .order_by("-id")
    )


def state_of(entry: Any, now: datetime | None = None) -> str:
    """Of an entry from `entries()`."""
    if entry.last_step in _ENDED:
        return _ENDED[entry.last_step]
    if entry.until is not None and entry.until <= (now or timezone.now()):
        return OVER
    if entry.last_step == ListStep.Step.ASKED:
        return LIFTING
    return WAITING if entry.effect == TRUST and entry.last_step is None else IN_FORCE


def in_force(found: "QuerySet[Any]") -> "QuerySet[Any]":
    kept = [ListStep.Step.APPROVED, ListStep.Step.ASKED, ListStep.Step.KEPT]
    at_once = Q(last_step__isnull=True) & ~Q(effect=TRUST)
    return not_over(found).filter(at_once | Q(last_step__in=kept))


def waiting(found: "QuerySet[Any] | None" = None) -> "QuerySet[Any]":
    """What a second person is asked for: trust, or the lifting of something."""
    found = entries() if found is None else found
    proposed = Q(effect=TRUST, last_step__isnull=True)
    return not_over(found).filter(proposed | Q(last_step=ListStep.Step.ASKED))


def not_over(found: "QuerySet[Any]") -> "QuerySet[Any]":
    return found.filter(Q(until__isnull=True) | Q(until__gt=timezone.now()))
