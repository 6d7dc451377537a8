"""Moving money: form, preview, result; and looking back at it."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from banking import selectors
from banking.answers.pages import may_dispute
from banking.fx import quotes, terms
from banking.fx.errors import QuoteExpired
from banking.insights import selectors as insights
from banking.models import Account, Right, Transfer
from banking.pages import confirming, drafts
from banking.pages.confirming import Way
from banking.pages.drafts import Draft
from banking.pages.forms import ActivityForm, SendForm
from banking.payees.selectors import payees_of
from banking.payees.services import check_name
from banking.payees.warnings import warnings_for
from banking.receipts.selectors import Receipt, receipt_of
from banking.returns.services import may_return
from banking.transfers.services import cancel_transfer, send_transfer
from fintrust.core import context as asked_from
from fintrust.core.errors import Problem
from fintrust.core.http import PersonRequest
from fraud.explanation import beside
from fraud.labels.selectors import answer_of, dispute_of, questions_of
from fraud.selectors import changes_to_tell

ACTIVITY_PAGE = 25
OFFERED_MAX = 8  # of the address book beside the form; the rest is one link away


@require_http_methods(["GET", "POST"])
@login_required
def send(request: HttpRequest) -> HttpResponse:
    """The form. When it is right, the preview has its own address."""
    form = SendForm(request.POST or None, user=request.user, initial=request.GET.dict())
    if form.is_valid():
        data = form.cleaned_data
        draft = Draft.of(
            data["source"],
            data["payee"],
            data["money"],
            data["note"],
            quote=data.get("quote", ""),
            name=data["name"],
            place=data["place"],
        )
        return redirect(_preview_url(draft, request.user))
    context = {
        "form": form,
        **_offered(request.user),
        "own": selectors.accounts_of(request.user).filter(status=Account.Status.ACTIVE),
    }
    return render(request, "banking/send.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@login_required
def preview(request: HttpRequest) -> HttpResponse:
    """What will happen, before it happens; posting it makes it so, once."""
    token = request.POST.get("draft") or request.GET.get("draft", "")
    draft = drafts.read(token, request.user)
    source, target = draft.accounts(request.user)
    price, until = _price(draft, request.user, source, target)
    found = check_name(by=request.user, account=target, name=draft.name)
    context: dict[str, Any] = {
        "draft": draft,
        "token": token,
        "source": source,
        "target": target,
        "payee": found,
        "warnings": warnings_for(found, draft.amount, source.available),
        "price": price,
        "until": until,
        "left": source.available - price.total,
        "change_url": f"{reverse('send')}?{_as_query(draft, target)}",
        "sent": Transfer.objects.filter(
            requested_by=request.user, request_id=draft.request_id
        ).first(),
    }
    if request.method == "GET":
        if until and until <= timezone.now() and not context["sent"]:
            return _agree_again(request, draft, source, target)
        return render(request, "banking/preview.html", context)
    try:
        with asked_from.use(place=draft.place):
            transfer = send_transfer(
                by=request.user,
                source=source,
                target=target,
                amount=draft.amount,
                request_id=draft.request_id,
                note=draft.note,
                quote=draft.quote,
            )
    except QuoteExpired:
        return _agree_again(request, draft, source, target)
    except Problem as problem:
        context["problem"] = problem
        return render(request, "banking/preview.html", context, status=problem.status)
    return redirect("transfer", transfer.public_id)


def _preview_url(draft: Draft, user: Any) -> str:
    return f"{reverse('send-preview')}?draft={draft.token(user)}"


def _price(
    draft: Draft, user: Any, source: Account, target: Account
) -> tuple[terms.Terms, datetime | None]:
    """What is agreed to by sending this draft, and until when."""
    if not draft.quote:
        return terms.plain(draft.amount), None
    quote = quotes.read(draft.quote, user, source, target, draft.amount)
    return quote.terms, quote.expires_at


def _agree_again(
    request: HttpRequest, draft: Draft, source: Account, target: Account
) -> HttpResponse:
    """The same request at the price of now. Nothing is sent before it has been seen."""
    quote = quotes.make(request.user, source, target, draft.amount)
    messages.info(request, "The price had run out. This is the new rate; look again, then send.")
    return redirect(_preview_url(replace(draft, quote=quote.token), request.user))


def _offered(user: Any) -> dict[str, Any]:
    """The address book, and whom the customer paid last without having kept them."""
    saved = list(payees_of(user)[:OFFERED_MAX])
    kept = {payee.account_id for payee in saved}
    recent = [account for account in selectors.recent_payees(user) if account.pk not in kept]
    return {"saved": saved, "recent": recent}


def _as_query(draft: Draft, target: Account) -> str:
    amount = f"{draft.amount}".split()[0]
    fields = {
        "source": draft.source,
        "payee": target.number,
        "name": draft.name,
        "amount": amount,
        "note": draft.note,
        "place": draft.place,
    }
    return urlencode(fields)


@require_GET
@login_required
def transfer(request: PersonRequest, transfer_id: str) -> HttpResponse:
    """The result, and later the receipt."""
    found = selectors.transfer_for(request.user, transfer_id)
    return _show(request, found)


@require_POST
@login_required
def confirm(request: PersonRequest, transfer_id: str) -> HttpResponse:
    """Send held money on its way, by PIN or another proof that is set up."""
    found = selectors.transfer_for(request.user, transfer_id)
    way = confirming.chosen(confirming.ways_of(request.user), request.POST.get("by", ""))
    if way is None:
        return _show(request, found, status=422)
    form = way.form(request.POST)
    if form.is_valid():
        try:
            found = way.confirm(request, found, form.cleaned_data)
        except Problem as problem:
            seen = {field.name for field in form.visible_fields()}
            form.add_error(problem.field if problem.field in seen else None, problem.message)
        else:
            if found.status == Transfer.Status.POSTED:
                messages.success(request, "Confirmed. The money is on its way.")
            return redirect("transfer", found.public_id)
    return _show(request, found, way=way, form=form, status=422)


@require_POST
@login_required
def cancel(request: HttpRequest, transfer_id: str) -> HttpResponse:
    found = selectors.transfer_for(request.user, transfer_id)
    cancel_transfer(transfer=found, by=request.user)
    messages.success(request, "Cancelled. The money stays with you.")
    return redirect("transfer", found.public_id)


_HEADLINES: dict[str, tuple[str, str]] = {
    Transfer.Status.POSTED: ("Done", "The money has moved."),
    Transfer.Status.HELD: ("One more step", "The money is set aside until you confirm it."),
    Transfer.Status.REFUSED: ("Not sent", "Nothing has moved."),
    Transfer.Status.CANCELLED: ("Cancelled", "Nothing has moved."),
    Transfer.Status.EXPIRED: ("Expired", "Nobody confirmed it in time, so the money stayed."),
}


def _headline(receipt: Receipt, mine: bool) -> tuple[str, str]:
    if receipt.seen.state == "returned":
        return "Returned", "The money has moved, and has gone back since."
    if receipt.transfer.kind == Transfer.Kind.REVERSAL and receipt.seen.counts:
        return "Returned", "The money has gone back to where it came from."
    if mine and receipt.transfer.is_held and receipt.transfer.decision.review:
        return "We are looking at it", "The money is set aside until somebody here has decided."
    return _HEADLINES[receipt.transfer.status]


def _show(
    request: PersonRequest,
    found: Transfer,
    *,
    way: Way | None = None,
    form: Form | None = None,
    status: int = 200,
) -> HttpResponse:
    mine = selectors.knows_why(request.user, found)
    receipt = receipt_of(request.user, found)
    headline, explanation = _headline(receipt, mine)
    by_own_limit = found.source.owner_id == request.user.pk and found.decision.forbidden
    if by_own_limit and found.status == Transfer.Status.REFUSED:
        explanation = "Your own limits do not allow it. No money moved."
    flow = insights.flow_of(request.user, found)
    context = {
        "headline": headline,
        "explanation": explanation,
        "transfer": found,
        "receipt": receipt,
        "seen": receipt.seen,
        "mine": mine,
        "category": flow and insights.categoriser_of(request.user, flow).of(flow),
        "rate": terms.spelled(found.rate) if found.rate else "",
        "decision": found.decision if mine else None,  # the receiver must not see our doubts
        **_explained(request.user, found),
        "by_own_limit": by_own_limit,
        **(_confirmation(request, found, way, form) if mine and found.is_held else {}),
        "answer": _answer_of(request.user, found),
        "asked": mine and found.status != Transfer.Status.HELD and _is_asked(request.user, found),
        "may_dispute": may_dispute(found, request.user),
        "progress": dispute_of(found.decision) if may_dispute(found, request.user) else None,
        "may_return": may_return(found, request.user) and not found.was_returned,
        "back": found.returned_by.filter(status=Transfer.Status.POSTED).first(),
    }
    return render(request, "banking/transfer.html", context, status=status)


def _confirmation(
    request: PersonRequest, found: Transfer, way: Way | None, form: Form | None
) -> dict[str, Any]:
    """The form of one way to confirm, and which others there are."""
    ways = confirming.ways_of(request.user)
    way = way or confirming.chosen(ways, request.GET.get("by", ""))
    return {
        "way": way,
        "form": form or (way and way.form()),
        "other_ways": [other for other in ways if other != way],
        "script_data": confirming.script_data(request, found, way),
    }


def _answer_of(user: Any, transfer: Transfer) -> bool | None:
    """What the customer said to "was this you?"; to nobody else."""
    return answer_of(transfer.decision) if transfer.decision.customer_id == user.pk else None


def _is_asked(user: Any, transfer: Transfer) -> bool:
    return transfer.decision in questions_of(user)


def _explained(user: Any, found: Transfer) -> dict[str, Any]:
    """The payment beside its owner's normal, and what would have passed; whoever else operates the
    account is told neither."""
    if found.source.owner_id != user.pk:
        return {}
    decision = found.decision
    return {
        "beside": beside(decision.facts_then(), decision.snapshot_then()),
        "passing": changes_to_tell(decision),
    }


@require_GET
@login_required
def activity(request: HttpRequest) -> HttpResponse:
    """Everything that was asked for or arrived, newest first, with filters."""
    form = ActivityForm(request.GET or None, user=request.user)
    filters = form.filters() if form.is_valid() else selectors.Filters()
    found = selectors.history(request.user, filters)
    before = request.GET.get("before")
    waiting = [] if before else found.filter(status=Transfer.Status.HELD).newest(ACTIVITY_PAGE)
    settled = found.filter(~Q(status=Transfer.Status.HELD))
    page = selectors.transfers_page(settled, before=before, size=ACTIVITY_PAGE)
    on = _looked_at(request.user, filters)
    context = {
        "form": form,
        "page": page,
        "waiting": selectors.as_seen_by(request.user, waiting, on),
        "transfers": selectors.as_seen_by(request.user, page.rows, on),
        "filtered": any(form.data.values()),
        "narrowed": any(value for name, value in form.data.items() if name != "text"),
    }
    template = "banking/activity.html#results" if request.htmx else "banking/activity.html"
    return render(request, template, context)


def _looked_at(user: Any, filters: selectors.Filters) -> Account | None:
    return selectors.account_for(user, filters.account, Right.VIEW) if filters.account else None
