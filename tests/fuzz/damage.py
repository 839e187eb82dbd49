"""Damages recorded input at random, for as long as the environment says."""

import contextlib
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence

from model.codec import CodecError
from model.errors import HubError

SLOWEST_S = 0.1  # a parser that takes longer for one message hangs


def seconds() -> float:
    """Return how long to fuzz one target: SMARTHUB_FUZZ_SECONDS, else 10 in CI and 1 at a desk."""
    default = "10" if os.environ.get("CI") == "true" else "1"
    return float(os.environ.get("SMARTHUB_FUZZ_SECONDS", default))


def hangs(call: Callable[[], object]) -> bool:
    """Whether a call takes too long every time: one pause may be the machine's or the collector's."""
    for _ in range(3):
        began = time.process_time()
        with contextlib.suppress(HubError, CodecError):
            call()
        if time.process_time() - began <= SLOWEST_S:
            return False
    return True


def damaged(seeds: Sequence[bytes], source: random.Random) -> Iterator[bytes]:
    """Yield noise, and seeds with bytes changed, removed, repeated, moved or spliced."""
    deadline = time.monotonic() + seconds()
    while time.monotonic() < deadline:
        for _ in range(50):
            if source.random() < 0.1:
                yield source.randbytes(source.randrange(300))
                continue
            data = bytearray(source.choice(seeds))
            for _ in range(source.randrange(1, 6)):
                _damage(data, source.choice(seeds), source)
            yield bytes(data)


def _damage(data: bytearray, other: bytes, source: random.Random) -> None:
    at = source.randrange(len(data) + 1)
    end = min(len(data), at + source.randrange(1, 9))
    match source.randrange(6):
        case 0 if at < len(data):
            data[at] ^= 1 << source.randrange(8)
        case 1:
            data[at:at] = source.randbytes(source.randrange(1, 5))
        case 2:
            del data[at:end]
        case 3:
            data[at:at] = data[at:end] * source.randrange(1, 50)
        case 4:
            cut = source.randrange(len(other) + 1)
            data[at:] = other[cut:]
        case _:
            data[at:end] = source.choice(_TRAPS)


_TRAPS = (
    b"NaN", b"-Infinity", b"1e999", b"-0", b"null", b"true", b"[", b"{", b'"', b"\\u0000",
    b"\\ud800", b"9" * 400, b"9" * 5000, b"[" * 3000, b'{"a":' * 2000, b"\xff", b"\x00", b"\xef\xbb\xbf",
)  # fmt: skip
