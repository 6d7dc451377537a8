"""Webhooks: what happened arrives at least once, signed, and nowhere it should not."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from audit.models import Record
from banking.models import Delivery, Webhook, WebhookSecret
from banking.policy import WEBHOOKS
from banking.tests.conftest import open_funded
from banking.tests.test_api import API, client_of
from banking.tests.webhook_help import Receiver, endless, redirect, silent
from banking.transfers import services
from banking.webhooks import delivery as sweeps
from banking.webhooks.address import clean_url, is_allowed
from banking.webhooks.errors import WebhookUrlInvalid
from banking.webhooks.services import create_webhook, rotate_secret
from fintrust.core import live
from fintrust.core.ids import uuid7
from fintrust.core.models import Event, User
from fintrust.core.money import Money

QUICK = replace(WEBHOOKS, seconds_max=0.5, first_delay=timedelta(0), sweep_max=timedelta(seconds=5))
HASTY = replace(QUICK, first_delay=timedelta(hours=1))
ONCE = replace(QUICK, seconds_max=5, first_delay=timedelta(hours=1))  # a busy machine may be slow


@pytest.fixture(autouse=True)
def at_home(settings):
    settings.WEBHOOK_PRIVATE_ADDRESSES = True


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


class World:
    """Ada is told; what she asks for commits."""

    def __init__(self) -> None:
        self.ada = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada")
        ben = User.objects.create_user("ben@example.org", "correct horse battery", name="Ben")
        self.ben, self.hers, self.his = ben, open_funded(self.ada, 1_000_00), open_funded(ben, 0)

    def send(self, minor: int = 1_00):
        return services.send_transfer(
            by=self.ada,
            source=self.hers,
            target=self.his,
            amount=Money(minor, "EUR"),
            request_id=str(uuid7()),
        )


@pytest.fixture
def world(bank):
    return World()


def sweep(policy=ONCE):
    """Once what was sent can be followed: whose transaction has just ended elsewhere is not told
    from ours for a moment."""
    newest, give_up = Event.objects.aggregate(tx=Max("tx"))["tx"], time.monotonic() + 10
    while newest and Event.objects.filter(tx=newest, tx__gte=live.HORIZON).exists():
        assert time.monotonic() < give_up, "a transaction of this database does not end"
        time.sleep(0.01)
    return sweep_at_once(policy)


def sweep_at_once(policy=ONCE):
    sweeps.collect()
    return sweeps.deliver(policy=policy)


def later(**fields):
    Delivery.objects.filter(status="pending").update(next_at=timezone.now(), **fields)


class TestDelivery:
    def test_what_happened_arrives_signed_and_thin(self, world, receiver):
        world.send()  # before it asked to be told
        _, secret = create_webhook(owner=world.ada, url=receiver.url)
        transfer = world.send(9_00)
        assert sweep() == 1
        [got] = receiver.got
        assert got.verified(secret) == {
            "type": "transfer.posted",
            "timestamp": got.verified(secret)["timestamp"],
            "data": {
                "id": transfer.public_id,
                "kind": "transfer",
                "status": "posted",
                "url": got.verified(secret)["data"]["url"],
            },
        }
        assert got.path == "/hook?from=bank"
        assert got.headers["host"] == f"localhost:{receiver.port}"
        assert b"9" not in got.body.replace(transfer.public_id.encode(), b"")[-20:]
        with pytest.raises(WebhookVerificationError):
            got.verified("whsec_" + "A" * 43 + "=")
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.answered, delivery.excerpt) == (
            "delivered",
            200,
            "said 200",
        )
        assert got.id == delivery.public_id
        assert sweep() == 0

    def test_each_customer_hears_what_is_theirs_and_of_what_they_chose(self, world):
        with Receiver() as adas, Receiver() as bens, Receiver() as none:
            create_webhook(owner=world.ada, url=adas.url, events=["transfer.held"])
            create_webhook(owner=world.ben, url=bens.url)
            stranger = User.objects.create_user("c@example.org", "correct horse", name="C")
            create_webhook(owner=stranger, url=none.url)
            assert world.send(900_00).is_held
            world.send()
            sweep()
            heard = [[Delivery.objects.get(pk=d.pk).kind for d in w.deliveries.order_by("id")]
                     for w in Webhook.objects.order_by("id")]  # fmt: skip
            assert heard == [["transfer.held"], ["transfer.posted"], []]
            assert (len(adas.got), len(bens.got), len(none.got)) == (1, 1, 0)

    def test_a_late_commit_is_not_skipped(self, world, receiver):
        """A cursor that went by ids or time would pass over what commits after its successor."""
        second, third = open_funded(world.ada, 50_00), open_funded(world.ada, 0)
        create_webhook(owner=world.ada, url=receiver.url)
        inside, go = threading.Event(), threading.Event()

        def slow():
            try:
                with transaction.atomic():
                    world.send()
                    inside.set()
                    assert go.wait(10)
            finally:
                connection.close()

        thread = threading.Thread(target=slow)
        thread.start()
        assert inside.wait(10)
        quick = services.send_transfer(
            by=world.ada,
            source=second,
            target=third,
            amount=Money(1, "EUR"),
            request_id="quick",
        )
        assert quick.status == "posted"
        sweep_at_once()
        assert receiver.got == []  # what is behind an open transaction waits for it
        go.set()
        thread.join()
        sweep()
        assert len(receiver.got) == len({got.id for got in receiver.got}) == 2

    def test_five_hundred_then_two_hundred(self, world, receiver):
        receiver.plan = [500, 200]
        _, secret = create_webhook(owner=world.ada, url=receiver.url)
        world.send()
        assert sweep(QUICK) == 2
        first, second = receiver.got
        assert (first.id, first.body) == (second.id, second.body)
        assert first.verified(secret) == second.verified(secret)
        assert (Delivery.objects.get().attempts, Delivery.objects.get().status) == (2, "delivered")
        assert Webhook.objects.get().failing_since is None

    def test_a_redirect_is_not_followed(self, world, receiver):
        with Receiver() as elsewhere:
            receiver.plan = [redirect(elsewhere.url)]
            create_webhook(owner=world.ada, url=receiver.url)
            world.send()
            sweep()
            assert elsewhere.got == []
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.answered) == ("pending", 302)

    def test_a_slow_receiver_costs_its_time_and_nobody_elses(self, world, receiver):
        with Receiver(plan=[silent(3)]) as slow:
            create_webhook(owner=world.ada, url=slow.url)
            create_webhook(owner=world.ben, url=receiver.url)
            for _ in range(5):  # one more than are sent side by side
                assert world.send().status == "posted"
            began = timezone.now()
            assert sweep(HASTY) == 10
            assert timezone.now() - began < timedelta(seconds=3)
            assert len(receiver.got) == 5
        [late, *_] = Delivery.objects.filter(webhook__owner=world.ada)
        assert (late.status, late.answered) == ("pending", None)
        assert late.excerpt == "No answer within 0.5 seconds."
        assert late.next_at is not None and late.next_at > timezone.now() + timedelta(minutes=30)

    def test_an_endless_answer_is_cut_and_has_no_nul(self, world, receiver):
        receiver.plan = [endless]
        create_webhook(owner=world.ada, url=receiver.url)
        world.send()
        sweep(replace(ONCE, seconds_max=3))
        delivery = Delivery.objects.get()
        assert (delivery.status, len(delivery.excerpt)) == ("delivered", 500)
        assert "\x00" not in delivery.excerpt

    def test_nobody_at_home(self, world, receiver):
        create_webhook(owner=world.ada, url="http://127.0.0.1:9/hook")
        create_webhook(owner=world.ada, url="http://no-such-host.invalid/hook")
        world.send()
        sweep()
        for delivery in Delivery.objects.all():
            assert (delivery.status, delivery.answered) == ("pending", None)
            assert delivery.excerpt.startswith("No connection: ")

    def test_a_hand_that_dies_leaves_it_to_the_next(self, world, receiver):
        create_webhook(owner=world.ada, url=receiver.url)
        world.send()
        sweeps.collect()
        [letter] = sweeps._take(ONCE)  # and here the worker is killed
        assert sweep() == 0  # it is leased
        later()
        assert sweep() == 1
        assert [got.id for got in receiver.got] == [letter.id]
        sweeps._settle(letter, sweeps.Answer(500, "late"), ONCE)  # a hand thought dead comes back
        assert (Delivery.objects.get().status, Delivery.objects.get().answered) == (
            "delivered",
            200,
        )

    def test_two_sweepers_at_once_share_the_work(self, world, receiver):
        create_webhook(owner=world.ada, url=receiver.url)
        for _ in range(12):
            world.send()
        start = threading.Barrier(3)

        def go():
            start.wait()
            try:
                sweep()
            finally:
                connection.close()

        threads = [threading.Thread(target=go) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sweep()
        assert len({got.id for got in receiver.got}) == len(receiver.got) == 12
        assert not Delivery.objects.exclude(status="delivered").exists()

    def test_it_is_given_up_after_so_many_attempts(self, world, receiver):
        receiver.plan = [503]
        create_webhook(owner=world.ada, url=receiver.url)
        world.send()
        assert sweep(QUICK) == WEBHOOKS.attempts_max == len(receiver.got)
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.next_at) == ("failed", None)

    def test_the_attempts_take_about_three_days(self):
        delays = [sweeps.delay_after(n) for n in range(1, WEBHOOKS.attempts_max)]
        assert timedelta(seconds=8) <= delays[0] <= timedelta(seconds=12)
        assert timedelta(hours=48) < sum(delays, timedelta()) < timedelta(hours=96)
        assert len({sweeps.delay_after(5) for _ in range(10)}) > 1

    def test_days_without_one_success_switch_it_off_and_its_owner_is_told(self, world, receiver):
        receiver.plan = [500]
        webhook, _ = create_webhook(owner=world.ada, url=receiver.url)
        world.send()
        sweep()
        long_ago = timezone.now() - WEBHOOKS.failing_max
        Webhook.objects.update(failing_since=long_ago + timedelta(minutes=1))
        later()
        sweep()
        assert Webhook.objects.get().status == "active"
        Webhook.objects.update(failing_since=long_ago)
        later()
        sweep()
        assert Webhook.objects.get().status == "failed"
        assert Record.objects.get(action="banking.webhook.switched_off").subject == (
            webhook.public_id
        )
        assert (sweeps.tell_owners(), sweeps.tell_owners()) == (1, 0)
        [letter] = mail.outbox
        assert letter.to == ["ada@example.org"]
        world.send()
        later()
        count = len(receiver.got)
        assert sweep() == 0
        receiver.plan = [200]
        client = client_of(world.ada)
        answer = client.patch(
            f"{API}/webhooks/{webhook.public_id}",
            {"active": True},
            format="json",
            HTTP_IF_MATCH="*",
        )
        assert answer.json()["status"] == "active"
        assert sweep() == 2  # what was due, and what happened meanwhile
        assert len(receiver.got) == count + 2

    def test_gone_means_gone(self, world, receiver):
        receiver.plan = [410]
        create_webhook(owner=world.ada, url=receiver.url)
        world.send()
        sweep()
        assert Webhook.objects.get().status == "failed"

    def test_during_the_overlap_both_secrets_verify_and_then_only_the_new(self, world, receiver):
        webhook, old = create_webhook(owner=world.ada, url=receiver.url)
        new = rotate_secret(webhook=webhook, by=world.ada)
        world.send()
        sweep()
        [got] = receiver.got
        assert got.verified(old) == got.verified(new)
        WebhookSecret.objects.exclude(retires_at=None).update(retires_at=timezone.now())
        world.send()
        sweep()
        assert receiver.got[1].verified(new)
        with pytest.raises(WebhookVerificationError):
            receiver.got[1].verified(old)

    def test_old_deliveries_are_forgotten_and_due_ones_are_not(self, world, receiver):
        receiver.plan = [200, 500]
        create_webhook(owner=world.ada, url=receiver.url)
        world.send()
        world.send()
        sweep()
        assert sweeps.forget() == 0
        assert sweeps.forget(now=timezone.now() + timedelta(days=31)) == 1
        assert Delivery.objects.get().status == "pending"


class TestAddresses:
    @pytest.mark.parametrize(
        "address, allowed",
        [
            ("93.184.215.14", True),
            ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
            ("::ffff:93.184.215.14", True),
            ("127.0.0.1", False),
            ("10.0.0.1", False),
            ("172.16.0.1", False),
            ("192.168.1.1", False),
            ("169.254.169.254", False),
            ("100.64.0.1", False),
            ("0.0.0.0", False),
            ("224.0.0.1", False),
            ("240.0.0.1", False),
            ("255.255.255.255", False),
            ("::1", False),
            ("::", False),
            ("fe80::1", False),
            ("fe80::1%eth0", False),
            ("fd00::1", False),
            ("ff02::1", False),
            ("::ffff:127.0.0.1", False),
            ("::ffff:169.254.169.254", False),
            ("64:ff9b::a9fe:a9fe", False),
            ("2002:7f00:1::", False),
        ],
    )
    def test_only_the_public_internet(self, settings, address, allowed):
        settings.WEBHOOK_PRIVATE_ADDRESSES = False
        assert is_allowed(address) is allowed

    @pytest.mark.parametrize(
        "url",
        [
            "http://example.org/",
            "ftp://example.org/",
            "https://",
            "https:///path",
            "example.org",
            "https://user@example.org/",
            "https://user:pw@example.org/",
            "https://example.org/#part",
            "https://example.org:0/",
            "https://example.org:99999/",
            "https://exa mple.org/",
            "https://example.org\\@10.0.0.1/",
            "https://example.org/\r\nX: y",
            "https://bücher.example/",
            "https://10.0.0.1/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[fe80::1%25eth0]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://example.org/" + "x" * 500,
        ],
    )
    def test_addresses_nothing_is_sent_to(self, settings, url):
        settings.WEBHOOK_PRIVATE_ADDRESSES = settings.WEBHOOK_HTTP = False
        with pytest.raises(WebhookUrlInvalid):
            clean_url(url)

    def test_a_name_that_leads_inside_is_not_connected_to(self, world, receiver, settings):
        settings.WEBHOOK_PRIVATE_ADDRESSES = False
        create_webhook(owner=world.ada, url=receiver.url)
        for other in ("2130706433", "0x7f.1", "127.1", "0177.0.0.1"):  # ways to write 127.0.0.1
            create_webhook(owner=world.ada, url=f"http://{other}:{receiver.port}/")
        world.send()
        assert sweep() == 5
        assert receiver.got == []
        assert {d.answered for d in Delivery.objects.all()} == {None}
        named = Delivery.objects.get(webhook__url=receiver.url)
        assert named.excerpt == "The name leads to an address that is not public."


@pytest.mark.django_db
class TestDoors:
    @pytest.fixture
    def adas(self, ada):
        return client_of(ada)

    @pytest.fixture
    def made(self, adas):
        body = {"url": "https://example.org/hook", "events": ["transfer.posted"]}
        answer = adas.post(f"{API}/webhooks/", body, format="json")
        assert answer.status_code == 201, answer.content
        return answer

    def test_the_secret_is_shown_once_and_rests_sealed(self, adas, made):
        secret = made.json()["secret"]
        assert secret.startswith("whsec_")
        for path in ("", made.json()["id"]):
            assert secret not in adas.get(f"{API}/webhooks/{path}").content.decode()
        sealed = bytes(WebhookSecret.objects.get().sealed)
        assert secret[6:].encode() not in sealed
        records = Record.objects.filter(action__startswith="banking.webhook")
        assert secret not in str([(r.before, r.after, r.data) for r in records])

    def test_a_change_names_the_version_it_changes(self, adas, made):
        at = f"{API}/webhooks/{made.json()['id']}"
        tag = adas.get(at)["ETag"]

        def change(version, **body):
            more = {} if version is None else {"HTTP_IF_MATCH": version}
            return adas.patch(at, body, format="json", **more)

        assert change(None, active=False).json()["code"] == "precondition-required"
        paused = change(tag, active=False)
        assert (paused.status_code, paused.json()["status"]) == (200, "paused")
        stale = change(tag, active=True)
        assert (stale.status_code, stale.json()["code"]) == (412, "precondition-failed")
        assert change(paused["ETag"], active=True)["ETag"] == tag
        assert adas.delete(at).status_code == 428
        assert adas.delete(at, HTTP_IF_MATCH='"old"').status_code == 412
        assert adas.delete(at, HTTP_IF_MATCH=tag).status_code == 204
        assert adas.get(at).status_code == 404
        assert not WebhookSecret.objects.exists()

    @pytest.mark.parametrize(
        "body, code, field",
        [
            ({"url": "https://example.org/#x"}, "webhook-url-invalid", "url"),
            ({"url": 7}, "invalid", "url"),
            ({}, "invalid", "url"),
            ({"url": "https://example.org", "events": ["all"]}, "invalid", "events.0"),
            ({"url": "https://example.org", "events": "transfer.posted"}, "invalid", "events"),
            ({"url": "https://example.org", "secret": "mine"}, "unknown-field", "secret"),
        ],
    )
    def test_what_cannot_be_is_named(self, adas, body, code, field):
        answer = adas.post(f"{API}/webhooks/", body, format="json")
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert answer.json()["field"] == field
        assert not Webhook.objects.exists()

    def test_so_many_and_no_more(self, adas):
        answers = [
            adas.post(f"{API}/webhooks/", {"url": "https://example.org"}, format="json")
            for _ in range(11)
        ]
        assert [answer.status_code for answer in answers] == [201] * 10 + [409]
        assert answers[-1].json()["code"] == "webhooks-exhausted"

    def test_three_secrets_sign_at_most(self, adas, made):
        at = f"{API}/webhooks/{made.json()['id']}/rotate"
        answers = [adas.post(at) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 409]
        assert answers[-1].json()["code"] == "webhook-secrets-exhausted"

    def test_a_stranger_meets_nothing(self, ben, ada, made):
        bens, at = client_of(ben), f"{API}/webhooks/{made.json()['id']}"
        message = Delivery.objects.create(
            webhook=Webhook.objects.get(),
            event_id=1,
            kind="transfer.posted",
            body="{}",
            next_at=timezone.now(),
        )
        own = bens.post(f"{API}/webhooks/", {"url": "https://example.org"}, format="json").json()
        again = f"deliveries/{message.public_id}/resend"
        for answer in (
            bens.get(at),
            bens.patch(at, {"active": False}, format="json", HTTP_IF_MATCH="*"),
            bens.delete(at, HTTP_IF_MATCH="*"),
            bens.post(f"{at}/rotate"),
            bens.get(f"{at}/deliveries/"),
            bens.post(f"{at}/{again}"),
            bens.post(f"{API}/webhooks/{own['id']}/{again}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        assert len(bens.get(f"{API}/webhooks/").json()["results"]) == 1


def test_the_log_is_read_in_pages_and_what_is_in_it_sent_again(world, receiver):
    webhook, secret = create_webhook(owner=world.ada, url=receiver.url)
    for _ in range(3):
        world.send()
    sweep()
    client, at = client_of(world.ada), f"{API}/webhooks/{webhook.public_id}/deliveries/"
    page = client.get(at, {"limit": 2}).json()
    rest = client.get(at, {"limit": 2, "cursor": page["next_cursor"]}).json()
    rows = page["results"] + rest["results"]
    assert (len(rows), rest["next_cursor"]) == (3, None)
    assert sorted((row["id"] for row in rows), reverse=True) == [row["id"] for row in rows]
    assert {row["payload"].encode() for row in rows} == {got.body for got in receiver.got}
    again = client.post(f"{at}{rows[0]['id']}/resend")
    assert (again.status_code, again.json()["status"]) == (202, "pending")
    assert sweep() == 1
    assert receiver.got[-1].id == rows[0]["id"]
    assert receiver.got[-1].verified(secret)
    Webhook.objects.update(status="paused")
    answer = client.post(f"{at}{rows[0]['id']}/resend")
    assert (answer.status_code, answer.json()["code"]) == (409, "webhook-inactive")
