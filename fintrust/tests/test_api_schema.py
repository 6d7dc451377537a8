"""The OpenAPI document is complete, and what it shows as an example works."""

import io
import json
import re
from datetime import timedelta

import jsonschema
import pytest
import yaml
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone

from banking.imports import services as imports
from banking.payees.services import add_payee
from banking.tests import import_files
from banking.tests.conftest import open_funded
from biometrics import pins
from fintrust import problems, signin, tokens
from fintrust.core.ids import uuid7
from fraud.selectors import decision_for

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def schema():
    """As the command makes it; a warning is a failure."""
    out = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    return yaml.safe_load(out.getvalue())


def operations(schema):
    for path, item in schema["paths"].items():
        for method in METHODS & item.keys():
            yield f"{method.upper()} {path}", item[method]


def test_every_operation_says_what_it_is_for(schema):
    named = [operation["operationId"] for _, operation in operations(schema)]
    assert len(named) == len(set(named)) >= 20
    assert [name for name, operation in operations(schema) if not operation.get("summary")] == []


def test_every_refusal_is_a_problem_with_an_example_of_each_code(schema):
    codes = set()
    for name, operation in operations(schema):
        refusals = {s: r for s, r in operation["responses"].items() if s >= "400"}
        assert {"400", "406", "429", "503"} <= refusals.keys(), name
        for status, refusal in refusals.items():
            content = refusal["content"][problems.MEDIA_TYPE]
            assert content["schema"] == {"$ref": "#/components/schemas/ProblemDocument"}
            for code, example in content["examples"].items():
                assert example["value"]["status"] == int(status)
                codes.add(code)
    assert codes >= {"insufficient-funds", "unknown-field", "token-expired", "pin-wrong"}


def test_what_needs_a_token_says_so(schema):
    for name, operation in operations(schema):
        is_open = name.startswith("POST /api/v1/auth/")
        assert ("401" in operation["responses"]) or is_open, name
        assert operation.get("security", []) == ([] if is_open else [{"bearer": []}]), name


def test_bodies_have_examples(schema):
    for name, operation in operations(schema):
        if body := operation.get("requestBody"):
            if list(body["content"]) == ["multipart/form-data"]:
                continue  # a file has no example in JSON; its tests are beside its view
            assert list(body["content"]) == ["application/json"], name
            assert body["content"]["application/json"].get("examples"), name


def test_amounts_are_texts(schema):
    for name, component in schema["components"]["schemas"].items():
        for field, what in component.get("properties", {}).items():
            if field in {"amount", "balance", "available", "held"}:
                assert what.get("type") not in {"number", "integer"}, f"{name}.{field}"


class TestExamples:
    """On a database of its own, since a PIN is tried outside of any transaction."""

    @pytest.fixture
    def world(self, bank, person, signed_in, api):
        """What the examples talk about, and what stands there instead of their names."""
        alice, bob = person("alice"), person("bob")
        person("new", confirmed=False)
        mine, theirs = open_funded(alice, 1_000_00), open_funded(bob, 0)
        pins.set_pin(user=alice, pin="4711", password_ok=True)
        client = signed_in(alice)
        body = {"source": mine.public_id, "target": theirs.public_id, "currency": "EUR"}
        held = client.post(
            "/api/v1/transactions/transfer",
            body | {"amount": "900.00"},
            format="json",
            HTTP_IDEMPOTENCY_KEY=str(uuid7()),
        ).json()
        assert held["status"] == "held"
        sent = client.post(
            "/api/v1/transactions/transfer",
            body | {"amount": "1.00"},
            format="json",
            HTTP_IDEMPOTENCY_KEY=str(uuid7()),
        ).json()
        soon = str((timezone.now() + timedelta(days=40)).date())
        planned = client.post(
            "/api/v1/schedules/",
            body | {"amount": "1.00", "rhythm": "monthly", "first_on": soon},
            format="json",
            HTTP_IDEMPOTENCY_KEY=str(uuid7()),
        )
        elsewhere = imports.open_outside_account(
            owner=alice, name="Girokonto", bank="Sparkasse", currency="EUR"
        )
        item = imports.upload_import(
            by=alice, account=elsewhere, filename="x.csv", file=io.BytesIO(import_files.GERMAN)
        )
        hold = client.post(
            "/api/v1/holds/",
            {
                "account": mine.public_id,
                "amount": "20.00",
                "currency": "EUR",
                "reason": "a room",
            },
            format="json",
            HTTP_IDEMPOTENCY_KEY=str(uuid7()),
        ).json()
        webhook = client.post(
            "/api/v1/webhooks/", {"url": "https://example.org"}, format="json"
        ).json()
        cache.set(signin._code_key("new@example.org"), "ABC-123", 60)
        cache.set(signin._tries_key("new@example.org"), 0, 60)
        pair = tokens.issue(alice)
        more = open_funded(bob, 0)
        payee = add_payee(by=alice, account=more.number, name="Bob")
        client.names = {
            "{account}/close": f"{open_funded(alice, 0).public_id}/close",
            "acc_01kahkf19qf7wa2mgdb9wkbn4w": mine.public_id,
            "acc_01kahkf19qf7wa2mgdb9wkbn4x": theirs.public_id,
            "eyJ…": pair.refresh,
            "{account}": mine.public_id,
            "{transfer}": held["id"],
            "{decision}": decision_for(sent["id"]).public_id,
            "{payee}": payee.public_id,
            "{schedule}": planned.json()["id"],
            "2027-01-31": soon,
            "{item}": item.public_id,
            "{hold}": hold["id"],
            "{webhook}": webhook["id"],
        }
        client.stranger = api
        return client

    def test_they_work_and_are_answered_as_documented(self, schema, world):
        ran = 0
        for name, operation in operations(schema):
            method, path = name.split(" ")
            content = operation.get("requestBody", {}).get("content", {})
            for example in content.get("application/json", {}).get("examples", {}).values():
                self.run(world, schema, method, path, operation, example["value"])
                ran += 1
        assert ran >= 13

    def run(self, world, schema, method, path, operation, value):
        text = json.dumps(value, ensure_ascii=False)
        for name, real in world.names.items():
            text, path = text.replace(name, real), path.replace(name, real)
        assert "{" not in path, f"no example for {path}"
        client = world if operation.get("security") else world.stranger
        answer = client.generic(
            method,
            path,
            text,
            content_type="application/json",
            HTTP_IDEMPOTENCY_KEY=str(uuid7()),
            HTTP_IF_MATCH="*",
        )
        shown = operation["responses"].get(str(answer.status_code))
        assert answer.status_code < 300, f"{method} {path}: {answer.content!r}"
        assert shown, f"{method} {path} answered {answer.status_code}"
        if answer.content:
            check(schema, shown["content"]["application/json"]["schema"], answer.json())


def check(schema, part, value):
    """The value has the form that this part of the document describes."""
    nullable = json.loads(
        json.dumps({"components": schema["components"], **part}), object_hook=_plain
    )
    jsonschema.Draft202012Validator(nullable).validate(value)


def _plain(found):
    """OpenAPI 3.0 says `nullable` where JSON Schema says `null`."""
    if found.pop("nullable", False) is True:
        return {"anyOf": [found, {"type": "null"}]}
    return found


@pytest.mark.django_db
class TestWhereItIsRead:
    def test_the_schema_is_served_to_everybody(self, api):
        answer = api.get("/api/v1/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json")
        assert answer.status_code == 200
        assert answer.json()["info"]["title"] == "FinTrust API"

    def test_the_page_lives_under_the_strict_policy(self, api):
        answer = api.get("/api/v1/docs/", HTTP_ACCEPT="text/html")
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy
        page = answer.content.decode()
        assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", page) == []
        assert "<style" not in page
        assert re.findall(r"""(?:src|href)=["']?https?:""", page) == []
