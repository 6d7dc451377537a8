"""Would this payment go through? Asked before anything is at stake."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from banking.models import Transfer
from banking.payees.selectors import payees_of
from banking.whatif.forms import OwnQuestionForm
from banking.whatif.services import Answer, Question, what_if
from fintrust.core import roles
from fintrust.core.budgets import spend
from fintrust.core.errors import Forbidden, Problem
from fraud.explanation import beside, parts

PAYEES_OFFERED = 50
_FIELDS = {"currency": "amount", "target": "payee", "at": "at", "known": "known"}


@require_http_methods(["GET", "POST"])
@login_required
def would_it_pass(request: HttpRequest) -> HttpResponse:
    if roles.has(request.user, roles.PARTNER):
        raise Forbidden("Partners read what was shared with them, and judge nobody.")
    form = OwnQuestionForm(request.POST or None, user=request.user, initial=request.GET.dict())
    answer = _answered(request, form) if form.is_valid() else None
    context = {"form": form, "saved": payees_of(request.user)[:PAYEES_OFFERED], **shown(answer)}
    return render(request, "banking/whatif.html", context, status=422 if form.errors else 200)


def _answered(request: HttpRequest, form: Any) -> Answer | None:
    spend("what-if", str(request.user.pk))
    return answer_to(form, by=request.user, channel=Transfer.Channel.WEB)


def answer_to(form: Any, *, by: Any, channel: str) -> Answer | None:
    """The answer, or None and the form says what is wrong with the question."""
    question: Question = form.cleaned_data["question"]
    try:
        return what_if(question, by=by, channel=channel)
    except Problem as problem:
        form.add_error(_FIELDS.get(problem.field or ""), problem.message)
        return None


def shown(answer: Answer | None) -> dict[str, Any]:
    """An answer for the page, in the shape of a stored decision's reasons."""
    if answer is None:
        return {"answer": None}
    return {
        "answer": answer,
        "verdict": answer.verdict,
        "reasons": answer.verdict.reasons_json(),
        "beside": beside(answer.tried.facts, answer.tried.snapshot),
        "passing": answer.tried.passing,
        "parts": parts(answer.verdict.contributions),
    }
