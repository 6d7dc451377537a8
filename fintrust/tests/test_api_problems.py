"""What every address of the API has in common: problems, methods, media types, budgets."""

import pytest

from fintrust import problems

pytestmark = pytest.mark.django_db
ME, LOGIN = "/api/v1/auth/me", "/api/v1/auth/login"


def problem(answer):
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"].endswith(f"#{body['code']}")
    assert body.get("request_id") == answer.get("X-Request-ID")  # none before the door is open
    return body["status"], body["code"]


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v1/nothing", "/api/v2/accounts/", "/api/v1/a/b/"]
)
@pytest.mark.parametrize("accept", ["application/json", "text/html", "*/*"])
def test_an_unknown_address_is_a_problem_for_everybody(api, path, accept):
    assert problem(api.get(path, HTTP_ACCEPT=accept)) == (404, "not-found")
    assert problem(api.post(path, {}, format="json", HTTP_ACCEPT=accept)) == (404, "not-found")


def test_a_slash_too_many_or_too_few_keeps_method_and_query(api):
    for wrong, right in ((f"{LOGIN}/", LOGIN), ("/api/v1/accounts", "/api/v1/accounts/")):
        answer = api.post(f"{wrong}?a=%20b", {}, format="json")
        assert (answer.status_code, answer["Location"]) == (308, f"{right}?a=%20b")


@pytest.mark.parametrize("method", ["get", "put", "delete", "options", "trace"])
def test_a_method_that_is_not_offered(api, method):
    answer = getattr(api, method)(LOGIN)
    assert problem(answer) == (405, "method-not-allowed")
    assert answer["Allow"] == "POST, OPTIONS"


def test_an_answer_in_another_form_is_not_to_be_had(api):
    assert problem(api.get(ME, HTTP_ACCEPT="application/xml")) == (406, "not-acceptable")


@pytest.mark.parametrize("where", [f"{ME}?x=%00", "/api/v1/accounts/%00"])
def test_a_nul_in_the_address(api, where):
    assert problem(api.get(where)) == (400, "nul-character")


def test_a_body_as_large_as_allowed_is_read(api, settings):
    body = '{"email":"x"' + " " * (settings.BODY_BYTES_MAX - 13) + "}"
    assert len(body) == settings.BODY_BYTES_MAX
    answers = [
        api.generic("POST", LOGIN, text, content_type="application/json")
        for text in (body, body + " ")
    ]
    assert [problem(answer) for answer in answers] == [(400, "invalid"), (413, "body-too-large")]


def test_budgets_are_told_before_they_are_gone(signed_in, person):
    client = signed_in(person("alice"))
    answers = [client.get(ME) for _ in range(2)]
    assert [answer["RateLimit"].split(";")[1] for answer in answers] == ["r=599", "r=598"]
    assert answers[0]["RateLimit-Policy"] == '"read";q=600;w=60'


def test_budgets_are_each_persons_own(signed_in, person):
    signed_in(person("alice")).get(ME)
    assert ";r=599;" in signed_in(person("bob")).get(ME)["RateLimit"]


def test_what_breaks_inside_betrays_nothing(api, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("fintrust.signin.sign_in", broken)
    answer = api.post(LOGIN, {"email": "a@example.org", "password": "x"}, format="json")
    assert problem(answer) == (500, "internal-error")
    assert "secret" not in answer.content.decode()


def test_a_problem_cannot_overwrite_the_members_of_the_standard():
    body = problems.document(problems.errors.Conflict(status="posted", type="x", more=1))
    assert (body["status"], body["more"]) == (409, 1)
    assert body["type"].endswith("#conflict")
