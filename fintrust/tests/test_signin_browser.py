"""Getting in, with every lock, as somebody with a device in their hand meets it."""

import re

import pytest
from playwright.sync_api import Page, expect

from fintrust.testing.stack import RunningStack
from fintrust.tests import browser_help
from fintrust.tests.browser_help import EVERYTHING, Door, Newcomer


@pytest.fixture
def page(door: Door) -> Page:
    return door()


@pytest.fixture
def newcomer(page: Page, stack: RunningStack) -> Newcomer:
    """Somebody who has just registered and is signed in on `page`."""
    return browser_help.register(page, stack)


def locks_of(stack: RunningStack, person: Newcomer) -> set[str]:
    rows = stack.sql(
        "SELECT m.type FROM mfa_authenticator m JOIN core_user u ON u.id = m.user_id"
        " WHERE u.email = %s",
        person.email,
    )
    return {kind for (kind,) in rows}


def hello(page: Page) -> None:
    expect(page.get_by_role("heading", name="Hello, Wanda")).to_be_visible()


def test_a_passkey_is_added_and_opens_the_account_without_a_password(page, stack, newcomer):
    watch = browser_help.Watch(page)
    browser_help.with_passkeys(page)
    browser_help.add_passkey(page, newcomer, "Laptop")
    assert "webauthn" in locks_of(stack, newcomer)

    browser_help.sign_out(page)
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    hello(page)
    assert not watch.complaints()


def test_a_passkey_that_was_removed_opens_nothing(page, stack, newcomer):
    browser_help.with_passkeys(page)
    browser_help.add_passkey(page, newcomer, "Lost phone")
    page.get_by_role("link", name="Remove Lost phone").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No passkeys yet")).to_be_visible()
    assert "webauthn" not in locks_of(stack, newcomer)

    browser_help.sign_out(page)
    page.goto("/account/login/")
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("list", name="Messages")).to_contain_text("Incorrect")
    page.goto("/accounts/")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_a_passkey_takes_the_place_of_the_code_after_a_password(page, newcomer):
    browser_help.with_passkeys(page)
    browser_help.add_passkey(page, newcomer, "Laptop")
    browser_help.sign_out(page)
    browser_help.give_credentials(page, newcomer.email, newcomer.password)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    hello(page)


def test_an_authenticator_app_is_set_up_and_then_asked_for_each_time(page, stack, newcomer):
    secret = browser_help.add_authenticator_app(page, newcomer)
    assert locks_of(stack, newcomer) == {"totp", "recovery_codes"}

    browser_help.sign_out(page)
    browser_help.give_credentials(page, newcomer.email, newcomer.password)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert not browser_help.violations(page, EVERYTHING)
    page.goto("/accounts/")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()

    code = browser_help.code_of(secret)
    give_code(page, f"{(int(code) + 1) % 10**6:06}")
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    give_code(page, browser_help.code_of(secret))
    hello(page)


def give_code(page: Page, code: str) -> None:
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()


def test_a_code_of_the_app_opens_once(page, newcomer):
    secret = browser_help.add_authenticator_app(page, newcomer)
    code = browser_help.code_of(secret)
    for _ in range(2):
        browser_help.sign_out(page)
        browser_help.give_credentials(page, newcomer.email, newcomer.password)
        expect(page.get_by_role("heading", name="One more step")).to_be_visible()
        give_code(page, code)
        if "/authenticate/" in page.url:
            break
    expect(page.get_by_text("Incorrect code")).to_be_visible()


def test_a_recovery_code_opens_once_when_the_phone_is_lost(page, newcomer):
    browser_help.add_authenticator_app(page, newcomer)
    code = page.locator("#recovery_codes li").first.inner_text()
    browser_help.sign_out(page)
    browser_help.give_credentials(page, newcomer.email, newcomer.password)
    give_code(page, code)
    hello(page)
    browser_help.sign_out(page)
    browser_help.give_credentials(page, newcomer.email, newcomer.password)
    give_code(page, code)
    expect(page.get_by_text("Incorrect code")).to_be_visible()


def test_five_wrong_passwords_close_the_door_and_say_so(page, newcomer):
    browser_help.sign_out(page)
    for _ in range(5):
        browser_help.give_credentials(page, newcomer.email, "not the password")
        expect(page.get_by_role("alert").first).to_contain_text("not correct")
    browser_help.give_credentials(page, newcomer.email, newcomer.password)
    said = page.get_by_role("alert").first
    expect(said).to_contain_text(re.compile("too many", re.IGNORECASE))
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    assert not browser_help.violations(page, EVERYTHING)


def test_a_forgotten_password_is_replaced_by_the_link_in_the_mail(page, stack, newcomer):
    browser_help.sign_out(page)
    page.goto("/account/password/reset/")
    page.get_by_label("Email").fill(newcomer.email)
    page.get_by_role("button", name="Send the link").click()
    page.goto(browser_help.reset_link_from_mail(stack, newcomer.email))
    assert not browser_help.violations(page, EVERYTHING)
    new = "eight louder herons"
    page.get_by_label("New Password", exact=True).fill(new)
    page.get_by_label("New Password (again)").fill(new)
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url(lambda url: "set-password" not in url)
    assert not browser_help.violations(page, EVERYTHING)
    browser_help.give_credentials(page, newcomer.email, new)
    hello(page)
