"""Texts from panels are readable and harmless."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.gb26875.description import read_text

from .frames import component, decoded, framed


@pytest.mark.parametrize(
    ("data", "text", "damaged"),
    [
        ("7楼02室会议室烟感".encode("gb18030") + bytes(13), "7楼02室会议室烟感", False),
        (b" " * 30 + b"\x00", "", False),
        (b"\xff" * 31, "", False),
        (b"", "", False),
        ("𠀀㐂".encode("gb18030"), "𠀀㐂", False),
        ("一楼".encode("gb18030") + b"\x00\xc2\xa5old memory", "一楼", False),
        ("楼".encode("gb18030") * 15 + b"\xc2", "楼" * 15 + "\ufffd", True),
        ("a\u202eb\u2066c\u200fd\r\ne\x1b[31m".encode("gb18030"), "abcde[31m", False),
        ("<script>=cmd()".encode("gb18030"), "<script>=cmd()", False),
    ],
)
def test_installers_texts_are_read(data: bytes, text: str, damaged: bool) -> None:  # noqa: FBT001 - a table's column
    """GB 18030, padding, half characters, old memory, direction marks."""
    assert read_text(data) == (text, damaged)


def test_a_half_character_is_flagged_on_the_reading() -> None:
    """31 bytes cut Chinese texts in half: the fire stays, the flag says so."""
    (reading,) = decoded(framed(component(3, description="楼".encode("gb18030") * 15 + b"\xc2")))
    assert reading.values["description"] == "楼" * 15 + "\ufffd"
    assert reading.quality == ("description_bytes",)


@settings(deadline=None)  # shared machines pause
@given(st.binary(max_size=255))
def test_no_bytes_make_a_text_dangerous(data: bytes) -> None:
    """No control or invisible character survives, whatever the bytes."""
    text, _ = read_text(data)
    assert not {unicodedata.category(char) for char in text} & {"Cc", "Cf", "Zl", "Zp", "Cs"}
    assert text == text.strip()
