"""What the templates promise the browser: nothing inline, no other host, only icons we have."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
# The console lives under its own, wider policy.
PAGES = sorted(
    p for p in TEMPLATES.rglob("*.html") if "admin" not in p.relative_to(TEMPLATES).parts
)
SPRITE = set(
    re.findall(r'<symbol id="([^"]+)"', (Path(settings.BASE_DIR) / "static/icons.svg").read_text())
)

FORBIDDEN = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "a style element": re.compile(r"<style", re.I),
    "an inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "htmx's own handlers, which evaluate strings": re.compile(r"\shx-on[:-]|\shx-vals=.js:", re.I),
    "an inline script": re.compile(r"<script(?![^>]*\b(?:src=|type=.application/json))", re.I),
    "another host": re.compile(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//""", re.I),
}


def test_there_are_pages_to_look_at():
    assert len(PAGES) > 50
    assert len(SPRITE) > 40


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_page_has(what):
    found = [str(p.relative_to(TEMPLATES)) for p in PAGES if FORBIDDEN[what].search(p.read_text())]
    assert not found, f"{what} in {found}"


@pytest.mark.parametrize(
    "source",
    [
        '<p style="color:red">',
        "<style>p{}</style>",
        '<a onclick="x()">',
        "<script>x()</script>",
        '<script type="module">x()</script>',
        '<img src="https://elsewhere.example/x.png">',
        "<a hx-on:click='x()'>",
    ],
)
def test_the_search_itself_finds_what_it_is_for(source):
    assert any(pattern.search(source) for pattern in FORBIDDEN.values())


def test_every_icon_named_in_a_template_is_in_the_sprite():
    named = re.compile(r"""\{%\s*icon\s+"([^"]+)"|(?:icon_name|action_icon)="([^"]+)\"""")
    missing = {
        (str(page.relative_to(TEMPLATES)), name)
        for page in PAGES
        for pair in named.findall(page.read_text())
        for name in pair
        if name and name not in SPRITE
    }
    assert not missing


def test_every_icon_of_a_status_is_in_the_sprite():
    from fintrust.core.templatetags.ui import LOOKS

    assert {look.icon for look in LOOKS.values()} <= SPRITE


def test_the_style_sheet_holds_both_themes_and_asks_no_other_host():
    css = (Path(settings.BASE_DIR) / "static/css/fintrust.css").read_text()
    assert "[data-theme=fintrust]" in css
    assert "[data-theme=fintrust-dark]" in css
    assert "prefers-color-scheme:dark" in css
    assert not re.search(r"url\([\"']?(?:https?:)?//", css)
