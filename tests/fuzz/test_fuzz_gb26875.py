"""Mutated frames of fire panels: refused or read, never an error of another kind, never slow."""

import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, process_time

import pytest

from adapters import gb26875
from adapters.contract import Received
from adapters.gb26875.adapter import FirePanels, FirePanelSettings
from adapters.gb26875.frame import FRAME_MAX, checksum
from model.errors import FrameError
from model.reading import Reading

from .damage import hangs

SECONDS = float(
    os.environ.get("SMARTHUB_FUZZ_SECONDS", "10" if os.environ.get("CI") == "true" else "1")
)
SLOW_S = 0.1  # of processor time, for one call
SEED = 26875


def seeds() -> list[bytes]:
    """Return the golden frames."""
    folder = Path(gb26875.__file__).parent / "golden"
    return [
        bytes.fromhex(case["hex"])
        for path in sorted(folder.glob("*.json"))
        for case in json.loads(path.read_text(encoding="utf-8"))
    ]


def mutated(frames: list[bytes], dice: random.Random) -> bytes:
    """Flip, cut, repeat and insert bytes; half of the time make length, sum and end right again."""
    data = bytearray(dice.choice(frames))
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(5):
            case 0 if at < len(data):
                data[at] ^= 1 << dice.randrange(8)
            case 1 if at < len(data):
                data[at] = dice.choice((0, 1, 2, 0x23, 0x40, 0x7F, 0x80, 0xFF))
            case 2:
                data[at:at] = dice.randbytes(dice.randint(1, 8))
            case 3:
                del data[at : at + dice.randint(1, 20)]
            case _:
                data += data[at : at + dice.randint(1, 40)]
    if dice.random() < 0.5 and 30 <= len(data) <= FRAME_MAX:
        data[:2], data[-2:] = b"@@", b"##"
        data[24:26] = (len(data) - 30).to_bytes(2, "little")
        data[-3] = checksum(data[2:-3])
    return bytes(data)


def inputs() -> Iterator[tuple[bytes, random.Random]]:
    """Yield mutated frames for the time that the environment grants; at least 200."""
    dice, frames = random.Random(SEED), seeds()
    end, count = monotonic() + SECONDS, 0
    while monotonic() < end or count < 200:
        count += 1
        yield mutated(frames, dice), dice


def timed(call: Callable[[], object], data: bytes) -> None:
    """Run one call and fail, with the input, when it takes too long."""
    begun = process_time()
    call()
    spent = process_time() - begun
    # Once may be the machine's pause or the collector's; a parser that hangs does so again.
    assert spent < SLOW_S or not hangs(call), f"{spent:.3f} s for {data.hex()}"


def panels() -> FirePanels:
    """Return the adapter with its defaults."""
    return FirePanels(FirePanelSettings(), bytes(32))


def test_decoding_mutated_frames_raises_only_frame_errors() -> None:
    """Readings or a FrameError, and some of each, or this fuzzing is blind."""
    adapter, read, refused = panels(), 0, 0
    for data, _ in inputs():

        def decode(payload: bytes = data) -> None:
            nonlocal read, refused
            try:
                found = adapter.decode(Received(payload, 1_700_000_000_000))
            except FrameError:
                refused += 1
            else:
                read += 1
                assert all(isinstance(reading, Reading) for reading in found)

        timed(decode, data)
    assert read
    assert refused


def test_streams_of_mutated_frames_are_cut_taken_and_answered() -> None:
    """Framer, adapter and answers never raise; what is held back stays small."""
    adapter = panels()
    framer = adapter.framer()
    pieces = 0
    for data, dice in inputs():

        def swallow(payload: bytes = data, dice: random.Random = dice) -> None:
            nonlocal pieces
            found = framer.feed(payload)
            if dice.random() < 0.05:
                found += framer.expire()
            for piece in found:
                pieces += 1
                adapter.take(piece, 1_700_000_000_000)
                adapter.acknowledge(piece, 1_700_000_000_000)
                adapter.deny(piece, 1_700_000_000_000)

        timed(swallow, data)
        assert len(framer._buffer) + len(framer._junk) <= 2 * FRAME_MAX
    assert pieces


@pytest.mark.parametrize("stuff", [b"@", b"@@", b"#", b"@@#", b"@" * 24 + b"\x00\x04"])
def test_a_segment_made_to_be_slow_is_not(stuff: bytes) -> None:
    """16 KiB of false starts, as much as the runner reads at once, are cut in time."""
    framer = panels().framer()
    data = (stuff * 16384)[:16384]
    timed(lambda: framer.feed(data), stuff)
    timed(framer.finish, stuff)
