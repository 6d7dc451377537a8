"""Held money is sent by an authenticator app or a passkey, as somebody with a device meets it."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from fintrust.tests import browser_help
from fintrust.tests.browser_help import EVERYTHING, PERIOD, account_number, code_of, send_button
from fintrust.tests.test_journey import open_and_fund


@pytest.fixture
def held(stack, door):
    """`held(page)`: a newcomer's payment that waits, and the newcomer; leaves `page` there."""

    def make(page: Page) -> browser_help.Newcomer:
        person = browser_help.register(page, stack)
        open_and_fund(page)
        browser_help.preview(page, account_number(stack, "jonas"), "1500.00", "")
        send_button(page).click()
        expect(page.get_by_role("heading", name="One more step")).to_be_visible()
        return person

    return make


def reason_of(stack, page: Page) -> str:
    reference = page.locator("code", has_text="trf_").first.inner_text()
    rows = stack.sql(
        "SELECT reason FROM audit_record WHERE subject = %s AND action = 'banking.transfer.posted'",
        reference,
    )
    return rows[0][0]


def done(page: Page) -> None:
    expect(page.get_by_role("heading", name="Done")).to_be_visible()


def test_a_passkey_sends_what_waits(door, stack, held):
    page = door()
    watch = browser_help.Watch(page)
    browser_help.with_passkeys(page)
    person = held(page)
    waiting = page.url
    browser_help.add_passkey(page, person, "Laptop")
    page.goto(waiting)
    assert not browser_help.violations(page, EVERYTHING)
    page.get_by_role("button", name="Yes, send it with a passkey").click()
    done(page)
    assert reason_of(stack, page) == "confirmed by passkey"
    assert not watch.complaints()


def test_a_passkey_that_the_bank_does_not_know_sends_nothing(door, stack, held):
    page = door()
    device = browser_help.with_passkeys(page)
    person = held(page)
    waiting = page.url
    browser_help.add_passkey(page, person, "Laptop")
    page.goto(waiting)
    answers = []
    page.on("request", lambda request: answers.append(request.post_data or ""))
    stolen = page.context.new_page()
    stolen.goto(waiting)  # asks for another signature: the first page's is worth nothing now
    page.get_by_role("button", name="Yes, send it with a passkey").click()
    expect(page.get_by_text("This was not your passkey, or the page was too old")).to_be_visible()
    assert any("passkey=" in answer for answer in answers)
    page.get_by_role("button", name="Yes, send it with a passkey").click()
    done(page)
    device.detach()


def test_without_scripts_the_app_sends_what_waits(door, stack, held):
    page = door()
    person = held(page)
    waiting = page.url
    secret = browser_help.add_authenticator_app(page, person)
    used = time.time()
    storage = page.context.storage_state()
    plain = door(java_script_enabled=False, storage_state=storage)
    plain.goto(waiting)
    code = code_of(secret)
    plain.get_by_label("Code from your authenticator app").fill("000000")
    plain.get_by_role("button", name="Yes, send it").click()
    expect(
        plain.get_by_text(re.compile("not the code your authenticator app shows"))
    ).to_be_visible()
    plain.wait_for_timeout(1000 * max(0, PERIOD - (time.time() - used)))
    code = code_of(secret)
    plain.get_by_label("Code from your authenticator app").fill(code)
    plain.get_by_role("button", name="Yes, send it").click()
    done(plain)
    assert reason_of(stack, plain) == "confirmed by authenticator app"
