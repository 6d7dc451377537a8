"""The room of dead letters: bytes of strangers shown safely, and what may be done by whom."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from audit.models import Record
from fintrust.core.models import User
from fraud.models import DeadLetter, Decision, StreamReader
from fraud.stream import services
from fraud.stream.policy import STREAM, StreamPolicy
from fraud.stream.showing import SHOWN_MAX, shown
from fraud.tests.factories import NOON, customer
from fraud.tests.stream_help import message, raw

# --- bytes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw_bytes, text",
    [
        (b"", ""),
        (b'{"place": "S\xc3\xa3o Paulo"}\n', '{"place": "São Paulo"}\n'),
        (b"a\x00b\x1b[2J\r", "a\\x00b\\x1b[2J\\r"),
        ("abc\u202edcba".encode(), "abc\\u202edcba"),  # would turn the rest of the line around
        ("\u200b\ufeff".encode(), "\\u200b\\ufeff"),  # would not be seen at all
        (b"\xff\x00AB", "000000  ff 00 41 42              ..AB"),
    ],
)
def test_bytes_are_shown_so_that_nothing_hides(raw_bytes, text):
    assert shown(raw_bytes) == text


def test_what_is_shown_is_bounded_on_a_whole_character():
    assert shown(b"x" * SHOWN_MAX) == "x" * SHOWN_MAX
    assert shown(b"x" * (SHOWN_MAX + 1000)).endswith("x\n… and 1,000 bytes more")
    assert shown("é".encode() * SHOWN_MAX, 5).startswith("éé\n")
    assert shown(b"\xff" * 24).count("\n") == 2


# --- the room -------------------------------------------------------------------------------


@pytest.fixture
def ada(db):
    return customer()


@pytest.fixture
def poison(ada):
    script = b"<script>alert(1)</script>"
    services.take([message(script, key=ada.public_id.encode(), headers=(("<b>", b"<i>"),))])
    return DeadLetter.objects.get()


def officer(client, *permissions: str):
    person = customer("officer@example.com", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(person)
    return person


@pytest.fixture
def desk(client, db):
    officer(client, "view_deadletter", "view_streamreader", "view_decision", "replay_deadletter")
    return client


def door(name: str, *args) -> str:
    return reverse(f"admin:fraud_deadletter_{name}", args=args)


def test_what_strangers_sent_is_text_on_the_page_and_no_part_of_it(desk, poison):
    for page in (door("changelist"), door("change", poison.pk), door("correct", poison.pk)):
        text = desk.get(page).content.decode()
        assert "<script>alert(1)" not in text
        assert "<b>: <i>" not in text
    assert "&lt;script&gt;alert(1)" in desk.get(door("change", poison.pk)).content.decode()


def test_looking_at_a_letter_is_remembered_for_its_customer(desk, ada, poison):
    desk.get(door("change", poison.pk))
    assert Record.objects.get(action="core.customer.viewed").owner_id == ada.pk


def test_the_list_says_how_the_streams_are(desk, ada, poison):
    services.take([message(raw(ada), key=ada.public_id.encode())])
    StreamReader.objects.create(
        name="one", source="redis", topic="payments", started_at=NOON, seen_at=NOON
    )
    reading = StreamReader(name="two", source="redis", topic="payments", started_at=NOON)
    reading.waiting = 1234
    services.beat(reading)
    figures = desk.get(door("changelist")).context["stream"]
    assert (figures.readers, figures.waiting, figures.poison, figures.parked) == (1, 1234, 1, 1)
    assert "1,234" in desk.get(reverse("admin:fraud_streamreader_changelist")).content.decode()


@pytest.mark.parametrize(
    "query, found",
    [
        ({"reason__exact": "bad-json"}, 1),
        ({"reason__exact": "too-big"}, 0),
        ({"status__exact": "replayed"}, 0),
        ({"source__exact": "redis"}, 1),
        ({"q": "nothing of the kind"}, 0),
    ],
)
def test_filters_narrow_the_list(desk, poison, query, found):
    assert desk.get(door("changelist"), query).context["cl"].result_count == found


def test_letters_are_found_by_every_name_they_have(desk, ada, poison):
    for text in (poison.public_id, ada.public_id):
        assert desk.get(door("changelist"), {"q": text}).context["cl"].result_count == 1


def test_a_letter_is_corrected_replayed_and_leads_to_its_decision(desk, ada, poison):
    page = desk.get(door("correct", poison.pk))
    assert page.context["form"].initial["corrected"] == "<script>alert(1)</script>"
    wrong = desk.post(door("correct", poison.pk), {"corrected": '{"v": 1}'})
    assert wrong.status_code == 422
    assert "It lacks id" in wrong.content.decode()
    copy = json.dumps(json.loads(raw(ada, id="pay-1", place="São Paulo")), indent=1)
    assert desk.post(door("correct", poison.pk), {"corrected": copy}).status_code == 302
    assert desk.get(door("replay", poison.pk)).status_code == 200
    assert not Decision.objects.exists()
    assert desk.post(door("replay", poison.pk)).status_code == 302
    decision = Decision.objects.get()
    assert reverse("admin:fraud_decision_change", args=[decision.pk]) in (
        desk.get(door("change", poison.pk)).content.decode()
    )
    again = desk.post(door("replay", poison.pk))
    assert again.status_code in {403, 422}


def test_a_replay_that_fails_again_says_why(desk, poison):
    page = desk.post(door("replay", poison.pk), follow=True)
    assert "It failed again: It is not JSON" in page.content.decode()


def test_a_letter_is_discarded_with_a_reason(desk, poison):
    assert desk.post(door("discard", poison.pk), {"note": "x"}).status_code == 422
    assert desk.post(door("discard", poison.pk), {"note": "a test"}).status_code == 302
    poison.refresh_from_db()
    assert (poison.status, poison.note) == ("discarded", "a test")


def test_chosen_letters_are_replayed_together(desk, ada):
    stranger = customer("later@example.com")
    services.take([message(raw(stranger, id=f"pay-{n}", amount="x")) for n in range(3)])
    first, second, third = DeadLetter.objects.order_by("id")
    who = stranger
    for one, name in ((first, "pay-0"), (second, "pay-1")):
        services.correct(letter=one, corrected=raw(stranger, id=name), by=who)
    letters = [third.pk, first.pk, second.pk]
    desk.post(door("changelist"), {"action": "replay_chosen", "_selected_action": letters})
    assert Decision.objects.count() == 2
    assert DeadLetter.objects.waiting().get() == third


@pytest.fixture
def three(ada):
    """A poisoned letter of Ada's, a good one that waits behind it, and one of somebody else."""
    services.take([message(b"{", key=ada.public_id.encode())])
    services.take([message(raw(ada, id="pay-1"), key=ada.public_id.encode())])
    services.take([message(b"[", key=b"somebody else")])
    letters = list(DeadLetter.objects.order_by("id"))
    assert [letter.reason for letter in letters] == ["bad-json", "behind", "bad-json"]
    return letters


def discard(client, letters, **more):
    chosen = {"action": "discard_chosen", "_selected_action": [one.pk for one in letters]}
    return client.post(door("changelist"), chosen | more)


def test_before_several_are_discarded_a_page_says_which_and_asks_why(desk, three):
    page = discard(desk, three)
    text = page.content.decode()
    assert page.status_code == 200 and "Discard 3" in text and "Waits behind another" in text
    assert all(f'value="{one.pk}"' in text for one in three)
    assert DeadLetter.objects.waiting().count() == 3


@pytest.mark.parametrize(
    "note, works",
    [("", False), ("ab", False), ("abc", True), ("a" * 500, True), ("a" * 501, False)],
)
def test_several_are_discarded_with_a_reason(desk, three, note, works):
    assert discard(desk, three, note=note).status_code == (302 if works else 422)
    assert DeadLetter.objects.waiting().count() == (0 if works else 3)


def test_each_discarded_letter_is_in_the_log_with_name_and_reason(desk, three):
    discard(desk, three, note="a test of the sender's")
    records = Record.objects.filter(action="fraud.dead_letter.discarded")
    assert {record.subject for record in records} == {one.public_id for one in three}
    officer = User.objects.get(email="officer@example.com")
    assert {(record.reason, record.actor_label) for record in records} == {
        ("a test of the sender's", officer.public_id)
    }
    assert set(DeadLetter.objects.values_list("status", "note")) == {
        ("discarded", "a test of the sender's")
    }


def test_one_that_waited_behind_another_is_discarded_with_it_and_not_judged(desk, three):
    discard(desk, three[:2], note="neither is a payment")
    assert not Decision.objects.exists()


def test_what_was_not_chosen_follows_what_it_waited_for(desk, three):
    discard(desk, [three[0], three[2]], note="no payments")
    assert Decision.objects.count() == 1
    three[1].refresh_from_db()
    assert three[1].status == "replayed"


def test_what_is_settled_meanwhile_is_left_as_it_is(desk, three):
    services.discard(letter=three[2], by=customer("other@example.com"), note="mine")
    discard(desk, three, note="all of them")
    three[2].refresh_from_db()
    assert three[2].note == "mine"
    page = desk.post(
        door("changelist"),
        {"action": "discard_chosen", "_selected_action": [three[2].pk], "note": "again"},
        follow=True,
    )
    assert "None of these waits any more" in page.content.decode()


@pytest.mark.parametrize("many, works", [(100, True), (101, False)])
def test_so_many_are_discarded_at_once(desk, db, many, works):
    services.take([message(b"{", key=f"{n}".encode()) for n in range(many)])
    discard(desk, DeadLetter.objects.all(), note="a broken sender")
    assert DeadLetter.objects.waiting().count() == (0 if works else many)


def test_a_monster_can_be_looked_at(desk):
    services.take(
        [message(b"\xff" * 5000)], policy=StreamPolicy(event_bytes_max=10, kept_bytes_max=4500)
    )
    page = desk.get(door("change", DeadLetter.objects.get().pk)).content.decode()
    assert "5,000 bytes (the rest was not kept)" in page
    assert "… and 404 bytes more" in page


def test_the_longest_event_fits_into_the_form(desk, ada, poison):
    copy = raw(ada)
    copy += b" " * (STREAM.event_bytes_max - len(copy))
    assert desk.post(door("correct", poison.pk), {"corrected": copy.decode()}).status_code == 302
    assert (
        desk.post(door("correct", poison.pk), {"corrected": copy.decode() + " "}).status_code == 422
    )


def test_who_may_only_read_changes_nothing(client, poison):
    officer(client, "view_deadletter")
    assert client.get(door("change", poison.pk)).status_code == 200
    for deed in ("replay", "correct", "discard"):
        assert client.post(door(deed, poison.pk), {"note": "a test"}).status_code == 403
    for deed in ("replay_chosen", "discard_chosen"):
        chosen = {"action": deed, "_selected_action": [poison.pk], "note": "a test"}
        client.post(door("changelist"), chosen)
    assert client.post(door("delete", poison.pk), {"post": "yes"}).status_code == 403
    poison.refresh_from_db()
    assert (poison.status, poison.attempts) == ("waiting", 1)


def test_without_the_permission_there_is_no_room(client, poison):
    officer(client)
    assert client.get(door("changelist")).status_code == 403
    assert client.get(reverse("admin:fraud_streamreader_changelist")).status_code == 403
