"""Writes messages that fit: a card for one case, a digest (摘要) for many.

What does not fit is cut from names, never from a case's id or its link.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from model.errors import Refused

from .inert import inert, pinched
from .notice import Notice
from .words import (
    BY,
    CASE,
    HISTORY,
    MODES,
    MORE,
    NEXT,
    NOT_REAL,
    PAGE,
    PLACE,
    REASONS,
    SEVERITIES,
    SIGNS,
    SILENT,
    SINCE,
    TEST_TEXT,
    TEST_TITLE,
    VERIFICATION,
    VERIFICATIONS,
    Language,
    Words,
)

ROOMS = (80, 40, 20, 10, 4, 0)
"""How many signs of a name are shown: the most that fits."""

DIGEST_ROOMS = (24, 12, 6)
FOOTER = "smarthub"
"""Ends every message: a robot that asks for a keyword finds this one in each of them."""


class Form(NamedTuple):
    """How one receiver wants text: its size in bytes, what ends a line, whether it is Markdown."""

    limit: int
    newline: str = "\n"
    markdown: bool = False

    def bold(self, text: str) -> str:
        """Return emphasised text."""
        return f"**{text}**" if self.markdown else text

    def link(self, label: str, url: str) -> str:
        """Return a link that shows its label, or both where there are no links."""
        return f"[{label}]({url})" if self.markdown else f"{label} {url}"

    def fits(self, text: str) -> bool:
        """Return whether the receiver takes a text of that size."""
        return len(text.encode()) <= self.limit


class Message(NamedTuple):
    """One message, ready to be put into a receiver's dialect."""

    title: str  # plain, one line
    text: str  # with title, in the form that was asked for
    link: str
    severity: str
    identity: str  # the same for a repeat of the same message
    urgent: bool = False
    markdown: bool = False


def card(notice: Notice, form: Form, first: Language) -> Message:
    """Return the message about one case; raises Refused if not even id and link fit."""
    for room in ROOMS:
        title = _title(notice, first, room)
        lines = [form.bold(title), *_lines(notice, form, first, room)]
        text = form.newline.join([*lines, FOOTER])
        if form.fits(text):
            return Message(
                title=title,
                text=text,
                link=notice.link,
                severity=notice.case.severity,
                identity=notice.identity,
                urgent=notice.case.cls == "emergency",
                markdown=form.markdown,
            )
    raise Refused(f"a message of {form.limit} bytes cannot hold the case's id and link")


def digest(
    notices: Sequence[Notice], form: Form, first: Language, *, public_url: str
) -> tuple[Message, int]:
    """Return one message about as many of the cases as fit, and how many those are.

    Each case has a link of its own if all fit so, else the message has one for all of them.
    """
    for line in _digest_lines(form, first):
        rows = [line(notice) for notice in notices]
        if form.fits(_digest_text(notices, rows, form, first, public_url)):
            break
    else:
        rows = _as_many(notices, rows, form, first, public_url)
    taken = notices[: len(rows)]
    return (
        Message(
            title=_digest_title(taken, first),
            text=_digest_text(taken, rows, form, first, public_url),
            link=public_url,
            severity=taken[0].case.severity,
            identity=f"{taken[0].identity}+{len(taken)}",
            urgent=taken[0].case.cls == "emergency",
            markdown=form.markdown,
        ),
        len(rows),
    )


def trial(site: str, form: Form, first: Language, *, public_url: str, at: int) -> Message:
    """Return the message by which an administrator tries a channel."""
    title = f"【{MODES['test'].shown(first)}】{TEST_TITLE.shown(first)} · {inert(site)}"
    lines = [form.bold(title), TEST_TEXT.zh, TEST_TEXT.en, form.link("smarthub", public_url)]
    return Message(
        title=title,
        text=form.newline.join(lines),
        link=public_url,
        severity="warning",
        identity=f"test/{at}",
        markdown=form.markdown,
    )


def _title(notice: Notice, first: Language, room: int) -> str:
    case = notice.case
    sign = "⚪" if notice.cancelled else SIGNS.get(case.severity, "")
    severity = SEVERITIES.get(case.severity, Words(case.severity, case.severity))
    reason = _reason(notice.reasons[-1], first, room) if notice.reasons else ""
    parts = (severity.shown(first), _name(notice.words, first, room), reason)
    return f"{_mark(notice, first)}{sign} {' · '.join(part for part in parts if part)}"


def _lines(notice: Notice, form: Form, first: Language, room: int) -> Iterable[str]:
    case = notice.case
    if case.mode in MODES:
        yield form.bold(f"{MODES[case.mode].shown(first)}: {NOT_REAL.shown(first)}")
    if notice.quiet:
        yield form.bold(SILENT.shown(first))
    place = pinched(case.place_name or case.place, room)
    yield f"{PLACE.shown(first)}: {place}"
    yield f"{SINCE.shown(first)}: {notice.since}"
    if words := VERIFICATIONS.get(case.verification):
        yield f"{VERIFICATION.shown(first)}: {words.shown(first)}"
    if len(notice.reasons) > 1:
        told = " → ".join(_reason(reason, first, room) for reason in notice.reasons[-5:])
        yield f"{HISTORY.shown(first)}: {told}"
    by = f" · {BY.shown(first)} {notice.next.by}" if notice.next.by else ""
    yield f"{NEXT.shown(first)}: {form.bold(notice.next.words.shown(first))}{by}"
    yield f"{CASE.shown(first)}: {form.link(case.id, notice.link)}"


def _digest_lines(form: Form, first: Language) -> Iterable[Callable[[Notice], str]]:
    """Yield ways to write a line, from the fullest to the shortest."""

    def line(notice: Notice, room: int, *, linked: bool) -> str:
        case = notice.case
        name = form.link(case.id, notice.link) if linked else case.id
        place = pinched(case.place_name or case.place, room)
        sign = "⚪" if notice.cancelled else SIGNS.get(case.severity, "")
        kind = inert(notice.words.short(first), room)
        quiet = f" {SILENT.short(first)}" if notice.quiet else ""
        return f"{_mark(notice, first)}{sign}{kind} {place} {notice.since} {name}{quiet}"

    yield lambda notice: line(notice, DIGEST_ROOMS[0], linked=True)
    for room in DIGEST_ROOMS:
        yield lambda notice, room=room: line(notice, room, linked=False)  # type: ignore[misc]


def _as_many(
    notices: Sequence[Notice], rows: Sequence[str], form: Form, first: Language, public_url: str
) -> list[str]:
    """Return as many rows as fit; raises Refused if not even one does."""
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high + 1) // 2
        text = _digest_text(notices[:middle], rows[:middle], form, first, public_url)
        low, high = (middle, high) if form.fits(text) else (low, middle - 1)
    if not low:
        raise Refused(f"a message of {form.limit} bytes cannot hold one case")
    return list(rows[:low])


def _digest_title(notices: Sequence[Notice], first: Language) -> str:
    """Return "12 more cases", marked if none of them is real."""
    modes = {notice.case.mode for notice in notices}
    mark = _mark(notices[0], first) if len(modes) == 1 else ""
    worst = SIGNS.get(notices[0].case.severity, "")
    return f"{mark}{worst} {len(notices)} {MORE.shown(first)}"


def _digest_text(
    notices: Sequence[Notice],
    rows: Sequence[str],
    form: Form,
    first: Language,
    public_url: str,
) -> str:
    head = form.bold(f"{_digest_title(notices, first)}:")
    return form.newline.join([head, *rows, form.link(PAGE.shown(first), public_url), FOOTER])


def _mark(notice: Notice, first: Language) -> str:
    words = MODES.get(notice.case.mode)
    return f"【{words.shown(first)}】" if words else ""


def _name(words: Words, first: Language, room: int) -> str:
    # A category that no table lists is a word from outside.
    return Words(inert(words.zh, room), inert(words.en, room)).shown(first)


def _reason(word: str, first: Language, room: int) -> str:
    known = REASONS.get(word)
    return known.shown(first) if known else inert(word, room)
