"""The examples of docs/ledger.md are run as they stand."""

import doctest
from pathlib import Path

import pytest

from banking.tests.ledger_help import customer, outcome

PAGE = Path(__file__).parents[2] / "docs" / "ledger.md"


@pytest.mark.django_db
def test_the_page_about_the_ledger_is_true():
    names = {"customer": customer, "refusal": outcome}
    examples = doctest.DocTestParser().get_doctest(PAGE.read_text(), names, PAGE.name, str(PAGE), 0)
    assert len(examples.examples) > 40
    said: list[str] = []
    result = doctest.DocTestRunner().run(examples, out=said.append)
    assert result.failed == 0, "".join(said)
