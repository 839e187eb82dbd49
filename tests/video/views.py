"""Frames as an observation gets them, with what a detector or the motion gate would have said of them."""

from collections.abc import Sequence

import numpy as np

from video.contract import WHOLE, Box, Detected, Frame, Point, Sighting
from video.geometry import CameraZones
from video.observation import Observation
from video.view import GATE_HEIGHT, Motion, View

BEGIN = 1_800_000_000_000
EVERYWHERE = (Box(0, 0, 1, 1),)
LEFT_HALF = {"left": (Point(0, 0), Point(0.5, 0), Point(0.5, 1), Point(0, 1))}


def view(
    ms: int,
    objects: Sequence[Detected] | None = None,
    *,
    looked: Sequence[Box] = EVERYWHERE,
    moving: Sequence[Box] = (),
    settled: bool = True,
) -> View:
    """Return a frame `ms` after the beginning: what was named, where it was looked, what moved."""
    frame = Frame(BEGIN + ms, np.zeros((360, 640, 3), np.uint8))
    part = sum(box.area for box in moving)
    mask = np.zeros((GATE_HEIGHT, 178), np.uint8)
    made = View(frame, Motion(part, tuple(moving), mask, settled), objects=objects)
    made.looked = looked if objects is not None else ()
    return made


def standing(
    x: float, label: str = "person", *, foot: float = 0.8, high: float = 0.4, sure: float = 0.8
) -> Detected:
    """Return a thing whose foot is at x, `foot`."""
    wide = high / 4
    return Detected(label, sure, Box(x - wide / 2, foot - high, x + wide / 2, foot))


def zones(*wanted: str) -> CameraZones:
    """Return the left half of the picture, or the whole of it."""
    return CameraZones(LEFT_HALF, wanted)


def seen(observation: Observation, given: View, zone: str = WHOLE) -> bool | None:
    """Return what the observation says of one zone in this frame."""
    return sighting(observation, given, zone).seen


def sighting(observation: Observation, given: View, zone: str = WHOLE) -> Sighting:
    """Return the whole of what it says."""
    (one,) = (one for one in observation.look(given) if one.zone == zone)
    return one
