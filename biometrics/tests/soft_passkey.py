"""A passkey in software, for tests that need no browser: a key, and what a browser says of it."""

import hashlib
import json
import secrets
from typing import Any

from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from fintrust.core.models import User

FLAG = AuthenticatorData.FLAG
ORIGIN, HOST = "https://testserver", "testserver"  # the host of Django's test client


class SoftPasskey:
    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)

    def belongs_to(self, user: User) -> "SoftPasskey":
        """Set up, as if it had been added on the security page."""
        public = ES256.from_cryptography_key(self.key.public_key())
        data = _data(
            FLAG.UP | FLAG.UV | FLAG.AT,
            AttestedCredentialData.create(bytes(16), self.id, public),
        )
        made = CollectedClientData.create("webauthn.create", secrets.token_bytes(32), ORIGIN)
        response = {
            "clientDataJSON": websafe_encode(made),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        }
        WebAuthn.add(user, "Laptop", self._said(response))
        return self

    def sign(
        self,
        options: dict[str, Any],
        *,
        verified: bool = True,
        kind: str = "webauthn.get",
        origin: str = ORIGIN,
    ) -> dict[str, Any]:
        """What a browser brings back for these options."""
        challenge = json.loads(json.dumps(dict(options["publicKey"])))["challenge"]
        data = _data(FLAG.UP | FLAG.UV if verified else FLAG.UP)
        client = CollectedClientData.create(kind, challenge, origin)
        signature = self.key.sign(data + client.hash, ec.ECDSA(hashes.SHA256()))
        return self._said(
            {
                "clientDataJSON": websafe_encode(client),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
            }
        )

    def _said(self, response: dict[str, str]) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }


def _data(flags: FLAG, credential: bytes = b"") -> AuthenticatorData:
    host = hashlib.sha256(HOST.encode()).digest()
    return AuthenticatorData.create(host, flags, 1, credential)
