"""The page a person gets when something could not be done."""

import structlog
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from fintrust import problems
from fintrust.core import errors


def nobody_answers():
    raise OperationalError("the database is gone")


def page(problem, user):
    request = RequestFactory().get("/", headers={"accept": "text/html"})
    request.user = user
    return problems.respond(request, problem)


def test_a_broken_bank_can_still_say_so():
    response = page(errors.Unavailable(), SimpleLazyObject(nobody_answers))
    assert response.status_code == 503
    assert "A part of the bank is not available" in response.content.decode()


def test_the_page_names_the_code_and_the_request_for_whoever_helps():
    with structlog.contextvars.bound_contextvars(request_id="req-42"):
        words = page(errors.NotFound(), AnonymousUser()).content.decode()
    assert "<code>not-found</code>" in words
    assert "<code>req-42</code>" in words


def test_what_a_problem_says_is_escaped():
    words = page(errors.Invalid("<script>x</script>"), AnonymousUser()).content.decode()
    assert "&lt;script&gt;x&lt;/script&gt;" in words
