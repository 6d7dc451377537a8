"""From what officers found out about payments to a model in force that two of them let in: in real
browsers, on the running stack, with its worker."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from fintrust.testing.stack import RunningStack, a_stack
from fintrust.tests.browser_help import account_number, preview, register, send_button, sign_in
from fintrust.tests.test_journey import open_and_fund, reference, verify

DAYS_LATER = 14
# Two months of one customer's payments, all with an outcome. In a currency of their own: they must
# not become what others' payments are compared with.
HISTORY = """
from datetime import timedelta
from django.utils import timezone
from fintrust.core.models import User
from fraud.tests import lessons
person = User.objects.create_user("taught@example.org", "seven quiet otters", name="T. Aught")
lessons.decided(
    person, 9_000, until=timezone.now(), every=timedelta(minutes=10), currency="NOK"
)
"""
NEWEST_MODEL = "SELECT id, metrics FROM fraud_modelversion ORDER BY made_at DESC LIMIT 1"
FRAUDS_KNOWN = """
    SELECT count(*) FROM (
        SELECT DISTINCT ON (decision_id) fraud FROM fraud_label JOIN fraud_decision d
            ON d.id = decision_id AND d.at > now() - interval '70 days'
         ORDER BY decision_id, known_at DESC, fraud_label.id DESC) AS newest
     WHERE fraud
"""
# A model must prove itself on payments that came after it. They are there; it is the model that is
# made older, which only the owner of the tables can do.
TIME_PASSES = f"""
    ALTER TABLE fraud_modelversion DISABLE TRIGGER fraud_modelversion_no_change;
    UPDATE fraud_modelversion SET known_by = known_by - interval '{DAYS_LATER} days';
    ALTER TABLE fraud_modelversion ENABLE ALWAYS TRIGGER fraud_modelversion_no_change;
"""


@pytest.fixture(scope="module")
def stack(stack_settings) -> Iterator[RunningStack]:
    """A bank of its own: where others have paid thousands of times within minutes, the model is
    told, rightly, that these are not the payments that it knows."""
    with a_stack("model", redis=14, **stack_settings) as running:
        yield running


@pytest.fixture
def olga(door) -> Page:
    return sign_in(door(), "olga")


@pytest.fixture
def model(stack, olga) -> str:
    """The id of a candidate that learned from this history."""
    told = stack.manage("shell", "-c", HISTORY)
    assert told.returncode == 0, told.stderr
    train(stack, olga)
    return stack.sql(NEWEST_MODEL)[0][0]


def train(stack: RunningStack, console: Page) -> None:
    console.goto("/admin/fraud/trainingrun/")
    deed(console, "Train a model")
    newest = "SELECT status FROM fraud_trainingrun ORDER BY asked_at DESC LIMIT 1"
    stack.wait_for(lambda: stack.sql(newest)[0][0] not in {"waiting", "running"}, seconds_max=240)
    console.reload()
    expect(console.get_by_text("A model was made").first).to_be_visible()


def deed(console: Page, verb: str, reason: str = "") -> None:
    console.get_by_role("link", name=re.compile(rf"\b{verb}\s*$")).first.click()
    if reason:
        console.get_by_label(re.compile("Reason|Why|Remark")).fill(reason)
    console.get_by_role("button", name=verb, exact=True).click()
    # A proposal is measured first, which takes a busy machine some seconds.
    expect(console.get_by_text(f"{verb}: done.")).to_be_visible(timeout=60_000)


def test_outcomes_are_learned_tried_in_the_shadow_and_let_in_by_two(stack, door, olga, model):
    earlier = stack.sql(
        "SELECT id FROM fraud_decision WHERE verdict = 'FLAGGED' AND champion = ''"
        " AND facts->>'currency' <> 'NOK' ORDER BY at DESC LIMIT 1"
    )[0][0]
    metrics = stack.sql(NEWEST_MODEL)[0][1]
    assert metrics["frauds"] == stack.sql(FRAUDS_KNOWN)[0][0] > 100

    room = f"/admin/fraud/modelversion/{model}/change/"
    olga.goto(room)
    deed(olga, "Try in the shadow", reason="It found more than the rules on later payments")
    expect(olga.get_by_text("In the shadow").first).to_be_visible()
    page = door()
    register(page, stack)
    open_and_fund(page)
    champion, shadow, said = judged(stack, pay(stack, page))
    assert (champion, shadow[:4]) == ("", "mdl_")
    assert 0 <= said["score"] <= 1

    stack.sql(TIME_PASSES)
    olga.goto(room)
    deed(olga, "Propose to put in force", reason="Two weeks in the shadow")
    ines = sign_in(door(), "ines")
    ines.goto("/admin/fraud/promotion/")
    ines.locator("#result_list tbody a").first.click()
    deed(ines, "Put in force")
    expect(ines.get_by_text("Approved").first).to_be_visible()

    decision = pay(stack, page)
    assert judged(stack, decision)[:2] == (shadow, "")
    for one in (decision, earlier):  # each under what was in force then
        replay(olga, one)
    olga.goto("/admin/fraud/modelversion/")
    deed(olga, "Roll back", reason="It harms")
    assert judged(stack, pay(stack, page))[0] == ""
    verify(stack)


def pay(stack: RunningStack, page: Page) -> str:
    """Send a little; the id of the decision about it."""
    preview(page, account_number(stack, "jonas"), "12.00", note="")
    send_button(page).click()
    return stack.sql("SELECT id FROM fraud_decision WHERE subject = %s", reference(page))[0][0]


def judged(stack: RunningStack, decision: str) -> tuple[str, str, dict]:
    row = "SELECT champion, shadow_model, shadow FROM fraud_decision WHERE id = %s"
    return stack.sql(row, decision)[0]


def replay(console: Page, decision: str) -> None:
    console.goto(f"/admin/fraud/decision/{decision}/change/")
    console.get_by_role("link", name=re.compile("Replay")).click()
    expect(console.get_by_text(re.compile("reproduced exactly", re.IGNORECASE))).to_be_visible()
