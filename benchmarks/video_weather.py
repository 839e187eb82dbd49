"""Light, weather, traffic and the stream itself: what a healthy camera goes through, and a frozen one.

Effects as in `video_effects.py`, for `film`.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from video.contract import Picture

from . import video_clips as clips
from .video_effects import FOREVER, Effect, picture_of


def ramp(second: float, begin: float, end: float, least: float) -> float:
    """Return 1 before `begin`, `least` after `end`, and in between evenly in stops of light."""
    share = min(1.0, max(0.0, (second - begin) / (end - begin)))
    return float(least**share)


def dusk(begin: float, end: float, least: float = 0.12) -> Effect:
    """Light goes down to `least`, colours fade with it."""

    def dimmed(picture: Picture, second: float) -> Picture:
        gain = ramp(second, begin, end, least)
        if gain == 1:
            return picture
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[:, :, None]
        fade = 0.6 * (1 - gain)
        return picture_of((picture * (1 - fade) + grey * fade) * gain)

    return dimmed


def infrared(begin: float, end: float = FOREVER) -> Effect:
    """The infrared filter switches: grey, lit from the camera, black for two pictures; and back at `end`."""
    width, height = clips.SIZE
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    lamp = (0.45 + 0.75 * np.exp(-(x * x + y * y) / 0.7))[:, :, None]

    def switched(picture: Picture, second: float) -> Picture:
        if not begin <= second < end:
            return picture
        if second < begin + 0.4:
            return picture_of(picture * 0.05)
        # Cloth and leaves are bright in infrared, the colour of paint is not seen.
        grey = picture @ np.array([0.2, 0.3, 0.5], np.float32)
        return picture_of(((grey / 255) ** 0.8 * 255)[:, :, None] * lamp * np.ones(3, np.float32))

    return switched


def exposure(every_s: float = 8.0, least: float = 0.7, most: float = 1.3) -> Effect:
    """Automatic exposure that takes a step each `every_s`, within three frames."""

    def exposed(picture: Picture, second: float) -> Picture:
        step, share = divmod(second / every_s, 1.0)
        gains = (1.0, most, least, 1.15, 0.85)
        before, after = gains[int(step - 1) % 5] if step else 1.0, gains[int(step) % 5]
        gain = before + (after - before) * min(1.0, share * every_s / 0.6)
        return picture_of(picture.astype(np.float32) * gain)

    return exposed


def headlights(every_s: float = 10.0) -> Effect:
    """A car's light sweeps through the picture for two seconds now and then."""
    width, height = clips.SIZE
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)

    def lit(picture: Picture, second: float) -> Picture:
        within = second % every_s
        if not 5 <= within < 7:
            return picture
        centre = (within - 5) / 2 * width
        glow = np.exp(-(((x - centre) / 140) ** 2 + ((y - 200) / 110) ** 2))
        return picture_of(picture + 190 * glow[:, :, None])

    return lit


def rain(drops: int = 250) -> Effect:
    """Streaks that are others in every picture, and a veil over all."""

    def wet(picture: Picture, second: float) -> Picture:
        random = np.random.default_rng(round(second * 1000))
        made = picture_of(picture * 0.85 + 25).copy()
        for x, y, length in random.integers((0, 0, 8), (640, 360, 26), (drops, 3)).tolist():
            cv2.line(made, (x, y), (x + 2, y + length), (190, 190, 190), 1)
        return made

    return wet


def sway(left: float, right: float, *, by: float = 9.0) -> Effect:
    """Branches: a strip of the picture sways by so many pixels, more at the top."""
    width, height = clips.SIZE
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    inside = np.clip((x / width - left) * 20, 0, 1) * np.clip((right - x / width) * 20, 0, 1)
    reach = (by * inside * (1 - y / height)).astype(np.float32)

    def swayed(picture: Picture, second: float) -> Picture:
        wind = np.sin(2.4 * second) + 0.5 * np.sin(5.3 * second + y / 40)
        across = (x + reach * wind).astype(np.float32)
        return picture_of(cv2.remap(picture, across, y, cv2.INTER_LINEAR))

    return swayed


def lorry(begin: float, stay_s: float, *, part: float = 0.5) -> Effect:
    """A lorry with lettering and a shadowed underside drives in, stays, and leaves."""
    width, height = clips.SIZE
    random = np.random.default_rng(11)
    long = int(part * width * 1.1)
    body: NDArray[np.uint8] = np.full((int(height * 0.9), long, 3), (150, 130, 60), np.uint8)
    for x, y, w, h, level in random.integers((0, 0, 8, 6, 20), (long, 300, 70, 40, 240), (60, 5)):
        cv2.rectangle(body, (int(x), int(y)), (int(x + w), int(y + h)), (int(level),) * 3, -1)
    inside = int((width - long) / 2)

    def driven(picture: Picture, second: float) -> Picture:
        for from_s, start, stop in ((begin, -long, inside), (begin + 2 + stay_s, inside, width)):
            if from_s <= second < from_s + 2:
                left = int(start + (stop - start) * (second - from_s) / 2)
                return _pasted(picture, body, left)
        return (
            _pasted(picture, body, inside) if begin + 2 <= second < begin + 2 + stay_s else picture
        )

    return driven


def _pasted(picture: Picture, body: Picture, left: int) -> Picture:
    made = picture.copy()
    begin, end = max(0, left), min(made.shape[1], left + body.shape[1])
    if begin < end:
        made[20 : 20 + body.shape[0], begin:end] = body[
            : made.shape[0] - 20, begin - left : end - left
        ]
    return made


def freeze(begin: float, end: float = FOREVER) -> Effect:
    """The stream repeats the picture of that second."""
    kept: list[Picture] = []

    def frozen(picture: Picture, second: float) -> Picture:
        if not begin <= second < end:
            kept.clear()
            return picture
        if not kept:
            kept.append(picture)
        return kept[0].copy()

    return frozen


def clock() -> Effect:
    """A clock burnt into the picture, a second at a time."""

    def told(picture: Picture, second: float) -> Picture:
        made = picture.copy()
        text = f"2026-11-26 10:{int(second) // 60:02}:{int(second) % 60:02}"
        cv2.putText(made, text, (16, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
        return made

    return told


def compressed(quality: int = 18) -> Effect:
    """Coarse compression, each picture for itself."""

    def coarse(picture: Picture, _: float) -> Picture:
        made = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))[1]
        return picture_of(cv2.imdecode(made, cv2.IMREAD_COLOR))

    return coarse


def skipped_blocks(every_s: float = 4.0, least: float = 6.0) -> Effect:
    """An encoder that saves: blocks that hardly changed are repeated, all are sent anew each `every_s`."""
    kept: list[Picture] = []

    def saved(picture: Picture, second: float) -> Picture:
        if not kept or second % every_s < 1 / clips.FPS:
            kept[:] = [picture]
            return picture
        apart = cv2.absdiff(picture, kept[0]).max(axis=2).astype(np.float32)
        blocks = cv2.resize(apart, (40, 24), interpolation=cv2.INTER_AREA) > least
        changed = cv2.resize(blocks.astype(np.uint8), clips.SIZE, interpolation=cv2.INTER_NEAREST)
        kept[0] = np.where(changed[:, :, None] > 0, picture, kept[0])
        return kept[0].copy()

    return saved
