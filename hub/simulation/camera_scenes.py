"""Draws what the demo's cameras see: a courtyard where people walk, and a fire lane where a car is left.

Nothing is filmed: every picture is drawn, and says so in both languages.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

WIDTH, HEIGHT = 640, 360
FPS = 2
LENGTH_S = 240
GROUND, WALL, ROOF, GLASS = (96, 104, 108), (110, 138, 164), (70, 78, 96), (120, 96, 70)  # BGR
YELLOW, WHITE = (60, 190, 220), (235, 235, 235)
# 模 and 拟 as strokes on a square of 20: OpenCV's own letters are Latin only.
_MO = (
    ((1, 6), (7, 6)), ((4, 1), (4, 19)), ((4, 7), (1, 13)), ((4, 7), (7, 11)), ((9, 3), (19, 3)),
    ((12, 1), (12, 5)), ((16, 1), (16, 5)), ((10, 6), (18, 6), (18, 12), (10, 12), (10, 6)),
    ((10, 9), (18, 9)), ((8, 14), (20, 14)), ((14, 12), (14, 14), (9, 19)), ((14, 14), (19, 19)),
)  # fmt: skip
_NI = (
    ((1, 5), (7, 5)), ((4, 1), (4, 18), (2, 17)), ((1, 12), (7, 10)), ((10, 3), (10, 14), (13, 12)),
    ((13, 5), (15, 8)), ((18, 2), (17, 12), (12, 19)), ((16, 14), (20, 19)),
)  # fmt: skip


class Walk(NamedTuple):
    """Somebody who walks from one place to another; seconds and pixels."""

    begin_s: float
    end_s: float
    start: tuple[int, int]
    goal: tuple[int, int]
    coat: Colour


YARD_WALKS = (
    Walk(12, 55, (20, 320), (610, 250), (140, 70, 40)),
    Walk(80, 118, (600, 330), (40, 270), (50, 60, 150)),
    Walk(84, 122, (630, 340), (60, 285), (80, 130, 60)),
    Walk(160, 210, (300, 220), (330, 350), (120, 60, 120)),
)
PARKS = (30.0, 40.0, 150.0, 158.0)  # the car comes, stands, leaves, is gone (s)
COVERED = (185.0, 215.0)


class Scene(NamedTuple):
    """One of the demo's cameras: its id and how its picture at a second is drawn."""

    camera: str
    draw: Callable[[Picture, float], None]
    ground: Picture


def frames(scene: Scene, *, seconds: int = LENGTH_S) -> Iterator[Picture]:
    """Yield the pictures of a scene, `FPS` a second; the same each time, with a sensor's noise."""
    random = np.random.default_rng(len(scene.camera))
    noise = [random.integers(-3, 4, scene.ground.shape, np.int16) for _ in range(4)]
    for number in range(seconds * FPS):
        second = number / FPS
        picture = scene.ground.copy()
        scene.draw(picture, second)
        grain = noise[number % len(noise)]
        picture = np.clip(picture.astype(np.int16) + grain, 0, 255).astype(np.uint8)
        _mark(picture, second)
        yield picture


def scenes() -> tuple[Scene, ...]:
    """Return the demo's two cameras."""
    return (
        Scene("demo-yard", _yard, _courtyard()),
        Scene("demo-lane", _lane, _fire_lane()),
    )


def _courtyard() -> Picture:
    picture = np.full((HEIGHT, WIDTH, 3), GROUND, np.uint8)
    _house(picture, 20, 20, 250, 190)
    _house(picture, 360, 40, 250, 160)
    corners = np.array([(0, 330), (640, 235), (640, 275), (0, 360)], np.int32)
    cv2.fillPoly(picture, [corners], (128, 134, 138))
    for x, y in ((300, 200), (40, 250), (590, 215)):
        cv2.rectangle(picture, (x - 4, y - 30), (x + 4, y + 10), (40, 60, 84), -1)
        cv2.circle(picture, (x, y - 48), 28, (52, 110, 62), -1)
    return picture


def _fire_lane() -> Picture:
    picture = np.full((HEIGHT, WIDTH, 3), GROUND, np.uint8)
    _house(picture, 0, 10, 640, 120)
    cv2.rectangle(picture, (150, 190), (560, 340), (88, 96, 100), -1)
    cv2.rectangle(picture, (150, 190), (560, 340), YELLOW, 3)
    for x in range(170, 560, 40):
        cv2.line(picture, (x, 338), (min(x + 60, 558), 192), YELLOW, 1)
    cv2.putText(picture, "FIRE LANE", (265, 282), cv2.FONT_HERSHEY_SIMPLEX, 1.1, YELLOW, 3)
    return picture


def _house(picture: Picture, left: int, top: int, width: int, height: int) -> None:
    cv2.rectangle(picture, (left, top), (left + width, top + height), WALL, -1)
    cv2.rectangle(picture, (left, top), (left + width, top + 12), ROOF, -1)
    for x in range(left + 16, left + width - 30, 44):
        for y in range(top + 26, top + height - 30, 42):
            cv2.rectangle(picture, (x, y), (x + 24, y + 26), GLASS, -1)
            cv2.line(picture, (x + 12, y), (x + 12, y + 26), WALL, 1)


def _yard(picture: Picture, second: float) -> None:
    for walk in YARD_WALKS:
        if walk.begin_s <= second < walk.end_s:
            part = (second - walk.begin_s) / (walk.end_s - walk.begin_s)
            x, y = (a + (b - a) * part for a, b in zip(walk.start, walk.goal, strict=True))
            _person(picture, round(x), round(y), walk.coat, step=int(second * FPS) % 2)


def _lane(picture: Picture, second: float) -> None:
    comes, stands, leaves, gone = PARKS
    if comes <= second < gone:
        if second < stands:
            left = round(700 - 470 * (second - comes) / (stands - comes))
        else:
            left = (
                230 if second < leaves else round(230 - 520 * (second - leaves) / (gone - leaves))
            )
        _car(picture, left, 215)
    if COVERED[0] <= second < COVERED[1]:
        shake = int(second * 3) % 3
        picture[: HEIGHT - 8 * shake] = (38, 44, 58)  # a cloth, not quite still


def _person(picture: Picture, x: int, y: int, coat: Colour, *, step: int) -> None:
    size = 0.6 + y / HEIGHT * 0.5  # farther away is higher up and smaller
    head, body, leg = round(9 * size), round(34 * size), round(30 * size)
    swing = round((9 if step else 3) * size)
    for side in (-1, 1):
        cv2.line(
            picture, (x, y - leg), (x + side * swing, y), (50, 46, 44), max(2, round(7 * size))
        )
    cv2.rectangle(
        picture, (x - round(11 * size), y - leg - body), (x + round(11 * size), y - leg), coat, -1
    )
    cv2.circle(picture, (x, y - leg - body - head), head, (150, 180, 214), -1)


def _car(picture: Picture, left: int, top: int) -> None:
    cv2.rectangle(picture, (left, top + 30), (left + 200, top + 80), (160, 60, 40), -1)
    roof = np.array([(left + 35, top + 30), (left + 65, top), (left + 145, top), (left + 175, top + 30)], np.int32)  # fmt: skip
    cv2.fillPoly(picture, [roof], (150, 56, 38))
    cv2.rectangle(picture, (left + 68, top + 6), (left + 142, top + 28), GLASS, -1)
    for x in (left + 45, left + 155):
        cv2.circle(picture, (x, top + 80), 20, (24, 24, 24), -1)


def _mark(picture: Picture, second: float) -> None:
    """Write into the picture that it is drawn, and a running clock."""
    cv2.rectangle(picture, (0, 0), (262, 26), (0, 0, 0), -1)
    minutes, seconds = divmod(int(second), 60)
    text = f"SIMULATED {minutes:02d}:{seconds:02d}.{int(second * 10) % 10}"
    cv2.putText(picture, text, (52, 19), cv2.FONT_HERSHEY_SIMPLEX, 0.55, WHITE, 1, cv2.LINE_AA)
    for place, glyph in enumerate((_MO, _NI)):
        for stroke in glyph:
            corners = np.array([(4 + place * 23 + x, 3 + y) for x, y in stroke], np.int32)
            cv2.polylines(picture, [corners], isClosed=False, color=WHITE, thickness=1, lineType=cv2.LINE_AA)  # fmt: skip
