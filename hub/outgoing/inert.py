"""Makes text that came from outside harmless wherever it is shown.

Names of places and devices come from files, panels and people. In a robot's Markdown, in a card or
in a mail's header they must be seen as what they are and do nothing: no link, no mention of
everybody, no new line, no text that runs backwards.
"""

import re
import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, direction marks and joiners, surrogates, private and unassigned signs, line ends."""

# Every sign with a meaning in Markdown, in a robot's tags or in a mention gives way to its
# full-width twin: people read the same, no dialect reads anything.
_ACTIVE = '<>[](){}*_`~#@&|\\!"$^='
_TWINS = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in _ACTIVE})

_SCHEME = re.compile(r":(?=[/\\／＼])")
_DOMAIN = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})")


def one_line(text: str, room: int = 200) -> str:
    """Return text without line ends, controls and direction marks, at most `room` signs long."""
    seen = (" " if unicodedata.category(sign) in _UNSEEN else sign for sign in text[: room * 4])
    return cut(" ".join("".join(seen).split()), room)


def inert(text: str, room: int = 200) -> str:
    """Return text that no Markdown dialect, mention or automatic link can be made of."""
    plain = unicodedata.normalize("NFC", one_line(text, room)).translate(_TWINS)
    # Chat programs make links of bare addresses; what looks like one is no longer one.
    return _DOMAIN.sub("．", _SCHEME.sub("：", plain))


def pinched(text: str, room: int) -> str:
    """Return inert text cut in its middle: a place's end (building, floor) tells most."""
    whole = inert(text)
    if len(whole) <= room:
        return whole
    if room < 4:  # noqa: PLR2004 - nothing readable is left of it
        return "…" if room else ""
    tail = (room - 1) * 2 // 3
    return f"{whole[: room - 1 - tail]}…{whole[-tail:]}"


def cut(text: str, room: int) -> str:
    """Return the text within `room` signs, with … where it was cut."""
    if len(text) <= room:
        return text
    return text[: max(0, room - 1)].rstrip() + "…" if room else ""
