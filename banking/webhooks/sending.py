"""One signed POST, bounded in every direction. Values in, values out: no database here."""

import asyncio
import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx
from standardwebhooks import Webhook as Signer

from banking.policy import WEBHOOKS, WebhookPolicy
from banking.webhooks.address import AddressRefused, resolve

EXCERPT_SECONDS_MAX = 1.0
USER_AGENT = "FinTrust-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes out: the same id and body in every attempt, signed with every secret alive."""

    delivery: UUID
    attempt: int
    id: str
    url: str
    body: str
    secrets: Sequence[str]

    def headers(self, now: datetime) -> dict[str, str]:
        signatures = [
            Signer(secret).sign(msg_id=self.id, timestamp=now, data=self.body)
            for secret in self.secrets
        ]
        return {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "Accept-Encoding": "identity",  # an answer must not unpack to more than was sent
            "webhook-id": self.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status code, or none and the reason."""

    status: int | None
    excerpt: str

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """410: the receiver wants no more of these."""
        return self.status == 410


def send_all(letters: Sequence[Letter], *, policy: WebhookPolicy = WEBHOOKS) -> list[Answer]:
    """Send them side by side; none waits for another."""

    async def run() -> list[Answer]:
        context = httpx.create_ssl_context(trust_env=False)
        async with httpx.AsyncClient(
            verify=context,
            trust_env=False,  # no proxy, no .netrc: an address is what was judged
            follow_redirects=False,
            timeout=policy.seconds_max,
            limits=httpx.Limits(max_keepalive_connections=0),
        ) as client:
            return await asyncio.gather(*(_send(client, letter, policy) for letter in letters))

    # A thread of its own: whoever calls may have an event loop running already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


async def _send(client: httpx.AsyncClient, letter: Letter, policy: WebhookPolicy) -> Answer:
    try:
        # Over all of it: a receiver that answers a byte at a time is slow, too.
        async with asyncio.timeout(policy.seconds_max):
            return await _exchange(client, letter, policy)
    except AddressRefused:
        return Answer(None, "The name leads to an address that is not public.")
    except TimeoutError:
        return Answer(None, f"No answer within {policy.seconds_max:g} seconds.")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return Answer(None, f"No connection: {type(error).__name__}.")


async def _exchange(client: httpx.AsyncClient, letter: Letter, policy: WebhookPolicy) -> Answer:
    parts, address = await resolve(letter.url)
    host = parts.hostname or ""
    # The connection goes to the address that was judged; name and certificate stay the name's.
    url = httpx.URL(letter.url).copy_with(host=address)
    headers = {"Host": httpx.URL(letter.url).netloc.decode()} | letter.headers(datetime.now(UTC))
    async with client.stream(
        "POST",
        url,
        content=letter.body.encode(),
        headers=headers,
        extensions={"sni_hostname": host},
    ) as response:
        return Answer(response.status_code, await _beginning(response, policy.excerpt_bytes_max))


async def _beginning(response: httpx.Response, bytes_max: int) -> str:
    """The first bytes of an answer; what comes behind them, or too late, is not read. Its status
    has said already whether the letter arrived."""
    read = b""
    with contextlib.suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(EXCERPT_SECONDS_MAX):
            async for chunk in response.aiter_raw():
                read += chunk
                if len(read) >= bytes_max:
                    break
    return read[:bytes_max].decode(errors="replace").replace("\x00", "\ufffd")
