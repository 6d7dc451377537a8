"""Moving money in a browser: without scripts, by keyboard alone, impatiently, and what of the
typing leaves the page."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from fintrust.core.ids import uuid7
from fintrust.demo import people
from fintrust.tests import browser_help
from fintrust.tests.browser_help import account_number, send_button, transfers_noted


@pytest.fixture
def note() -> str:
    """A note by which a test finds its own transfers."""
    return f"note {uuid7().hex[-12:]}"


def done(page: Page) -> None:
    expect(page.get_by_role("heading", name="Done")).to_be_visible()


# --- Without scripts --------------------------------------------------------------------------


def test_without_scripts_money_is_sent_and_found_again(door, stack, note):
    page = browser_help.sign_in(door(java_script_enabled=False), "jonas")
    browser_help.preview(page, account_number(stack, "copper"), "4.20", note)
    expect(page.get_by_text(note)).to_be_visible()
    send_button(page).click()
    done(page)
    assert transfers_noted(stack, note) == ["posted"]

    page.goto("/activity/")
    page.get_by_label("Search").fill(note)
    page.get_by_text("More filters").click()
    page.get_by_label("Status").select_option("posted")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("#results li")).to_have_count(1)
    page.locator("#results li a").click()
    done(page)


def test_without_scripts_a_held_payment_is_cancelled(door, stack, note):
    page = browser_help.sign_in(door(java_script_enabled=False), "jonas")
    browser_help.preview(page, account_number(stack, "foxglove"), "1900.00", note)
    send_button(page).click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert transfers_noted(stack, note) == ["held"]
    page.get_by_role("button", name="I changed my mind, cancel it").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    assert transfers_noted(stack, note) == ["cancelled"]


def test_without_scripts_an_account_is_shared_and_no_more(door, stack):
    page = browser_help.sign_in(door(java_script_enabled=False), "jonas")
    page.goto("/shared-data/grant/")
    page.get_by_label("Partner").select_option(index=1)
    page.get_by_label("Balance").check()
    page.get_by_role("button", name="Share").click()
    page.goto("/shared-data/")
    page.get_by_role("link", name="Stop sharing with Clearview").click()
    page.get_by_role("button", name="Stop sharing").click()
    page.goto("/shared-data/")
    expect(page.get_by_text("You share nothing")).to_be_visible()
    states = stack.sql(
        "SELECT c.status FROM consent_consent c JOIN core_user u ON u.id = c.customer_id"
        " WHERE u.email = %s",
        f"jonas@{people.DOMAIN}",
    )
    assert states == [("revoked",)]


# --- By keyboard ------------------------------------------------------------------------------


def tab_to(page: Page, there: Locator) -> None:
    """Tab until it has the focus; on the way everything focused must be seen to be."""
    expect(there).to_have_count(1)
    for _ in range(60):
        page.keyboard.press("Tab")
        assert focus_is_visible(page), page.evaluate("document.activeElement.outerHTML")
        if there.evaluate("(element) => element === document.activeElement"):
            return
    pytest.fail(f"{there} cannot be reached by Tab")


def focus_is_visible(page: Page) -> bool:
    """An outline, on the element or on what is drawn for it, inside the window."""
    browser_help.settle(page)
    return page.evaluate(
        """() => {
          const focused = document.activeElement;
          if (focused === document.body) return true; // the browser's own bar is between
          const outlined = (element) => {
            const style = getComputedStyle(element);
            return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
          };
          const box = focused.getBoundingClientRect();
          const within = box.bottom > 0 && box.top < innerHeight && box.width > 0;
          const drawn = [focused, focused.parentElement, focused.nextElementSibling];
          return within && drawn.some((element) => element && outlined(element));
        }"""
    )


def test_by_keyboard_alone_money_is_sent(door, stack, note):
    page = door()
    page.goto("/account/login/")
    main = page.get_by_role("main")
    tab_to(page, page.get_by_label("Email"))
    page.keyboard.type(f"jonas@{people.DOMAIN}")
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.type(people.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Hello, Jonas")).to_be_visible()

    tab_to(page, page.get_by_role("navigation", name="Main", exact=True).get_by_text("Move money"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Move money")).to_be_visible()
    skip_to_content(page)
    tab_to(page, page.get_by_label("To account"))
    page.keyboard.type(account_number(stack, "copper"))
    tab_to(page, page.get_by_label("Amount"))
    page.keyboard.type("3.10")
    tab_to(page, page.get_by_label("Note"))
    page.keyboard.type(note)
    tab_to(page, main.get_by_role("button", name="Check"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    tab_to(page, send_button(page))
    page.keyboard.press("Space")
    done(page)
    assert transfers_noted(stack, note) == ["posted"]


def skip_to_content(page: Page) -> None:
    """The first Tab shows the link, and it leads past the navigation."""
    link = page.get_by_role("link", name="Skip to content")
    expect(link).not_to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.keyboard.press("Shift+Tab")


# --- The rhythm of typing ---------------------------------------------------------------------


def typed(page: Page, payee: str, amount: str, note: str) -> tuple[dict[str, Any], list[Request]]:
    """Type a payment key by key; the rhythm that was sent, and every request until the preview."""
    page.goto("/send/")
    requests: list[Request] = []

    def note_down(request: Request) -> None:
        if "/static/" not in request.url:
            requests.append(request)

    page.on("request", note_down)
    page.get_by_label("To account").press_sequentially(payee, delay=8)
    page.get_by_label("Amount").press_sequentially(amount, delay=8)
    page.get_by_label("Note").press_sequentially(note, delay=8)
    assert not requests, "something left the page while it was typed"
    with page.expect_request("**/security/rhythm/capture/") as captured:
        page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    page.remove_listener("request", note_down)
    body = captured.value.post_data
    assert body is not None
    return json.loads(body), requests


def test_the_rhythm_of_typing_leaves_the_page_and_no_letter_does(door, stack):
    page = browser_help.sign_in(door(), "tomas")
    payee = account_number(stack, "copper")
    one, requests = typed(page, payee, "2.90", "sad bear")
    carriers = [r for r in requests if "bear" in (r.post_data or "") + r.url]
    assert [re.sub(r"^.*?//[^/]+", "", r.url) for r in carriers] == ["/send/"]

    assert one.keys() == {"token", "zones", "downs", "holds", "pointers", "touch"}
    numbers = [one["zones"], one["downs"], one["holds"], [one["pointers"], one["touch"]]]
    assert all(type(n) in {int, float} for several in numbers for n in several)
    assert set(one["zones"]) <= set(range(11))
    assert len(one["zones"]) == len(one["downs"]) == len(one["holds"]) >= len("2.90sad bear")

    # Other letters of the same hand and other digits: nobody could tell them apart.
    other, _ = typed(page, payee, "4.70", "few tags")
    assert other["zones"] == one["zones"]

    rows = "SELECT zones, downs_ms, holds_ms FROM biometrics_rhythm r JOIN core_user u"
    rows += " ON u.id = r.user_id WHERE u.email = %s ORDER BY r.id DESC LIMIT 2"
    sent = [(b["zones"], b["downs"], b["holds"]) for b in (other, one)]
    stack.wait_for(lambda: stack.sql(rows, f"tomas@{people.DOMAIN}") == sent)


# --- Impatience -------------------------------------------------------------------------------


def test_a_double_click_sends_once(door, stack, note):
    page = browser_help.sign_in(door(), "jonas")
    browser_help.preview(page, account_number(stack, "copper"), "3.30", note)
    send_button(page).dblclick()
    done(page)
    assert transfers_noted(stack, note) == ["posted"]


def test_a_double_click_sends_once_even_without_scripts(door, stack, note):
    page = browser_help.sign_in(door(java_script_enabled=False), "jonas")
    browser_help.preview(page, account_number(stack, "copper"), "3.40", note)
    send_button(page).dblclick()
    done(page)
    assert transfers_noted(stack, note) == ["posted"]


def test_back_and_send_again_is_one_transfer(door, stack, note):
    """The preview says so when it is loaded anew; a second window still has the old one."""
    page = browser_help.sign_in(door(), "jonas")
    browser_help.preview(page, account_number(stack, "copper"), "3.50", note)
    second = page.context.new_page()
    second.goto(page.url)
    send_button(page).click()
    done(page)
    first_result = page.url

    page.go_back()
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    if send_button(page).count():  # shown from memory, as it was left
        send_button(page).click()
        done(page)
        assert page.url == first_result
    page.goto(second.url)
    expect(page.get_by_text("You have sent this already")).to_be_visible()
    expect(send_button(page)).to_have_count(0)

    send_button(second).click()
    done(second)
    assert second.url == first_result
    assert transfers_noted(stack, note) == ["posted"]
