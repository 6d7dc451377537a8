import base64
import json
import threading
import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from jwt import PyJWK
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from audit.models import Record
from fintrust import tokens
from fintrust.core import keys
from fintrust.core.models import SigningKey
from fintrust.core.setup import TOKENS
from fintrust.core.tasks import (
    OVERLAP,
    ROTATE_EVERY,
    forget_expired_tokens,
    rotate_token_keys,
)

ME = "/api/v1/auth/me"


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def code(answer):
    assert answer["Content-Type"] == "application/problem+json"
    return answer.json()["code"]


@pytest.mark.django_db
class TestAccess:
    def test_a_token_says_who_signed_it_and_whose_it_is(self, person):
        user = person("alice")
        pair = tokens.issue(user)
        assert jwt.get_unverified_header(pair.access)["alg"] == "EdDSA"
        assert claims(pair.access)["sub"] == user.public_id
        assert claims(pair.access)["typ"] == "access"
        assert pair.expires_in == claims(pair.access)["exp"] - claims(pair.access)["iat"]

    def test_anybody_can_verify_it_with_the_published_keys(self, person, api):
        pair = tokens.issue(person("alice"))
        published = api.get("/.well-known/jwks.json").json()["keys"]
        kid = jwt.get_unverified_header(pair.access)["kid"]
        (key,) = [key for key in published if key["kid"] == kid]
        assert "d" not in key
        jwt.decode(pair.access, PyJWK(key), algorithms=["EdDSA"], issuer="fintrust")

    def test_it_opens_the_api_until_it_expires(self, person, api):
        access = tokens.issue(person("alice")).access
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
        expires = datetime.fromtimestamp(claims(access)["exp"], tz=UTC)
        with time_machine.travel(expires - timedelta(seconds=1), tick=False):
            assert api.get(ME).status_code == 200
        with time_machine.travel(expires, tick=False):
            answer = api.get(ME)
        assert (answer.status_code, code(answer)) == (401, "token-expired")
        assert answer["WWW-Authenticate"].startswith("Bearer")

    def test_a_refresh_token_is_no_access_token(self, person, api):
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(person('alice')).refresh}")
        assert code(api.get(ME)) == "token-invalid"

    def test_a_changed_token_is_refused(self, person, api):
        head, body, signature = tokens.issue(person("alice")).access.split(".")
        forged = claims(f"{head}.{body}.{signature}") | {"sub": person("bob").public_id}
        body = base64.urlsafe_b64encode(json.dumps(forged).encode()).rstrip(b"=").decode()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {head}.{body}.{signature}")
        assert code(api.get(ME)) == "token-invalid"

    @pytest.mark.parametrize("algorithm, secret", [("none", None), ("HS256", "x" * 40)])
    def test_an_algorithm_of_the_senders_choice_is_refused(self, person, api, algorithm, secret):
        real = tokens.issue(person("alice")).access
        kid = jwt.get_unverified_header(real)["kid"]
        forged = jwt.encode(claims(real), secret, algorithm=algorithm, headers={"kid": kid})
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {forged}")
        assert code(api.get(ME)) == "token-invalid"

    @pytest.mark.parametrize("kid", ["key_0", "", "🔑"])
    def test_a_foreign_key_is_refused(self, person, api, kid):
        real = tokens.issue(person("alice")).access
        forged = jwt.encode(
            claims(real), Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": kid}
        )
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {forged}")
        assert code(api.get(ME)) == "token-invalid"

    @pytest.mark.parametrize(
        "header", ["Bearer", "Bearer ", "Bearer a.b.c", "Bearer ü", "Bearer a b"]
    )
    def test_nonsense_is_refused(self, api, header):
        api.credentials(HTTP_AUTHORIZATION=header)
        assert code(api.get(ME)) == "token-invalid"

    def test_without_a_token_there_is_no_way_in(self, api):
        answer = api.get(ME)
        assert (answer.status_code, code(answer)) == (401, "unauthenticated")

    def test_it_ends_when_the_person_is_locked_out(self, person, api):
        user = person("alice")
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user).access}")
        user.is_active = False
        user.save(update_fields=["is_active"])
        assert code(api.get(ME)) == "token-revoked"

    def test_it_ends_with_the_password(self, person, api):
        user = person("alice")
        pair = tokens.issue(user)
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {pair.access}")
        user.set_password("a new one, and a long one")
        user.save(update_fields=["password"])
        assert code(api.get(ME)) == "token-revoked"
        with pytest.raises(tokens.RevokedToken):
            tokens.rotate(pair.refresh)


@pytest.mark.django_db
class TestRefreshing:
    def test_each_refresh_token_gives_the_next(self, person):
        user = person("alice")
        first = tokens.issue(user)
        second = tokens.rotate(first.refresh)
        third = tokens.rotate(second.refresh)
        assert len({first.refresh, second.refresh, third.refresh}) == 3
        assert claims(third.refresh)["fam"] == claims(first.refresh)["jti"]
        assert claims(third.refresh)["auth_time"] == claims(first.refresh)["auth_time"]

    def test_a_used_one_that_comes_back_ends_the_family(self, person, api):
        first = tokens.issue(person("alice"))
        other_sign_in = tokens.issue(tokens.User.objects.get(name="Alice"))
        second = tokens.rotate(first.refresh)
        with time_machine.travel(datetime.now(tz=UTC) + timedelta(minutes=1)):
            with pytest.raises(tokens.RevokedToken):
                tokens.rotate(first.refresh)
            with pytest.raises(tokens.RevokedToken):
                tokens.rotate(second.refresh)
            api.credentials(HTTP_AUTHORIZATION=f"Bearer {second.access}")
            assert code(api.get(ME)) == "token-revoked"
            tokens.rotate(other_sign_in.refresh)  # another sign-in is another family
        assert Record.objects.filter(action="core.refresh_token.reused").count() == 1

    def test_asking_twice_at_once_is_refused_but_ends_nothing(self, person):
        first = tokens.issue(person("alice"))
        second = tokens.rotate(first.refresh)
        with pytest.raises(tokens.RevokedToken):
            tokens.rotate(first.refresh)
        tokens.rotate(second.refresh)

    def test_the_table_holds_no_token(self, person):
        pair = tokens.rotate(tokens.issue(person("alice")).refresh)
        stored = list(OutstandingToken.objects.values_list("token", flat=True))
        assert len(stored) == 2
        assert not any(pair.refresh[:20] in text or "." in text for text in stored)

    def test_a_sign_in_cannot_be_refreshed_for_ever(self, person):
        pair = tokens.issue(person("alice"))
        start = datetime.now(tz=UTC)
        for day in range(10, 90, 10):
            with time_machine.travel(start + timedelta(days=day)):
                pair = tokens.rotate(pair.refresh)
        late = time_machine.travel(start + timedelta(days=90, seconds=1))
        with late, pytest.raises(tokens.ExpiredToken):
            tokens.rotate(pair.refresh)

    def test_signing_out_ends_every_token_of_the_sign_in(self, person, api):
        first = tokens.issue(person("alice"))
        second = tokens.rotate(first.refresh)
        assert (
            api.post("/api/v1/auth/logout", {"refresh": second.refresh}, format="json").status_code
            == 204
        )
        for access in (first.access, second.access):
            api.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
            assert code(api.get(ME)) == "token-revoked"
        with pytest.raises(tokens.RevokedToken):
            tokens.rotate(second.refresh)
        assert Record.objects.filter(action="core.user.signed_out").count() == 1

    def test_what_expired_is_forgotten(self, person):
        user = person("alice")
        tokens.rotate(tokens.issue(user).refresh)
        with time_machine.travel(datetime.now(tz=UTC) + timedelta(days=15)):
            kept = tokens.issue(user)
            forget_expired_tokens()
            assert [row.jti for row in OutstandingToken.objects.all()] == [
                claims(kept.refresh)["jti"]
            ]
        assert not BlacklistedToken.objects.exists()


def test_of_many_refreshes_at_once_one_works(bank, person):
    refresh = tokens.issue(person("alice")).refresh
    worked, refused = [], []

    def try_it():
        try:
            worked.append(tokens.rotate(refresh))
        except tokens.RevokedToken as problem:
            refused.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(worked), len(refused)) == (1, 5)
    tokens.rotate(worked[0].refresh)


@pytest.mark.django_db
class TestRotatingKeys:
    def test_old_tokens_stay_good_and_new_ones_use_the_new_key(self, person, api):
        user = person("alice")
        with time_machine.travel(datetime.now(tz=UTC) + ROTATE_EVERY + timedelta(hours=1)):
            old = tokens.issue(user)
            rotate_token_keys()
            tokens.key_ring.forget()  # as five seconds do
            new = tokens.issue(user)
            kids = [jwt.get_unverified_header(pair.access)["kid"] for pair in (old, new)]
            assert kids[0] != kids[1]
            for pair in (old, new):
                api.credentials(HTTP_AUTHORIZATION=f"Bearer {pair.access}")
                assert api.get(ME).status_code == 200

    def test_a_process_finds_a_key_it_has_not_seen(self, person, monkeypatch):
        monkeypatch.setattr(tokens, "KEYS_LOOKED_UP_SECONDS", 0)
        user = person("alice")
        tokens.issue(user)  # this process knows the keys of now
        elsewhere = keys.create_signing_key(TOKENS)
        token = jwt.encode(
            claims(tokens.issue(user).access),
            keys.private_half(elsewhere),
            algorithm="EdDSA",
            headers={"kid": elsewhere.public_id},
        )
        assert tokens.read(tokens.Access, token)[1] == user

    def test_a_retired_key_is_not_believed(self, person):
        user = person("alice")
        pair = tokens.issue(user)
        SigningKey.objects.filter(purpose=TOKENS).update(
            retires_at=datetime.now(tz=UTC) + timedelta(seconds=30)
        )
        tokens.key_ring.forget()
        tokens.read(tokens.Access, pair.access)
        retired = time_machine.travel(datetime.now(tz=UTC) + timedelta(seconds=31))
        with retired, pytest.raises(tokens.InvalidToken):
            tokens.read(tokens.Access, pair.access)

    def test_running_it_often_makes_one_key(self):
        for _ in range(3):
            rotate_token_keys()
        assert keys.signing_keys(TOKENS).count() == 1

    def test_keys_outlive_what_they_signed(self, settings):
        assert settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"] < OVERLAP


def test_two_rotations_at_once_make_one_key(bank):
    start = threading.Barrier(4)

    def rotate():
        start.wait()
        try:
            keys.rotate_signing_key(TOKENS, every=timedelta(seconds=2), overlap=OVERLAP)
        finally:
            connection.close()

    SigningKey.objects.filter(purpose=TOKENS).update(retires_at=None)
    time.sleep(2.1)  # the template's key is at least that old
    threads = [threading.Thread(target=rotate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys.signing_keys(TOKENS).count() == 2
