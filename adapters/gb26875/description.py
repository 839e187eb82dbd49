"""Reads the texts that installers typed into a panel, and makes them harmless."""

import unicodedata
from typing import NamedTuple

_PADDING = b"\x00\x20\xff"
# Controls, invisible format characters (text direction marks among them), line separators.
_UNSAFE = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


class Text(NamedTuple):
    """A readable text; `damaged` when some bytes were no characters."""

    text: str
    damaged: bool


def read_text(data: bytes) -> Text:
    """Decode GB 18030 padded with zeros or spaces; bad bytes become U+FFFD.

    The first zero byte ends the text: no GB 18030 character contains one, and some panels leave
    old memory behind it (our assumption). A character cut in half by the field's 31 bytes is bad.
    """
    content = data.split(b"\x00", 1)[0].strip(_PADDING)
    try:
        text, damaged = content.decode("gb18030"), False
    except UnicodeDecodeError:
        text, damaged = content.decode("gb18030", errors="replace"), True
    safe = "".join(char for char in text if unicodedata.category(char) not in _UNSAFE)
    return Text(safe.strip(), damaged)
