from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit import entries
from fintrust.core.money import Money

KEYS = st.from_regex(r"[a-z]{1,8}", fullmatch=True).filter(
    lambda key: not entries.looks_secret(key)
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_plain_values_are_written_as_rfc_8785_asks(value):
    try:
        plain = entries.plain(value)
    except ValueError:  # nested too deep
        return
    assert entries.canonical(plain) == rfc8785.dumps(plain)


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    "value, kept",
    [
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (-(2**53), "-9007199254740992"),
        (0.5, "0.5"),
        (Decimal("1.10"), "1.10"),
        (True, True),
        (None, None),
        ("nul\x00 and half a pair \ud800", "nul\ufffd and half a pair \ufffd"),
        (Colour.RED, "red"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=2))), "2026-01-01T22:00:00.000000Z"),
        ((1, "a"), [1, "a"]),
        ({"b", "a"}, ["a", "b"]),
        (Money(1250, "EUR"), {"minor": 1250, "currency": "EUR"}),
        ({"token_id": "7", "pin": True}, {"token_id": "7", "pin": True}),
    ],
)  # fmt: skip
def test_values_become_plain(value, kept):
    assert entries.plain(value) == kept


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "PIN",
        "new_password",
        "access-token",
        "totp.secret",
        "private_key",
        "seed",
    ],
)
def test_a_secret_is_refused_wherever_it_hides(name):
    with pytest.raises(entries.SecretInRecord):
        entries.plain({"list": [{name: "hunter2"}]})


@pytest.mark.parametrize("value", [object(), b"bytes", {"a b": 1}, {1: 1}, {"": 1}, {"x" * 81: 1}])
def test_what_has_no_plain_form_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        entries.plain(value)


def test_values_nest_eight_deep_and_no_deeper():
    def nested(depth):
        return [nested(depth - 1)] if depth else 1

    assert entries.plain(nested(8)) == nested(8)
    with pytest.raises(ValueError):
        entries.plain(nested(9))


@pytest.mark.parametrize(
    "before, after, expected",
    [
        (None, None, (None, None)),
        (None, {"a": 1}, (None, {"a": 1})),
        ({"a": 1}, None, ({"a": 1}, None)),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, ({"b": 2}, {"b": 3})),
        ({"a": 1}, {"a": 1}, ({}, {})),
        ({"a": None}, {}, ({"a": None}, {})),
        ({}, {"a": None}, ({}, {"a": None})),
        ({"a": Decimal("1.0")}, {"a": "1.0"}, ({}, {})),
    ],
)
def test_a_change_keeps_only_what_differs(before, after, expected):
    assert entries.difference(before, after) == expected


def test_an_entry_names_every_column_and_nothing_else():
    row: list[Any] = [f"{name}!" for name in entries.COLUMNS]
    row[2] = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    told = entries.entry(row)
    assert told["at"] == "2026-01-02T03:04:05.000006Z"
    assert told["actor"] == {
        "id": "actor_id!",
        "kind": "actor_kind!",
        "label": "actor_label!",
    }
    flat = {**told, **{f"actor_{key}": value for key, value in told["actor"].items()}}
    assert flat["request"] == "request_id!" and flat["owner"] == "owner_id!"
    assert set(told) == {
        "v", "id", "tx", "at", "action", "actor", "subject", "owner", "before", "after", "data",
        "reason", "purpose", "request", "ip", "session",
    }  # fmt: skip
