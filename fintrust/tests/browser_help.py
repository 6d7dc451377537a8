"""What a person does in a browser on the running stack, and what the browser thinks of a page."""

import base64
import hmac
import re
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page, expect

from banking.numbers import number_of
from fintrust.core.ids import uuid7
from fintrust.demo import people
from fintrust.testing.stack import RunningStack

NEW_PASSWORD = "seven quiet otters"
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PERIOD = 30  # seconds that a code of an authenticator app is good for
Door = Callable[..., Page]


# --- Coming in --------------------------------------------------------------------------------


def new_context(browser: Browser, stack: RunningStack, **options: Any) -> BrowserContext:
    """A browser of one's own. Its pages report what the policy forbade as errors of the console."""
    given = {
        "base_url": stack.url,
        "locale": "en-GB",
        "viewport": DESKTOP,
        "reduced_motion": "reduce",
    }
    context = browser.new_context(**(given | options))
    context.set_default_timeout(15_000)
    context.add_init_script(
        "addEventListener('securitypolicyviolation', (event) =>"
        " console.error('policy', event.effectiveDirective, event.blockedURI))"
    )
    return context


def sign_in(page: Page, handle: str) -> Page:
    """Somebody of the demo bank."""
    give_credentials(page, f"{handle}@{people.DOMAIN}", people.PASSWORD)
    page.wait_for_url(lambda url: "/login/" not in url)
    return page


def give_credentials(page: Page, email: str, password: str) -> None:
    page.goto("/account/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.goto("/account/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/")


def prove(page: Page, password: str) -> None:
    """Before a lock is changed the bank may ask for the password once more."""
    if "/reauthenticate/" not in page.url:
        return
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Confirm").click()
    page.wait_for_url(lambda url: "/reauthenticate/" not in url)


@dataclass(frozen=True)
class Newcomer:
    """Somebody who registers during a test."""

    email: str
    name: str = "Wanda Reyes"
    password: str = NEW_PASSWORD


def ask_to_register(page: Page) -> Newcomer:
    """The first half: the bank has sent a code and waits for it."""
    person = Newcomer(f"wanda-{uuid7().hex[-10:]}@example.org")
    page.goto("/account/signup/")
    page.get_by_label("Full name").fill(person.name)
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_label("Password (again)").fill(person.password)
    page.get_by_role("main").get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Code")).to_be_visible()
    return person


def register(page: Page, stack: RunningStack) -> Newcomer:
    person = ask_to_register(page)
    page.get_by_label("Code").fill(code_from_mail(stack, person.email))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Hello, Wanda")).to_be_visible()
    return person


def code_from_mail(stack: RunningStack, email: str) -> str:
    """The code in the e-mail that the development server prints."""
    return _from_mail(stack, email, r"^\W*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$")


def reset_link_from_mail(stack: RunningStack, email: str) -> str:
    return _from_mail(stack, email, r"https?://[^/\s]+(/account/password/reset/key/\S+)")


def _from_mail(stack: RunningStack, email: str, what: str) -> str:
    log = stack.state.root / "logs" / "web.log"
    pattern = re.compile(rf"^.*To: {re.escape(email)}.*?{what}", re.DOTALL | re.MULTILINE)

    def found() -> re.Match[str] | None:
        return pattern.search(log.read_text(errors="replace"))

    stack.wait_for(lambda: found() is not None)
    match = found()
    assert match is not None
    return match[1]


# --- Locks ------------------------------------------------------------------------------------


def add_authenticator_app(page: Page, person: Newcomer) -> str:
    """Walk through the pages with a real code; returns the secret that the app would keep."""
    page.goto("/account/2fa/totp/activate/")
    prove(page, person.password)
    secret = page.locator("#authenticator_secret").inner_text()
    page.get_by_label("Authenticator code").fill(code_of(secret))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Recovery codes", exact=True)).to_be_visible()
    return secret


def code_of(secret: str) -> str:
    """What any authenticator app would show (RFC 6238), with time left to type it."""
    while PERIOD - time.time() % PERIOD < 5:
        time.sleep(0.2)
    counter = struct.pack(">Q", int(time.time()) // PERIOD)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 10**6:06}"


def with_passkeys(page: Page) -> CDPSession:
    """A device that has a lock of its own, and a hand that always opens it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return session


def add_passkey(page: Page, person: Newcomer, name: str) -> None:
    page.goto("/account/2fa/webauthn/add/")
    prove(page, person.password)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Passwordless").check()
    page.get_by_role("main").get_by_role("button", name="Continue").click()
    page.wait_for_url(lambda url: "/webauthn/add/" not in url)
    page.goto("/account/2fa/webauthn/")
    expect(page.get_by_text(name, exact=True).first).to_be_visible()


# --- Money ------------------------------------------------------------------------------------


def account_number(stack: RunningStack, handle: str) -> str:
    """The number of the current account of somebody in the demo bank."""
    rows = stack.sql(
        "SELECT min(a.id) FROM banking_account a JOIN core_user u ON u.id = a.owner_id"
        " WHERE u.email = %s",
        f"{handle}@{people.DOMAIN}",
    )
    return number_of(rows[0][0])


def fill_send_form(page: Page, payee: str, amount: str, note: str) -> None:
    page.goto("/send/")
    page.get_by_label("To account").fill(payee)
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("Note").fill(note)


def preview(page: Page, payee: str, amount: str, note: str) -> None:
    fill_send_form(page, payee, amount, note)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()


def send_button(page: Page) -> Any:
    return page.get_by_role("button", name=re.compile("^Send"))


def transfers_noted(stack: RunningStack, note: str) -> list[str]:
    """The states of all transfers with this note."""
    return [s for (s,) in stack.sql("SELECT status FROM banking_transfer WHERE note = %s", note)]


# --- What the browser thinks ------------------------------------------------------------------


class Watch:
    """Everything a page's browser complained about since the last look."""

    def __init__(self, page: Page) -> None:
        self._complaints: list[tuple[str, str]] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._complaints.append((str(error), "")))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._complaints.append((message.text, message.location.get("url", "")))

    def complaints(self, *, address: str = "", status: int = 200) -> list[str]:
        """Told once. That the page itself came with its expected `status` is no complaint."""
        told, self._complaints = self._complaints, []
        refused = f"status of {status}" if status >= 400 else None
        return [
            f"{text} {url}".strip()
            for text, url in told
            if not (refused and refused in text and _same_page(url, address))
        ]


def _same_page(url: str, address: str) -> bool:
    return unquote(url).partition("?")[0] == unquote(address).partition("?")[0]


_LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
EVERYTHING = {
    "runOnly": {"type": "tag", "values": _LEVELS},
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
# What a theme can break.
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}


def violations(page: Page, rules: dict[str, Any]) -> list[str]:
    """What axe finds on the page as it stands: rule, element and reason."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("(rules) => axe.run(document, rules)", rules)["violations"]
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}"
        f" {' '.join(node['html'].split())[:120]}"
        f" ({node['failureSummary'].splitlines()[-1].strip()})"
        for rule in found
        for node in rule["nodes"]
    ]


def look(page: Page, size: dict[str, int], theme: str) -> None:
    """Turn the screen, or the light."""
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    settle(page)


def settle(page: Page) -> None:
    """Wait until nothing changes its colour or its place any more."""
    page.evaluate(
        """async () => {
          const frame = () => new Promise(requestAnimationFrame);
          const changing = () => document.getAnimations().some(
            (one) => one instanceof CSSTransition && one.playState !== "finished");
          do { await frame(); await frame(); } while (changing());
        }"""
    )


def wider_than_screen(page: Page) -> list[str]:
    """Elements that make the page scroll sideways; empty when it does not."""
    return page.evaluate(
        """() => {
          const root = document.scrollingElement;
          if (root.scrollWidth <= root.clientWidth) return [];
          const wide = [...document.body.querySelectorAll("*")].filter(
            (element) => element.getBoundingClientRect().left + element.scrollWidth
              > root.clientWidth + 1 && getComputedStyle(element).overflowX === "visible");
          return [`page is ${root.scrollWidth} wide`, ...wide.slice(-5).map(
            (element) => element.outerHTML.replace(/\\s+/g, " ").slice(0, 120))];
        }"""
    )
