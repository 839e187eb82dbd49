"""Single pictures as cameras send them, JPEG or PNG, with a look at their size before they are unpacked."""

import cv2
import numpy as np

from video.contract import Picture

from .source import Reason, SourceLost

MOST_BYTES = 16 * 1024 * 1024
MOST_PIXELS = 40_000_000
"""More than 8K; a few kB can unpack to gigabytes otherwise."""
MOST_SEGMENTS = 4096
"""Before the frame header; a real picture has a dozen."""

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_END = b"\xff\xd9"
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))  # markers without a length (ITU-T T.81, B.1.1.3)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0-SOF15, the same, table B.1


def picture_of(data: bytes, where: str) -> Picture:
    """Return the picture; raises SourceLost, undecodable, for anything else, cut off or too large."""
    if len(data) > MOST_BYTES:
        raise SourceLost(Reason.UNDECODABLE, f"{where} is larger than 16 MiB")
    size = size_of(data)
    if size is None:
        raise SourceLost(Reason.UNDECODABLE, f"{where} is no JPEG or PNG, or only a part of one")
    height, width = size
    if not 0 < height * width <= MOST_PIXELS:
        raise SourceLost(
            Reason.UNDECODABLE,
            f"{where} has {width} x {height} pixels; at most {MOST_PIXELS // 1_000_000} million are "
            "taken: choose a smaller picture in the camera",
        )
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        picture = None
    if picture is None:
        raise SourceLost(Reason.UNDECODABLE, f"{where} is a damaged picture")
    return np.asarray(picture, np.uint8)


def size_of(data: bytes) -> tuple[int, int] | None:
    """Return height and width as the header says; None if this is no whole JPEG or PNG."""
    if data.startswith(_PNG):
        if len(data) < 33 or b"IEND" not in data[-64:]:  # noqa: PLR2004 - signature and IHDR
            return None
        return int.from_bytes(data[20:24]), int.from_bytes(data[16:20])
    # Some cameras pad behind the end; a thumbnail's end lies far before it.
    if data.startswith(_JPEG) and _END in data[-4096:]:
        return _jpeg_size(data)
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Walk the segments up to the frame header."""
    at = 2
    for _ in range(MOST_SEGMENTS):
        if at + 9 > len(data) or data[at] != 0xFF:  # noqa: PLR2004 - every marker begins so
            break
        marker = data[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - fill byte
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            return int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None
