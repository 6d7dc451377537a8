import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import transaction

from fintrust.core import live

TOPIC = "support"


def tell(kind: str = "thing.happened", subject: str = "thg_1") -> None:
    with transaction.atomic():
        live.publish([TOPIC], kind, subject=subject, data={"n": 1})


def read(cursor: live.Cursor = live.START) -> list[str]:
    return [event.subject for _, event in live.after(cursor, TOPIC)]


@contextmanager
def older_transaction() -> Iterator[psycopg.Connection[Any]]:
    """Somebody else's transaction that has begun to write and takes its time."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("SELECT pg_current_xact_id()")
        yield connection


@pytest.mark.parametrize("text", ["1-2", "0-0", "999999999999999999-1"])
def test_a_cursor_reads_what_it_writes(text):
    assert str(live.Cursor.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "-", "1", "1-", "-1", "1-2-3", "a-1", "1-²", "١-1", " 1-1", f"{10**19}-1", "-1-1"],
)
def test_anything_else_is_not_a_cursor(text):
    with pytest.raises(live.InvalidCursor):
        live.Cursor.parse(text)


def test_what_was_rolled_back_was_never_told(bank):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        live.publish([TOPIC], "thing.happened", subject="thg_1", data={})
        raise ZeroDivisionError
    assert read() == []


def test_a_follower_gets_each_event_once_in_order(bank):
    for number in range(5):
        tell(subject=f"thg_{number}")
    cursor, seen = live.START, []
    while batch := live.after(cursor, TOPIC, limit=2):
        seen += [event.subject for _, event in batch]
        cursor = batch[-1][0]
    assert seen == [f"thg_{number}" for number in range(5)]


def test_a_topic_does_not_hear_another(bank):
    with transaction.atomic():
        live.publish(["user:1"], "thing.happened", subject="thg_1", data={})
    assert read() == []


def test_an_event_of_a_transaction_that_ends_late_is_not_jumped_over(bank):
    with older_transaction() as slow:
        slow.execute(
            "INSERT INTO core_event (topic, kind, subject, data)"
            " VALUES ('support', 'thing.happened', 'thg_slow', '{}')"
        )
        tell(subject="thg_quick")
        assert read() == [], "the quick one waits for the slow one, or the slow one is lost"
        slow.commit()
    batch = live.after(live.START, TOPIC)
    assert [event.subject for _, event in batch] == ["thg_slow", "thg_quick"]
    assert live.after(batch[-1][0], TOPIC) == []


def test_what_is_hidden_is_counted_with_its_age(bank):
    assert live.waiting(TOPIC).count == 0
    assert live.waiting(TOPIC).lag_ms == 0
    with older_transaction():
        tell()
        waiting = live.waiting(TOPIC)
        assert waiting.count == 1
        assert 0 <= waiting.lag_ms < 60_000
    assert live.waiting(TOPIC).count == 0


def test_the_end_is_where_only_news_comes_from(bank):
    assert live.end(TOPIC) == live.START
    tell(subject="thg_old")
    end = live.end(TOPIC)
    tell(subject="thg_new")
    assert read(end) == ["thg_new"]
    assert live.behind(end, TOPIC) == 1
    assert live.behind(live.START, TOPIC) == 2
    assert live.behind(live.end(TOPIC), TOPIC) == 0


def test_pages_go_back_without_a_hole_or_a_double(bank):
    with transaction.atomic():  # several events of one transaction share their first number
        for number in range(3):
            live.publish([TOPIC], "thing.happened", subject=f"thg_{number}", data={})
    for number in range(3, 7):
        tell(subject=f"thg_{number}")
    seen: list[str] = []
    place = None
    while page := list(live.visible(TOPIC, before=place).order_by("-tx", "-id")[:2]):
        seen += [event.subject for event in page]
        place = live.Cursor.of(page[-1])
    assert seen == [f"thg_{number}" for number in reversed(range(7))]


def test_latest_is_the_newest_oldest_first(bank):
    for number in range(4):
        tell(subject=f"thg_{number}")
    assert [event.subject for _, event in live.latest(TOPIC, 2)] == ["thg_2", "thg_3"]
