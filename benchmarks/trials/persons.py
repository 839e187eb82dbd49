"""Persons by the detector: one at a time on real footage; when each came and left was seen by eye."""

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import video_clips as clips
from benchmarks.trial import Span, Trial
from video.contract import Detector, Frame
from video.detectors import load
from video.model_file.fetch import FILE, SHA256
from video.settings import DetectorSettings

MODEL = Path(__file__).parents[2] / "models" / FILE
FLOOR = ((0.0, 0.45), (1.0, 0.45), (1.0, 1.0), (0.0, 1.0))
SEEN = [  # s; the first and last frame that shows any part of each person
    (6.0, 19.8), (22.7, 44.9), (50.2, 69.9), (74.5, 86.8), (92.1, 120.0), (123.4, 135.8),
]  # fmt: skip
MOVING = [(6.0, 44.9), (50.2, 69.9), (74.5, 86.8), (92.1, 135.8)]
"""The same by motion: it needs up to 4 s to forget who left, so a shorter gap is none."""

LOITER_S = 15.0
LATE_S = 3.0


def trials() -> Iterator[Trial]:
    """Yield the trials; those that need the model only where `make model` has made it."""
    yield Trial(
        "persons: six, one at a time, by motion", _room, {"intrusion": _spans(MOVING)},
        settings={"intrusion": {"zones": ["floor"], "off_delay_s": 1.5}}, zones={"floor": FLOOR},
    )  # fmt: skip
    if not MODEL.exists():
        sys.stderr.write(f"no model {MODEL} (make model): trials with a detector are left out\n")
        return
    stays = [(came + LOITER_S, left) for came, left in SEEN if left - came > LOITER_S + 1]
    yield Trial(
        "persons: six, one at a time, by the detector",
        _room,
        {
            "intrusion": _spans(SEEN), "loitering": _spans(stays), "crowd": (), "ebike": (),
        },
        settings={
            "intrusion": {"zones": ["floor"], "off_delay_s": 1.5},
            "loitering": {"zones": ["floor"], "seconds": LOITER_S, "off_delay_s": 1.5},
            "crowd": {"zones": ["floor"], "limit": 1},
            "ebike": {"zones": ["floor"]},
        },
        zones={"floor": FLOOR},
        detector=_detector,
        quick=False,
    )  # fmt: skip
    yield Trial(
        "persons: bottles on a belt", _bottles,
        {"intrusion": (), "loitering": (), "crowd": (), "ebike": ()},
        settings={"crowd": {"limit": 1}}, detector=_detector, quick=False,
    )  # fmt: skip


def _room() -> Iterator[Frame]:
    return clips.timed(clips.read(clips.FLOOR, most_s=140))


def _bottles() -> Iterator[Frame]:
    return clips.timed(clips.read(clips.BOTTLE))


def _detector() -> Detector:
    return load(DetectorSettings(model=MODEL, sha256=SHA256))


def _spans(times: list[tuple[float, float]]) -> tuple[Span, ...]:
    return tuple(
        Span(round(came * 1000), round(left * 1000), LATE_S, zone="floor") for came, left in times
    )
