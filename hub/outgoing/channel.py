"""What every way of telling others is: it sends one event, or says whether to try again."""

from datetime import tzinfo
from typing import Protocol

import msgspec

from hub.case_store import OutgoingEvent
from model.errors import HubError

from .message import Form, Message
from .words import Language

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


class Gone(HubError):  # noqa: N818 - reads as a word at the raise
    """The receiver wants no more events, ever: the channel is to be disabled."""


class RetryLater(HubError):  # noqa: N818 - reads as a word at the raise
    """The attempt failed; `after` is how long the receiver asked us to wait, in ms."""

    def __init__(self, message: str, *, after: int = 0) -> None:
        super().__init__(message)
        self.after = after


class Away(RetryLater):
    """The receiver is away, busy or set up wrongly: every message waits, and none is at fault."""


class Schedule(msgspec.Struct, frozen=True):
    """How long to wait (ms) after the 1st, 2nd … failed attempt; `endless` repeats the last."""

    waits: tuple[int, ...]
    endless: bool = False

    def wait(self, failed: int) -> int | None:
        """Return the wait after `failed` attempts (from 1), or None when it is time to give up."""
        if failed <= len(self.waits):
            return self.waits[failed - 1]
        return self.waits[-1] if self.endless else None


class Channel(Protocol):
    """A receiver of events. `name` is fixed for life; a changed `address` enables it again."""

    @property
    def name(self) -> str:
        """The name under which the store remembers how far the channel is."""

    @property
    def address(self) -> str:
        """Where it sends, for people and to notice a change."""

    @property
    def schedule(self) -> Schedule:
        """How failed attempts are repeated."""

    @property
    def at_once(self) -> int:
        """How many events of different cases may be on their way at a time."""

    @property
    def reaches_compound(self) -> bool:
        """Whether people at the compound see it: then it is not told of silent alarms (duress)."""

    async def send(self, event: OutgoingEvent) -> None:
        """Send one event; raises RetryLater, Refused (never send this one) or Gone."""


class NoticeChannel(Protocol):
    """A receiver of notices for people: a group robot, or mail. Its secret stays inside."""

    @property
    def name(self) -> str:
        """The name that the hub's file gives it; fixed for life."""

    @property
    def kind(self) -> str:
        """What it is: wecom, dingtalk, feishu or email."""

    @property
    def address(self) -> str:
        """Where it sends, for people; without any secret."""

    @property
    def fingerprint(self) -> str:
        """A text that changes with the address or a secret: then a disabled channel is tried again."""

    @property
    def language(self) -> Language:
        """Which language comes first."""

    @property
    def zone(self) -> tzinfo:
        """By which clock times are told."""

    def form(self, *, plain: bool) -> Form:
        """Return how text must be written for a card, or for a plain message when cards fail."""

    def wants(self, event: OutgoingEvent) -> bool:
        """Return whether the event is for these people."""

    async def tell(self, message: Message) -> None:
        """Send; raises Away, RetryLater, Refused (never this message) or Gone."""

    def hide(self, text: str) -> str:
        """Return text in which none of the channel's secrets can be read."""
