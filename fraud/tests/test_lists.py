"""The bank's own lists: what they do to a verdict, who writes them, and when they hold."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from audit.models import Record
from fintrust.core.errors import Forbidden, ReasonNeeded
from fraud import selectors, services
from fraud.counterfactual import KNOWN_PAYEE, LATER, passing
from fraud.errors import (
    AlreadyListed,
    ListEntryInvalid,
    ListEntryNotReady,
    ListValueInvalid,
    OwnListEntry,
)
from fraud.features import Snapshot
from fraud.lists import selectors as lists
from fraud.lists import services as listing
from fraud.lists.matched import BLOCK, HOLD, TRUST, Listed, Match
from fraud.lists.policy import LISTS
from fraud.lists.values import address_of, canonical, places_of
from fraud.models import Alert, Decision, ListEntry, ListStep
from fraud.replay import replay
from fraud.rulebook import services as ruling
from fraud.stream.judging import judge_many
from fraud.tests.factories import customer, facts, limit_payments, snapshot
from fraud.tests.models import Condition
from fraud.tests.reading import round_trips
from fraud.tests.test_rulebook import officer
from fraud.verdict import CURRENT, decide, reviewing
from fraud.whatif.services import ask

RIGHTS = ("write_listentry", "decide_listentry", "view_listentry", "view_decision")
WHY = "Named in three reports of this week"


def listed(*effects, kind="payee"):
    return Listed(tuple(Match(f"lst_{n}", kind, effect) for n, effect in enumerate(effects)))


# --- what they do to a verdict; pure ------------------------------------------------------------

HUGE = {"amount_minor": 5_000_00}  # scores 0.45: FLAGGED
GRAVE = {**HUGE, "counterparty": "acc_stranger", "balance_minor": 6_000_00}
STRANGER = {"pair_count": 0, "pair_largest": None, "pair_first_at": None}


@pytest.mark.parametrize(
    "effects, asked, known, verdict",
    [
        ((), {}, {}, "VERIFIED"),
        ((BLOCK,), {}, {}, "BLOCKED"),
        ((HOLD,), {}, {}, "FLAGGED"),
        ((TRUST,), {}, {}, "VERIFIED"),
        ((), HUGE, {}, "FLAGGED"),
        ((BLOCK,), HUGE, {}, "BLOCKED"),
        ((HOLD,), HUGE, {}, "FLAGGED"),
        ((TRUST,), HUGE, {}, "VERIFIED"),
        ((), GRAVE, STRANGER | {"local_hour": 3}, "BLOCKED"),
        ((HOLD,), GRAVE, STRANGER | {"local_hour": 3}, "BLOCKED"),
        ((TRUST,), GRAVE, STRANGER | {"local_hour": 3}, "VERIFIED"),
        ((TRUST, HOLD), {}, {}, "FLAGGED"),
        ((HOLD, TRUST), GRAVE, STRANGER | {"local_hour": 3}, "BLOCKED"),
        ((TRUST, BLOCK, HOLD), {}, {}, "BLOCKED"),
    ],
)
def test_the_strictest_entry_counts_and_trust_only_silences_the_score(
    effects, asked, known, verdict
):
    known = known | {"own_hour_12": 200} if known else known
    on_list = listed(*effects) if effects else None
    judged = decide(facts(**asked), snapshot(**known, listed=on_list), CURRENT)
    assert judged.verdict == verdict
    plain = decide(facts(**asked), snapshot(**known), CURRENT)
    assert (judged.score, judged.risk_level) == (plain.score, plain.risk_level)
    assert not judged.forbidden


@pytest.mark.parametrize(
    "action, verdict", [("watch", "VERIFIED"), ("hold", "FLAGGED"), ("block", "BLOCKED")]
)
def test_trust_does_not_silence_officers_rules(action, verdict):
    ruled = replace(CURRENT, live=(Condition("rlv_1", action),))
    assert decide(facts(**HUGE), snapshot(listed=listed(TRUST)), ruled).verdict == verdict


def test_trust_does_not_silence_the_customers_own_limit():
    judged = decide(facts(), snapshot(listed=listed(TRUST), limit_minor=1_00), CURRENT)
    assert (judged.verdict, judged.forbidden) == ("BLOCKED", True)


def test_a_rule_on_trial_is_not_counted_where_a_list_decides():
    on_trial = replace(CURRENT, shadow=(Condition("rlv_1", "hold"),))
    assert decide(facts(), snapshot(), on_trial).shadow["verdict"] == "FLAGGED"
    assert decide(facts(), snapshot(listed=listed(BLOCK)), on_trial).shadow["verdict"] == "BLOCKED"
    trusted = decide(facts(**HUGE), snapshot(listed=listed(TRUST)), on_trial)
    assert trusted.shadow["verdict"] == "FLAGGED"  # the rule's, not the score's


@pytest.mark.parametrize("kind", ListEntry.Kind.values)
@pytest.mark.parametrize("effect, code", [(BLOCK, "bank_refuses"), (HOLD, "bank_asks")])
def test_the_customer_is_not_told_what_is_listed(kind, effect, code):
    (hit,) = decide(facts(), snapshot(listed=listed(effect, kind=kind)), CURRENT).reasons
    assert hit.code == code
    said = f"{hit.code} {hit.because}".lower()
    assert not any(word in said for word in (*ListEntry.Kind.values, "list", "lst_", "fraud"))


def test_money_that_arrives_is_held_to_no_list():
    arriving = facts(kind="deposit", outgoing=False)
    assert decide(arriving, snapshot(listed=listed(BLOCK)), CURRENT).verdict == "VERIFIED"


def test_a_snapshot_keeps_what_was_listed_and_older_ones_read_as_nothing():
    known = snapshot(listed=listed(HOLD, TRUST))
    assert Snapshot.from_json(known.to_json()) == known
    assert "listed" not in snapshot().to_json()
    assert Snapshot.from_json(snapshot().to_json()).listed is None


# --- what is blocked, to be looked at ------------------------------------------------------------


def test_what_is_blocked_goes_to_an_officer_where_the_bank_says_so():
    grave, known = facts(**GRAVE), snapshot(**STRANGER, local_hour=3, own_hour_12=200)
    plain, sent = decide(grave, known, CURRENT), decide(grave, known, reviewing(CURRENT))
    assert (plain.verdict, plain.review) == ("BLOCKED", False)
    assert (sent.verdict, sent.review) == ("BLOCKED", True)
    assert sent.score == plain.score and sent.ruleset == f"{plain.ruleset}+review"
    ruled = replace(CURRENT, live=(Condition("rlv_1", "block"),))
    assert decide(facts(), snapshot(), reviewing(ruled)).review


@pytest.mark.parametrize(
    "known",
    [{}, {"limit_minor": 1_00}, {"listed": listed(BLOCK)}, {"listed": listed(HOLD)}],
)
def test_what_passes_is_confirmed_or_is_final_goes_to_nobody(known):
    assert not decide(facts(), snapshot(**known), reviewing(CURRENT)).review


@pytest.mark.parametrize("known", [{"limit_minor": 1_00}, {"listed": listed(BLOCK)}])
def test_a_limit_and_a_list_are_final_whatever_else_blocks(known):
    ruled = replace(CURRENT, live=(Condition("rlv_1", "block"),))
    judged = decide(facts(), snapshot(**known), reviewing(ruled))
    assert (judged.verdict, judged.review) == ("BLOCKED", False)


@pytest.mark.parametrize("then", [True, False])
def test_a_decision_replays_under_what_was_set_then(ada, settings, then):
    settings.FRAUD_BLOCKED_TO_REVIEW = then
    ruling.publish(by=None, why="A stricter bank", flagged_from=0.1, blocked_from=0.2)
    asked = facts(customer_id=ada.pk, at=timezone.now(), amount_minor=9_000_00)
    made = services.assess(asked)
    assert (made.verdict, made.review) == ("BLOCKED", then)
    settings.FRAUD_BLOCKED_TO_REVIEW = not then
    stored = Decision.objects.get(pk=made.pk)
    assert stored.review is then
    assert replay(stored).same
    assert selectors.what_would_have_passed(stored) is not None


# --- no way round -------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", [BLOCK, HOLD])
def test_no_change_is_promised_to_pass_a_list(effect):
    for asked in ({}, HUGE, GRAVE):
        assert passing(facts(**asked), snapshot(listed=listed(effect)), CURRENT) == ()
        plain = passing(facts(**HUGE), snapshot(**STRANGER), CURRENT)
        assert plain  # without the list there are some


def held_if(feature, most=0):
    rule = Condition("rlv_1", "hold", lambda values: values[feature] > most)
    return replace(CURRENT, live=(rule,))


def test_trust_is_not_promised_to_another_payee():
    """Held by a rule about strangers. To somebody known the rule is silent, and so is the trust."""
    ruled, trusted = held_if("new_payee"), snapshot(**STRANGER, listed=listed(TRUST))
    hurried = replace(trusted, values={**trusted.values, "own_count_10m": 30})
    for known, promised in ((trusted, {KNOWN_PAYEE}), (hurried, set())):
        assert decide(facts(), known, ruled).verdict == "FLAGGED"
        found = {change.code for change in passing(facts(), known, ruled)}
        assert found - {LATER} == promised


def test_trust_is_not_promised_to_last():
    """Held by a rule about these minutes. Later it is silent, and the trust may be over."""
    ruled = held_if("own_count_10m")
    trusted = snapshot(listed=listed(TRUST), own_count_10m=1)
    for asked, promised in ((facts(), True), (facts(**HUGE), False)):
        assert decide(asked, trusted, ruled).verdict == "FLAGGED"
        found = {change.code for change in passing(asked, trusted, ruled)}
        assert (LATER in found) == promised


# --- spelling -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, written, kept",
    [
        ("payee", " acc_payee-of-elsewhere ", None),
        ("payee", " DE89 3704 ", "DE89 3704"),
        ("payee", "x" * 40, "x" * 40),
        ("payee", "x" * 41, None),
        ("account", "acc_00000000000000000000000001", "acc_00000000000000000000000001"),
        ("account", "acc_0000000000000000000000000", None),
        ("device", "web:abc", "web:abc"),
        ("device", "x" * 64, "x" * 64),
        ("device", "x" * 65, None),
        ("device", "web:\x07", None),
        ("device", "   ", None),
        ("address", "192.0.2.7", "192.0.2.7/32"),
        ("address", "192.0.2.0/24", "192.0.2.0/24"),
        ("address", "192.0.2.1/24", None),
        ("address", "192.0.0.0/16", "192.0.0.0/16"),
        ("address", "192.0.0.0/15", None),
        ("address", "2001:DB8::/32", "2001:db8::/32"),
        ("address", "2001:db8::/31", None),
        ("address", "somewhere", None),
        ("place", " LISBON ,PT", "lisbon, pt"),
        ("place", "PT", "pt"),
        ("place", " , ", None),
        ("place", "x" * 81, None),
    ],
)
def test_a_value_has_one_spelling(kind, written, kept):
    if kept is not None:
        assert canonical(kind, written) == kept
        return
    with pytest.raises(ListValueInvalid):
        canonical(kind, written)


@pytest.mark.parametrize(
    "ip, read",
    [
        (None, None),
        ("", None),
        ("unknown", None),
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8::7", "2001:db8::7"),
    ],
)
def test_an_address_is_read_or_is_none(ip, read):
    assert address_of(ip) == read


@pytest.mark.parametrize(
    "place, read",
    [
        ("", ("", "")),
        ("Lisbon, PT", ("lisbon, pt", "pt")),
        ("PT", ("pt", "pt")),
        ("Lisbon", ("lisbon", "")),
    ],
)
def test_a_place_is_in_its_country(place, read):
    assert places_of(place) == read


# --- writing and lifting ------------------------------------------------------------------------


@pytest.fixture
def olga(db):
    return officer("olga@example.com", *RIGHTS)


@pytest.fixture
def otto(db):
    return officer("otto@example.com", *RIGHTS)


@pytest.fixture
def ada(db):
    return customer()


def write(by, effect=BLOCK, kind="payee", value="acc-of-elsewhere", **more):
    if effect == TRUST:
        more.setdefault("until", timezone.now() + timedelta(days=30))
    return listing.write_entry(kind=kind, value=value, effect=effect, reason=WHY, by=by, **more)


def state(entry):
    return lists.state_of(lists.entries().get(pk=entry.pk))


def verdict(person, payee="acc-of-elsewhere", **more):
    asked = {"customer_id": person.pk, "counterparty": payee, "at": timezone.now()}
    return services.judge(facts(**asked | more)).verdict


def test_what_is_refused_or_held_is_so_at_once(olga, ada):
    assert verdict(ada) == "VERIFIED"
    entry = write(olga, HOLD)
    assert (state(entry), verdict(ada)) == (lists.IN_FORCE, "FLAGGED")
    write(olga, BLOCK)
    assert verdict(ada) == "BLOCKED"
    assert verdict(ada, payee="acc-of-somebody-else") == "VERIFIED"
    kept = Record.objects.get(action="fraud.listentry.written", subject=entry.public_id)
    assert (kept.actor_id, kept.reason, kept.owner) == (olga.pk, WHY, None)
    assert kept.data == {"kind": "payee", "effect": "hold", "until": None}


def test_lifting_takes_a_colleague_and_holds_until_then(olga, otto, ada):
    entry = write(olga)
    with pytest.raises(ListEntryNotReady):
        listing.agree_to_lift(entry=entry, by=otto)
    listing.ask_to_lift(entry=entry, by=olga, reason="It was another one")
    assert (state(entry), verdict(ada)) == (lists.LIFTING, "BLOCKED")
    with pytest.raises(OwnListEntry):
        listing.agree_to_lift(entry=entry, by=olga)
    with pytest.raises(ListEntryNotReady):
        listing.ask_to_lift(entry=entry, by=otto, reason="Once more")
    listing.agree_to_lift(entry=entry, by=otto)
    assert (state(entry), verdict(ada)) == (lists.LIFTED, "VERIFIED")
    with pytest.raises(ListEntryNotReady):
        listing.keep(entry=entry, by=otto, reason="Too late for that")
    assert [step.step for step in entry.steps.order_by("id")] == ["asked", "lifted"]
    events = Record.objects.filter(subject=entry.public_id).order_by("id")
    assert [one.action.rpartition(".")[2] for one in events] == ["written", "asked", "lifted"]


def test_what_is_kept_can_be_asked_for_again(olga, otto, ada):
    entry = write(olga)
    listing.ask_to_lift(entry=entry, by=olga, reason="It was another one")
    listing.keep(entry=entry, by=otto, reason="No, it was this one")
    assert (state(entry), verdict(ada)) == (lists.IN_FORCE, "BLOCKED")
    listing.ask_to_lift(entry=entry, by=otto, reason="I was wrong")
    listing.agree_to_lift(entry=entry, by=olga)
    assert state(entry) == lists.LIFTED


def test_trust_waits_for_a_colleague_and_ends_at_once(olga, otto, ada):
    entry = write(olga, TRUST)
    assert (state(entry), verdict(ada, **HUGE)) == (lists.WAITING, "FLAGGED")
    with pytest.raises(OwnListEntry):
        listing.approve(entry=entry, by=olga)
    listing.approve(entry=entry, by=otto)
    assert (state(entry), verdict(ada, **HUGE)) == (lists.IN_FORCE, "VERIFIED")
    with pytest.raises(ListEntryNotReady):
        listing.ask_to_lift(entry=entry, by=olga, reason="Not this way")
    listing.end_trust(entry=entry, by=olga, reason="They were sold")
    assert (state(entry), verdict(ada, **HUGE)) == (lists.LIFTED, "FLAGGED")


@pytest.mark.parametrize("deed, end", [("reject", lists.REJECTED), ("withdraw", lists.WITHDRAWN)])
def test_trust_that_is_not_agreed_to_never_was(olga, otto, ada, deed, end):
    entry = write(olga, TRUST)
    by = otto if deed == "reject" else olga
    getattr(listing, deed)(entry=entry, by=by, reason="No reason for it")
    assert (state(entry), verdict(ada, **HUGE)) == (end, "FLAGGED")
    with pytest.raises(ListEntryNotReady):
        listing.approve(entry=entry, by=otto)


def test_only_who_wrote_it_withdraws_it(olga, otto):
    with pytest.raises(OwnListEntry):
        listing.withdraw(entry=write(olga, TRUST), by=otto, reason="It is not mine")


def test_nobody_agrees_to_trust_themselves(olga, otto):
    entry = write(olga, TRUST, kind="customer", value=otto.public_id)
    with pytest.raises(OwnListEntry):
        listing.approve(entry=entry, by=otto)


@pytest.mark.parametrize("effect", [BLOCK, TRUST])
def test_the_same_is_listed_once_until_it_has_ended(olga, otto, effect):
    entry = write(olga, effect)
    with pytest.raises(AlreadyListed):
        write(otto, effect)
    write(olga, HOLD)  # another effect is another entry
    if effect == TRUST:
        listing.reject(entry=entry, by=otto, reason="No reason for it")
    else:
        listing.ask_to_lift(entry=entry, by=olga, reason="It was another one")
        listing.agree_to_lift(entry=entry, by=otto)
    write(otto, effect)


@pytest.mark.parametrize(
    "change, field",
    [
        ({"reason": "Too few"}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"until": timedelta(0)}, "until"),
        ({"effect": TRUST}, "until"),
        ({"effect": TRUST, "until": LISTS.trust_max + timedelta(minutes=1)}, "until"),
        ({"kind": "mood"}, None),
        ({"effect": "adore"}, None),
    ],
)
def test_an_entry_that_is_out_of_bounds_is_refused(olga, change, field):
    asked = {"kind": "payee", "value": "acc-1", "effect": BLOCK, "reason": WHY} | change
    if "until" in change:
        asked["until"] = timezone.now() + change["until"]
    with pytest.raises(ListEntryInvalid) as refused:
        listing.write_entry(by=olga, **asked)
    assert refused.value.field == field
    assert not ListEntry.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "x" * 10},
        {"reason": "x" * 500},
        {"until": timedelta(minutes=1)},
        {"effect": TRUST, "until": LISTS.trust_max - timedelta(minutes=1)},
    ],
)
def test_an_entry_at_its_bounds_is_taken(olga, change):
    asked = {"kind": "payee", "value": "acc-1", "effect": BLOCK, "reason": WHY} | change
    if "until" in change:
        asked["until"] = timezone.now() + change["until"]
    listing.write_entry(by=olga, **asked)


def test_each_deed_has_its_right_and_its_words(olga, otto, ada):
    writer = officer("writer@example.com", "write_listentry")
    decider = officer("decider@example.com", "decide_listentry")
    with pytest.raises(Forbidden):
        write(decider)
    blocked, trusted = write(writer), write(writer, TRUST, value="acc-2")
    with pytest.raises(ReasonNeeded):
        listing.ask_to_lift(entry=blocked, by=writer, reason="x")
    listing.ask_to_lift(entry=blocked, by=writer, reason="It was another one")
    for deed, entry in ((listing.approve, trusted), (listing.agree_to_lift, blocked)):
        with pytest.raises(Forbidden):
            deed(entry=entry, by=writer)
    listing.approve(entry=trusted, by=decider)
    with pytest.raises(Forbidden):
        listing.end_trust(entry=trusted, by=decider, reason="They were sold")
    listing.agree_to_lift(entry=blocked, by=decider)


@pytest.mark.parametrize("table", ["fraud_listentry", "fraud_liststep"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET reason = 'x'", "DELETE FROM {}"])
def test_what_was_written_is_never_changed(olga, table, deed):
    entry = write(olga)
    listing.ask_to_lift(entry=entry, by=olga, reason="It was another one")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed.format(table))


@pytest.mark.parametrize("step", ["approved", "lifted"])
def test_the_database_refuses_one_person_who_is_both(olga, step):
    entry = write(olga)
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        ListStep.objects.create(entry=entry, step=step, by=olga, asked_by=olga)


def test_the_database_refuses_trust_without_an_end(olga):
    with pytest.raises(IntegrityError, match="trust_ends"), transaction.atomic():
        ListEntry.objects.create(kind="payee", value="a", effect=TRUST, reason=WHY, by=olga)


# --- what a payment is looked up by -------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, value, near, far",
    [
        ("payee", "acc-1", {"counterparty": "acc-1"}, {"account": "acc-1"}),
        ("account", "acc-1", {"account": "acc-1"}, {"counterparty": "acc-1"}),
        ("device", "web:1", {"device": "web:1"}, {"device": "api:1"}),
        ("address", "192.0.2.0/24", {"ip": "192.0.2.255"}, {"ip": "192.0.3.0"}),
        ("address", "192.0.2.7", {"ip": "::ffff:192.0.2.7"}, {"ip": "192.0.2.8"}),
        ("address", "2001:db8::/32", {"ip": "2001:db8::7"}, {"ip": "not an address"}),
        ("place", "Lisbon, PT", {"place": "LISBON,  pt"}, {"place": "Lisbon"}),
        ("place", "PT", {"place": "Lisbon, PT"}, {"place": "pt, ES"}),
        (
            "place",
            "Lagos, NG",
            {"place": "Lisbon, PT", "address_place": "Lagos, NG"},
            {"place": "Lisbon, PT", "address_place": "Lisbon, PT"},
        ),
        (
            "place",
            "NG",
            {"place": "Lisbon, PT", "address_place": "Lagos, NG"},
            {"place": "Lisbon, PT", "address_place": "NG, PT"},
        ),
        ("device", "payee:acc-1", {"device": "payee:acc-1"}, {"counterparty": "acc-1"}),
    ],
)
def test_each_kind_finds_its_own(olga, ada, kind, value, near, far):
    entry = write(olga, kind=kind, value=value)
    asked = facts(customer_id=ada.pk, at=timezone.now())
    found = selectors.snapshot_for(replace(asked, **near)).listed
    assert found == Listed((Match(entry.public_id, kind, BLOCK),))
    assert selectors.snapshot_for(replace(asked, **far)).listed is None


@pytest.mark.parametrize(
    "value, said, seen, trusted",
    [
        ("Lisbon, PT", "Lisbon, PT", "", True),
        ("Lisbon, PT", "Lisbon, PT", "Lisbon, PT", True),
        ("Lisbon, PT", "Lisbon, PT", "Lagos, NG", False),
        ("Lisbon, PT", "Lagos, NG", "Lisbon, PT", False),
        ("Lisbon, PT", "Lisbon, PT", "PT", False),
        ("PT", "Lisbon, PT", "Porto, PT", True),
        ("PT", "Lisbon, PT", "Lagos, NG", False),
    ],
)
def test_words_alone_make_no_place_trusted(olga, otto, ada, value, said, seen, trusted):
    until = timezone.now() + timedelta(days=1)
    entry = write(olga, TRUST, kind="place", value=value, until=until)
    listing.approve(entry=entry, by=otto)
    asked = facts(customer_id=ada.pk, at=timezone.now(), place=said, address_place=seen)
    assert (selectors.snapshot_for(asked).listed is not None) is trusted


def test_a_customer_is_found_as_owner_and_as_who_asks(olga, ada):
    ben = customer("ben@example.com")
    write(olga, HOLD, kind="customer", value=ada.public_id)
    assert verdict(ada) == "FLAGGED"
    assert verdict(ben) == "VERIFIED"
    assert verdict(ben, asker_id=ada.pk) == "FLAGGED"
    with pytest.raises(ListValueInvalid):
        write(olga, kind="customer", value="usr_00000000000000000000000000")


def test_it_all_counts_as_of_the_payments_own_time(olga, otto, ada):
    before = timezone.now() - timedelta(seconds=1)
    entry = write(olga, until=timezone.now() + timedelta(hours=1))
    assert verdict(ada, at=before) == "VERIFIED"
    assert verdict(ada, at=entry.until - timedelta(microseconds=1)) == "BLOCKED"
    assert verdict(ada, at=entry.until) == "VERIFIED"


def test_lists_cost_no_further_round_trip(olga, ada):
    write(olga)
    asked = facts(customer_id=ada.pk, counterparty="acc-of-elsewhere", at=timezone.now())
    selectors.snapshot_for(asked)  # prepares it
    with round_trips() as seen:
        assert selectors.snapshot_for(asked).listed is not None
    assert len(seen) == 1


def test_many_payments_are_looked_up_like_one(olga, ada):
    write(olga, kind="address", value="192.0.2.0/24")
    write(olga, HOLD, kind="place", value="PT")
    now = timezone.now()
    payments = [
        facts(customer_id=ada.pk, at=now, ip="192.0.2.9", place="Lisbon, PT"),
        facts(customer_id=ada.pk, at=now, place="Porto, PT"),
        facts(customer_id=ada.pk, at=now, place="Lagos, NG", address_place="Porto, PT"),
        facts(customer_id=ada.pk, at=now, ip="nonsense"),
    ]
    found = selectors.known_for_all(payments)
    alone = [selectors.snapshot_for(one).listed for one in payments]
    assert [known.listed for known, _ in found] == alone
    assert [one and one.effect for one in alone] == [BLOCK, HOLD, HOLD, None]


# --- with everything around ---------------------------------------------------------------------


def test_a_decision_keeps_it_and_replays_after_it_is_lifted(olga, otto, ada):
    entry = write(olga)
    asked = facts(customer_id=ada.pk, counterparty="acc-of-elsewhere", at=timezone.now())
    made = services.assess(asked)
    listing.ask_to_lift(entry=entry, by=olga, reason="It was another one")
    listing.agree_to_lift(entry=entry, by=otto)
    stored = Decision.objects.get(pk=made.pk)
    assert (stored.verdict, stored.forbidden) == ("BLOCKED", False)
    assert replay(stored).same
    assert stored.snapshot_then().listed.entries[0].id == entry.public_id
    assert selectors.what_would_have_passed(stored) == ()


def test_officers_read_in_the_alert_what_the_customer_does_not(olga, ada):
    entry = write(olga)
    asked = facts(customer_id=ada.pk, counterparty="acc-of-elsewhere", at=timezone.now())
    decision = services.assess(asked)
    alert = Alert.objects.get(decision=decision)
    assert f"payee on the list ({entry.public_id})" in alert.text
    assert alert.severity == "high"
    assert entry.public_id not in str(decision.reasons)


def test_what_if_says_it_too(olga, ada):
    write(olga)
    asked = facts(customer_id=ada.pk, counterparty="acc-of-elsewhere", at=timezone.now())
    tried = ask(asked, by=ada)
    assert (tried.verdict.verdict, tried.passing) == ("BLOCKED", ())


def test_a_stream_is_held_to_the_lists(olga, ada):
    write(olga)
    asked = facts(customer_id=ada.pk, counterparty="acc-of-elsewhere", at=timezone.now())
    judge_many([(asked, False)])
    assert Decision.objects.get(subject=asked.subject).verdict == "BLOCKED"


def test_what_waited_is_held_to_the_lists_of_now(olga, otto, ada):
    asked = {"customer_id": ada.pk, "counterparty": "acc-of-elsewhere", "at": timezone.now()}
    waiting = services.assess(facts(**asked, **HUGE))
    assert services.recheck(waiting) is None
    write(olga, HOLD)
    assert services.recheck(waiting) is None  # who releases it has looked
    write(olga)
    refused = services.recheck(waiting)
    assert (refused.verdict, refused.forbidden) == ("BLOCKED", False)
    assert replay(Decision.objects.get(pk=refused.pk)).same


def test_an_own_limit_comes_before_a_list(olga, ada):
    limit_payments(ada, {"GBP": 1_00})
    write(olga)
    asked = facts(customer_id=ada.pk, counterparty="acc-of-elsewhere", at=timezone.now())
    decision = services.assess(asked)
    assert decision.forbidden
    codes = [reason["code"] for reason in decision.reasons]
    assert codes == ["largest_amount", "bank_refuses"]
