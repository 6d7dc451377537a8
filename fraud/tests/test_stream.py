"""Taking events once, whatever comes how often; what is poison, and what becomes of it."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Record
from fintrust.core.models import User
from fraud import selectors as fraud_selectors
from fraud.errors import (
    CorrectionRefused,
    DeadLetterBehind,
    DeadLetterCut,
    DeadLetterSettled,
    DiscardNeedsReason,
)
from fraud.limits.own import CustomerPolicies
from fraud.limits.services import set_policies
from fraud.models import (
    Alert,
    DeadLetter,
    Decision,
    PaymentFact,
    StreamEvent,
    StreamOffset,
)
from fraud.stream import selectors, services
from fraud.stream.judging import rounds
from fraud.stream.messages import KEY_MAX
from fraud.stream.policy import STREAM, StreamPolicy
from fraud.tests import mmdb
from fraud.tests.factories import NOON, customer, facts, limit_payments
from fraud.tests.stream_help import event, message, of_kafka, raw

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return customer()


@pytest.fixture
def officer():
    return customer("officer@example.com", is_staff=True)


def take(*messages, **more):
    return services.take(messages, **more)


def letter() -> DeadLetter:
    return DeadLetter.objects.get()


# --- where it was ---------------------------------------------------------------------------


@pytest.fixture
def london(settings, tmp_path):
    """What is known of the addresses of London."""
    networks = {"81.2.69.0/24": mmdb.city("London", "GB", 51.5142, -0.0931, 20)}
    settings.GEOIP_DATABASE = str(mmdb.write(tmp_path / "city.mmdb", networks))


@pytest.mark.parametrize(
    "said, place",
    [
        ({"ip": "81.2.69.142"}, "London, GB"),
        ({"ip": "81.2.69.142", "place": "Lisbon, PT"}, "Lisbon, PT"),
        ({"ip": "10.0.0.1"}, ""),
        ({}, ""),
    ],
)
def test_without_a_place_of_its_own_it_was_where_its_address_is(ada, london, said, place):
    take(message(raw(ada, **said)))
    facts = Decision.objects.get().facts_then()
    assert (facts.place, facts.ip) == (place, said.get("ip"))


def test_about_a_kilometre_of_where_it_was_is_kept(ada):
    take(message(raw(ada, latitude=38.722318, longitude=-9.139337, accuracy_km=0.01)))
    facts = Decision.objects.get().facts_then()
    assert (facts.latitude, facts.longitude) == (38.72, -9.14)


@pytest.mark.parametrize(
    ("allowed", "said", "refused"),
    [
        ("London, GB", {"ip": "81.2.69.142"}, False),
        ("London, GB", {"ip": "10.0.0.1"}, True),
        ("Lisbon, PT", {"ip": "10.0.0.1", "place": "Lisbon, PT"}, False),
        ("Lisbon, PT", {"ip": "81.2.69.142", "place": "Lisbon, PT"}, True),
        ("London, GB", {"ip": "81.2.69.142", "latitude": 38.72, "longitude": -9.14}, True),
    ],
)
def test_a_limit_to_places_knows_the_place_of_an_address(ada, london, allowed, said, refused):
    own = CustomerPolicies(allowed_locations=(allowed,), block_unknown_locations=True)
    set_policies(customer=ada, asked=own, by=ada)
    take(
        message(
            raw(ada, **said, at=timezone.now().isoformat()),
        ),
        now=timezone.now(),
    )
    assert Decision.objects.get().forbidden is refused


# --- once -----------------------------------------------------------------------------------


def test_an_event_is_judged_remembered_and_learned_from(ada):
    taken = take(message(raw(ada, id="pay-1", place="Lisbon, PT")))
    assert (taken.judged, taken.doubled, taken.buried) == (1, 0, ())
    stored = StreamEvent.objects.get()
    decision = Decision.objects.get()
    assert (stored.name, decision.subject, decision.verdict) == (
        "pay-1",
        stored.public_id,
        "VERIFIED",
    )
    asked = decision.facts_then()
    assert (asked.channel, asked.place, asked.timezone) == ("stream", "Lisbon, PT", ada.timezone)
    assert PaymentFact.objects.get().decision == decision
    assert Record.objects.get(action="fraud.decision.made").owner_id == ada.pk


def test_the_same_event_has_its_effect_once_however_often_it_comes(ada):
    one = message(raw(ada, id="pay-1"))
    again = message(json.dumps(event(ada, id="pay-1"), indent=2).encode())
    assert take(one, one, again).judged == 1
    assert take(one).doubled == 1
    assert take(again, one).doubled == 2
    counts = [model.objects.count() for model in (StreamEvent, Decision, PaymentFact, DeadLetter)]
    assert counts == [1, 1, 1, 0]


def test_each_is_judged_knowing_those_before_it_in_the_batch(ada):
    take(*(message(raw(ada, at=(NOON + timedelta(seconds=n)).isoformat())) for n in range(6)))
    newest = Decision.objects.latest("at")
    assert "many_payments" in {reason["code"] for reason in newest.reasons}


@pytest.mark.parametrize("seconds, noticed", [(60, False), (5, True)])
def test_tries_of_a_backlog_are_as_far_apart_as_they_happened(
    ada, seconds, noticed, django_capture_on_commit_callbacks
):
    """Caught up within a moment: the events' own time counts, not that of their arrival."""
    for n in range(12):
        at = (NOON + timedelta(seconds=n * seconds)).isoformat()
        with django_capture_on_commit_callbacks(execute=True):
            take(message(raw(ada, at=at, amount="1500.00", booked=False)))
    codes = {reason["code"] for one in Decision.objects.all() for reason in one.reasons}
    assert ("many_tries" in codes) is noticed


@pytest.mark.parametrize("booked, learned", [(True, 1), (False, 0), (None, 0)])
def test_what_is_flagged_is_learned_only_when_told_to_be_booked(ada, booked, learned):
    take(message(raw(ada, amount="1500.00", booked=booked)))
    assert Decision.objects.get().verdict == "FLAGGED"
    assert Alert.objects.count() == 1
    assert PaymentFact.objects.count() == learned


def test_what_the_own_limit_forbids_is_never_learned_even_when_booked(ada):
    limit_payments(ada, {"GBP": 10_00})
    take(message(raw(ada, booked=True)))
    assert Decision.objects.get().forbidden
    assert not PaymentFact.objects.exists()
    assert not DeadLetter.objects.exists()


def test_a_batch_that_does_not_commit_leaves_nothing(ada):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        take(of_kafka(raw(ada), 0), of_kafka(b"{", 1))
        1 / 0  # noqa: B018 - whatever ends the process here
    for model in (StreamEvent, Decision, PaymentFact, DeadLetter, StreamOffset, Record):
        assert not model.objects.exists()


def test_offsets_are_stored_with_their_effect(ada):
    take(of_kafka(raw(ada), 5), of_kafka(b"{", 6), of_kafka(raw(ada), 0, partition=3))
    assert selectors.offsets_of("payments", [0, 3, 9]) == {0: 7, 3: 1}
    assert selectors.offsets_of("another", [0]) == {}


def test_an_offset_that_goes_back_means_reading_again_not_skipping(ada):
    take(of_kafka(raw(ada), 8))
    take(of_kafka(raw(ada), 2))
    assert selectors.offsets_of("payments", [0]) == {0: 3}


# --- poison ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, reason",
    [
        (b"{", "bad-json"),
        (b"\x00\xff", "bad-json"),
        (b"", "bad-json"),
        (b"[]", "wrong-schema"),
        (b'{"v": 2}', "unknown-version"),
        (b" " * (STREAM.event_bytes_max + 1), "too-big"),
    ],
)
def test_poison_is_kept_as_it_came_and_blocks_nobody(ada, value, reason):
    bad = message(value, headers=(("trace", b"\x00\x01"),))
    taken = take(message(raw(ada)), bad, message(raw(ada)))
    assert taken.judged == 2
    kept = letter()
    assert (bytes(kept.payload), kept.reason, kept.attempts) == (value, reason, 1)
    assert (kept.source, kept.topic, kept.position) == ("redis", "payments", bad.position)
    assert kept.headers == [["trace", "0001"]]
    assert kept.error
    assert Record.objects.filter(action="fraud.dead_letter.buried", subject=kept.public_id).exists()


def test_poison_delivered_again_is_the_same_letter(ada):
    bad = message(b"{")
    take(bad, bad)
    assert take(bad).doubled == 1
    assert DeadLetter.objects.count() == 1


def test_poison_delivered_again_after_it_was_settled_stays_settled(ada, officer):
    bad = message(b"{", key=b"k")
    take(bad)
    services.discard(letter=letter(), by=officer, note="a test of the sender")
    take(bad, message(raw(ada), key=b"k"))
    assert letter().status == "discarded"
    assert Decision.objects.count() == 1


def test_the_same_place_with_other_bytes_is_another_letter():
    take(of_kafka(b"{", 1))
    take(of_kafka(b"[", 1))  # the topic was made anew
    assert DeadLetter.objects.count() == 2


def test_an_unknown_customer_is_told_from_a_broken_event(ada):
    stranger = User(email="never@example.com")
    take(message(raw(stranger)))
    assert letter().reason == "unknown-customer"


def test_an_id_that_comes_back_saying_something_else_is_no_repetition(ada):
    take(message(raw(ada, id="pay-1")))
    take(message(raw(ada, id="pay-1", amount="51.00")), message(raw(ada)))
    assert letter().reason == "id-reused"
    assert Decision.objects.count() == 2  # it is no missing payment: nobody waits for it
    take(message(raw(ada, id="pay-2")), message(raw(ada, id="pay-2", amount="52.00")))
    assert DeadLetter.objects.filter(reason="id-reused").count() == 2


@pytest.mark.parametrize("size, cut", [(50, False), (51, True)])
def test_what_is_kept_of_a_monster_is_bounded(officer, size, cut):
    policy = StreamPolicy(event_bytes_max=10, kept_bytes_max=50)
    take(message(b"x" * size), policy=policy)
    kept = letter()
    assert (kept.cut, kept.size, len(kept.payload)) == (cut, size, 50)
    if cut:
        with pytest.raises(DeadLetterCut):
            services.replay(letter=kept, by=officer)


def test_many_and_long_headers_are_bounded():
    headers = tuple((f"h{n}" * 100, b"x" * 5000) for n in range(100))
    take(message(b"{", headers=headers))
    kept = letter().headers
    assert len(kept) == STREAM.headers_max
    assert {(len(name), len(value)) for name, value in kept} == {(80, 2 * STREAM.header_bytes_max)}


@pytest.mark.parametrize(
    "key, text",
    [(b"acc_1", "acc_1"), (b"x" * KEY_MAX, "x" * KEY_MAX), (None, "")],
)
def test_short_keys_are_kept_as_text(key, text):
    take(message(b"{", key=key))
    assert letter().key == text


@pytest.mark.parametrize("key", [b"\xff\x00", b"x" * (KEY_MAX + 1), b"a\nb", "\ufffd".encode()])
def test_other_keys_are_kept_by_their_hash(key):
    take(message(b"{", key=key))
    assert len(letter().key) == 64 and letter().key.isalnum()


# --- the order of a key ---------------------------------------------------------------------


def test_later_events_of_a_poisoned_key_wait_and_others_do_not(ada):
    bob = customer("bob@example.com")
    bad = message(raw(ada, amount="lots"))
    take(message(raw(ada)), bad, message(raw(ada)), message(raw(bob)))
    take(message(raw(ada)))
    assert Decision.objects.count() == 2
    assert [one.reason for one in DeadLetter.objects.order_by("id")] == [
        "wrong-schema", "behind", "behind",
    ]  # fmt: skip


def test_bytes_that_nobody_can_read_hold_their_messages_key(ada):
    take(message(b"{", key=b"ada"), message(raw(ada), key=b"ada"), message(raw(ada), key=b"eve"))
    assert DeadLetter.objects.filter(reason="behind").count() == 1
    assert Decision.objects.count() == 1


def test_once_the_first_is_discarded_those_behind_it_follow_in_order(ada, officer):
    moments = [(NOON + timedelta(minutes=n)).isoformat() for n in range(4)]
    take(*(message(raw(ada, at=at, amount="x" if n == 0 else "5")) for n, at in enumerate(moments)))
    first = DeadLetter.objects.earliest("id")
    services.discard(letter=first, by=officer, note="the sender sent it by mistake")
    assert list(Decision.objects.order_by("id").values_list("at", flat=True)) == [
        NOON + timedelta(minutes=n) for n in (1, 2, 3)
    ]
    assert not DeadLetter.objects.waiting().exists()
    record = Record.objects.get(action="fraud.dead_letter.discarded")
    assert (record.subject, record.actor_id) == (first.public_id, officer.pk)
    assert record.reason == "the sender sent it by mistake"


def test_two_poisons_of_a_key_are_dealt_with_one_after_the_other(ada, officer):
    take(*(message(raw(ada, amount=amount)) for amount in ("x", "5", "y", "6")))
    first, five, second, six = DeadLetter.objects.order_by("id")
    with pytest.raises(DeadLetterBehind):
        services.replay(letter=second, by=officer)
    with pytest.raises(DeadLetterBehind):
        services.replay(letter=six, by=officer)
    services.discard(letter=first, by=officer, note="no payment")
    five.refresh_from_db(), six.refresh_from_db()
    assert (five.status, six.status) == ("replayed", "waiting")
    services.discard(letter=second, by=officer, note="no payment")
    six.refresh_from_db()
    assert six.status == "replayed"


def test_whoever_was_parked_too_late_is_found_by_the_sweep(ada, officer):
    take(message(raw(ada, amount="x")))
    # Parked by a process that had looked just before the letter was settled.
    first = letter()
    take(message(raw(ada)))
    DeadLetter.objects.filter(pk=first.pk).update(status="discarded", settled_at=NOON)
    assert selectors.free_keys(10) == [ada.public_id]
    assert services.release_all_parked() == 1
    assert Decision.objects.count() == 1
    assert selectors.free_keys(10) == []


# --- replay ---------------------------------------------------------------------------------


def test_a_corrected_copy_is_taken_and_the_original_stays(ada, officer):
    take(message(raw(ada, id="pay-1", amount="50,00")))
    original = bytes(letter().payload)
    services.correct(letter=letter(), corrected=raw(ada, id="pay-1"), by=officer)
    done = services.replay(letter=letter(), by=officer)
    assert (done.status, done.settled_by, done.attempts) == ("replayed", officer, 2)
    assert bytes(letter().payload) == original
    assert done.event == StreamEvent.objects.get(name="pay-1")
    assert Decision.objects.get().subject == done.event.public_id
    corrected = Record.objects.get(action="fraud.dead_letter.corrected")
    assert corrected.before == {"event": original.decode()}
    assert corrected.owner_id == ada.pk
    assert Record.objects.get(action="fraud.dead_letter.replayed").actor_id == officer.pk


def test_a_copy_that_is_no_event_is_refused_and_changes_nothing(ada, officer):
    take(message(b"{"))
    with pytest.raises(CorrectionRefused):
        services.correct(letter=letter(), corrected=raw(ada, amount="x"), by=officer)
    assert letter().corrected is None


def test_what_fails_again_stays_and_says_why(ada, officer):
    take(message(b"{"))
    again = services.replay(letter=letter(), by=officer)
    assert (again.status, again.reason, again.attempts) == ("waiting", "bad-json", 2)
    stranger = User(email="never@example.com")
    services.correct(letter=letter(), corrected=raw(stranger), by=officer)
    again = services.replay(letter=letter(), by=officer)
    assert (again.reason, again.attempts) == ("unknown-customer", 3)
    assert Record.objects.filter(action="fraud.dead_letter.failed_again").count() == 2


def test_a_replay_of_what_was_taken_meanwhile_has_no_second_effect(ada, officer):
    take(message(raw(ada, id="pay-1", amount="x"), key=b"a"))
    take(message(raw(ada, id="pay-1"), key=b"b"))
    services.correct(letter=letter(), corrected=raw(ada, id="pay-1"), by=officer)
    assert services.replay(letter=letter(), by=officer).status == "replayed"
    assert Decision.objects.count() == 1


def test_a_correction_cannot_take_the_id_of_another_payment(ada, officer):
    take(message(raw(ada, id="pay-1")), message(b"{"))
    services.correct(letter=letter(), corrected=raw(ada, id="pay-1", amount="9"), by=officer)
    assert services.replay(letter=letter(), by=officer).reason == "id-reused"
    assert Decision.objects.count() == 1


def test_a_letter_is_settled_once(ada, officer):
    take(message(b"{"))
    services.discard(letter=letter(), by=officer, note="no payment")
    with pytest.raises(DeadLetterSettled):
        services.replay(letter=letter(), by=officer)
    with pytest.raises(DeadLetterSettled):
        services.discard(letter=letter(), by=officer, note="no payment")
    with pytest.raises(DeadLetterSettled):
        services.correct(letter=letter(), corrected=raw(ada), by=officer)


@pytest.mark.parametrize(
    "note, works",
    [("ab", False), ("abc", True), ("x" * 500, True), ("x" * 501, False), ("   ", False)],
)
def test_leaving_an_event_out_takes_a_reason(officer, note, works):
    take(message(b"{"))
    if works:
        services.discard(letter=letter(), by=officer, note=note)
    else:
        with pytest.raises(DiscardNeedsReason):
            services.discard(letter=letter(), by=officer, note=note)
    assert (letter().status == "discarded") is works


def test_a_customer_who_came_later_is_found_by_the_command(capsys):
    late = User(email="late@example.com", name="Late", password="!")
    take(message(raw(late)), message(raw(late)), message(b"{"))
    late.save()
    call_command("replay_dead_letters", reason="unknown-customer")
    assert "2 replayed, 0 still waiting" in capsys.readouterr().out
    call_command("replay_dead_letters")
    assert "0 replayed, 1 still waiting" in capsys.readouterr().out
    assert Decision.objects.count() == 2


def state() -> dict[str, list[tuple[object, ...]]]:
    """All that events leave, named by the sender's ids."""
    names = {one.public_id: one.name for one in StreamEvent.objects.all()}
    decisions = Decision.objects.all()
    return {
        "decisions": sorted(
            (
                names[one.subject], one.verdict, one.score, one.reasons, one.snapshot,
                one.facts | {"subject": ""},
            )
            for one in decisions
        ),
        "learned": sorted(
            (names[one.subject], one.at, one.amount_minor, one.customer_id)
            for one in PaymentFact.objects.all()
        ),
        "alerts": sorted(
            (names[one.decision.subject], one.kind, one.severity, one.text)
            for one in Alert.objects.all()
        ),
    }  # fmt: skip


@pytest.mark.parametrize(
    "batch, key, currencies, counts",
    [
        # Each customer has a key of their own. What is usual among others is asked about newcomers
        # only, and depends on who came first in any case: here each has a currency of their own.
        (1, None, ("GBP", "USD"), (38, 20)),
        (9, None, ("GBP", "USD"), (38, 20)),
        # One key for all: nobody is judged before those who came earlier.
        (9, b"all", ("GBP", "USD"), (47, 11)),
    ],
)
def test_replayed_after_the_fix_all_is_as_if_it_had_never_failed(
    ada, officer, batch, key, currencies, counts
):
    bob = customer("bob@example.com")
    sent = [
        event(
            (ada, bob)[n % 2],
            id=f"pay-{n}",
            at=(NOON + timedelta(minutes=n)).isoformat(),
            amount="1500.00" if n % 9 == 0 else f"{20 + n}.00",
            currency=currencies[n % 2],
            counterparty=f"acc_{n % 6}",
        )
        for n in range(60)
    ]
    good = [json.dumps(values).encode() for values in sent]
    broken = {11, 30}
    arrived = [
        json.dumps(sent[n] | {"amount": "50,00"}).encode() if n in broken else good[n]
        for n in range(60)
    ]
    with transaction.atomic():
        take(*(message(value) for value in good))
        never_failed = state()
        assert len(never_failed["decisions"]) == 60
        assert never_failed["alerts"]
        transaction.set_rollback(True)
    for start in range(0, 60, batch):
        take(*(message(value, key=key) for value in arrived[start : start + batch]))
    parked = DeadLetter.objects.filter(reason="behind").count()
    assert (parked, Decision.objects.count()) == counts
    for one in selectors.poison():
        n = int(one.name.removeprefix("pay-"))
        services.correct(letter=one, corrected=good[n], by=officer)
    assert services.replay_many(selectors.poison(), by=officer) == (2, 0)
    assert state() == never_failed
    assert not DeadLetter.objects.waiting().exists()


# --- many at once ---------------------------------------------------------------------------


def told(*names: str, n: int = 0):
    """Facts about (customer, account, counterparty, device)."""
    who, account, counterparty, device = names
    return facts(
        customer_id=UUID(int=ord(who)),
        account=account,
        counterparty=counterparty,
        device=device or None,
        at=NOON + timedelta(seconds=n),
    )


@pytest.mark.parametrize(
    "payments, sizes",
    [
        ([], []),
        ([("a", "A", "x", ""), ("b", "B", "y", ""), ("c", "C", "", "")], [3]),
        ([("a", "A", "x", ""), ("a", "A2", "y", "")], [1, 1]),  # the same customer
        ([("a", "A", "x", ""), ("b", "B", "x", "")], [1, 1]),  # the same payee
        ([("a", "A", "x", ""), ("b", "x", "y", "")], [1, 1]),  # money that goes on
        ([("a", "A", "x", "d"), ("b", "B", "y", "d")], [1, 1]),  # the same device
        ([("a", "A", "", ""), ("b", "B", "", "")], [2]),
        # The third needs the second, which needs the first; the fourth needs nobody.
        (
            [("a", "A", "x", ""), ("b", "B", "x", ""), ("b", "B", "y", ""), ("c", "C", "z", "")],
            [2, 1, 1],
        ),
    ],
)
def test_payments_are_judged_together_only_when_they_touch_nobody_in_common(payments, sizes):
    asked = [(told(*names), False) for names in payments]
    assert [len(round_) for round_ in rounds(asked)] == sizes
    for round_ in rounds(asked):
        assert round_ == [one for one in asked if one in round_]


def test_many_snapshots_are_those_of_each(ada):
    bob = customer("bob@example.com")
    take(
        *(
            message(raw(who, at=(NOON + timedelta(minutes=n)).isoformat(), device="d"))
            for n, who in enumerate([ada, bob] * 15)
        )
    )
    limit_payments(bob, {"GBP": 10_00})
    asked = [
        facts(customer_id=who.pk, at=NOON + timedelta(hours=n), counterparty=payee, device=device)
        for n, who in enumerate([ada, bob, ada])
        for payee in ("acc_payee", "")
        for device in ("d", None)
    ]
    together = fraud_selectors.known_for_all(asked)
    assert together == [fraud_selectors.known_for(one) for one in asked]
    assert len({str(one) for one in together}) > 4


@pytest.mark.parametrize("many", [2, 40])
def test_a_batch_asks_no_more_statements_for_more_customers(many):
    people = [customer(f"{n}@example.com") for n in range(many)]
    batch = [message(raw(who, counterparty=f"acc_{n}")) for n, who in enumerate(people)]
    with CaptureQueriesContext(connection) as asked:
        take(*batch)
    assert len(asked) == 11  # however many payments; snapshots and rows go in one each besides
    assert Decision.objects.count() == PaymentFact.objects.count() == many
