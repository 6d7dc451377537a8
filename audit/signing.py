"""The keys of the log. One secret seed gives both: Ed25519 directly, ML-DSA-44 by derivation.

The seed lives outside the database, so whoever can rewrite every row still cannot sign what they
wrote.
"""

from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from audit import notes


def signers() -> tuple[notes.Signer, ...]:
    return _signers(settings.AUDIT_LOG_ORIGIN, settings.AUDIT_LOG_KEY)


@lru_cache(maxsize=4)
def _signers(origin: str, seed: bytes) -> tuple[notes.Signer, ...]:
    quantum_safe = HKDF(SHA256(), 32, salt=None, info=b"fintrust audit log ML-DSA-44").derive(seed)
    return (
        notes.Ed25519Signer(origin, Ed25519PrivateKey.from_private_bytes(seed)),
        notes.MLDSA44Signer(origin, MLDSA44PrivateKey.from_seed_bytes(quantum_safe)),
    )


def verifiers() -> list[notes.Verifier]:
    """The keys that sign now; what `/log/key` publishes."""
    return [signer.verifier for signer in signers()]


def trusted() -> list[notes.Verifier]:
    """Also the keys that signed before: AUDIT_LOG_FORMER_KEYS holds their lines."""
    return verifiers() + notes.parse_vkeys(settings.AUDIT_LOG_FORMER_KEYS)
