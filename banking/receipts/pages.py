"""A receipt to keep."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from banking import selectors
from banking.receipts import pdf
from banking.receipts.selectors import Party, Receipt, receipt_of
from fintrust.core.errors import NotFound
from fintrust.core.templatetags.money import signed


@require_GET
@login_required
@never_cache
def download(request: HttpRequest, transfer_id: str) -> HttpResponse:
    """The receipt as a PDF; only money that has moved has one."""
    receipt = receipt_of(request.user, selectors.transfer_for(request.user, transfer_id))
    if not receipt.seen.counts:
        raise NotFound()
    body = pdf.render(_sheet(receipt, request))
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{receipt.transfer.public_id}.pdf"'
    return response


def _sheet(receipt: Receipt, request: HttpRequest) -> pdf.Sheet:
    transfer = receipt.transfer
    booked = timezone.localtime(receipt.booked_at)
    facts = [
        ("From", _named(receipt.payer)),
        ("To", _named(receipt.payee)),
        ("Note", transfer.note),
        ("Asked by", receipt.asked_by),
        ("Booked", f"{booked:%-d %B %Y, %H:%M:%S %Z}"),
        ("Value date", f"{receipt.value_date:%-d %B %Y}"),
        ("Fee", "None"),
        ("Balance after", receipt.balance_after.format() if receipt.balance_after else ""),
        ("Reference", transfer.public_id),
        ("Movement", transfer.movement.public_id),
        ("Audit record", receipt.record.public_id if receipt.record else ""),
    ]
    return pdf.Sheet(
        title=f"Receipt {transfer.public_id}",
        amount=signed(receipt.seen.amount),
        state="Returned since" if receipt.seen.state == "returned" else "The money has moved",
        facts=tuple((name, value) for name, value in facts if value),
        footer=_footer(receipt, request),
    )


def _named(party: Party) -> str:
    return f"{party.name}, {party.number}" if party.number else party.name


def _footer(receipt: Receipt, request: HttpRequest) -> str:
    if receipt.record is None:
        return "FinTrust keeps this transfer in its ledger, where movements are never changed."
    proof = request.build_absolute_uri(reverse("log-proof", args=[receipt.record.public_id]))
    return (
        "This transfer stands in an append-only log that anybody can check without the bank. "
        f"The proof for the record above is at {proof}."
    )
