"""What all group robots share: the post, the reading of the answer, and the keeping of the secret.

What differs (host, signing, message, codes) is one small table in a file of its own for each kind.
"""

import ssl
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit
from zoneinfo import ZoneInfo

import msgspec

from hub.case_store import OutgoingEvent
from model.errors import HubError, Refused, Transient

from .address import Resolve, check_url, resolve_by_system
from .audience import wants
from .channel import MINUTE, Away, Gone, RetryLater
from .inert import one_line
from .message import Form, Message
from .post import Answer, post
from .settings import Robot as Settings

ANSWER_MAX = 16 * 1024  # bytes read of an answer; the services say less than 1 KiB
TIMEOUT_S = 10.0
SETUP_WAIT = 5 * MINUTE  # a person must mend something: looking again so often is enough
_MASK = "***"
_SHORTEST_SECRET = 6  # shorter parts of a URL are words, and masking them would hide the reason
_UNAVAILABLE = frozenset({429, 502, 503, 504})
_INTERNAL = 500


class Verdict(StrEnum):
    """What follows from a robot's code."""

    BUSY = "busy"  # its own trouble: try this message again
    LIMITED = "limited"  # too many messages: every message waits
    SETUP = "setup"  # keyword, signature, clock or address list: a person must mend it
    REFUSED = "refused"  # this message never: it is tried once as plain text
    GONE = "gone"  # the robot is no more: the channel is disabled


class Request(NamedTuple):
    """A signed request: where to and what."""

    url: str
    body: Mapping[str, object]


class Kind(NamedTuple):
    """All that makes one service's robot different from the others."""

    kind: str
    card: Form
    plain: Form
    body_max: int
    request: Callable[[str, str, Message, int], Request]
    """Return the request for (url, secret, message, time in ms)."""
    code: tuple[str, ...]  # fields of the answer that may hold the code; 0 is success
    reason: tuple[str, ...]
    verdicts: Mapping[int, Verdict]
    limited_for: int  # ms to keep quiet after "too many"


class GroupRobot:
    """A channel to one robot."""

    def __init__(
        self,
        kind: Kind,
        settings: Settings,
        *,
        url: str,
        secret: str,
        clock: Callable[[], int],
        resolve: Resolve = resolve_by_system,
    ) -> None:
        self.name = settings.name
        self.kind = kind.kind
        self.language = settings.language
        self.zone = ZoneInfo(settings.timezone)
        parts = urlsplit(url)
        self.address = f"{parts.scheme}://{parts.netloc}/{_MASK}"
        # A hash of two secrets: enough to see that one of them changed, and nothing more.
        self.fingerprint = sha256(f"{url}\n{secret}".encode()).hexdigest()[:16]
        self._kind = kind
        self._settings = settings
        self._url = url
        self._secret = secret
        self._clock = clock
        self._resolve = resolve
        self._hidden = _spellings(url, secret)

    def form(self, *, plain: bool) -> Form:
        """Return how text must be written for this kind of robot."""
        return self._kind.plain if plain else self._kind.card

    def wants(self, event: OutgoingEvent) -> bool:
        """Return whether the event is for this group."""
        return wants(self._settings, event)

    def hide(self, text: str) -> str:
        """Return text without the URL, its token and the signing secret."""
        for spelling in self._hidden:
            text = text.replace(spelling, _MASK)
        return text

    async def tell(self, message: Message) -> None:
        """Post one message; raises Away, RetryLater, Refused or Gone, without any secret in it."""
        try:
            await self._tell(message)
        except HubError as error:
            masked = self.hide(str(error))
            after = {"after": error.after} if isinstance(error, RetryLater) else {}
            # Without the cause: a chained error could still hold the URL.
            raise type(error)(masked, **after) from None

    async def _tell(self, message: Message) -> None:
        url, content = self._kind.request(self._url, self._secret, message, self._clock())
        body = msgspec.json.encode(content)
        if len(body) > self._kind.body_max:
            raise Refused(f"the message is longer than {self._kind.body_max} bytes")
        try:
            target = await check_url(
                url, allow_private=self._settings.allow_private, resolve=self._resolve
            )
            headers = {"content-type": "application/json", "user-agent": "smarthub"}
            answer = await post(
                target, body, headers=headers, tls=self._tls, read=ANSWER_MAX, timeout_s=TIMEOUT_S
            )
        except (Refused, Transient, RetryLater) as error:
            raise Away(str(error)) from error
        self._judge(answer)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def _judge(self, answer: Answer) -> None:
        """Return if the robot took the message, else raise what its code or status says."""
        found = _decoded(answer)
        code = _first_int(found, self._kind.code)
        if code == 0 and 200 <= answer.status < 300:  # noqa: PLR2004 - the class of success
            return
        if code is None or code == 0:
            self._judge_status(answer)
        reason = one_line(str(next((found[k] for k in self._kind.reason if k in found), "")))
        said = f"{self.kind} answered code {code}: {reason}"
        match self._kind.verdicts.get(code or 0):
            case Verdict.GONE:
                raise Gone(f"{said}; the robot is no more, give the channel a new URL")
            case Verdict.LIMITED:
                raise Away(said, after=self._kind.limited_for)
            case Verdict.SETUP:
                remedy = "check keyword, signing secret, address list and this machine's clock"
                raise Away(f"{said}; {remedy}", after=SETUP_WAIT)
            case Verdict.REFUSED:
                raise Refused(said)
            case _:
                # A code that nobody listed may be about this message: others need not wait.
                raise RetryLater(said)

    def _judge_status(self, answer: Answer) -> None:
        said = f"the answer has status {answer.status} and no code of a {self.kind} robot"
        if answer.status == _INTERNAL:
            raise RetryLater(said)
        if answer.status in _UNAVAILABLE:
            raise Away(said, after=answer.retry_after)
        if 300 <= answer.status < 400:  # noqa: PLR2004 - the class of redirection
            raise Away(f"{said}; redirects are not followed", after=SETUP_WAIT)
        raise Away(said, after=max(MINUTE, answer.retry_after))


def _decoded(answer: Answer) -> dict[str, object]:
    try:
        return {} if answer.cut else msgspec.json.decode(answer.body, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}


def _first_int(found: Mapping[str, object], fields: tuple[str, ...]) -> int | None:
    for field in fields:
        value = found.get(field)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _spellings(url: str, secret: str) -> tuple[str, ...]:
    """Return every way in which a secret may come back to us, the longest first."""
    parts = urlsplit(url)
    values = [value for _name, value in parse_qsl(parts.query)]
    values += [part for part in (parts.path, *parts.path.split("/")) if part not in _PUBLIC_PARTS]
    values += [url, parts.query, secret]
    spelled = {
        form for value in values for form in (value, quote(value, safe=""), quote_plus(value))
    }
    return tuple(
        sorted((s for s in spelled if len(s) >= _SHORTEST_SECRET), key=lambda s: (-len(s), s))
    )


_PUBLIC_PARTS = frozenset({"cgi-bin", "webhook", "send", "robot", "open-apis", "bot", "v2", "hook"})
