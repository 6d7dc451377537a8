"""docs/errors.md and the code name the same errors."""

import re

import pytest
from django.conf import settings

import fintrust.asgi  # every door, so every module that names an error
from fintrust.core.errors import Problem

assert fintrust.asgi  # imported for what it brings along


def all_problems(family=Problem):
    for kind in family.__subclasses__():
        yield kind
        yield from all_problems(kind)


def sections():
    text = (settings.BASE_DIR / "docs" / "errors.md").read_text()
    return dict(re.findall(r"^## (\S+)\n+((?:(?!## ).*\n?)*)", text, re.MULTILINE))


@pytest.fixture(scope="module")
def problems():
    return [kind for kind in all_problems() if ".tests." not in kind.__module__]


def test_every_error_has_a_section(problems):
    assert {kind.code for kind in problems} - set(sections()) == set()


def test_every_section_is_about_an_error(problems):
    assert set(sections()) - {kind.code for kind in problems} == set()


def test_sections_say_something_and_stand_in_order():
    found = sections()
    assert list(found) == sorted(found)
    assert [code for code, text in found.items() if len(text.strip()) < 20] == []


def test_an_error_has_a_sentence_a_status_and_a_code_of_its_own(problems):
    for kind in problems:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code), kind
        assert 400 <= kind.status < 600, kind
        assert kind().title.endswith("."), kind
    meanings: dict[str, set[tuple[int, str]]] = {}
    for kind in problems:
        meanings.setdefault(kind.code, set()).add((kind.status, kind().title))
    assert {code: said for code, said in meanings.items() if len(said) > 1} == {}
