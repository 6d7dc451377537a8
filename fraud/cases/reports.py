"""Reports of a suspicion: drafted from a case, signed by a second person, handed out as files.

Nothing here is recorded with the customer as its owner: telling somebody that they were reported
is an offence.
"""

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.services import record
from fintrust.core.errors import Forbidden
from fintrust.core.ids import to_public, uuid7
from fintrust.core.models import User
from fintrust.core.money import Money, exponent
from fintrust.core.text import clean_lines
from fraud.cases import as_goaml, as_pdf, selectors
from fraud.errors import (
    CaseAboutYou,
    OwnReport,
    ReportNotDraft,
    WordsMissing,
    WordsTooLong,
)
from fraud.models import Case, CaseEntry, Decision, SuspicionReport
from fraud.policy import CASES, CasePolicy

FORM = 1  # of the content; a change of its members is another number
Status = SuspicionReport.Status


@transaction.atomic
def draft_report(
    *, case: Case, by: User, narrative: str, policy: CasePolicy = CASES
) -> SuspicionReport:
    """Write down who, what, when and how much, as it is known now, and the officer's own account.

    An earlier draft is replaced. The same words about the same facts are the draft that is there.
    """
    if not by.has_perm("fraud.draft_suspicionreport"):
        raise Forbidden()
    narrative = _narrative(narrative, policy)
    case = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
    if case.customer_id == by.pk:
        raise CaseAboutYou()
    content = content_of(case, narrative)
    digest = hashlib.sha256(canonical(content)).hexdigest()
    before = case.reports.filter(status=Status.DRAFT).first()
    if before is not None and (before.sha256, before.drafted_by_id) == (digest, by.pk):
        return before
    if before is not None:
        before.status = Status.REPLACED
        before.save(update_fields=["status"])
    made = SuspicionReport.objects.create(
        id=uuid7(), case=case, content=content, sha256=digest, drafted_by=by
    )
    CaseEntry.objects.create(case=case, kind=CaseEntry.Kind.DRAFTED, by=by, text=made.public_id)
    record("fraud.report.drafted", subject=made, by=by, data=_named(made))
    return made


@transaction.atomic
def sign_report(*, report: SuspicionReport, by: User) -> SuspicionReport:
    """A second person answers for it. From then on not a letter of it changes."""
    if not by.has_perm("fraud.sign_suspicionreport"):
        raise Forbidden()
    report = (
        SuspicionReport.objects.select_for_update(no_key=True, of=("self",))
        .select_related("case")
        .get(pk=report.pk)
    )
    if report.status != Status.DRAFT:
        raise ReportNotDraft()
    if report.case.customer_id == by.pk:
        raise CaseAboutYou()
    if report.drafted_by_id == by.pk:
        raise OwnReport()
    report.status, report.signed_by, report.signed_at = Status.SIGNED, by, timezone.now()
    report.save(update_fields=["status", "signed_by", "signed_at"])
    CaseEntry.objects.create(
        case=report.case, kind=CaseEntry.Kind.SIGNED, by=by, text=report.public_id
    )
    record("fraud.report.signed", subject=report, by=by, data=_named(report))
    return report


def look_at(*, report: SuspicionReport, by: User) -> None:
    """Remember who read it."""
    record("fraud.report.viewed", subject=report, by=by, data=_named(report))


@dataclass(frozen=True, slots=True)
class Written:
    """A report as a file, or several in one."""

    name: str
    kind: str
    content: bytes


@transaction.atomic
def written(*, report: SuspicionReport, form: str, by: User) -> Written:
    """The report as `json`, `pdf`, or `xml` for the authority; who took a copy is remembered."""
    record("fraud.report.exported", subject=report, by=by, data={**_named(report), "form": form})
    if form == "json":
        return Written(f"{report.public_id}.json", "application/json", as_json(report))
    if form == "pdf":
        return Written(f"{report.public_id}.pdf", "application/pdf", as_pdf.render(_sheet(report)))
    files = {
        f"{report.public_id}-{currency}.xml": as_goaml.render(
            report.public_id, report.content, currency
        )
        for currency in report.content["totals"]
    }
    if len(files) == 1:
        ((name, content),) = files.items()
        return Written(name, "application/xml", content)
    return Written(f"{report.public_id}.zip", "application/zip", _zip(files))


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def _sheet(report: SuspicionReport) -> as_pdf.Sheet:
    return as_pdf.Sheet(
        id=report.public_id,
        content=report.content,
        sha256=report.sha256,
        drafted=_stood(report.drafted_by, report.drafted_at),
        signed=_stood(report.signed_by, report.signed_at),
        moment=report.signed_at or report.drafted_at,
    )


def _stood(who: User | None, at: datetime | None) -> str:
    return f"{who.name}, {at:%-d %B %Y, %H:%M %Z}" if who and at else ""


def _named(report: SuspicionReport) -> dict[str, str]:
    return {"case": report.case.public_id, "sha256": report.sha256}


def _narrative(text: str, policy: CasePolicy) -> str:
    text = clean_lines(text)
    if len(text) < policy.text_min:
        raise WordsMissing(field="narrative")
    if len(text) > policy.report_text_max:
        raise WordsTooLong(
            f"At most {policy.report_text_max} characters are kept.", field="narrative"
        )
    return text


# --- what it says ---------------------------------------------------------------------------


def content_of(case: Case, narrative: str) -> dict[str, Any]:
    """All that the report says, as plain values: what is hashed, signed and handed out."""
    customer = case.customer
    payments = [_payment(decision) for decision in selectors.suspected(case)]
    times = [payment["at"] for payment in payments]
    return {
        "form": FORM,
        "case": case.public_id,
        "customer": {
            "id": customer.public_id,
            "name": customer.name,
            "email": customer.email,
            "since": customer.date_joined.isoformat(),
        },
        "from": min(times, default=None),
        "to": max(times, default=None),
        "payments": payments,
        "totals": _totals(payments),
        "alerts": [
            {"at": entry.at.isoformat(), "kind": entry.alert.kind, "text": entry.text}
            for entry in selectors.entries_of(case).filter(kind=CaseEntry.Kind.ALERT)
            if entry.alert is not None
        ],
        "outcome": case.outcome,
        "narrative": narrative,
    }


def _payment(decision: Decision) -> dict[str, Any]:
    facts = decision.facts_then()
    return {
        "decision": decision.public_id,
        "transfer": facts.subject,
        "at": facts.at.isoformat(),
        "kind": facts.kind,
        "outgoing": facts.outgoing,
        "account": facts.account,
        "counterparty": facts.counterparty,
        "amount": _amount(facts.amount_minor, facts.currency),
        "currency": facts.currency,
        "verdict": decision.verdict,
        "effect": decision.effect,
        "score": repr(decision.score),
        "reasons": [reason["text"] for reason in decision.reasons],
    }


def _amount(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).decimal:.{exponent(currency)}f}"


def _totals(payments: list[dict[str, Any]]) -> dict[str, str]:
    """How much in each currency. Currencies are never added up."""
    totals: dict[str, int] = {}
    for payment in payments:
        minor = Money.parse(payment["amount"], payment["currency"]).minor
        totals[payment["currency"]] = totals.get(payment["currency"], 0) + minor
    return {currency: _amount(totals[currency], currency) for currency in sorted(totals)}


def canonical(content: dict[str, Any]) -> bytes:
    """The one spelling that is hashed."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def as_json(report: SuspicionReport) -> bytes:
    """The content with its hash and who stands for it."""
    whole = {
        "id": report.public_id,
        "status": report.status,
        "content": report.content,
        "sha256": report.sha256,
        "drafted_by": to_public(User.prefix, report.drafted_by_id),
        "drafted_at": report.drafted_at.isoformat(),
        "signed_by": report.signed_by_id and to_public(User.prefix, report.signed_by_id),
        "signed_at": report.signed_at and report.signed_at.isoformat(),
    }
    return json.dumps(whole, indent=2, ensure_ascii=False).encode()
