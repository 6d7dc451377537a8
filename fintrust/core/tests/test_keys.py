from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from fintrust.core import keys
from fintrust.core.keys import SealBroken

DAY = timedelta(days=1)


def test_what_was_sealed_opens_only_where_it_belongs():
    sealed = keys.seal(b"secret", aad=b"row 1")
    assert b"secret" not in sealed
    assert keys.open_sealed(sealed, aad=b"row 1") == b"secret"
    with pytest.raises(SealBroken):
        keys.open_sealed(sealed, aad=b"row 2")


@pytest.mark.parametrize("at", [0, 1, 13, -1])
def test_every_changed_byte_is_noticed(at):
    sealed = bytearray(keys.seal(b"secret", aad=b""))
    sealed[at] ^= 1
    with pytest.raises(SealBroken):
        keys.open_sealed(bytes(sealed), aad=b"")


@pytest.mark.django_db
def test_a_key_rotates_when_it_is_old_enough_and_not_before():
    first = keys.rotate_signing_key("test", every=30 * DAY, overlap=2 * DAY)
    assert first is not None
    assert keys.rotate_signing_key("test", every=30 * DAY, overlap=2 * DAY) is None
    with time_machine.travel(timezone.now() + 31 * DAY, tick=False):
        second = keys.rotate_signing_key("test", every=30 * DAY, overlap=2 * DAY)
        assert second is not None
        assert [k.pk for k in keys.signing_keys("test")] == [second.pk, first.pk]
    with time_machine.travel(timezone.now() + 34 * DAY, tick=False):
        assert [k.pk for k in keys.signing_keys("test")] == [second.pk]


@pytest.mark.django_db
def test_the_private_half_signs_what_the_public_half_verifies():
    key = keys.create_signing_key("test")
    signature = keys.private_half(key).sign(b"words")
    keys.public_half(key).verify(signature, b"words")
    assert keys.private_half(key).private_bytes_raw() not in bytes(key.sealed_private)
