"""A report of a suspicion in goAML 5, the form that many countries' authorities take. Pure.

What the bank does not know is "-", the schema's own word for unknown. The schema has one local
currency and wants a rate for any other, which a report of a suspicion has no business choosing: the
payments of one currency make one report.
"""

from datetime import UTC, datetime
from typing import Any

from lxml import etree

from fintrust.core.text import clean_lines
from fraud.policy import REPORTER, Reporter

UNKNOWN = "-"
TEXT_MAX = 8_000  # of the schema's longest texts
Element = Any  # lxml's own classes have no types


def render(
    report_id: str, content: dict[str, Any], currency: str, *, reporter: Reporter = REPORTER
) -> bytes:
    """The payments in this currency, the customer on their side and an account on the other."""
    root = etree.Element("report")
    _fill(
        root,
        rentity_id=str(reporter.id),
        rentity_branch=reporter.branch,
        submission_code="E",  # electronically
        report_code="STR",
        entity_reference=f"{report_id} {currency}",
        submission_date=_moment(content["to"] or content["customer"]["since"]),
        currency_code_local=currency,
    )
    person = etree.SubElement(root, "reporting_person")
    _fill(person, first_name=reporter.first_name, last_name=reporter.last_name)
    place = etree.SubElement(root, "location")
    _fill(
        place,
        address_type=UNKNOWN,
        address=reporter.address,
        city=reporter.city,
        country_code=reporter.country,
    )
    _fill(root, reason=content["narrative"][:TEXT_MAX])
    for payment in content["payments"]:
        if payment["currency"] == currency:
            _transaction(root, payment, content["customer"], reporter)
    indicators = etree.SubElement(root, "report_indicators")
    _fill(indicators, indicator=UNKNOWN)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _transaction(
    root: Element, payment: dict[str, Any], customer: dict[str, Any], reporter: Reporter
) -> None:
    one = etree.SubElement(root, "transaction")
    _fill(
        one,
        transactionnumber=payment["transfer"],
        internal_ref_number=payment["decision"],
        transaction_location=UNKNOWN,
        transaction_description="; ".join(payment["reasons"])[:TEXT_MAX],
        date_transaction=_moment(payment["at"]),
        transmode_code=UNKNOWN,
        transmode_comment=payment["kind"],
        amount_local=payment["amount"],
    )
    own, other = payment["account"], payment["counterparty"] or "outside"
    payer, payee = (own, other) if payment["outgoing"] else (other, own)
    for side, account in (("from", payer), ("to", payee)):
        holder = customer if account == own else None
        _side(one, side, account, holder, payment["currency"], reporter)


def _side(
    one: Element,
    side: str,
    account: str,
    holder: dict[str, Any] | None,
    currency: str,
    reporter: Reporter,
) -> None:
    part = etree.SubElement(one, f"t_{side}")
    _fill(part, **{f"{side}_funds_code": UNKNOWN})
    known = etree.SubElement(part, f"{side}_account")
    _fill(
        known,
        institution_name=reporter.name,
        institution_code=reporter.code,
        account=account,
        currency_code=currency,
    )
    if holder is not None:
        _fill(known, account_name=holder["name"], client_number=holder["id"])
        signatory = etree.SubElement(known, "signatory")
        person = etree.SubElement(signatory, "t_person")
        first, _, last = holder["name"].rpartition(" ")
        _fill(person, first_name=first or UNKNOWN, last_name=last)
    _fill(part, **{f"{side}_country": UNKNOWN})


def _fill(parent: Element, **texts: str) -> None:
    for name, text in texts.items():
        etree.SubElement(parent, name).text = clean_lines(text)


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
