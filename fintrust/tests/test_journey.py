"""One person's first day at the bank, and what support and an officer see of it: the whole path,
in real browsers, on the running stack with its worker and its sockets."""

import re
import time

from playwright.sync_api import Page, expect

from fintrust.testing.stack import RunningStack
from fintrust.tests.browser_help import (
    account_number,
    preview,
    prove,
    register,
    send_button,
    sign_in,
)

PIN = "7294"


def send(page: Page, payee: str, amount: str) -> None:
    preview(page, payee, amount, note="")
    send_button(page).click()


def reference(page: Page) -> str:
    return page.locator("code", has_text="trf_").inner_text()


def open_and_fund(page: Page) -> None:
    page.get_by_role("main").get_by_role("link", name="Open an account").first.click()
    page.get_by_label("Name").fill("Everyday")
    page.get_by_role("button", name="Open account").click()
    page.get_by_role("link", name="Add money").first.click()
    page.get_by_label("Amount").fill("2000")
    page.get_by_role("button", name="Add money").click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()


def test_register_fund_send_get_held_confirm_and_be_seen(stack, door):
    payee = account_number(stack, "jonas")
    live = sign_in(door(), "sam")
    live.goto("/live/")
    expect(live.locator("[data-connection-words]")).to_have_text("Live")

    page = door()
    wanda = register(page, stack)
    open_and_fund(page)
    send(page, payee, "10.00")
    expect(page.get_by_role("heading", name="Done")).to_be_visible()

    send(page, payee, "1500.00")
    held_at = time.monotonic()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    # The bank is shared, and others are held for the same amount.
    about = f"[data-feed] > li[data-search*={reference(page)}]"
    alert = live.locator(about, has_text="held").filter(has_text="€1,500.00")
    expect(alert).to_be_visible(timeout=1_000)
    assert time.monotonic() - held_at < 1.5, "the alert was not on the feed within a second"
    held = page.url

    page.get_by_role("link", name="Set a PIN").click()
    prove(page, wanda.password)
    page.get_by_label("New PIN", exact=True).fill(PIN)
    page.get_by_label("The same PIN again").fill(PIN)
    page.get_by_role("button", name="Set PIN").click()
    page.goto(held)
    page.get_by_label("Your PIN").fill(PIN)
    page.get_by_role("button", name="Yes, send it").click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    verify(stack)


def test_an_officer_releases_what_waits_and_the_customer_sees_it(stack, door):
    page = door()
    register(page, stack)
    open_and_fund(page)
    send(page, account_number(stack, "halden"), "1480.00")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    release(sign_in(door(), "olga"), reference(page))
    page.reload()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    verify(stack)


def release(console: Page, transfer: str) -> None:
    """The officer finds the held transfer in the console and lets it go, with a reason."""
    console.goto(f"/admin/banking/transfer/?status__exact=held&q={transfer}")
    expect(console.get_by_text("1 transfer", exact=True)).to_be_visible()
    console.locator("#result_list tbody a").first.click()
    console.get_by_role("link", name="Release").click()
    console.get_by_label("Reason").fill("Called the customer back on her known number")
    console.get_by_role("button", name="Release").click()
    expect(console.get_by_text(f"Released: €1,480.00, {transfer}")).to_be_visible()


def verify(stack: RunningStack) -> None:
    """The sealing task ran, the tree and every balance are right, and all sides sum to zero."""
    stack.wait_for(
        lambda: stack.sql("SELECT count(*) FROM audit_record r LEFT JOIN audit_leaf l"
                          " ON l.record_id = r.id WHERE l.record_id IS NULL")[0][0] == 0
    )  # fmt: skip
    for check in ("verify_audit", "verify_ledger"):
        done = stack.manage(check)
        assert done.returncode == 0, done.stdout + done.stderr
    sums = stack.sql("SELECT currency, sum(balance) FROM banking_account GROUP BY currency")
    assert {total for _, total in sums} == {0}


def test_a_customer_reads_in_their_own_words_why_a_payment_was_refused(stack, door):
    page = sign_in(door(), "priya")
    page.goto("/activity/?status=refused")
    page.get_by_role("link", name=re.compile("J•+ W•+")).first.click()
    expect(page.get_by_text("over your own limit of €500.00")).to_be_visible()
