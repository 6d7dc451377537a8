"""The support feed in real browsers on the running stack: reading, pausing, coming back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from fintrust.core.ids import to_public, uuid7
from fintrust.demo import people
from fintrust.testing.stack import RunningStack

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def screen(browser: Browser, stack: RunningStack) -> Iterator[Callable[..., Page]]:
    """A browser in which somebody of the staff has signed in and opened the feed."""
    contexts: list[Any] = []

    def open_feed(handle: str = "sam", path: str = "/live/", **options: Any) -> Page:
        context = browser.new_context(base_url=stack.url, locale="en-GB", **options)
        contexts.append(context)
        page = context.new_page()
        page.goto("/account/login/")
        page.get_by_label("Email").fill(f"{handle}@{people.DOMAIN}")
        page.get_by_label("Password").fill(people.PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/login/" not in url)
        page.goto(path)
        return page

    yield open_feed
    for context in contexts:
        context.close()


def tell(stack: RunningStack, count: int = 1) -> list[str]:
    """Movements as rows, without a wake-up: what the feed shows comes from rows alone."""
    subjects = [to_public("trf", uuid7()) for _ in range(count)]
    for subject in subjects:
        stack.sql(
            "INSERT INTO core_event (topic, kind, subject, data) VALUES ('support',"
            ' \'transfer.posted\', %s, \'{"kind": "deposit", "verdict": "VERIFIED"}\')',
            subject,
        )
    return subjects


def live(page: Page) -> Page:
    expect(page.locator("[data-connection-words]")).to_have_text("Live", timeout=30_000)
    return page


def shown(page: Page, subjects: list[str]) -> list[str]:
    """Which of these are on the page, in its order."""
    found = page.locator(".feed-row").evaluate_all("rows => rows.map(row => row.dataset.search)")
    return [subject for text in found for subject in subjects if subject in text]


def row_of(page: Page, subject: str) -> Any:
    return page.locator(f'.feed-row[data-search*="{subject}"]')


def test_paused_rows_wait_and_are_counted(stack, screen):
    page = live(screen())
    page.get_by_role("button", name="Pause").click()
    subjects = tell(stack, 3)
    expect(page.locator("[data-show-new]")).to_have_text("3 new", timeout=10_000)
    assert shown(page, subjects) == []
    page.get_by_role("button", name="Resume").click()
    for subject in subjects:
        expect(row_of(page, subject)).to_be_visible()
    assert shown(page, subjects) == subjects[::-1]


def test_rows_do_not_move_under_a_hand(stack, screen):
    page = live(screen())
    page.locator(".feed-row").first.hover()
    subjects = tell(stack)
    expect(page.locator("[data-show-new]")).to_have_text("1 new", timeout=10_000)
    assert shown(page, subjects) == []
    page.mouse.move(2, 2)
    expect(row_of(page, subjects[0])).to_be_visible()


def test_a_filter_holds_for_rows_that_arrive(stack, screen):
    page = live(screen())
    page.get_by_role("radio", name="Alerts").check()
    expect(page.locator('.feed-row[data-family="transfer"]')).to_have_count(0)
    other = live(screen())
    subjects = tell(stack)
    expect(row_of(other, subjects[0])).to_be_visible(timeout=10_000)
    assert shown(page, subjects) == []
    page.get_by_role("radio", name="Everything").check()
    expect(row_of(page, subjects[0])).to_be_visible()


def test_an_acknowledgement_is_seen_on_other_screens(stack, screen):
    mine, other = live(screen("sam")), live(screen("olga"))
    number = mine.locator(".feed-row.is-waiting").first.get_attribute("id")
    mine.locator(f"#{number}").get_by_role("button", name="Acknowledge").click()
    for page in (mine, other):
        expect(page.locator(f"#{number} .feed-handled")).to_have_text("Acknowledged by Sam Hollis")


def test_a_screen_survives_the_server_and_misses_nothing(stack, screen):
    page = live(screen())
    before = tell(stack, 2)
    expect(row_of(page, before[-1])).to_be_visible(timeout=10_000)
    killed = stack.kill("web")
    expect(page.locator("[data-connection-words]")).to_contain_text("Reconnecting", timeout=10_000)
    meanwhile = tell(stack, 4)
    stack.wait_until_back("web", killed)
    live(page)
    after = tell(stack, 2)
    expect(row_of(page, after[-1])).to_be_visible(timeout=30_000)
    told = before + meanwhile + after
    assert shown(page, told) == told[::-1]


def test_without_a_socket_the_feed_goes_on_by_plain_requests(stack, screen, browser):
    page = screen()
    page.route_web_socket("**/ws/live/", lambda socket: socket.close())
    page.reload()
    subjects = tell(stack)
    expect(row_of(page, subjects[0])).to_be_visible(timeout=20_000)


def test_who_was_signed_out_is_told(stack, screen):
    page = live(screen())
    page.context.clear_cookies()
    stack.wait_until_back("web", stack.kill("web"))
    expect(page.locator("[data-connection-words]")).to_contain_text("Signed out", timeout=30_000)


def test_an_event_opens_beside_the_list_and_closes_by_the_keyboard(stack, screen):
    page = live(screen())
    link = page.locator(".feed-title").first
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator("#event-title")).to_have_text(link.inner_text())
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(link).to_be_focused()


def test_without_scripts_the_page_shows_filters_and_leads_on(stack, screen):
    subjects = tell(stack)
    page = screen(java_script_enabled=False)
    expect(row_of(page, subjects[0])).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    page.get_by_label("Search account or transfer").fill(subjects[0])
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".feed-row")).to_have_count(1)
    page.locator(".feed-title").click()
    expect(page.locator("#event-title")).to_have_text("Deposit posted")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["/live/", "/live/?q=nothing+like+it", "/admin/"])
def test_axe_finds_nothing(screen, theme, width, path):
    page = screen(
        "olga",
        path,
        color_scheme=theme,
        viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )
    found = Axe().run(page, options={"runOnly": TAGS})
    assert found.response["violations"] == [], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_violates_the_policy_for_scripts(screen):
    said: list[str] = []
    page = screen("olga", "/admin/")
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in ("/live/", "/admin/", "/admin/banking/transfer/", "/admin/core/user/"):
        page.goto(path)
        page.wait_for_load_state("networkidle") if path != "/live/" else live(page)
    assert [text for text in said if "Content Security Policy" in text or "Error" in text] == []
