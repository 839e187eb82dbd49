"""Puts things into real footage: a bag, a vehicle, a lamp, a shadow, leaves, stairs that run.

People of the footage walk in front of what was put there: where a frame differs from the empty room, the
frame stays on top. All of it is the same each time it is made.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import video_clips as clips
from video.contract import Frame, Picture

WIDTH, HIGH = clips.SIZE
PERSON = 22  # grey levels from the empty room: somebody stands there
LEAST_PERSON = 1_500  # pixels
NOISE = 2.0  # grey levels, as a camera has
Change = Callable[[Picture, int], Picture]
"""Takes a picture and its time in ms from the clip's begin."""


@cache
def empty_room() -> Picture:
    """Return the room of the persons' clip with nobody in it (mean of two seconds)."""
    mean = np.mean(np.stack(clips.read(clips.FLOOR)[5:15]), axis=0)
    return np.asarray(mean, np.uint8)


@cache
def yard() -> Picture:
    """Return the front of a house, before it burns."""
    return clips.read(clips.FIRE)[0]


def still(picture: Picture, seconds: float) -> Iterator[Picture]:
    """Yield a picture for so long, with the noise of a camera."""
    fields = _noise(picture.shape[:2])
    for number in range(round(seconds * clips.FPS)):
        yield np.asarray(cv2.add(picture, fields[number * 5 % 7], dtype=cv2.CV_8U), np.uint8)


@cache
def _noise(size: tuple[int, int]) -> list[NDArray[np.int16]]:
    source = np.random.default_rng(5)
    grey = [source.normal(0, NOISE, size).round().astype(np.int16) for _ in range(7)]
    return [np.repeat(one[:, :, None], 3, axis=2) for one in grey]


def staged(pictures: Iterable[Picture], *changes: Change) -> Iterator[Frame]:
    """Yield the pictures as frames, changed one change after the other."""
    for frame in clips.timed(pictures):
        picture = frame.picture
        for change in changes:
            picture = change(picture, frame.at - clips.BEGIN)
        yield Frame(frame.at, picture)


def bag(high: int = 26, seed: int = 3) -> Picture:
    """Return a dark bag with folds, a strap and a light label."""
    wide = round(high * 1.2)
    made = _cloth(wide, high, (52, 40, 34), seed)
    cv2.rectangle(made, (wide // 3, high // 2), (wide * 2 // 3, high * 3 // 4), (150, 160, 170), -1)
    cv2.line(made, (2, 2), (wide - 3, high // 3), (20, 20, 24), 2)
    return made


def vehicle(
    high: int = 110, colour: tuple[int, int, int] = (150, 60, 40), seed: int = 4
) -> Picture:
    """Return the side of a van: body with reflections, windows, wheels, door lines (BGR)."""
    wide = high * 2
    made = _cloth(wide, high, colour, seed, folds=6)
    shine = np.linspace(1.25, 0.75, high)[:, None, None]
    made = np.clip(made * shine, 0, 255).astype(np.uint8)
    cv2.rectangle(made, (wide // 12, high // 8), (wide * 4 // 5, high * 2 // 5), (60, 52, 48), -1)
    for x in (wide // 5, wide * 4 // 5):
        cv2.circle(made, (x, high - high // 7), high // 7, (24, 24, 24), -1)
        cv2.circle(made, (x, high - high // 7), high // 16, (140, 140, 140), -1)
    for x in (wide * 2 // 5, wide * 3 // 5):
        cv2.line(made, (x, high // 8), (x, high - high // 5), (30, 24, 20), 1)
    return made


def put(
    thing: Picture,
    x: int,
    y: int,
    since_s: float,
    until_s: float = 1e9,
    *,
    empty: Picture | None = None,
) -> Change:
    """Let a thing stand with its upper left corner at x, y; persons (see PERSON) pass in front of it."""

    def change(picture: Picture, ms: int) -> Picture:
        if not since_s * 1000 <= ms < until_s * 1000:
            return picture
        return _pasted(picture, thing, x, y, _persons(picture, empty))

    return change


def drive(
    thing: Picture, y: int, path: Sequence[tuple[float, int]], *, empty: Picture | None = None
) -> Change:
    """Let a thing move from x to x between the given times (s), and stand where two x are equal."""
    times, places = [at * 1000 for at, _ in path], [x for _, x in path]

    def change(picture: Picture, ms: int) -> Picture:
        if not times[0] <= ms < times[-1]:
            return picture
        x = round(float(np.interp(ms, times, places)))
        return _pasted(picture, thing, x, y, _persons(picture, empty))

    return change


def light(
    x: int, y: int, radius: int, times: float, *, since_s: float = 0.0, soft: int = 25
) -> Change:
    """Make a round place lighter (a lamp) or darker (a shadow) by a factor."""
    round_place: NDArray[np.float32] = np.zeros((HIGH, WIDTH), np.float32)
    cv2.ellipse(round_place, (x, y), (radius, radius // 2), 0, 0, 360, 1.0, -1)
    grey = 1 + (times - 1) * cv2.GaussianBlur(round_place, (0, 0), soft)
    factor = np.repeat(grey[:, :, None], 3, axis=2).astype(np.float32)

    def change(picture: Picture, ms: int) -> Picture:
        return _lit(picture, factor) if ms >= since_s * 1000 else picture

    return change


def headlights(y: int, every_s: float) -> Change:
    """Let two bright spots pass from left to right every so many seconds."""

    def change(picture: Picture, ms: int) -> Picture:
        x = round((ms / 1000 % every_s) / 4 * (WIDTH + 200)) - 100
        return _spot(picture, x, y)

    return change


def dusk(since_s: float, until_s: float, down_to: float = 0.25) -> Change:
    """Let it get dark from one time to the other, to a part of the light."""

    def change(picture: Picture, ms: int) -> Picture:
        factor = float(np.interp(ms / 1000, [since_s, until_s], [1.0, down_to]))
        return np.asarray(cv2.convertScaleAbs(picture, alpha=factor), np.uint8)

    return change


def infrared(since_s: float) -> Change:
    """Switch to the night picture: grey, lit from the camera, at once."""

    def change(picture: Picture, ms: int) -> Picture:
        if ms < since_s * 1000:
            return picture
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
        y, x = np.mgrid[0:HIGH, 0:WIDTH]
        near = 1.3 - ((x / WIDTH - 0.5) ** 2 + (y / HIGH - 0.6) ** 2) * 2
        night = np.clip((grey * 0.6 + 30) * near, 0, 255).astype(np.uint8)
        return np.asarray(cv2.cvtColor(night, cv2.COLOR_GRAY2BGR), np.uint8)

    return change


def leaves(x: int, y: int, wide: int, high: int) -> Change:
    """Let the wind shake a part of the picture: it shifts by some pixels, here and there."""
    source = np.random.default_rng(9)

    def change(picture: Picture, ms: int) -> Picture:
        out = picture.copy()
        sway = 5 * np.sin(ms / 700) + source.normal(0, 1.5)
        rise = source.normal(0, 1.5)
        moved = np.array([[1, 0, sway], [0, 1, rise]], np.float32)
        part = cv2.warpAffine(picture, moved, (WIDTH, HIGH), borderMode=cv2.BORDER_REFLECT)
        out[y : y + high, x : x + wide] = part[y : y + high, x : x + wide]
        return out

    return change


def escalator(x: int, y: int, wide: int, high: int, step: int = 9) -> Change:
    """Let stairs run down: stripes that move a third of a step from frame to frame, and more."""
    lines = np.arange(high)

    def change(picture: Picture, ms: int) -> Picture:
        out = picture.copy()
        phase = (lines - ms / 1000 * 37) % step
        out[y : y + high, x : x + wide] = (60 + 120 * (phase / step))[:, None, None]
        return out

    return change


def _lit(picture: Picture, factor: NDArray[np.float32]) -> Picture:
    return np.asarray(cv2.multiply(picture, factor, dtype=cv2.CV_8U), np.uint8)


def _spot(picture: Picture, x: int, y: int, radius: int = 80) -> Picture:
    """Return the picture with a bright round spot around x, y."""
    left, right = max(0, x - radius), min(WIDTH, x + radius)
    top, bottom = max(0, y - radius), min(HIGH, y + radius)
    if left >= right:
        return picture
    rows, columns = np.mgrid[top - y : bottom - y, left - x : right - x] / radius
    shine = 1 + 1.3 * np.exp(-4 * (columns**2 + (2 * rows) ** 2))
    out = picture.copy()
    factor = np.repeat(shine[:, :, None], 3, axis=2).astype(np.float32)
    out[top:bottom, left:right] = _lit(out[top:bottom, left:right], factor)
    return out


def _cloth(
    wide: int, high: int, colour: tuple[int, int, int], seed: int, folds: float = 18
) -> Picture:
    coarse = np.random.default_rng(seed).normal(0, folds, (max(2, high // 6), max(2, wide // 6)))
    waves = cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_CUBIC)
    return np.clip(np.array(colour)[None, None] + waves[:, :, None], 0, 255).astype(np.uint8)


def _persons(picture: Picture, empty: Picture | None) -> NDArray[np.bool_] | None:
    if empty is None:
        return None
    away = cv2.absdiff(picture, empty).max(axis=2)
    opened = cv2.morphologyEx(
        (away > PERSON).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    large = [n for n in range(1, count) if stats[n][cv2.CC_STAT_AREA] > LEAST_PERSON]
    person = np.isin(labels, large).astype(np.uint8)
    return np.asarray(cv2.dilate(person, np.ones((5, 5), np.uint8)) > 0)


def _pasted(
    picture: Picture, thing: Picture, x: int, y: int, before: NDArray[np.bool_] | None
) -> Picture:
    """Return the picture with the thing where it is inside and nothing is before it."""
    out = picture.copy()
    left, right = max(0, x), min(WIDTH, x + thing.shape[1])
    top, bottom = max(0, y), min(HIGH, y + thing.shape[0])
    if left >= right or top >= bottom:
        return out
    part = out[top:bottom, left:right]
    shown = thing[top - y : bottom - y, left - x : right - x]
    if before is None:
        part[...] = shown
    else:
        part[...] = np.where(before[top:bottom, left:right, None], part, shown)
    return out
