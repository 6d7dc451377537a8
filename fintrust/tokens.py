"""Bearer tokens: who may call the API, for how long, and how that ends early.

An access token lives for minutes, a refresh token for days and only once: using it gives the next
one of its *family* (one sign-in). A refresh token that comes back after it was used is in two
hands, so the whole family ends. Signing keys rotate (`core.rotate_token_keys`); a token names its
key (`kid`), and every process looks for keys it does not know, so rotation needs no restart.

What the database keeps of a refresh token is its number and its family, never the token: a copy
of the table opens nothing.
"""

import hashlib
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from jwt.algorithms import OKPAlgorithm
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import (
    ExpiredTokenError,
    TokenBackendError,
    TokenError,
)
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from audit.services import record
from fintrust.core import context, keys, roles
from fintrust.core.away import Away, Patience
from fintrust.core.errors import NotFound, Unauthenticated, Unavailable
from fintrust.core.models import SigningKey, User
from fintrust.core.setup import TOKENS
from fraud.travel import services as travel

KEYS_KNOWN_SECONDS = 5.0  # how long a process may not notice that a key has retired
KEYS_LOOKED_UP_SECONDS = 0.5  # a stranger's invented `kid` costs one query in this time at most
TWICE_AT_ONCE = timedelta(seconds=10)  # a client that asks twice at once is clumsy, not robbed
SIGN_IN_LASTS = timedelta(days=90)  # refreshing goes on for so long; then prove yourself again
USER, FAMILY, PASSWORD, SIGNED_IN = "sub", "fam", "pwd", "auth_time"


class InvalidToken(Unauthenticated):
    """This token is not one of ours, or it has been changed."""

    code, field = "token-invalid", "Authorization"


class ExpiredToken(Unauthenticated):
    """This token has expired; refresh it or sign in again."""

    code, field = "token-expired", "Authorization"


class RevokedToken(Unauthenticated):
    """This token was ended before its time: signed out, used twice, or the password changed."""

    code, field = "token-revoked", "Authorization"


class NoSigningKey(Unavailable):
    """The bank has no key to sign tokens with yet."""

    code = "signing-key-missing"


# --- keys -----------------------------------------------------------------------------------


@dataclass(slots=True)
class KeyRing:
    """The keys of this moment, read from the database at most every few seconds."""

    _public: dict[str, Ed25519PublicKey] = field(default_factory=dict)
    _retires: dict[str, datetime | None] = field(default_factory=dict)
    _signer: tuple[str, Ed25519PrivateKey] | None = None
    _read_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def signer(self) -> tuple[str, Ed25519PrivateKey]:
        """The newest key's name and private half."""
        self._refresh(older_than=KEYS_KNOWN_SECONDS)
        if self._signer is None:
            raise NoSigningKey()
        return self._signer

    def public(self, kid: str) -> Ed25519PublicKey | None:
        """The public half of a key that is alive, looked up again when it is not known."""
        self._refresh(older_than=KEYS_KNOWN_SECONDS)
        if kid not in self._public:
            self._refresh(older_than=KEYS_LOOKED_UP_SECONDS)
        retires = self._retires.get(kid)
        if retires is not None and retires <= timezone.now():
            return None
        return self._public.get(kid)

    def forget(self) -> None:
        self._read_at = float("-inf")

    def _refresh(self, *, older_than: float) -> None:
        with self._lock:
            if time.monotonic() - self._read_at < older_than:
                return
            found = list(keys.signing_keys(TOKENS))
            self._public = {key.public_id: _public_half(key) for key in found}
            self._retires = {key.public_id: key.retires_at for key in found}
            newest = found[0] if found else None
            if newest is None:
                self._signer = None
            elif self._signer is None or self._signer[0] != newest.public_id:
                self._signer = (newest.public_id, keys.private_half(newest))
            self._read_at = time.monotonic()


def _public_half(key: SigningKey) -> Ed25519PublicKey:
    public = load_pem_public_key(key.public_pem.encode())
    if not isinstance(public, Ed25519PublicKey):
        raise TypeError(f"{key} is not an Ed25519 key")
    return public


key_ring = KeyRing()


def jwks() -> dict[str, list[dict[str, Any]]]:
    """The public halves of every key whose tokens are still believed (RFC 7517)."""
    return {
        "keys": [
            OKPAlgorithm.to_jwk(_public_half(key), as_dict=True)
            | {"kid": key.public_id, "use": "sig", "alg": "EdDSA"}
            for key in keys.signing_keys(TOKENS)
        ]
    }


class Backend(TokenBackend):
    """Signs with the newest key and says which; believes any key that has not retired."""

    def encode(self, payload: dict[str, Any]) -> str:
        kid, private = key_ring.signer()
        claims = {**payload, "iss": self.issuer}
        return jwt.encode(claims, private, algorithm=self.algorithm, headers={"kid": kid})

    def get_verifying_key(self, token: Any) -> Ed25519PublicKey:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except (jwt.InvalidTokenError, ValueError):
            raise TokenBackendError("Token is malformed") from None
        key = key_ring.public(kid) if isinstance(kid, str) else None
        if key is None:
            raise TokenBackendError("Token names no key that is alive")
        return key


_backend = Backend(algorithm="EdDSA", issuer=str(settings.SIMPLE_JWT["ISSUER"]))


# --- tokens ---------------------------------------------------------------------------------


class Access(AccessToken):
    _token_backend = _backend


assert Access.lifetime is not None
ACCESS_SECONDS = int(Access.lifetime.total_seconds())


class Refresh(RefreshToken):
    """One link of a family. The `token` column of its row holds the family's name instead."""

    _token_backend = _backend
    access_token_class = Access

    @classmethod
    def first(cls, user: User) -> Self:
        """The beginning of a family: a sign-in."""
        token = cls()
        return token._store(user, family=token["jti"], signed_in=token["iat"])

    def next(self, user: User) -> Self:
        return type(self)()._store(user, family=self[FAMILY], signed_in=self[SIGNED_IN])

    def _store(self, user: User, *, family: str, signed_in: int) -> Self:
        self.payload |= {
            USER: user.public_id,
            FAMILY: family,
            PASSWORD: password_mark(user),
            SIGNED_IN: signed_in,
        }
        OutstandingToken.objects.create(
            user=user,
            jti=self["jti"],
            token=family,
            created_at=self.current_time,
            expires_at=_moment(self["exp"]),
        )
        return self

    def check_blacklist(self) -> None:
        """Not while reading: `rotate` must see a used token to know that it came back."""


def _moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, tz=UTC)


def password_mark(user: User) -> str:
    """Changes with the password, and says nothing about it."""
    return hashlib.sha256(user.get_session_auth_hash().encode()).hexdigest()[:16]


T = TypeVar("T", Access, Refresh)


def read(kind: type[T], raw: str) -> tuple[T, User]:
    """The token and its owner, if it is ours, of this kind, alive, and so is its owner."""
    try:
        token = kind(raw)  # type: ignore[arg-type]
    except ExpiredTokenError:
        raise ExpiredToken() from None
    except TokenError:
        raise InvalidToken() from None
    return token, _owner(token)


def _owner(token: Access | Refresh) -> User:
    try:
        people = roles.read_with(User.objects.all())
        user: User = people.get_public(str(token.get(USER, "")))
    except NotFound:
        raise InvalidToken() from None
    mark = str(token.get(PASSWORD, ""))
    if not user.is_active or not constant_time_compare(mark, password_mark(user)):
        raise RevokedToken()
    return user


@dataclass(frozen=True, slots=True)
class Pair:
    """What a client keeps after signing in or refreshing."""

    access: str
    refresh: str
    expires_in: int
    token_type: str = "Bearer"

    @classmethod
    def of(cls, refresh: Refresh) -> Self:
        return cls(str(refresh.access_token), str(refresh), ACCESS_SECONDS)


def issue(user: User) -> Pair:
    """The first tokens of a sign-in."""
    return Pair.of(Refresh.first(user))


def rotate(raw: str) -> Pair:
    """Spend a refresh token for the next pair."""
    spent, user = read(Refresh, raw)
    if _moment(spent[SIGNED_IN]) + SIGN_IN_LASTS <= timezone.now():
        raise ExpiredToken("This sign-in is too old to be refreshed; sign in again.")
    following = _spend(spent, user)
    if following is None:  # raised here, since inside it would take the family's end back
        raise RevokedToken()
    travel.seen(user)  # a sign of life, every ten minutes while a program is used
    return Pair.of(following)


@transaction.atomic
def _spend(spent: Refresh, user: User) -> Refresh | None:
    """The next link, or None when this one was used before; then the family may end."""
    _lock(spent[FAMILY])
    row = OutstandingToken.objects.filter(jti=spent["jti"], user=user).first()
    if row is None:
        return None
    used = BlacklistedToken.objects.filter(token=row).first()
    if used is None:
        BlacklistedToken.objects.create(token=row)
        return spent.next(user)
    if timezone.now() - used.blacklisted_at > TWICE_AT_ONCE and _end(spent[FAMILY], user):
        record("core.refresh_token.reused", subject=user, owner=user)
    return None


def sign_out(raw: str) -> None:
    """End the sign-in that this refresh token belongs to, its access tokens included."""
    token, user = read(Refresh, raw)
    with transaction.atomic():
        _lock(token[FAMILY])
        if _end(token[FAMILY], user):
            record(
                "core.user.signed_out",
                subject=user,
                by=user,
                owner=user,
                data={"door": "api"},
            )


def _lock(family: str) -> None:
    """One at a time: a link made while its family ends would outlive it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"fam:{family}"])


def _end(family: str, user: User) -> int:
    """Every living link is spent; how many were."""
    alive = _alive(family, user)
    spent = BlacklistedToken.objects.bulk_create(BlacklistedToken(token=row) for row in alive)
    # Access tokens are not in the database; their family is on this list until they expire.
    cache.set(_ended(family), True, timeout=ACCESS_SECONDS + 60)
    return len(spent)


def _alive(family: str, user: User) -> QuerySet[OutstandingToken]:
    """Its living links: one, unless it has ended."""
    return OutstandingToken.objects.filter(
        user=user, token=family, blacklistedtoken=None, expires_at__gt=timezone.now()
    )


def _ended(family: str) -> str:
    return f"tokens:ended:{family}"


_PATIENCE = Patience("whether a sign-in has ended")


def _has_ended(family: str, user: User) -> bool:
    """The list says it; while Redis is away, whether a link still lives."""
    try:
        return bool(_PATIENCE.ask(lambda: cache.get(_ended(family))))
    except Away:
        return not _alive(family, user).exists()


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`; the owner acts from here on."""

    def authenticate(self, request: Request) -> tuple[User, Access] | None:
        scheme, _, raw = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token, user = read(Access, raw.strip())
        if _has_ended(str(token.get(FAMILY, "")), user):
            raise RevokedToken()
        context.become(actor_id=str(user.pk), actor_kind=roles.kind_of(user))
        return user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="FinTrust"'
