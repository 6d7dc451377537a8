"""Every page, as every audience sees it: no barrier that axe knows, in both themes, at a desk and
on a phone; nothing hangs over the edge; the browser complains about nothing."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from fintrust.core.ids import to_public
from fintrust.demo import people
from fintrust.testing.stack import RunningStack
from fintrust.tests import browser_help
from fintrust.tests.browser_help import COLOURS, DESKTOP, EVERYTHING, PHONE, Newcomer

VISITOR, UNCONFIRMED, NEWCOMER, GUARDED = "visitor", "unconfirmed", "newcomer", "guarded"


# --- Who looks --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Looker:
    """A page that stays open for one person."""

    page: Page
    watch: browser_help.Watch
    newcomer: Newcomer | None

    @property
    def password(self) -> str:
        return self.newcomer.password if self.newcomer else people.PASSWORD


class Scene:
    """The running bank, its lookers, and where things are that pages are about."""

    def __init__(self, browser: Browser, stack: RunningStack) -> None:
        self.browser, self.stack = browser, stack
        self._lookers: dict[str, Looker] = {}

    def looker(self, who: str) -> Looker:
        if who not in self._lookers:
            page = browser_help.new_context(self.browser, self.stack).new_page()
            newcomer = self._come_in(page, who)
            self._lookers[who] = Looker(page, browser_help.Watch(page), newcomer)
        return self._lookers[who]

    def _come_in(self, page: Page, who: str) -> Newcomer | None:
        if who == VISITOR:
            return None
        if who == UNCONFIRMED:
            return browser_help.ask_to_register(page)
        if who in {NEWCOMER, GUARDED}:
            newcomer = browser_help.register(page, self.stack)
            if who == GUARDED:
                guard(page, newcomer)
            return newcomer
        browser_help.sign_in(page, who)
        return None

    def close(self) -> None:
        for looker in self._lookers.values():
            looker.page.context.close()

    # --- addresses of what the demo bank and the tests have made ------------------------------

    def _uuid(self, statement: str, *parameters: Any) -> UUID:
        return self.stack.sql(statement, *parameters)[0][0]

    def email(self, who: str) -> str:
        newcomer = self.looker(who).newcomer
        return newcomer.email if newcomer else f"{who}@{people.DOMAIN}"

    def account(self, who: str) -> str:
        uuid = self._uuid(
            "SELECT a.uuid FROM banking_account a JOIN core_user u ON u.id = a.owner_id"
            " WHERE u.email = %s ORDER BY a.id LIMIT 1",
            self.email(who),
        )
        return f"/accounts/{to_public('acc', uuid)}/"

    def transfer_uuid(self, who: str, status: str) -> UUID:
        return self._uuid(
            "SELECT t.id FROM banking_transfer t JOIN core_user u ON u.id = t.requested_by_id"
            " WHERE u.email = %s AND t.status = %s AND t.kind = 'transfer' ORDER BY t.id LIMIT 1",
            self.email(who),
            status,
        )

    def transfer(self, who: str, status: str) -> str:
        return f"/transfers/{to_public('trf', self.transfer_uuid(who, status))}/"

    def disputed(self, who: str) -> str:
        uuid = self._uuid(
            "SELECT t.id FROM banking_transfer t JOIN fraud_dispute d USING (decision_id)"
            " JOIN core_user u ON u.id = t.requested_by_id WHERE u.email = %s LIMIT 1",
            self.email(who),
        )
        return f"/transfers/{to_public('trf', uuid)}/"

    def invitation(self, who: str) -> str:
        uuid = self._uuid(
            "SELECT id FROM banking_invitation WHERE email = %s AND status = 'open' LIMIT 1",
            self.email(who),
        )
        return f"/invitations/{to_public('inv', uuid)}/"

    def share(self, who: str) -> str:
        uuid = self._uuid(
            "SELECT s.id FROM banking_share s JOIN core_user u ON u.id = s.person_id"
            " WHERE u.email = %s AND s.ended_at IS NULL LIMIT 1",
            self.email(who),
        )
        return f"/shares/{to_public('shr', uuid)}/leave/"

    def received(self, who: str) -> str:
        uuid = self._uuid(
            "SELECT t.id FROM banking_transfer t JOIN banking_account a ON a.id = t.target_id"
            " JOIN core_user u ON u.id = a.owner_id WHERE u.email = %s AND t.kind = 'transfer'"
            " AND t.requested_by_id <> u.id AND t.status = 'posted' ORDER BY t.id LIMIT 1",
            self.email(who),
        )
        return f"/transfers/{to_public('trf', uuid)}/return/"

    def outside(self, who: str) -> str:
        uuid = self._uuid(
            "SELECT o.id FROM banking_outsideaccount o JOIN core_user u ON u.id = o.owner_id"
            " WHERE u.email = %s ORDER BY o.id LIMIT 1",
            self.email(who),
        )
        return f"/outside/{to_public('out', uuid)}/"

    def brought(self, who: str, status: str) -> str:
        uuid = self._uuid(
            "SELECT i.id FROM banking_import i JOIN banking_outsideaccount o"
            " ON o.id = i.account_id JOIN core_user u ON u.id = o.owner_id"
            " WHERE u.email = %s AND i.status = %s ORDER BY i.id LIMIT 1",
            self.email(who),
            status,
        )
        return f"/import/{to_public('imp', uuid)}/"

    def consent(self, who: str) -> str:
        uuid = self._uuid(
            "SELECT c.id FROM consent_consent c JOIN core_user u ON u.id = c.customer_id"
            " WHERE u.email = %s ORDER BY c.id LIMIT 1",
            self.email(who),
        )
        return f"/shared-data/{to_public('cns', uuid)}/"

    def payee(self, who: str) -> str:
        return f"/payees/{to_public('pay', self._of_customer('payee', 'customer_id', who))}/"

    def schedule(self, who: str) -> str:
        return f"/schedules/{to_public('sch', self._of_customer('schedule', 'owner_id', who))}/"

    def _of_customer(self, table: str, owner: str, who: str) -> UUID:
        return self._uuid(
            f"SELECT p.id FROM banking_{table} p JOIN core_user u ON u.id = p.{owner}"
            " WHERE u.email = %s ORDER BY p.id LIMIT 1",
            self.email(who),
        )

    def passkey(self) -> int:
        rows = self.stack.sql(
            "SELECT m.id FROM mfa_authenticator m JOIN core_user u ON u.id = m.user_id"
            " WHERE u.email = %s AND m.type = 'webauthn'",
            self.email(GUARDED),
        )
        return int(rows[0][0])

    def alert_event(self) -> int:
        rows = self.stack.sql(
            "SELECT id FROM core_event WHERE kind LIKE 'alert%%' ORDER BY id DESC LIMIT 1"
        )
        return int(rows[0][0])

    def row(self, table: str) -> str:
        """The console's address part for a row's primary key."""
        return str(self.stack.sql(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 1")[0][0])


def guard(page: Page, newcomer: Newcomer) -> None:
    """Every lock closed, and an account with nothing on it."""
    browser_help.with_passkeys(page)
    browser_help.add_authenticator_app(page, newcomer)
    browser_help.add_passkey(page, newcomer, "Desk")
    page.goto("/accounts/open/")
    page.get_by_role("button", name="Open account").click()
    expect(page.get_by_text("No entries yet")).to_be_visible()


@pytest.fixture(scope="module")
def scene(browser: Browser, stack: RunningStack) -> Iterator[Scene]:
    scene = Scene(browser, stack)
    yield scene
    scene.close()


# --- What they look at ------------------------------------------------------------------------

Address = str | Callable[[Scene], str]


@dataclass(frozen=True)
class Place:
    """One page in one state, for one person."""

    who: str
    name: str
    address: Address
    heading: str  # a regular expression
    then: Callable[[Page], None] | None = None  # what brings the page into the state
    status: int = 200

    def __str__(self) -> str:
        return f"{self.who}-{self.name}".replace(" ", "-")


def press(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("main").get_by_role("button", name=name).first.click()


def sign_in_wrongly(page: Page) -> None:
    page.get_by_label("Email").fill("nobody@example.org")
    page.get_by_label("Password").fill("not the password")
    press("Sign in")(page)
    expect(page.get_by_role("alert").first).to_be_visible()


def sign_up_wrongly(page: Page) -> None:
    page.get_by_label("Full name").fill("N")
    page.get_by_label("Email").fill("n@example.org")
    page.get_by_label("Password", exact=True).fill("password12")
    page.get_by_label("Password (again)").fill("password21")
    press("Continue")(page)
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()


def ask_for_link(page: Page) -> None:
    page.get_by_label("Email").fill("nobody@example.org")
    press("Send the link")(page)
    page.wait_for_url("**/reset/done/")


def send_wrongly(page: Page) -> None:
    page.get_by_label("To account").fill("FT00 0000")
    page.get_by_label("Amount").fill("-1")
    press("Check")(page)
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()


def limit_wrongly(page: Page) -> None:
    """Trying limits out needs no password."""
    page.get_by_label("Euro").first.fill("abc")
    press("Try them on my last payments")(page)
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()


def try_limits(page: Page) -> None:
    page.get_by_label("Euro").first.fill("0.01")
    press("Try them on my last payments")(page)
    expect(page.get_by_role("status").filter(has_text="of your last")).to_be_visible()


def check_payment(page: Page) -> None:
    """To a payee who is offered, so that the form knows the number."""
    page.get_by_role("complementary").get_by_role("link").first.click()
    page.get_by_label("Amount").fill("1.00")
    page.get_by_label("Note").fill("Only a look")
    press("Check")(page)
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()


def add_stranger(page: Page) -> None:
    """Somebody whose number is offered, under a name that is another's."""
    number = page.locator(".row-detail").first.inner_text().split(" · ")[0]
    page.goto("/payees/add/")
    page.get_by_label("Account number").fill(number)
    page.get_by_label("Their name").fill("Nobody Known")
    press("Check and add")(page)
    expect(page.get_by_role("button", name="Add anyway")).to_be_visible()


def plan_payment(page: Page) -> None:
    page.goto(page.get_by_role("link", name="Later or repeat").get_attribute("href") or "")
    page.get_by_label("Amount").fill("1.00")
    page.get_by_label("How often").select_option("monthly")
    press("Check")(page)
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()


def plan_wrongly(page: Page) -> None:
    page.get_by_label("To account").fill("FT00 0000")
    page.get_by_label("Amount").fill("-1")
    page.get_by_label("Until when").select_option("times")
    press("Check")(page)
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()


def open_menu(page: Page) -> None:
    page.locator("details[data-menu] > summary").click()
    expect(page.get_by_role("group", name="Appearance")).to_be_visible()


def open_sum(page: Page) -> None:
    page.get_by_text("How this is worked out").click()
    expect(page.get_by_text("usually pays you on")).to_be_visible()


def open_tables(page: Page) -> None:
    for summary in page.get_by_text("Show as a table").all():
        summary.click()
    expect(page.get_by_role("columnheader", name="Income")).to_be_visible()


def open_habits(page: Page) -> None:
    for summary in page.get_by_text("Show as a table").all():
        summary.click()
    expect(page.get_by_role("columnheader", name="Hour")).to_be_visible()


def open_figures(page: Page) -> None:
    for summary in page.get_by_text("As a table").all():
        summary.click()
    expect(page.get_by_role("columnheader", name="Passed")).to_be_visible()


def ask_first(page: Page) -> None:
    known = page.locator("#payees option").first.get_attribute("value")
    page.get_by_label("To account").fill(str(known))
    page.get_by_label("Amount").fill("5000")
    press("Ask")(page)
    page.get_by_text("Beside what is normal for you").click()
    expect(page.get_by_role("columnheader", name="Usual")).to_be_visible()


def ask_wrongly(page: Page) -> None:
    page.get_by_label("To account").fill("FT00 0000")
    page.get_by_label("Amount").fill("-1")
    press("Ask")(page)
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()


def confirm_wrongly(page: Page) -> None:
    page.get_by_label("Your PIN").fill("0000")
    press("Yes, send it")(page)
    expect(page.locator("[aria-invalid=true]")).to_be_visible()


def open_filters(page: Page) -> None:
    page.get_by_text("More filters").click()
    expect(page.get_by_label("Status")).to_be_visible()


def open_files(page: Page) -> None:
    page.get_by_text("Download").first.click()
    expect(page.get_by_role("link", name="MT940").first).to_be_visible()


def this_month(page: Page) -> None:
    page.get_by_role("main").get_by_role("heading", level=3).get_by_role("link").first.click()
    page.wait_for_url("**/statement/?since=*")


def connected(page: Page) -> None:
    expect(page.locator("[data-connection-words]")).to_have_text("Live")


def open_columns(page: Page) -> None:
    page.get_by_text("Correct how the file is read").click()
    expect(page.get_by_label("Order of dates")).to_be_visible()


def bring_wrongly(page: Page) -> None:
    page.locator("#id_file").set_input_files(
        {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"Dear bank,\nhow are you?\n"}
    )
    press("Read the file")(page)
    expect(page.locator("[aria-invalid=true]")).to_be_visible()


def open_drawer(page: Page) -> None:
    connected(page)
    page.locator("[data-feed] a.feed-title").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def of(handle: str, what: str, more: str = "") -> Address:
    """An address that is known when the bank runs: `of("amara", "account", "fund/")`."""
    return lambda scene: getattr(scene, what)(handle) + more


def transfer(handle: str, status: str, more: str = "") -> Address:
    return lambda scene: scene.transfer(handle, status) + more


def disputed(handle: str) -> Address:
    return lambda scene: scene.disputed(handle) + "dispute/"


def category(handle: str) -> Address:
    return lambda scene: scene.transfer(handle, "posted") + "category/"


def brought(handle: str, status: str, more: str = "") -> Address:
    return lambda scene: scene.brought(handle, status) + more


def passkey(what: str) -> Address:
    return lambda scene: f"/account/2fa/webauthn/keys/{scene.passkey()}/{what}/"


def held_in_console(what: str) -> Address:
    return lambda scene: f"/admin/banking/transfer/{scene.transfer_uuid('amara', 'held')}/{what}"


def in_console(model: str) -> Address:
    table = model.replace("/", "_")
    return lambda scene: f"/admin/{model}/{scene.row(table)}/change/"


VISITORS = partial(Place, VISITOR)
CUSTOMERS = partial(Place, "amara")
NEWCOMERS = partial(Place, NEWCOMER)
GUARDED_ONES = partial(Place, GUARDED)
SUPPORT = partial(Place, "sam")
OFFICERS = partial(Place, "olga")

PLACES = [
    VISITORS("landing", "/", "The bank that shows its reasons"),
    VISITORS("sign in", "/account/login/", "Welcome back"),
    VISITORS("sign in wrongly", "/account/login/", "Welcome back", sign_in_wrongly),
    VISITORS("sign up", "/account/signup/", "Open an account"),
    VISITORS("sign up wrongly", "/account/signup/", "Open an account", sign_up_wrongly),
    VISITORS("password reset", "/account/password/reset/", "Forgotten your password"),
    VISITORS("password link sent", "/account/password/reset/", "mail", ask_for_link),
    VISITORS("password link used up", "/account/password/reset/key/1-none/", "link"),
    VISITORS("errors", "/errors/", "What errors mean"),
    VISITORS("nowhere", "/nowhere/", "We cannot find that page", status=404),
    Place(UNCONFIRMED, "code", "/account/confirm-email/", "code|mail"),
    NEWCOMERS("home", "/", "Hello, Wanda"),
    NEWCOMERS("accounts", "/accounts/", "Accounts"),
    NEWCOMERS("send", "/send/", "Move money"),
    NEWCOMERS("payees", "/payees/", "People you pay"),
    NEWCOMERS("schedules", "/schedules/", "Scheduled payments"),
    NEWCOMERS("plan", "/schedules/new/", "Plan a payment"),
    NEWCOMERS("activity", "/activity/", "Activity"),
    NEWCOMERS("insights", "/insights/", "Insights"),
    NEWCOMERS("shared data", "/shared-data/", "Who sees my data"),
    NEWCOMERS("grant", "/shared-data/grant/", "Share an account"),
    NEWCOMERS("ways to confirm", "/account/2fa/", "Ways to confirm"),
    NEWCOMERS("passkeys", "/account/2fa/webauthn/", "Passkeys"),
    NEWCOMERS("pin", "/security/pin/", "Set a PIN"),
    NEWCOMERS("rhythm", "/security/rhythm/", "The rhythm of your typing"),
    CUSTOMERS("home", "/", "Hello, Amara"),
    CUSTOMERS("what is left", "/", "Hello, Amara", open_sum),
    CUSTOMERS("menu", "/", "Hello, Amara", open_menu),
    CUSTOMERS("accounts", "/accounts/", "Accounts"),
    CUSTOMERS("account", of("amara", "account"), "Current account"),
    CUSTOMERS("account settings", of("amara", "account", "settings/"), "Account settings"),
    CUSTOMERS("account people", of("amara", "account", "people/"), "Share this account"),
    CUSTOMERS("close account", of("amara", "account", "close/"), "Close this account"),
    CUSTOMERS("shared account", of("jonas", "account"), "Current account"),
    CUSTOMERS("invitation", lambda scene: scene.invitation("amara"), "Share an account"),
    CUSTOMERS("leave a share", lambda scene: scene.share("amara"), "Leave this account"),
    CUSTOMERS("return money", lambda scene: scene.received("amara"), "Send it back"),
    CUSTOMERS("statements", of("amara", "account", "statements/"), "Statements", open_files),
    CUSTOMERS("statement", of("amara", "account", "statements/"), "so far", this_month),
    CUSTOMERS("statement refused", of("amara", "account", "statement/"), "Statements", None, 422),
    CUSTOMERS("open account", "/accounts/open/", "Open an account"),
    CUSTOMERS("fund", of("amara", "account", "fund/"), "Add money"),
    CUSTOMERS("send", "/send/", "Move money"),
    CUSTOMERS("send wrongly", "/send/", "Move money", send_wrongly, 422),
    CUSTOMERS("preview", "/send/", "Is this right", check_payment),
    CUSTOMERS("payees", "/payees/", "People you pay"),
    CUSTOMERS("add payee", "/payees/add/", "Add somebody"),
    CUSTOMERS("add stranger", "/payees/", "Add somebody", add_stranger),
    CUSTOMERS("payee", of("amara", "payee"), "Landlord"),
    CUSTOMERS("remove payee", of("amara", "payee", "remove/"), "Remove Landlord"),
    CUSTOMERS("schedules", "/schedules/", "Scheduled payments"),
    CUSTOMERS("plan", "/schedules/new/", "Plan a payment"),
    CUSTOMERS("plan wrongly", "/schedules/new/", "Plan a payment", plan_wrongly, 422),
    CUSTOMERS("plan preview", of("amara", "payee"), "Is this right", plan_payment),
    CUSTOMERS("schedule", of("amara", "schedule"), "Landlord"),
    CUSTOMERS("change schedule", of("amara", "schedule", "change/"), "Change Landlord"),
    CUSTOMERS("cancel schedule", of("amara", "schedule", "cancel/"), "Cancel Landlord"),
    CUSTOMERS("transfer posted", transfer("amara", "posted"), "Done"),
    CUSTOMERS("transfer held", transfer("amara", "held"), "One more step"),
    CUSTOMERS("wrong pin", transfer("amara", "held"), "One more step", confirm_wrongly, 422),
    Place("priya", "transfer refused", transfer("priya", "refused"), "Not sent"),
    CUSTOMERS("somebody else's", transfer("priya", "refused"), "We cannot find", status=404),
    CUSTOMERS("activity", "/activity/", "Activity", open_filters),
    CUSTOMERS("activity nothing", "/activity/?text=zebra&status=held", "Activity"),
    CUSTOMERS("insights", "/insights/", "Insights", open_tables),
    Place("jonas", "insights in dollars", "/insights/?currency=USD&days=365", "Insights"),
    CUSTOMERS("category", category("amara"), "What was it for"),
    NEWCOMERS("import", "/import/", "Import from another bank"),
    CUSTOMERS("import", "/import/", "Import from another bank"),
    CUSTOMERS("import wrongly", "/import/", "Import from another bank", bring_wrongly, 422),
    CUSTOMERS("import to check", brought("amara", "ready"), "Is this right", open_columns),
    CUSTOMERS("import done", brought("amara", "done"), "Done"),
    CUSTOMERS("import undo", brought("amara", "done", "undo/"), "Remove this import"),
    CUSTOMERS("outside open", "/outside/open/", "Name an account"),
    CUSTOMERS("outside", of("amara", "outside"), "Household"),
    CUSTOMERS("outside delete", of("amara", "outside", "delete/"), "Delete this account"),
    CUSTOMERS("profile", "/profile/", "Your details|Profile"),
    CUSTOMERS("security", "/security/", "Security"),
    CUSTOMERS("questions", "/security/questions/", "Was this you"),
    NEWCOMERS("no questions", "/security/questions/", "Was this you"),
    Place("tomas", "dispute", disputed("tomas"), "Your dispute"),
    Place("tomas", "dispute form", transfer("tomas", "posted", "dispute/"), "Something is wrong"),
    CUSTOMERS("pin", "/security/pin/", "Change your PIN"),
    CUSTOMERS("limits", "/security/limits/", "Your limits"),
    CUSTOMERS("limits wrongly", "/security/limits/", "Your limits", limit_wrongly, 422),
    CUSTOMERS("limits tried", "/security/limits/", "Your limits", try_limits),
    NEWCOMERS("normal", "/security/profile/", "What is normal for you"),
    CUSTOMERS("normal", "/security/profile/", "What is normal for you", open_habits),
    NEWCOMERS("would it pass", "/send/would-it-pass/", "Would it go through"),
    CUSTOMERS("would it pass", "/send/would-it-pass/", "Would it go through", ask_first),
    CUSTOMERS("would not", "/send/would-it-pass/", "Would it go through", ask_wrongly, 422),
    CUSTOMERS("rhythm", "/security/rhythm/", "The rhythm of your typing"),
    CUSTOMERS("shared data", "/shared-data/", "Who sees my data"),
    CUSTOMERS("grant", "/shared-data/grant/", "Share an account"),
    CUSTOMERS("consent", of("amara", "consent"), "Clearview"),
    CUSTOMERS("stop", of("amara", "consent", "stop/"), "Stop sharing"),
    CUSTOMERS("app", "/account/2fa/totp/activate/", "Set up an authenticator app"),
    CUSTOMERS("add passkey", "/account/2fa/webauthn/add/", "Add a passkey"),
    CUSTOMERS("devices", "/account/sessions/", "Devices"),
    CUSTOMERS("email", "/account/email/", "[Ee]-?mail"),
    CUSTOMERS("password", "/account/password/change/", "[Pp]assword"),
    CUSTOMERS("confirm it is you", "/account/reauthenticate/", "Confirm it is you"),
    CUSTOMERS("sign out", "/account/logout/", "[Ss]ign out"),
    CUSTOMERS("live refused", "/live/", "That is not open to you", status=403),
    GUARDED_ONES("ways to confirm", "/account/2fa/", "Ways to confirm"),
    GUARDED_ONES("recovery codes", "/account/2fa/recovery-codes/", "Recovery codes"),
    GUARDED_ONES("new codes", "/account/2fa/recovery-codes/generate/", "Make new recovery"),
    GUARDED_ONES("app off", "/account/2fa/totp/deactivate/", "Turn off the authenticator"),
    GUARDED_ONES("passkeys", "/account/2fa/webauthn/", "Passkeys"),
    GUARDED_ONES("rename passkey", passkey("edit"), "Rename a passkey"),
    GUARDED_ONES("remove passkey", passkey("remove"), "Remove"),
    GUARDED_ONES("passkey again", "/account/2fa/webauthn/reauthenticate/", "Confirm it is you"),
    GUARDED_ONES("empty account", of(GUARDED, "account"), "."),
    GUARDED_ONES("empty statement", of(GUARDED, "account", "statements/"), "so far", this_month),
    SUPPORT("live", "/live/", "Live feed", connected),
    SUPPORT("live nothing", "/live/?q=zebra", "Live feed", connected),
    SUPPORT("live drawer", "/live/", "Live feed", open_drawer),
    SUPPORT("event", lambda scene: f"/live/events/{scene.alert_event()}/", "."),
    SUPPORT("security", "/security/", "Security"),
    OFFICERS("dashboard", "/admin/", "."),
    OFFICERS("transfers", "/admin/banking/transfer/", "."),
    OFFICERS("transfer", held_in_console("change/"), "."),
    OFFICERS("release", held_in_console("release"), "."),
    OFFICERS("refuse", held_in_console("refuse"), "."),
    OFFICERS("account", in_console("banking/account"), "."),
    OFFICERS("schedule", in_console("banking/schedule"), "."),
    OFFICERS("movements", "/admin/banking/movement/?kind__exact=deposit", "."),
    OFFICERS("cases", "/admin/fraud/case/?work=all", "."),
    OFFICERS("case", in_console("fraud/case"), "."),
    OFFICERS("labels", "/admin/fraud/label/", "."),
    OFFICERS("label age", "/admin/label-age/", "."),
    OFFICERS("reports", "/admin/fraud/suspicionreport/", "."),
    OFFICERS("decisions", "/admin/fraud/decision/?verdict__exact=BLOCKED", "."),
    OFFICERS("decision", in_console("fraud/decision"), "."),
    OFFICERS("alerts", "/admin/fraud/alert/", "."),
    OFFICERS("alert", in_console("fraud/alert"), "."),
    OFFICERS("dead letters", "/admin/fraud/deadletter/", "."),
    OFFICERS("readers of streams", "/admin/fraud/streamreader/", "."),
    OFFICERS("rules", "/admin/fraud/ruleversion/", "."),
    OFFICERS("rule", in_console("fraud/ruleversion"), "."),
    OFFICERS("write a rule", "/admin/fraud/ruleversion/write", "."),
    OFFICERS("rulesets", "/admin/fraud/ruleset/", "."),
    OFFICERS("ruleset", in_console("fraud/ruleset"), "."),
    OFFICERS("backtest", in_console("fraud/backtest"), "."),
    OFFICERS("trainings", "/admin/fraud/trainingrun/", "."),
    OFFICERS("models", "/admin/fraud/modelversion/", "."),
    OFFICERS("lists", "/admin/fraud/listentry/", "."),
    OFFICERS("list something", "/admin/fraud/listentry/write", "."),
    OFFICERS("propose costs", "/admin/fraud/costtable/propose", "."),
    OFFICERS("records", "/admin/audit/record/?q=core.", "."),
    OFFICERS("record", in_console("audit/record"), "."),
    OFFICERS("person", in_console("core/user"), "."),
    OFFICERS("books", "/admin/books/", "."),
    OFFICERS("books refused", "/admin/books/?on=2999-01-01", ".", None, 422),
    OFFICERS("integrity", "/admin/integrity/", "."),
    OFFICERS("monitoring", "/admin/monitoring/?range=month", ".", open_figures),
    OFFICERS("fairness", "/admin/fairness/", "."),
    OFFICERS("what if", "/admin/what-if/", "."),
    OFFICERS("adjustments", "/admin/banking/adjustment/", "."),
    OFFICERS("propose adjustment", "/admin/banking/adjustment/propose", "."),
    OFFICERS("propose closing", "/admin/banking/closing/propose", "."),
    OFFICERS("nothing found", "/admin/banking/transfer/?q=zebra", "."),
]


# --- The look ---------------------------------------------------------------------------------


def visit(place: Place, scene: Scene) -> Looker:
    looker = scene.looker(place.who)
    browser_help.look(looker.page, DESKTOP, "light")
    looker.watch.complaints()  # of the page before
    address = place.address if isinstance(place.address, str) else place.address(scene)
    response = looker.page.goto(address)
    if "reauthenticate" not in address:
        browser_help.prove(looker.page, looker.password)
    assert isinstance(response, Response)
    if place.then:
        place.then(looker.page)
    else:
        assert response.status == place.status
    return looker


def about_the_page(page: Page, heading: str) -> Iterator[str]:
    headings = page.locator("h1").all_inner_texts()
    if len(headings) != 1:
        yield f"{len(headings)} h1: {headings}"
    elif not re.search(heading, headings[0]):
        yield f"another page: {headings[0]}"
    if not re.match(r"\w.* [·|] ", page.title()):
        yield f"no title of its own: {page.title()!r}"


def barriers(page: Page) -> Iterator[str]:
    """Both sizes with every rule; of the dark theme what a theme can break."""
    for size in (DESKTOP, PHONE):
        for theme, rules in (("light", EVERYTHING), ("dark", COLOURS)):
            browser_help.look(page, size, theme)
            for found in browser_help.violations(page, rules):
                yield f"{size['width']} {theme}: {found}"
    yield from browser_help.wider_than_screen(page)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_page_is_for_everybody(place: Place, scene: Scene) -> None:
    looker = visit(place, scene)
    page = looker.page
    wrong = [*about_the_page(page, place.heading), *barriers(page)]
    wrong += looker.watch.complaints(address=page.url, status=place.status)
    assert not wrong, "\n".join([page.url, *wrong])


def test_the_look_sees_what_is_wrong(door: browser_help.Door) -> None:
    page = door()
    watch = browser_help.Watch(page)
    page.goto("/errors/")
    page.evaluate(
        """() => {
          document.title = "FinTrust";
          document.querySelector("h1").insertAdjacentHTML("afterend",
            '<h1 style="color: red">Again</h1><img src="/nowhere.png"><div id="wide">x</div>');
          document.querySelector("#main").style.color = "var(--color-base-200)";
          document.querySelector("#wide").style.width = "2000px";
        }"""
    )
    wrong = "\n".join([*about_the_page(page, "What errors mean"), *barriers(page)])
    for words in ("2 h1", "no title of its own", "1280 light: color-contrast", "image-alt"):
        assert words in wrong
    assert "390 dark: color-contrast" in wrong
    assert 'id="wide"' in wrong
    complaints = "\n".join(watch.complaints(address=page.url, status=404))
    assert "status of 404" in complaints
    assert "policy style-src-attr inline" in complaints
