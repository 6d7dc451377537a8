from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public, to_public, uuid7


@given(st.uuids())
def test_a_public_id_leads_back_to_its_uuid(uuid):
    assert from_public("trf", to_public("trf", uuid)) == uuid


def test_ids_sort_by_time_inside_and_outside():
    ids = [uuid7() for _ in range(1000)]
    assert ids == sorted(ids)
    public = [to_public("trf", one) for one in ids]
    assert public == sorted(public)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "trf_",
        "acc_00000000000000000000000000",  # another kind
        "trf_0000000000000000000000000",  # too short
        "trf_000000000000000000000000000",  # too long
        "trf_0000000000000000000000000U",  # capitals, and a letter Crockford leaves out
        "trf_0000000000000000000000000٣",
        "trf_zzzzzzzzzzzzzzzzzzzzzzzzzz",  # above 128 bits
        "trf_00000000000000000000000000\x00",
    ],
)
def test_what_is_no_public_id_is_not_found(text):
    with pytest.raises(NotFound):
        from_public("trf", text)


def test_the_extremes_fit():
    for uuid in (UUID(int=0), UUID(int=2**128 - 1)):
        assert from_public("x", to_public("x", uuid)) == uuid
