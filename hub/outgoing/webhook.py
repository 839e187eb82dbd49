"""Posts signed events to a URL, after the conventions of Standard Webhooks 1.0."""

import json
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property

import httpx
from standardwebhooks import Webhook as Signer
from standardwebhooks.webhooks import EmptyWebhookSecretError

from hub.case_store import OutgoingEvent
from model.errors import ConfigError, Refused, Transient

from .address import Resolve, check_url, parse_url, resolve_by_system
from .channel import HOUR, MINUTE, SECOND, Gone, RetryLater, Schedule
from .post import Answer, post

BODY_MAX = 20_000  # bytes; Standard Webhooks asks for less than 20 KB
SHORTENED = "shortened"

SCHEDULE = Schedule(
    (
        5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR,
        24 * HOUR,
    )
)  # fmt: skip
"""Waits after failed attempts, as Standard Webhooks suggests: ten attempts over about 75 hours."""

_BAD_URL = (Refused, httpx.InvalidURL)


class Webhook:
    """A channel to one URL. Each key signs, so that keys can be changed without a gap.

    Redirects are failures, status 410 ends the channel, other failures are repeated.
    """

    schedule = SCHEDULE
    at_once = 8

    def __init__(
        self,
        name: str,
        url: str,
        *,
        keys: Sequence[str],
        clock: Callable[[], int],
        allow_private: bool = False,
        reaches_compound: bool = False,
        resolve: Resolve = resolve_by_system,
    ) -> None:
        """Take keys as `whsec_…` (base64); raises ConfigError for a bad key or URL."""
        if not keys:
            raise ConfigError("a webhook needs at least one key", key=name)
        try:
            self._signers = tuple(Signer(key) for key in keys)
            parse_url(url)
            httpx.URL(url)
        except (ValueError, RuntimeError, EmptyWebhookSecretError, *_BAD_URL) as error:
            raise ConfigError(f"webhook cannot be used: {error}", key=name) from error
        self.name = f"webhook:{name}"
        self.address = url
        self.reaches_compound = reaches_compound
        self._clock = clock
        self._allow_private = allow_private
        self._resolve = resolve

    async def send(self, event: OutgoingEvent) -> None:
        """Post one event; raises RetryLater, Refused or Gone."""
        body = shortened(event.payload)
        try:
            # Checked at every attempt: a name may lead elsewhere tomorrow.
            target = await check_url(
                self.address, allow_private=self._allow_private, resolve=self._resolve
            )
        except (Refused, Transient) as error:
            # Not the event's fault: the name may be put right, so keep the event.
            raise RetryLater(str(error)) from error
        judge(await post(target, body.encode(), headers=self._headers(event, body), tls=self._tls))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Loading the certificates takes 20 ms and some memory: once, and only when needed.
        return ssl.create_default_context()

    def _headers(self, event: OutgoingEvent, body: str) -> dict[str, str]:
        identity = f"{event.case}/{event.sequence}"  # the event's own id, see cases.events
        at = datetime.fromtimestamp(self._clock() // 1000, tz=UTC)
        signatures = (s.sign(msg_id=identity, timestamp=at, data=body) for s in self._signers)
        return {
            "content-type": "application/json",
            "user-agent": "smarthub",
            "webhook-id": identity,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


def judge(answer: Answer) -> None:
    """Return if the receiver took the event, else raise what follows from its status."""
    if 200 <= answer.status < 300:  # noqa: PLR2004 - the class of success, RFC 9110 15.3
        return
    if answer.status == httpx.codes.GONE:
        raise Gone("the receiver answered 410 Gone")
    if 300 <= answer.status < 400:  # noqa: PLR2004 - the class of redirection, RFC 9110 15.4
        raise RetryLater(f"the receiver answered {answer.status}; redirects are not followed")
    raise RetryLater(f"the receiver answered {answer.status}", after=answer.retry_after)


def shortened(payload: str) -> str:
    """Return the event's JSON within 20 KB; raises Refused when that cannot be.

    First lists are emptied, then texts are cut. The case's `flags` then hold "shortened": a
    receiver can ask the API for the whole case.
    """
    if len(payload.encode()) <= BODY_MAX:
        return payload
    event = json.loads(payload)
    for text_max in (None, 300):
        body = json.dumps(_cut(event, text_max), ensure_ascii=False, separators=(",", ":"))
        if len(body.encode()) <= BODY_MAX:
            return body
    raise Refused(f"the event is longer than {BODY_MAX} bytes")


def _cut(part: object, text_max: int | None) -> object:
    if isinstance(part, dict):
        # Flags stay, and say that the rest is shorter: the schema knows no other place for it.
        return {
            name: [*value, SHORTENED] if name == "flags" else _cut(value, text_max)
            for name, value in part.items()
        }
    if isinstance(part, list):
        return []
    if isinstance(part, str):
        return part[:text_max]
    return part
