"""From a rule that an officer writes to what the bank learns of the payment it stopped: in real
browsers, on the running stack, with its worker and its sockets."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from fintrust.core.ids import uuid7
from fintrust.testing.stack import RunningStack
from fintrust.tests.browser_help import (
    account_number,
    preview,
    prove,
    register,
    send_button,
    sign_in,
)
from fintrust.tests.test_journey import open_and_fund, reference, verify

# An amount that nobody else pays on this stack: the rule must not stop other tests' payments.
AMOUNT = "31.47"
CONDITION = "amount between 31.465 and 31.475"
TOLD = "Payments of exactly this much are asked about today."


@pytest.fixture
def rule(stack, door):
    """In force at last: written by one officer, tried on the past, and approved by another."""
    name = f"Exactly so much {uuid7().hex[-8:]}"
    olga = sign_in(door(), "olga")
    write(olga, name)
    try_on_history(stack, olga, name)
    deed(olga, name, "Put on trial")
    deed(olga, name, "Propose", Reason="Three customers lost exactly this much this morning")
    ines = sign_in(door(), "ines")
    deed(ines, name, "Approve")
    expect(ines.get_by_text("The rule is in force.")).to_be_visible()
    yield name
    deed(ines, name, "Retire", Reason="The trial of this rule has ended")


def write(console: Page, name: str) -> None:
    console.goto("/admin/fraud/ruleversion/write")
    console.get_by_label("Name").fill(name)
    console.get_by_label("What it is for").fill("Stops what a known fraud asks for")
    console.get_by_label("Condition").fill("amount betwen 1 and 2")
    expect(console.locator("#condition-said")).to_contain_text("betwen")  # says where it is wrong
    console.get_by_label("Condition").fill(CONDITION)
    expect(console.locator("#condition-said")).to_contain_text("between")
    console.get_by_label("When it matches").select_option("hold")
    console.get_by_label("Shown to the customer").fill(TOLD)
    console.get_by_role("button", name="Save as a draft").click()
    expect(console.get_by_text("is a draft now")).to_be_visible()


def try_on_history(stack: RunningStack, console: Page, name: str) -> None:
    deed(console, name, "Try it on history")
    newest = "SELECT status, error FROM fraud_backtest ORDER BY asked_at DESC LIMIT 1"
    deadline = time.monotonic() + 60
    while (found := stack.sql(newest)) and found[0][0] != "done":
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    console.reload()
    expect(console.get_by_role("heading", name="By week")).to_be_visible()


def deed(console: Page, name: str, verb: str, **words: str) -> None:
    """One of the steps of a rule, from its page."""
    console.goto(f"/admin/fraud/ruleversion/?q={name.rsplit(maxsplit=1)[-1]}")
    console.locator("#result_list tbody a").first.click()
    # Beside the words of a step stands the name of its icon.
    console.get_by_role("link", name=re.compile(rf"\b{verb}\s*$")).first.click()
    for label, text in words.items():
        console.get_by_label(label).fill(text)
    console.get_by_role("button", name=verb, exact=True).click()
    console.wait_for_load_state()


def test_a_rule_fires_is_seen_becomes_a_case_and_is_learned_from(stack, door, rule):
    live = sign_in(door(), "sam")
    live.goto("/live/")
    expect(live.locator("[data-connection-words]")).to_have_text("Live")

    page = door()
    register(page, stack)
    open_and_fund(page)
    preview(page, account_number(stack, "jonas"), AMOUNT, note="")
    send_button(page).click()
    stopped = time.monotonic()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    expect(page.get_by_text(TOLD).first).to_be_visible()
    alert = live.locator("[data-feed] > li", has_text="held").filter(has_text=f"€{AMOUNT}")
    expect(alert.first).to_be_visible(timeout=1_000)
    assert time.monotonic() - stopped < 1.5, "the alert was not on the feed within a second"

    transfer = reference(page)
    [(decision, customer)] = stack.sql(
        "SELECT id, customer_id FROM fraud_decision WHERE subject = %s", transfer
    )
    [(case,)] = stack.sql("SELECT id FROM fraud_case WHERE customer_id = %s", customer)
    olga = sign_in(door(), "olga")
    decide(olga, str(case), "fraud")
    labels = stack.sql("SELECT fraud, source FROM fraud_label WHERE decision_id = %s", decision)
    assert labels == [(True, "officer")]

    olga.goto(f"/admin/fraud/decision/{decision}/change/")
    expect(olga.get_by_text(TOLD).first).to_be_visible()
    olga.get_by_role("link", name=re.compile("Replay")).click()
    expect(olga.get_by_text(re.compile("reproduced exactly", re.IGNORECASE))).to_be_visible()
    verify(stack)


def test_a_customer_sets_a_limit_and_is_refused_by_it(stack, door):
    page = door()
    wanda = register(page, stack)
    open_and_fund(page)
    page.goto("/security/limits/")
    one = page.get_by_role("region", name="One payment")
    one.get_by_label("Euro").fill("20")
    page.get_by_role("button", name="Save limits").click()
    prove(page, wanda.password)  # and what was filled in is not lost
    expect(page.get_by_text("They hold from the next payment on.")).to_be_visible()
    payee = account_number(stack, "jonas")
    preview(page, payee, "20.00", note="")
    send_button(page).click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    preview(page, payee, "20.01", note="")
    send_button(page).click()
    expect(page.get_by_text("over your own limit of €20.00").first).to_be_visible()
    verdict = "SELECT verdict, forbidden FROM fraud_decision WHERE subject = %s"
    assert stack.sql(verdict, reference(page)) == [("BLOCKED", True)]


def decide(console: Page, case: str, outcome: str) -> None:
    console.goto(f"/admin/fraud/case/{case}/change/")
    console.get_by_role("main").get_by_role("link", name="Take it").click()
    console.get_by_role("button", name="Take it").click()
    console.get_by_role("main").get_by_role("link", name="Decide").click()
    console.get_by_role("combobox", name="Outcome").select_option(outcome)
    console.get_by_role("textbox", name="Why").fill("The customer did not ask for it")
    console.get_by_role("button", name="Decide").click()
    expect(console.get_by_text("Closed", exact=True).first).to_be_visible()
