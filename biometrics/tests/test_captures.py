"""What a browser may send of a form, and everything else it might try."""

import json

import pytest

from biometrics import captures
from biometrics.errors import RhythmInvalid, RhythmTooLarge

GOOD = {
    "token": "t",
    "zones": [1, 2, 3],
    "downs": [0, 120.5, 300],
    "holds": [80.1, 90, 70],
    "pointers": 2,
    "touch": 0,
}


def _parse(**changes):
    return captures.parse(json.dumps(GOOD | changes).encode())


def test_a_capture_is_zones_times_and_two_counts():
    capture = _parse()
    assert capture.strokes.zones == [1, 2, 3]
    assert capture.length_ms == 370
    assert (capture.pointers, capture.touch) == (2, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"zones": [0, 10, 5]},
        {"holds": [0, 10_000, 1]},
        {"downs": [0, 0, 1_800_000]},
        {"pointers": 0, "touch": 1},
        {"pointers": 10_000},
        {"zones": [1] * 512, "downs": list(range(512)), "holds": [1] * 512},
    ],
)
def test_the_edges_are_inside(changes):
    _parse(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"zones": [1, 2]},
        {"holds": [80, 90]},
        {"zones": [], "downs": [], "holds": []},
        {"zones": [1] * 513, "downs": list(range(513)), "holds": [1] * 513},
        {"zones": [1, 2, 11]},
        {"zones": [1, 2, -1]},
        {"zones": [1, 2, 1.5]},
        {"zones": [1, 2, True]},
        {"zones": ["a", "b", "c"]},
        {"zones": "123"},
        {"zones": {"0": 1}},
        {"zones": None},
        {"downs": [1, 2, 3]},
        {"downs": [0, 300, 299]},
        {"downs": [0, 1, 1_800_001]},
        {"downs": [0, "1", 2]},
        {"downs": [0, [1], 2]},
        {"downs": [0, None, 2]},
        {"downs": [False, 1, 2]},
        {"holds": [1, 2, 10_001]},
        {"holds": [1, 2, -0.1]},
        {"holds": [1, 2, 10**400]},
        {"holds": [1, 2, float("nan")]},
        {"holds": [1, 2, float("inf")]},
        {"pointers": -1},
        {"pointers": 10_001},
        {"pointers": 1.0},
        {"pointers": True},
        {"touch": 2},
        {"touch": True},
        {"touch": "1"},
        {"token": 5},
        {"token": "x" * 1001},
        {"keys": ["a", "b", "c"]},
        {"value": "100.00"},
    ],
    ids=lambda changes: str(changes)[:60],
)
def test_anything_that_is_not_timings_is_refused_whole(changes):
    with pytest.raises(RhythmInvalid):
        _parse(**changes)


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_nothing_may_be_missing(missing):
    body = {name: value for name, value in GOOD.items() if name != missing}
    with pytest.raises(RhythmInvalid):
        captures.parse(json.dumps(body).encode())


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 20_000, b"1" * 5_000, b"a=1&b=2"],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_not_a_json_object_is_refused(body):
    with pytest.raises(RhythmInvalid):
        captures.parse(body)


@pytest.mark.parametrize(("spaces", "fits"), [(32_000, True), (32_001, False)])
def test_a_body_is_at_most_32_000_bytes(spaces, fits):
    body = json.dumps(GOOD).encode().ljust(spaces)
    if fits:
        captures.parse(body)
    else:
        with pytest.raises(RhythmTooLarge):
            captures.parse(body)
