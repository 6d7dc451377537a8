"""The tags the templates are written with."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django import forms
from django.http import QueryDict
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import resolve
from django.utils import timezone

from fintrust.core.templatetags import ui

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E Safari/604.1"
)


def render(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.parametrize(
    "user_agent, words, phone",
    [
        (CHROME, "Chrome on Linux", False),
        (EDGE, "Edge on Windows", False),
        (SAFARI, "Safari on iPhone", True),
        ("curl/8.5", "An unknown device", False),
        ("", "An unknown device", False),
    ],
)
def test_a_device_is_named_as_its_owner_would(user_agent, words, phone):
    assert ui.device(user_agent) == words
    assert ui.device_is_phone(user_agent) is phone


def test_an_icon_is_silent_unless_it_has_words():
    assert 'aria-hidden="true"' in render('{% icon "wallet" %}')
    spoken = render('{% icon "wallet" label=words %}', words="<Wallet>")
    assert 'role="img"' in spoken
    assert "&lt;Wallet&gt;" in spoken


def test_a_status_has_a_word_a_tone_and_an_icon():
    badge = render("{% status 'held' %}")
    assert "On hold" in badge
    assert "tone-warning" in badge
    assert "#hourglass" in badge


def test_a_status_nobody_drew_is_shown_as_its_own_word():
    assert "Being looked at" in render("{% status 'being_looked_at' %}")


def test_the_words_of_a_status_can_be_replaced_and_are_escaped():
    assert "&lt;b&gt;" in render("{% status 'held' label %}", label="<b>")


def test_a_link_knows_when_its_page_is_shown():
    request = RequestFactory().get("/healthz")
    request.resolver_match = resolve("/healthz")
    assert 'aria-current="page"' in render('{% here "readyz" "healthz" %}', request=request)
    assert 'aria-current="page"' in render('{% here "health*" %}', request=request)
    assert render('{% here "readyz" %}', request=request) == ""
    assert render('{% here "healthz" %}') == ""


def test_a_query_string_is_kept_with_changes():
    request = RequestFactory().get("/", {"kind": "in & out", "cursor": "abc"})
    changed = render(
        "{% autoescape off %}{% keeping cursor=None page=2 %}{% endautoescape %}", request=request
    )
    assert QueryDict(changed.removeprefix("?")).dict() == {"kind": "in & out", "page": "2"}


def test_prose_joins_lines_marks_code_and_escapes():
    drawn = ui.prose("One\nline with `12.50`.\n\nAnother <b>.")
    assert drawn == "<p>One line with <code>12.50</code>.</p><p>Another &lt;b&gt;.</p>"


class AmountForm(forms.Form):
    amount = forms.CharField(
        help_text="In euro", widget=forms.TextInput(attrs={"data-prefix": "€"})
    )
    note = forms.CharField(required=False)


def test_a_field_is_drawn_with_its_label_help_prefix_and_error_tied_to_it():
    drawn = str(AmountForm({}))
    assert '<label for="id_amount">Amount' in drawn
    assert 'aria-describedby="id_amount_helptext id_amount_error"' in drawn
    assert 'id="id_amount_helptext"' in drawn
    assert 'id="id_amount_error"' in drawn
    assert 'aria-invalid="true"' in drawn
    assert "€</span>" in drawn


def test_only_a_field_that_may_be_empty_is_called_optional():
    assert str(AmountForm()).count("(optional)") == 1


@pytest.mark.parametrize(
    "at, shown",
    [
        ("2026-03-29 00:30", "29 Mar, 01:30"),
        ("2025-12-31 22:59", "31 Dec 2025, 23:59"),
        ("2025-12-31 23:00", "1 Jan, 00:00"),
    ],
)
def test_a_moment_is_on_the_readers_clock_and_names_another_year(at, shown):
    utc = datetime.strptime(at, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    paris = ZoneInfo("Europe/Paris")
    expected = utc.astimezone(paris).isoformat()
    with time_machine.travel(datetime(2026, 7, 1, tzinfo=UTC)), timezone.override(paris):
        assert render("{{ at|moment }}", at=utc) == f'<time datetime="{expected}">{shown}</time>'
