"""The support feed: its page, its plain answers and its socket, over real rows and a real Redis."""

import asyncio
import contextlib
import json
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.core import mail as mailbox
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

import fraud.services
from audit.models import Record
from banking.numbers import number_of
from banking.transfers import services as transfers
from fintrust.asgi import application
from fintrust.core import live, roles
from fintrust.core.models import Event, User
from fintrust.live import consumers, feed, wakes
from fintrust.live.policy import FeedPolicy
from fintrust.tests import builders
from fraud.labels.services import answer
from fraud.models import Alert, Decision
from fraud.tests.test_rulebook import in_force
from fraud.tests.test_rulebook import officer as author

QUICK = FeedPolicy(poll_seconds=0.2, beat_seconds=0.1, batch_rows_max=3, seen_seconds_max=0.5)
SLOW = FeedPolicy(poll_seconds=60, beat_seconds=60)
PATIENCE = 5  # seconds; the machine may be busy, the feed is not slow


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def tell(number: int = 1, kind: str = "transfer.posted") -> None:
    data = {"kind": "transfer", "amount_minor": number, "currency": "EUR", "verdict": "VERIFIED"}
    with transaction.atomic():
        live.publish([live.SUPPORT], kind, subject=f"trf_{number}", data=data)


# --- the page -------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [roles.SUPPORT, roles.COMPLIANCE, roles.ADMINISTRATOR])
def test_who_watches_sees_the_page(bank, role):
    tell(12_34)
    page = signed_in(builders.person(role)).get("/live/")
    assert page.status_code == 200
    assert "€12.34" in page.content.decode()


@pytest.mark.parametrize("role", [roles.CUSTOMER, roles.PARTNER, roles.AUDITOR])
@pytest.mark.parametrize(
    "address", ["/live/", "/live/?after=0-0", "/live/figures/", "/live/events/1/"]
)
def test_nobody_else_does(db, role, address):
    assert signed_in(builders.person(role)).get(address).status_code == 403


def test_a_visitor_is_asked_to_sign_in(db):
    answer = Client().get("/live/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_the_page_needs_no_more_queries_for_more_rows(bank, django_assert_max_num_queries):
    support = signed_in(builders.person(roles.SUPPORT))
    source, target = builders.two_accounts()
    builders.alert(source, target)
    with django_assert_max_num_queries(21) as few:
        support.get("/live/")
    for number in range(40):
        tell(number)
    for _ in range(4):
        builders.send(source, target, 6_00)
    with django_assert_max_num_queries(len(few)):
        support.get("/live/")


def ids(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="event-(\d+)"', html)]


def test_the_filters_narrow_the_list(bank):
    support = signed_in(builders.person(roles.SUPPORT))
    source, target = builders.two_accounts()
    builders.send(source, target, 4_00)
    alert = builders.alert(source, target)

    def kinds(query: str) -> set[str]:
        page = support.get(f"/live/?{query}").content.decode()
        return set(Event.objects.filter(pk__in=ids(page)).values_list("kind", flat=True))

    # What is refused at once is its alert's row, and no second one.
    assert kinds("") == {"transfer.posted", "alert.raised"}
    assert kinds("kind=alert") == {"alert.raised"}
    assert kinds("kind=transfer") == {"transfer.posted"}
    assert kinds("severity=high") == set()  # an own limit is an alert of low severity
    assert kinds("severity=low") == {"transfer.posted", "alert.raised"}
    assert kinds(f"q={alert.public_id.upper()}") == {"alert.raised"}
    assert kinds("q=own+limit%25") == set()
    assert kinds(f"q={number_of(source.pk)[-4:]}") == {"transfer.posted", "alert.raised"}
    assert kinds("waiting=1") == {"alert.raised"}
    officer = builders.person(roles.COMPLIANCE)
    fraud.services.acknowledge_alert(alert=alert, by=officer)
    assert kinds("waiting=1") == set()
    assert kinds("kind=nonsense&severity=x") == kinds("")


def titles(html: str) -> list[str]:
    return re.findall(r'class="feed-title"[^>]*>([^<]+)<', html)


def test_one_thing_is_one_row_under_the_right_heading(bank):
    source, target = builders.two_accounts()
    transfer = builders.held(source, target)
    officer = builders.person(roles.COMPLIANCE)
    transfers.refuse_transfer(transfer=transfer, by=officer, reason="not hers")
    sent = builders.send(source, target, 4_00)
    answer(decision=sent.decision, mine=False, by=source.owner)
    builders.alert(source, target)
    support = signed_in(builders.person(roles.SUPPORT))
    page = support.get("/live/").content.decode()
    assert [title for title in titles(page) if "ase" not in title] == [
        "Transfer refused by own limit",
        "Transfer was not the customer",
        "Transfer posted",
        "Transfer refused",  # by the officer: another thing than that it was held
        "Transfer held",
        "Deposit posted",
    ]
    news = support.get("/live/?after=0-0").content.decode()
    assert titles(news) == titles(page)
    own_limit = page[page.index("refused by own limit") :]
    assert "→" in own_limit[: own_limit.index("</li>")]  # from whom to whom
    minutes = support.get("/live/figures/").context["figures"]
    assert minutes.alerts_hour + minutes.movements_hour == 6


@pytest.mark.parametrize("review", [True, False])
def test_what_is_blocked_is_one_row_that_says_what_became_of_it(bank, settings, review):
    settings.FRAUD_BLOCKED_TO_REVIEW = review
    people = [author(f"{name}@example.org", "write_rule", "decide_rule") for name in ("a", "b")]
    in_force(*people, condition="amount > 5", action="block")
    transfer = builders.send(*builders.two_accounts(), 6_00)
    support = signed_in(builders.person(roles.SUPPORT))

    def shown(address: str) -> list[str]:
        found = titles(support.get(address).content.decode())
        return [title for title in found if "ase" not in title and "Deposit" not in title]

    became = "held" if review else "refused"
    assert shown("/live/") == shown("/live/?after=0-0") == [f"Transfer {became}"]
    minutes = support.get("/live/figures/").context["figures"].minutes
    assert sum(one.held for one in minutes) == int(review)
    assert sum(one.refused for one in minutes) == int(not review)
    if review:  # that an officer refuses it is another thing than that it was held
        officer = builders.person(roles.COMPLIANCE)
        transfers.refuse_transfer(transfer=transfer, by=officer, reason="not hers")
        assert shown("/live/") == ["Transfer refused", "Transfer held"]
        assert shown("/live/?after=0-0") == shown("/live/")


SECRET = "amount > 5 and amount < 6543.21"


def all_that_customers_hear(sender: User, transfer: Any) -> str:
    """Pages, API, live events and mails of who paid."""
    client = signed_in(sender)
    token = APIClient()
    token.force_authenticate(sender)
    heard = [
        client.get(address).content.decode()
        for address in (
            f"/transfers/{transfer.public_id}/", "/activity/", "/security/questions/", "/",
            "/send/would-it-pass/",
        )
    ]  # fmt: skip
    heard += [
        token.get(f"/api/v1/{address}").content.decode()
        for address in (
            f"transactions/{transfer.public_id}",
            f"risk/decisions/{transfer.decision.public_id}",
            "transactions/history",
            "risk/profile",
            "analytics/risk-scores",
        )
    ]
    events = Event.objects.exclude(topic=live.SUPPORT)
    assert events.exists()
    heard += [json.dumps(one.data) for one in events]
    return "".join(heard + [f"{mail.subject} {mail.body}" for mail in mailbox.outbox])


@pytest.mark.parametrize("action, review", [("hold", False), ("block", False), ("block", True)])
@pytest.mark.parametrize("sentence", ["", "We ask before we send this"])
def test_staff_read_which_rule_it_was_and_customers_do_not(
    bank, settings, action, review, sentence
):
    settings.FRAUD_BLOCKED_TO_REVIEW = review
    people = [author(f"{name}@example.org", "write_rule", "decide_rule") for name in ("a", "b")]
    in_force(*people, name="Zebra & co", condition=SECRET, action=action, sentence=sentence)
    source, target = builders.two_accounts()
    transfer = builders.send(source, target, 6_00)
    told = "Rule “Zebra & co”" + (f": {sentence}" if sentence else "")
    assert Alert.objects.get(decision=transfer.decision).text == told
    watcher = signed_in(builders.person(roles.SUPPORT))
    page = watcher.get("/live/").content.decode()
    assert told.replace("&", "&amp;") in page and "6,543.21" not in page
    address = f"/live/events/{Event.objects.get(kind=feed.RAISED).pk}/"
    detail = watcher.get(address).content.decode()
    assert "Zebra &amp; co" in detail and "6,543.21" not in detail
    officer = signed_in(builders.person(roles.COMPLIANCE))
    assert "the amount is less than 6,543.21" in officer.get(address).content.decode()
    assert "Zebra &amp; co" in officer.get("/admin/monitoring/").content.decode()
    heard = all_that_customers_hear(source.owner, transfer)
    assert transfer.public_id in heard
    assert all(secret not in heard for secret in ("Zebra", "6543", "6,543"))


def test_an_event_from_before_payments_were_reviewed_is_still_one_row(bank):
    with transaction.atomic():
        for kind, verdict in (("held", "FLAGGED"), ("refused", "BLOCKED"), ("refused", "FLAGGED")):
            data = {"kind": "transfer", "verdict": verdict}
            live.publish([live.SUPPORT], f"transfer.{kind}", subject="trf_1", data=data)
    support = signed_in(builders.person(roles.SUPPORT))
    for address in ("/live/", "/live/?after=0-0"):
        assert titles(support.get(address).content.decode()) == ["Transfer refused"]


def test_what_is_noticed_elsewhere_is_not_said_to_be_held_here(bank):
    data = {"alert": "payment", "kind": "transfer", "transfer": "evt_1", "verdict": "BLOCKED"}
    with transaction.atomic():
        live.publish([live.SUPPORT], feed.RAISED, subject="alr_1", data=data)
    page = signed_in(builders.person(roles.SUPPORT)).get("/live/").content.decode()
    assert titles(page) == ["Transfer elsewhere blocked"]


def test_older_rows_are_a_link_away_and_none_is_lost(bank):
    support = signed_in(builders.person(roles.SUPPORT))
    for number in range(120):
        tell(number)
    seen, address = [], "/live/"
    while address:
        page = support.get(address).content.decode()
        seen += ids(page)
        link = re.search(r'href="(\?[^"]*before=[^"]+)"', page)
        address = "/live/" + link[1].replace("&amp;", "&") if link else ""
    assert seen == list(Event.objects.order_by("-id").values_list("pk", flat=True))


def test_a_cursor_nobody_gave_out_is_refused(bank):
    support = signed_in(builders.person(roles.SUPPORT))
    for address in ("/live/?after=x", "/live/?after=99999999-1", "/live/?before=1"):
        assert support.get(address).status_code == 400


def test_plain_requests_continue_after_a_cursor(bank):
    support = signed_in(builders.person(roles.SUPPORT))
    tell(1)
    first = support.get("/live/?after=0-0")
    tell(2)
    second = support.get(f"/live/?after={first['X-Feed-Cursor']}")
    assert "trf_1" in first.content.decode()
    assert "trf_2" in second.content.decode()
    assert "trf_1" not in second.content.decode()
    third = support.get(f"/live/?after={second['X-Feed-Cursor']}")
    assert ids(third.content.decode()) == []
    assert third["X-Feed-Cursor"] == second["X-Feed-Cursor"]


def test_a_filter_by_text_is_text_and_not_a_pattern_or_markup(bank):
    support = signed_in(builders.person(roles.SUPPORT))
    tell(1)
    page = support.get("/live/", {"q": '"><script>%_\\'})
    assert page.status_code == 200
    assert "<script>%" not in page.content.decode()
    assert ids(page.content.decode()) == []


# --- one event ------------------------------------------------------------------------------


def test_a_look_at_one_event_shows_why_and_is_remembered(bank):
    support = builders.person(roles.SUPPORT)
    source, target = builders.two_accounts()
    alert = builders.alert(source, target)
    event = Event.objects.get(subject=alert.public_id)
    page = signed_in(support).get(f"/live/events/{event.pk}/").content.decode()
    assert alert.decision.reasons[0]["text"] in page
    assert "Ada Byron" not in page
    assert source.owner.email not in page
    record = Record.objects.get(action="core.customer.viewed")
    assert (record.owner_id, record.actor_id) == (source.owner_id, support.pk)


def test_an_event_of_another_topic_is_not_found(bank):
    with transaction.atomic():
        live.publish(["user:1"], "transfer.posted", subject="trf_1", data={})
    support = signed_in(builders.person(roles.SUPPORT))
    assert support.get(f"/live/events/{Event.objects.get().pk}/").status_code == 404


# --- acknowledging --------------------------------------------------------------------------


def acknowledge(client: Client, alert: Any, **headers: str) -> Any:
    return client.post(f"/live/alerts/{alert.public_id}/acknowledge/", headers=headers)


def test_an_alert_is_acknowledged_by_form_and_by_htmx(bank):
    support = builders.person(roles.SUPPORT)
    source, target = builders.two_accounts()
    first = builders.alert(source, target)
    second = builders.alert(source, target)
    assert acknowledge(signed_in(support), first).status_code == 302
    swapped = acknowledge(signed_in(support), second, hx_request="true")
    assert f"Acknowledged by {support.name}" in swapped.content.decode()
    for alert in (first, second):
        alert.refresh_from_db()
        assert alert.acknowledged_by == support


def test_the_second_to_acknowledge_is_told(bank):
    source, target = builders.two_accounts()
    alert = builders.alert(source, target)
    client = signed_in(builders.person(roles.SUPPORT))
    assert acknowledge(client, alert).status_code == 302
    assert acknowledge(client, alert).status_code == 409


@pytest.mark.parametrize("role", [roles.ADMINISTRATOR, roles.AUDITOR, roles.CUSTOMER])
def test_who_may_not_acknowledge_is_refused_and_sees_no_button(bank, role):
    source, target = builders.two_accounts()
    alert = builders.alert(source, target)
    client = signed_in(builders.person(role, "No Body"))
    assert acknowledge(client, alert).status_code == 403
    assert b"/acknowledge/" not in client.get("/live/").content


def test_acknowledging_needs_the_token_of_a_form(bank):
    source, target = builders.two_accounts()
    alert = builders.alert(source, target)
    client = Client(enforce_csrf_checks=True)
    client.force_login(builders.person(roles.SUPPORT))
    assert acknowledge(client, alert).status_code == 403


# --- the socket -----------------------------------------------------------------------------


class Screen(ApplicationCommunicator):
    """A browser's side of the conversation."""

    def __init__(self, client: Client, origin: str = "http://localhost") -> None:
        session = client.cookies.get("session")
        headers = [(b"origin", origin.encode())]
        if session is not None:
            headers.append((b"cookie", f"session={session.value}".encode()))
        scope = {"type": "websocket", "path": "/ws/live/", "query_string": b"", "headers": headers}
        super().__init__(application, scope)
        self.cursor = ""

    async def connect(self) -> bool:
        await self.send_input({"type": "websocket.connect"})
        return (await self.receive_output(PATIENCE))["type"] == "websocket.accept"

    async def say(self, message: Any) -> None:
        await self.send_input({"type": "websocket.receive", "text": json.dumps(message)})

    async def hear(self, wanted: str) -> dict[str, Any]:
        """The next message of this type; heartbeats in between are passed over."""
        while True:
            output = await self.receive_output(PATIENCE)
            assert output["type"] == "websocket.send", output
            message = json.loads(output["text"])
            if message["type"] == wanted:
                return message

    async def heard_within(self, seconds: float) -> set[str]:
        await asyncio.sleep(seconds)
        heard = set()
        while not self.output_queue.empty():
            heard.add(json.loads(self.output_queue.get_nowait()["text"])["type"])
        return heard

    async def rows(self, *, seen: bool = True) -> list[int]:
        message = await self.hear("rows")
        self.cursor = message["cursor"]
        if seen:
            await self.say({"type": "seen"})
        return ids(message["html"])[::-1]

    async def ended(self) -> int:
        while (output := await self.receive_output(PATIENCE))["type"] != "websocket.close":
            pass
        return output["code"]

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(PATIENCE)


@contextlib.asynccontextmanager
async def screen(client: Client, after: Any = "0-0") -> AsyncIterator[Screen]:
    one = Screen(client)
    assert await one.connect()
    await one.say({"type": "follow", "after": str(after)})
    yield one
    await one.disconnect()


@pytest.fixture
def policy(monkeypatch: pytest.MonkeyPatch) -> Callable[[FeedPolicy], None]:
    """The same feed with other numbers."""
    return lambda chosen: monkeypatch.setattr(consumers.LiveConsumer, "policy", chosen)


@pytest.fixture
def support(bank: str) -> Client:
    return signed_in(builders.person(roles.SUPPORT))


def played(scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a conversation, in a thread of its own, where its work on the database happens, too:
    after a browser test this one has an event loop already."""

    def run() -> None:
        try:
            async_to_sync(scenario)()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


telling = sync_to_async(tell)


def events() -> list[int]:
    return list(Event.objects.order_by("tx", "id").values_list("pk", flat=True))


@pytest.mark.parametrize("role", [roles.CUSTOMER, roles.PARTNER, roles.AUDITOR])
def test_the_socket_refuses_who_may_not_watch(bank, role):
    stranger = signed_in(builders.person(role))

    async def scenario() -> None:
        assert not await Screen(stranger).connect()
        assert not await Screen(Client()).connect()

    played(scenario)


def test_the_socket_refuses_another_site(support):
    async def scenario() -> None:
        assert not await Screen(support, origin="https://evil.example").connect()

    played(scenario)


def test_an_event_arrives_by_its_wake_up(support, policy):
    policy(SLOW)  # a poll would come after a minute

    async def scenario() -> None:
        async with screen(support) as one:
            await one.hear("beat")
            await telling(1)
            assert await one.rows() == await sync_to_async(events)()

    played(scenario)


def test_a_lost_wake_up_costs_a_moment_and_no_row(support, policy):
    policy(QUICK)

    async def scenario() -> None:
        async with screen(support) as one:
            await one.hear("beat")
            # As it is when Redis restarts: the row commits, nobody is woken.
            await sync_to_async(Event.objects.create)(
                topic=live.SUPPORT, kind="transfer.posted", subject="trf_9", data={}
            )
            assert await one.rows() == await sync_to_async(events)()

    played(scenario)


def test_a_row_hidden_at_its_wake_up_arrives_when_the_older_transaction_ends(support, policy):
    policy(SLOW)

    async def scenario() -> None:
        async with screen(support) as one:
            with psycopg.connect(os.environ["DATABASE_URL"]) as slow:
                slow.execute("SELECT pg_current_xact_id()")
                await telling(1)
                assert "rows" not in await one.heard_within(1)
            # It wrote nothing, so nobody is woken by its end.
            assert await one.rows() == await sync_to_async(events)()
            assert await one.heard_within(0.5) == set()

    played(scenario)


def test_an_event_committed_late_is_delivered_once_and_in_its_place(support, policy):
    policy(QUICK)

    async def scenario() -> None:
        async with screen(support) as one:
            with psycopg.connect(os.environ["DATABASE_URL"]) as slow:
                slow.execute(
                    "INSERT INTO core_event (topic, kind, subject, data)"
                    " VALUES ('support', 'transfer.posted', 'trf_slow', '{}')"
                )
                await telling(2)
            seen: list[int] = []
            while len(seen) < 2:
                seen += await one.rows()
            await telling(3)
            seen += await one.rows()
            assert seen == await sync_to_async(events)()

    played(scenario)


def test_a_screen_that_comes_back_misses_nothing_and_sees_nothing_twice(support, policy):
    policy(QUICK)

    async def scenario() -> None:
        seen: list[int] = []
        cursor: Any = live.START
        for round_ in range(4):
            async with screen(support, cursor) as one:
                for number in range(5):  # more than a batch
                    await telling(10 * round_ + number)
                while len(seen) < 7 * round_ + 5:
                    seen += await one.rows()
                cursor = one.cursor
            for number in range(2):  # while nobody looks
                await telling(10 * round_ + 5 + number)
        async with screen(support, cursor) as one:
            seen += await one.rows()
        assert seen == await sync_to_async(events)()

    played(scenario)


def test_the_next_batch_waits_until_the_last_was_drawn(support, policy):
    policy(QUICK)

    async def scenario() -> None:
        for number in range(5):
            await telling(number)
        async with screen(support) as one:
            assert len(await one.rows(seen=False)) == 3
            assert "rows" not in await one.heard_within(0.3)

    played(scenario)


def test_a_screen_that_never_draws_is_let_go(support, policy):
    policy(QUICK)

    async def scenario() -> None:
        await telling(1)
        async with screen(support) as one:
            await one.rows(seen=False)
            assert await one.ended() == consumers.TOO_SLOW

    played(scenario)


def test_a_screen_that_slept_too_long_is_told_how_much_it_missed(support, policy):
    policy(FeedPolicy(backlog_rows_max=10, page_rows_max=4))

    async def scenario() -> None:
        for number in range(11):
            await telling(number)
        async with screen(support) as one:
            assert (await one.hear("skipped"))["count"] == 7
            assert await one.rows() == (await sync_to_async(events)())[-4:]

    played(scenario)


def test_an_acknowledgement_is_its_alert_as_it_is_now(support, policy):
    policy(SLOW)
    source, target = builders.two_accounts()
    alert = builders.alert(source, target)
    officer = builders.person(roles.COMPLIANCE, "Olga Fisher")
    raised = Event.objects.get(kind=feed.RAISED)

    async def scenario() -> None:
        end = await sync_to_async(live.end)(live.SUPPORT)
        async with screen(support, end) as one:
            await one.hear("beat")
            await sync_to_async(fraud.services.acknowledge_alert)(alert=alert, by=officer)
            message = await one.hear("rows")
            assert ids(message["html"]) == [raised.pk]
            assert "Acknowledged by Olga Fisher" in message["html"]
            assert 'data-update="1"' in message["html"]

    played(scenario)


def test_the_old_page_plus_the_events_is_the_new_page(support, policy):
    policy(SLOW)
    source, target = builders.two_accounts()
    old = ids(support.get("/live/").content.decode())
    cursor = live.end(live.SUPPORT)
    transfer = builders.held(source, target)
    officer = builders.person(roles.COMPLIANCE)
    transfers.refuse_transfer(transfer=transfer, by=officer, reason="not hers")
    arrived: list[str] = []

    async def scenario() -> None:
        async with screen(support, cursor) as one:
            message = await one.hear("rows")
            arrived.append(message["html"])

    played(scenario)
    new = support.get("/live/").content.decode()
    assert ids(arrived[0]) + old == ids(new)
    for row in re.findall(r"<li.*?</li>", arrived[0], re.DOTALL):
        assert _without_token(row) in _without_token(new)


def _without_token(html: str) -> str:
    """The page's forms carry a token; those from the socket have it from the page around them."""
    without = re.sub(r'<input type="hidden" name="csrfmiddlewaretoken"[^>]*>', "", html)
    return re.sub(r"\s+", " ", without)


def test_the_heartbeat_tells_the_time_and_how_far_behind_the_feed_is(support, policy):
    policy(QUICK)

    async def scenario() -> None:
        async with screen(support, live.START) as one:
            assert (await one.hear("beat"))["lag_ms"] == 0
            with psycopg.connect(os.environ["DATABASE_URL"]) as slow:
                slow.execute("SELECT pg_current_xact_id()")
                await telling(1)
                await asyncio.sleep(0.3)
                late = 0
                while late < 300:
                    late = (await one.hear("beat"))["lag_ms"]

    played(scenario)


def test_who_signs_out_stops_watching(support, policy):
    policy(QUICK)

    async def scenario() -> None:
        async with screen(support) as one:
            await one.hear("beat")
            await sync_to_async(support.logout)()
            assert await one.ended() == consumers.SIGNED_OUT

    played(scenario)


def test_who_loses_the_role_stops_watching(support, policy):
    policy(QUICK)

    async def scenario() -> None:
        async with screen(support) as one:
            await one.hear("beat")
            user = await User.objects.aget(email="some.support@example.com")
            await user.groups.aclear()
            assert await one.ended() == consumers.SIGNED_OUT

    played(scenario)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "not json",
        "[]",
        "{}",
        "null",
        json.dumps({"type": "follow"}),
        json.dumps({"type": "follow", "after": 1}),
        json.dumps({"type": "follow", "after": "1"}),
        json.dumps({"type": "follow", "after": "99999999-1"}),
        json.dumps({"type": "follow", "after": "0-0", "more": "x" * 1000}),
        json.dumps({"type": "drop table"}),
    ],
)
def test_a_message_that_is_none_of_ours_ends_the_conversation(support, message):
    async def scenario() -> None:
        one = Screen(support)
        await one.connect()
        await one.send_input({"type": "websocket.receive", "text": message})
        assert await one.ended() == consumers.BAD_MESSAGE
        await one.disconnect()

    played(scenario)


def test_bytes_end_the_conversation_too(support):
    async def scenario() -> None:
        one = Screen(support)
        await one.connect()
        await one.send_input({"type": "websocket.receive", "bytes": b"\x00\xff"})
        assert await one.ended() == consumers.BAD_MESSAGE
        await one.disconnect()

    played(scenario)


# --- the socket of a person's own pages -----------------------------------------------------


class Watcher(Screen):
    """A page of one customer, which is only told to look again."""

    def __init__(self, client: Client, origin: str = "http://localhost") -> None:
        super().__init__(client, origin)
        self.scope["path"] = "/ws/mine/"


@pytest.fixture
def customer(bank: str) -> User:
    return builders.person(roles.CUSTOMER)


publishing = sync_to_async(
    lambda user: live.publish([f"user:{user.pk}"], "import.ready", subject="imp_1", data={"a": 1})
)


def test_a_page_of_ones_own_is_woken_and_told_nothing(customer, monkeypatch):
    monkeypatch.setattr(wakes.WakeConsumer, "policy", QUICK)
    other = builders.person(roles.SUPPORT)
    client = signed_in(customer)

    async def scenario() -> None:
        page = Watcher(client)
        assert await page.connect()
        await publishing(other)
        assert await page.heard_within(0.3) == set(), "what happens to others is theirs"
        await publishing(customer)
        assert await page.hear("wake") == {"type": "wake"}
        await sync_to_async(client.logout)()
        assert await page.ended() == consumers.SIGNED_OUT
        await page.disconnect()

    played(scenario)


def test_a_stranger_and_another_site_are_not_woken(customer):
    client = signed_in(customer)

    async def scenario() -> None:
        assert not await Watcher(Client()).connect()
        assert not await Watcher(client, origin="https://evil.example").connect()
        talker = Watcher(client)
        assert await talker.connect()
        await talker.say({"type": "follow", "after": "0-0"})
        assert await talker.ended() == consumers.BAD_MESSAGE
        await talker.disconnect()

    played(scenario)


def test_the_figures_count_decisions_by_verdict_and_state_their_lag(bank):
    two = builders.two_accounts()
    builders.held(*two)
    builders.alert(*two)
    page = signed_in(builders.person(roles.SUPPORT)).get("/live/figures/")
    figures = page.context["figures"]
    passed = Decision.objects.filter(verdict="VERIFIED").count()
    assert (figures.stopped_hour, figures.decisions_hour) == (2, passed + 2)
    lately = figures.minutes[-2:]  # a minute may have ended meanwhile
    counts = [sum(getattr(one, name) for one in lately) for name in ("passed", "held", "refused")]
    assert counts == [passed, 1, 1]
    assert re.search(r"data-lag>\d+\.\d s<", page.content.decode())


def test_the_figures_of_a_quiet_hour_have_no_rate(bank):
    page = signed_in(builders.person(roles.SUPPORT)).get("/live/figures/")
    assert page.context["figures"].stopped_share is None
