"""Keys: sealing small secrets under the master key, and signing keys that rotate.

Envelope: `version byte | 12-byte nonce | AES-256-GCM ciphertext`. The associated data says what
the value belongs to, so a sealed value copied to another row does not open there.
"""

import os
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from fintrust.core.errors import Unavailable
from fintrust.core.models import SigningKey

_VERSION = b"\x01"
_NONCE_BYTES = 12


class SealBroken(Unavailable):
    """A sealed value does not open with this key: it was changed, moved or sealed elsewhere."""

    code = "seal-broken"


def seal(value: bytes, *, aad: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(settings.MASTER_KEY).encrypt(nonce, value, _VERSION + aad)


def open_sealed(sealed: bytes, *, aad: bytes) -> bytes:
    version, nonce, body = (
        sealed[:1],
        sealed[1 : 1 + _NONCE_BYTES],
        sealed[1 + _NONCE_BYTES :],
    )
    if version != _VERSION:
        raise SealBroken()
    try:
        return AESGCM(settings.MASTER_KEY).decrypt(nonce, body, version + aad)
    except InvalidTag:
        raise SealBroken() from None


def create_signing_key(purpose: str) -> SigningKey:
    private = Ed25519PrivateKey.generate()
    raw = private.private_bytes_raw()
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return SigningKey.objects.create(
        purpose=purpose,
        sealed_private=seal(raw, aad=purpose.encode()),
        public_pem=public.decode(),
    )


def signing_keys(purpose: str, *, now: datetime | None = None) -> QuerySet[SigningKey]:
    """Keys whose signatures are still believed, newest first; the first one signs."""
    now = now or timezone.now()
    alive = Q(retires_at=None) | Q(retires_at__gt=now)
    return SigningKey.objects.filter(alive, purpose=purpose).order_by("-created_at")


def private_half(key: SigningKey) -> Ed25519PrivateKey:
    raw = open_sealed(bytes(key.sealed_private), aad=key.purpose.encode())
    return Ed25519PrivateKey.from_private_bytes(raw)


def public_half(key: SigningKey) -> Ed25519PublicKey:
    public = serialization.load_pem_public_key(key.public_pem.encode())
    assert isinstance(public, Ed25519PublicKey)
    return public


@transaction.atomic
def rotate_signing_key(purpose: str, *, every: timedelta, overlap: timedelta) -> SigningKey | None:
    """A new key when the newest is older than `every`; the old ones retire after `overlap`.

    Run it as often as you like: two runs at once make one key.
    """
    with connection.cursor() as cursor:
        # Not a row lock: whoever waits for one does not see the key that was made meanwhile.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"key:{purpose}"])
    now = timezone.now()
    keys = list(signing_keys(purpose, now=now))
    if keys and keys[0].created_at > now - every:
        return None
    for key in keys:
        if key.retires_at is None:
            key.retires_at = now + overlap
            key.save(update_fields=["retires_at"])
    return create_signing_key(purpose)
