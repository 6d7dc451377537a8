"""Bringing a file along in a browser: with the live progress, and without any script."""

import re

import pytest
from playwright.sync_api import Page, expect

from banking.tests import import_files as files
from fintrust.core.ids import uuid7
from fintrust.tests import browser_help


@pytest.fixture
def household() -> str:
    """A name by which a test finds its own account."""
    return f"Household {uuid7().hex[-8:]}"


def name_an_account(page: Page, name: str) -> None:
    page.goto("/outside/open/")
    page.get_by_label("Bank").fill("Sparkasse")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Go on").click()


def bring(page: Page, data: bytes) -> None:
    page.locator("#id_file").set_input_files(
        {"name": "export.csv", "mimeType": "text/csv", "buffer": data}
    )
    page.get_by_role("button", name="Read the file").click()
    page.wait_for_url(re.compile(r"/import/imp_"))


def lines_of(stack, name: str) -> int:
    rows = stack.sql("SELECT lines FROM banking_outsideaccount WHERE name = %s", name)
    return int(rows[0][0])


def test_without_scripts_a_file_is_brought_corrected_added_and_undone(door, stack, household):
    page = browser_help.sign_in(door(java_script_enabled=False), "priya")
    name_an_account(page, household)
    bring(page, b"Date,Amount,Text\n03/04/2024,12.00,Card\n05/06/2024,3.00,Card\n")
    page.get_by_text("Correct how the file is read").click()
    page.get_by_label("Order of dates").select_option("MDY")
    page.get_by_label("Turn the signs around").check()
    page.get_by_role("button", name="Read again").click()
    expect(page.get_by_text("4 Mar 2024")).to_be_visible()
    expect(page.get_by_text("−€12.00")).to_be_visible()
    page.get_by_role("button", name="Add 2 lines").click()
    stack.wait_for(lambda: lines_of(stack, household) == 2)
    expect(page.get_by_role("heading", name="Done")).to_be_visible()  # it refreshes by itself
    page.get_by_role("link", name="See the lines").click()
    expect(page.get_by_text("From a file, not held here")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Undo this import").click()
    page.get_by_role("button", name="Remove").click()
    assert lines_of(stack, household) == 0


def test_a_long_file_is_watched_until_it_is_added(door, stack, household):
    page = browser_help.sign_in(door(), "priya")
    watch = browser_help.Watch(page)
    name_an_account(page, household)
    bring(page, files.many_lines(12_000))
    page.get_by_role("button", name="Add 12000 lines").click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    assert lines_of(stack, household) == 12_000
    assert watch.complaints() == []
    page.get_by_role("link", name="Undo this import").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="Import from another bank")).to_be_visible()
    assert lines_of(stack, household) == 0
