"""Object left and lane occupied: things put into real footage, and all that must not be taken for one."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from benchmarks import video_clips as clips
from benchmarks import video_staged as stage
from benchmarks.trial import Span, Trial
from video.contract import Frame, Picture

HOLD_S = 15.0
LANE_Y = 190
LANE = ((0.0, 0.45), (1.0, 0.45), (1.0, 1.0), (0.0, 1.0))
SETTINGS: Mapping[str, Mapping[str, object]] = {
    "object_left": {"hold_s": HOLD_S, "zones": ["ground"]},
    "lane_occupied": {"hold_s": HOLD_S, "zones": ["ground"]},
}
NONE: dict[str, tuple[Span, ...]] = {"object_left": (), "lane_occupied": ()}


def trials() -> Iterator[Trial]:
    """Yield the trials: what is there, then what is not."""
    yield from _bags()
    yield from _vehicles()
    yield from _people()
    yield from _weather()


def _bags() -> Iterator[Trial]:
    room = stage.empty_room
    yield _trial(
        "left: a bag while people come and go",
        lambda: stage.staged(
            clips.read(clips.FLOOR, most_s=90), stage.put(stage.bag(), 150, 290, 46, empty=room())
        ),
        {"object_left": (_span(46, 90),), "lane_occupied": ()},
    )
    yield _trial(
        "left: a bag, taken away, and another one later",
        lambda: stage.staged(
            stage.still(room(), 100),
            stage.put(stage.bag(), 300, 300, 10, 45),
            stage.put(stage.bag(22, seed=8), 420, 290, 60),
        ),
        {"object_left": (_span(10, 45), _span(60, 100)), "lane_occupied": ()},
    )
    yield _trial(
        "left: a bag while it gets dark",
        lambda: stage.staged(
            stage.still(room(), 120), stage.put(stage.bag(30), 300, 300, 20), stage.dusk(10, 110)
        ),
        {"object_left": (_span(20, 120),), "lane_occupied": ()},
    )
    yield _trial(
        "left: a bag that stays through an infrared switch",
        lambda: stage.staged(
            stage.still(room(), 90), stage.put(stage.bag(30), 300, 300, 10), stage.infrared(45)
        ),
        {"object_left": (_span(10, 90),), "lane_occupied": ()},
    )
    yield _trial(
        "left: a bag put down for less than the hold time, five times",
        lambda: stage.staged(
            stage.still(room(), 100),
            *(stage.put(stage.bag(seed=n), 260, 300, 8 + 18 * n, 20 + 18 * n) for n in range(5)),
        ),
        NONE,
    )


def _vehicles() -> Iterator[Trial]:
    van, red = stage.vehicle(), stage.vehicle(90, (40, 40, 160), 6)
    occupied = {"lane_occupied": (_span(24, 110),), "object_left": ()}
    park = stage.drive(van, LANE_Y, [(20, -230), (24, 250), (200, 250)])
    passing = [stage.drive(red, 240, [(at, -200), (at + 3, 660)]) for at in range(30, 110, 8)]
    yield _trial(
        "lane: a van parks",
        lambda: stage.staged(stage.still(stage.yard(), 110), park),
        occupied,
    )
    yield _trial(
        "lane: a van parks and others pass in front of it all the time",
        lambda: stage.staged(stage.still(stage.yard(), 110), park, *passing),
        occupied,
    )
    yield _trial(
        "lane: a van parks, it gets dark, headlights pass",
        lambda: stage.staged(
            stage.still(stage.yard(), 110), park, stage.dusk(40, 100), stage.headlights(300, 7)
        ),
        occupied,
    )
    yield _trial(
        "lane: traffic that passes",
        lambda: stage.staged(
            stage.still(stage.yard(), 100),
            *(stage.drive(van, LANE_Y, [(at, -230), (at + 4, 660)]) for at in range(8, 100, 6)),
        ),
        NONE,
    )
    yield _trial(
        "lane: traffic that stops for ten seconds and goes on, one van like the other",
        lambda: stage.staged(stage.still(stage.yard(), 110), *_queue()),
        NONE,
    )
    yield _trial(
        "lane: a van that stood there at the start drives off",
        lambda: stage.staged(
            stage.still(stage.yard(), 100),
            stage.drive(van, LANE_Y, [(0, 250), (30, 250), (33, 660)]),
        ),
        NONE,
    )
    yield _trial(
        "lane: two bags that stood there at the start are taken",
        lambda: stage.staged(
            stage.still(stage.empty_room(), 80),
            stage.put(stage.bag(40), 100, 280, 0, 20),
            stage.put(stage.bag(28), 500, 300, 0, 30),
        ),
        NONE,
    )


def _queue() -> Iterator[stage.Change]:
    for number, at in enumerate(range(8, 96, 12)):
        van = stage.vehicle(110, (150, 60 + 10 * (number % 3), 40), seed=number)
        yield stage.drive(
            van, LANE_Y, [(at, -230), (at + 1.5, 200), (at + 10, 200), (at + 12, 660)]
        )


def _people() -> Iterator[Trial]:
    yield _trial(
        "left: a real bottle, as large as a van, is put down at 24 s and stays",
        lambda: clips.timed(clips.read(clips.BOTTLE)),
        {"lane_occupied": (_span(24.2, 40),), "object_left": ()},
    )
    for name in (clips.FLOOR, clips.BIKES):
        yield _trial(
            f"left: nothing in {name}",
            lambda name=name: clips.timed(clips.read(name, most_s=140)),  # type: ignore[misc]
            NONE,
        )


def _weather() -> Iterator[Trial]:
    def quiet(*changes: stage.Change, picture: Picture, seconds: float = 80) -> Iterable[Frame]:
        return stage.staged(stage.still(picture, seconds), *changes)

    room, yard = stage.empty_room, stage.yard
    changes: dict[str, tuple[stage.Change, ...]] = {
        "dusk": (stage.dusk(10, 70),),
        "an infrared switch": (stage.infrared(20),),
        "headlights": (stage.dusk(0, 1, 0.4), stage.headlights(260, 6)),
        "a lamp that is switched on": (stage.light(320, 280, 120, 1.7, since_s=20),),
        "a soft shadow that stays": (stage.light(320, 280, 120, 0.55, since_s=20),),
        "a sharp shadow that stays": (stage.light(320, 280, 120, 0.55, since_s=20, soft=2),),
        "trees in the wind": (stage.leaves(0, 100, 640, 200),),
        "an escalator": (stage.escalator(220, 150, 120, 200),),
        "rain of noise": (),
    }
    for what, made in changes.items():
        for where, picture in (("room", room), ("yard", yard)):
            yield _trial(
                f"left: {what}, {where}",
                lambda made=made, picture=picture: quiet(*made, picture=picture()),  # type: ignore[misc]
                NONE,
            )


def _span(begin: float, end: float) -> Span:
    return Span(round(begin * 1000), round(end * 1000), HOLD_S + 10, zone="ground")


def _trial(
    name: str, frames: Callable[[], Iterable[Frame]], truth: Mapping[str, tuple[Span, ...]]
) -> Trial:
    return Trial(name, frames, truth, settings=SETTINGS, zones={"ground": LANE})
