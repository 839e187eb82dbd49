"""Fires, lamps, cloth and smoke put into real footage, the same each time; all take and return pictures.

Flames are cut out of the FURG clip by its own boxes, smoke is how much paler its roof became: nothing is drawn
that must be found. Lamps and lights, which must not be found, are drawn.
"""

import functools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from video.contract import Picture

from .video_clips import FIRE, FPS, SIZE, path_of, read

Levels = NDArray[np.float32]
_BOXED = (426, 240)  # the picture that the boxes were drawn on
_BOXED_FPS = 29.97


def burning(seconds: float = 24.0) -> tuple[Picture, ...]:
    """Return the burning house."""
    return read(FIRE, most_s=seconds)


@functools.cache
def _boxes() -> dict[int, list[tuple[int, ...]]]:
    """Return the flames of each frame by the clip's annotations: left, top, width, height."""
    text = path_of(FIRE.replace("_flame_smoke.mp4", ".xml")).read_text(encoding="utf-8")
    _, *frames = text.split("<frameNumber>")
    return {
        int(frame.partition("<")[0]): [
            tuple(map(int, box)) for box in re.findall(r"(\d+) (\d+) (\d+) (\d+)</_>", frame)
        ]
        for frame in frames
    }


@functools.cache
def flames(seconds: float = 24.0) -> tuple[tuple[Picture, Levels], ...]:
    """Return the middle window's flame of each picture and how opaque it is, 0-1."""
    across, down = SIZE[0] / _BOXED[0], SIZE[1] / _BOXED[1]
    cut = []
    for number, picture in enumerate(burning(seconds)):
        frame = round(number / FPS * _BOXED_FPS)
        boxes = [box for box in _boxes().get(frame, []) if box[0] > 165 and box[1] > 20]
        x, y, w, h = max(boxes, key=lambda box: box[2] * box[3], default=(176, 84, 24, 33))
        left, top = round((x - 2) * across), round((y - 2) * down)
        patch = picture[top : round((y + h + 2) * down), left : round((x + w + 2) * across)]
        blue, red = patch[:, :, 0].astype(np.float32), patch[:, :, 2].astype(np.float32)
        opaque = np.clip((red - blue - 60) / 50, 0, 1) * (red > 150)
        opaque = np.maximum(opaque, patch.min(axis=2) > 200)
        cut.append((patch, np.asarray(cv2.GaussianBlur(opaque, (3, 3), 0), np.float32)))
    return tuple(cut)


def with_fire(
    pictures: Sequence[Picture], *, foot: tuple[float, float], scale: float = 1.0
) -> Iterator[Picture]:
    """Yield the pictures with a real flame whose foot stands there, parts of width and height."""
    for picture, (patch, opaque) in zip(pictures, flames(), strict=False):
        size = (max(2, round(patch.shape[1] * scale)), max(2, round(patch.shape[0] * scale)))
        fire, share = cv2.resize(patch, size), cv2.resize(opaque, size)[:, :, None]
        made = picture.copy()
        bottom, left = round(foot[1] * made.shape[0]), round(foot[0] * made.shape[1])
        top = max(0, bottom - size[1])
        fire, share = fire[top - bottom :], share[top - bottom :]
        spot = made[top:bottom, left : left + size[0]]
        fire, share = fire[:, : spot.shape[1]], share[:, : spot.shape[1]]
        spot[:] = (spot * (1 - share) + fire * share).astype(np.uint8)
        yield made


@functools.cache
def _paleness() -> tuple[Levels, ...]:
    """Return how much smoke lies over the burning house's roof, 0-0.9, picture by picture."""
    roofs = [cv2.cvtColor(p[12:120, 128:383], cv2.COLOR_BGR2GRAY) for p in burning(24.0)]
    grey = np.stack(roofs).astype(np.float32)
    clear = np.percentile(grey, 5, axis=0)
    pale = np.clip((grey - clear - 4) / np.maximum(60, 225 - clear), 0, 0.9)
    pale[:, clear > 165] = 0
    return tuple(np.asarray(one, np.float32) for one in pale)


def with_smoke(
    pictures: Sequence[Picture], *, corner: tuple[float, float], begins_s: float, grey: int = 205
) -> Iterator[Picture]:
    """Yield the pictures behind real smoke that begins then, its top left corner at a place in parts."""
    veils = _paleness()
    for number, picture in enumerate(pictures):
        age = number / FPS - begins_s
        if age <= 0:
            yield picture
            continue
        veil = cv2.resize(veils[number % len(veils)], None, fx=1.6, fy=1.6)
        veil = np.clip(cv2.GaussianBlur(veil, (0, 0), 2) * 1.6 * min(1.0, age / 5), 0, 0.9)
        veil *= _rim(*veil.shape)
        made = picture.astype(np.float32)
        top, left = round(corner[1] * made.shape[0]), round(corner[0] * made.shape[1])
        spot = made[top : top + veil.shape[0], left : left + veil.shape[1]]
        share = veil[: spot.shape[0], : spot.shape[1], None]
        spot[:] = spot * (1 - share) + grey * share
        yield made.astype(np.uint8)


def _rim(height: int, width: int) -> Levels:
    """Return 1 inside and a slope at the rim, so that nothing pasted has an edge."""
    up = np.minimum(1, np.minimum(np.arange(height), np.arange(height)[::-1]) / 12)
    across = np.minimum(1, np.minimum(np.arange(width), np.arange(width)[::-1]) / 12)
    return np.asarray(np.outer(up, across), np.float32)


def lit(pictures: Iterable[Picture], gain: float) -> Iterator[Picture]:
    """Yield the pictures darker (below 1) or over-exposed (above)."""
    for picture in pictures:
        yield np.clip(picture * gain, 0, 255).astype(np.uint8)


def framed(pictures: Iterable[Picture], scale: float, at: tuple[float, float]) -> Iterator[Picture]:
    """Yield the pictures smaller, on a grey wall, at a place in parts of the room that is left."""
    for picture in pictures:
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        wall = np.full_like(picture, 90)
        top = round(at[1] * (wall.shape[0] - small.shape[0]))
        left = round(at[0] * (wall.shape[1] - small.shape[1]))
        wall[top : top + small.shape[0], left : left + small.shape[1]] = small
        yield wall


def compressed(pictures: Iterable[Picture], quality: int = 20) -> Iterator[Picture]:
    """Yield the pictures as a poor JPEG."""
    for picture in pictures:
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        yield np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def in_orange(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """Yield the pictures with all dark clothes in high-visibility orange."""
    for picture in pictures:
        bright = picture.max(axis=2)
        dark = (bright < 95).astype(np.float32)
        dark[:, : picture.shape[1] // 7] = 0  # the window
        share = cv2.GaussianBlur(dark, (5, 5), 0)[:, :, None]
        shade = np.clip(bright / 95, 0.3, 1)[:, :, None]
        cloth = np.concatenate([shade * 20 + 10, shade * 110 + 30, shade * 160 + 90], axis=2)
        yield (picture * (1 - share) + cloth * share).astype(np.uint8)


def with_lamp(
    pictures: Iterable[Picture], hertz: float, *, beacon: bool = False
) -> Iterator[Picture]:
    """Yield the pictures with an orange warning lamp that blinks, or turns, so often a second."""

    def strength(turn: float) -> float:
        return (0.5 + 0.5 * math.cos(2 * math.pi * turn)) ** 4 if beacon else float(turn < 0.5)

    return _with_light(
        pictures, 0.6, lambda _: [(0.75, 0.3)], lambda s: strength(s * hertz % 1), (40, 150, 255)
    )


def with_headlights(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """Yield the pictures at night with a car that drives through, its lamps on."""

    def lamps(second: float) -> list[tuple[float, float]]:
        x = second * 0.12 % 1.3 - 0.15
        return [(x - 0.035, 0.6), (x + 0.035, 0.6)]

    return _with_light(pictures, 0.25, lamps, lambda _: 1.0, (60, 130, 200))


def _with_light(
    pictures: Iterable[Picture],
    dim: float,
    places: Callable[[float], list[tuple[float, float]]],
    strength: Callable[[float], float],
    colour: tuple[int, int, int],
) -> Iterator[Picture]:
    for number, picture in enumerate(pictures):
        second = number / FPS
        glow = np.zeros_like(picture)
        for x, y in places(second):
            centre = (round(x * picture.shape[1]), round(y * picture.shape[0]))
            cv2.circle(glow, centre, 30, [part * 0.35 for part in colour], -1)
            cv2.circle(glow, centre, 14, colour, -1)
            cv2.circle(glow, centre, 7, (210, 245, 255), -1)
        light = cv2.GaussianBlur(glow, (0, 0), 6).astype(np.float32) * strength(second)
        yield np.clip(picture * dim + light, 0, 255).astype(np.uint8)


def at_sunset(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield the pictures in light that turns red and dim."""
    for number, picture in enumerate(pictures):
        part = number / len(pictures)
        tint = np.array([1 - 0.75 * part, 1 - 0.35 * part, 1.0]) * (1 - 0.3 * part)
        yield (picture * tint).astype(np.uint8)


def shaken(pictures: Iterable[Picture], most: int = 3) -> Iterator[Picture]:
    """Yield the pictures of a camera on a mast in the wind, shifted by up to so many pixels."""
    source = np.random.default_rng(1)
    for picture in pictures:
        yield np.roll(picture, tuple(source.integers(-most, most + 1, 2)), (0, 1))


def on_a_screen(pictures: Sequence[Picture], shown: Sequence[Picture]) -> Iterator[Picture]:
    """Yield the pictures with a screen in them that shows others."""
    for number, picture in enumerate(pictures):
        made = picture.copy()
        height, width = made.shape[0] // 3, made.shape[1] // 3
        screen = cv2.resize(shown[number % len(shown)], (width, height))
        made[height : 2 * height, width : 2 * width] = screen
        yield made


def shadowed(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """Yield the pictures with the shadow of a cloud that passes in 20 s."""
    for number, picture in enumerate(pictures):
        height, width = picture.shape[:2]
        middle = round(number / FPS / 20 % 1 * width)
        dark = np.zeros((height, width), np.float32)
        dark[:, max(0, middle - width // 6) : middle + width // 6] = 0.5
        dark = np.asarray(cv2.GaussianBlur(dark, (0, 0), 15), np.float32)
        yield (picture * (1 - dark[:, :, None])).astype(np.uint8)


def in_fog(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield the pictures in fog that thickens to 60 %."""
    for number, picture in enumerate(pictures):
        share = 0.6 * number / len(pictures)
        yield (picture * (1 - share) + 200 * share).astype(np.uint8)
