"""What can happen to a camera, done to real footage: covers, blur, knocks, dusk, rain, a frozen stream.

`film` puts it in the order in which it happens: the lens (optics), the sensor (noise), the stream. An effect
takes a picture and the second of the film; the same film comes out each time.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from video.contract import Frame, Picture

from . import video_clips as clips

Effect: TypeAlias = Callable[[Picture, float], Picture]
FOREVER = 1e9


def film(
    scene: Sequence[Picture],
    seconds: float,
    *,
    optics: Sequence[Effect] = (),
    stream: Sequence[Effect] = (),
    noise: float | Callable[[float], float] = 2.0,
    fps: float = clips.FPS,
) -> Iterator[Frame]:
    """Yield a film of the scene, played to and fro; `noise` is the sensor's, in grey levels (by second)."""
    sensor = _Sensor(scene[0].shape)
    many = (
        clips.to_and_fro(scene, seconds, fps=fps)
        if len(scene) > 1
        else [*scene] * round(seconds * fps)
    )
    for number, plain in enumerate(many):
        second = number / fps
        picture = plain
        for effect in optics:
            picture = effect(picture, second)
        picture = sensor.take(picture, noise(second) if callable(noise) else noise)
        for effect in stream:
            picture = effect(picture, second)
        yield Frame(clips.BEGIN + round(second * 1000), picture)


class _Sensor:
    """Noise that differs from frame to frame and is the same in each run."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._random = np.random.default_rng(7)
        field = self._random.standard_normal((shape[0] + 64, shape[1] + 64)).astype(np.float32)
        grey = cv2.GaussianBlur(field, (0, 0), 0.6) / 0.5
        self._field = np.repeat(grey[:, :, None], 3, axis=2)
        self._shape = shape
        self._scaled: dict[float, NDArray[np.int16]] = {}

    def take(self, picture: Picture, sigma: float) -> Picture:
        if not sigma:
            return picture.copy()
        y, x = self._random.integers(0, 64, 2).tolist()
        sigma = round(sigma * 2) / 2
        if sigma not in self._scaled:
            self._scaled = {sigma: np.rint(self._field * sigma).astype(np.int16)}
        part = self._scaled[sigma][y : y + self._shape[0], x : x + self._shape[1]]
        return np.asarray(cv2.add(picture, part, dtype=cv2.CV_8U), np.uint8)


def picture_of(values: object) -> Picture:
    """Return values as a picture, what is too dark or too bright clipped."""
    made = np.asarray(values)
    return made if made.dtype == np.uint8 else np.clip(made, 0, 255).astype(np.uint8)


def during(effect: Effect, begin: float, end: float = FOREVER) -> Effect:
    """Return the effect between two seconds only."""

    def changed(picture: Picture, second: float) -> Picture:
        return effect(picture, second) if begin <= second < end else picture

    return changed


def _laid_over(picture: Picture, colour: object, alpha: NDArray[np.float32]) -> Picture:
    over = np.broadcast_to(np.asarray(colour, np.float32), picture.shape).astype(np.uint8)
    return np.asarray(cv2.blendLinear(picture, over, 1 - alpha, alpha), np.uint8)


def hand(begin: float, part: float, end: float = FOREVER) -> Effect:
    """A hand comes from the right within a second and covers `part` of the picture; blurred, it is so near."""
    width, height = clips.SIZE
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :].repeat(height, 0)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None].repeat(width, 1)
    shade = 0.75 + 0.25 * np.cos(3 * x + 2 * y)
    colour = shade[:, :, None] * np.array([70, 95, 150], np.float32)

    def covered(picture: Picture, second: float) -> Picture:
        if not begin <= second < end:
            return picture
        reach = part * min(1.0, second - begin + 0.2)
        edge = 1 - reach + 0.05 * np.sin(7 * y)
        alpha = np.clip((x - edge) / 0.06 + 0.5, 0, 1).astype(np.float32)
        return _laid_over(picture, colour, alpha)

    return covered


def tape(begin: float, part: float, level: int = 150, end: float = FOREVER) -> Effect:
    """A strip of tape over `part` of the picture, from above, its edge out of focus; at once."""
    width, height = clips.SIZE
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None].repeat(width, 1)
    alpha = np.clip((part - y) / 0.03 + 0.5, 0, 1).astype(np.float32)
    folds = cv2.GaussianBlur(
        np.random.default_rng(3).standard_normal((height, width)).astype(np.float32), (0, 0), 40
    )
    colour = level + 300 * folds[:, :, None] * np.ones(3, np.float32)
    return during(lambda picture, _: _laid_over(picture, colour, alpha), begin, end)


def spray(begin: float, seconds: float = 4.0, level: int = 200) -> Effect:
    """Paint in drops that grow together until next to nothing is left."""
    width, height = clips.SIZE
    random = np.random.default_rng(5)
    drops = [(float(random.random()) * seconds, *map(float, random.random(2))) for _ in range(160)]

    def painted(picture: Picture, second: float) -> Picture:
        if second < begin:
            return picture
        alpha: NDArray[np.float32] = np.zeros((height // 4, width // 4), np.float32)
        for at, x, y in drops:
            if second - begin >= at:
                cv2.circle(alpha, (int(x * width / 4), int(y * height / 4)), 16, 1.0, -1)
        alpha = np.asarray(
            cv2.resize(cv2.GaussianBlur(alpha, (0, 0), 8), (width, height)), np.float32
        )
        return _laid_over(picture, (level, level, level), alpha)

    return painted


def defocus(begin: float, sigma: float, *, over_s: float = 2.0, end: float = FOREVER) -> Effect:
    """The lens leaves its focus within `over_s`: blur of `sigma` pixels at 640 wide."""

    def blurred(picture: Picture, second: float) -> Picture:
        now = sigma * min(1.0, (second - begin) / over_s) if begin <= second < end else 0
        return picture if now < 0.3 else picture_of(cv2.GaussianBlur(picture, (0, 0), now))

    return blurred


def turned(
    begin: float, *, right: float = 0, down: float = 0, degrees: float = 0, zoom: float = 1,
    end: float = FOREVER,
) -> Effect:  # fmt: skip
    """The camera is knocked within 0.6 s: shifted by parts of the picture, turned, zoomed."""
    width, height = clips.SIZE

    def knocked(picture: Picture, second: float) -> Picture:
        if not begin <= second < end:
            return picture
        share = min(1.0, (second - begin + 0.2) / 0.6)
        matrix = cv2.getRotationMatrix2D(
            (width / 2, height / 2), degrees * share, 1 + (zoom - 1) * share
        )
        matrix[:, 2] += np.array((right * width * share, down * height * share))
        return picture_of(
            cv2.warpAffine(picture, matrix, clips.SIZE, borderMode=cv2.BORDER_REFLECT_101)
        )

    return knocked


def elsewhere(begin: float, scene: Sequence[Picture]) -> Effect:
    """The camera is turned to another scene within half a second."""

    def turned_away(picture: Picture, second: float) -> Picture:
        if second < begin:
            return picture
        other = scene[round(second * clips.FPS) % len(scene)] if len(scene) > 1 else scene[0]
        return picture_of(cv2.blur(other, (80, 1))) if second < begin + 0.5 else other

    return turned_away


def black(begin: float, level: float = 3.0, end: float = FOREVER) -> Effect:
    """A cap on the lens: nothing but the sensor's own level."""
    return during(lambda picture, _: np.full_like(picture, round(level)), begin, end)
