"""Looks at all cameras of a group in turn, and says what it saw.

Each camera's source decodes in a thread of its own and keeps only its newest frame. One loop takes the
newest frames in turn: when there is too much to do, every camera loses frames evenly, and they are
counted.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from model.reading import Reading, Value
from video.camera import Camera
from video.contract import Box, Detected, Frame
from video.episodes import Episode, News

from .pace import Pace
from .pictures import PictureFile

IDLE_S = 0.01
PERSON = "person"
EVERYWHERE = Box(0, 0, 1, 1)


class Feed(Protocol):
    """The source of one camera, as the group sees it: its newest frame and how it is."""

    def take(self) -> Frame | None:
        """Return the newest frame not yet taken, or None."""

    @property
    def online(self) -> bool:
        """Whether pictures come."""

    @property
    def reason(self) -> str:
        """Why no pictures come, a short word; empty while they do."""

    @property
    def detail(self) -> str:
        """The same for people, without any password."""

    @property
    def skipped(self) -> int:
        """Frames that came and were never taken."""

    @property
    def reconnects(self) -> int:
        """How often the connection was made anew."""

    def close(self) -> None:
        """Stop; returns when the thread has ended or a second has passed."""


class Evidence(Protocol):
    """Keeps pictures of episodes. It raises nothing: a full disk must not cost the alarm."""

    def frame(
        self,
        frame: Frame,
        persons: Sequence[Box] | None,
        *,
        episodes: Iterable[Episode],
        whole: bool,
    ) -> None:
        """Take a masked frame, where persons are in it (None: nobody looked), and what is open.

        `whole`: the detector looked everywhere, so where it saw no person there is none.
        """

    def news(self, news: Iterable[News]) -> None:
        """Take what the last frame led to."""

    def tick(self, at: int) -> None:
        """Finish what is over at `at` (ms) though no frames come."""

    def warnings(self) -> list[str]:
        """Return what is wrong, for people."""

    def close(self) -> None:
        """Finish what is begun."""


class Watched(NamedTuple):
    """One camera and all that belongs to it."""

    camera: Camera
    feed: Feed
    evidence: Evidence | None
    picture: PictureFile
    pace: Pace


Say = Callable[[Sequence[Reading]], None]


class Group:
    """The cameras of one process."""

    def __init__(self, cameras: Sequence[Watched], say: Say, *, clock: Callable[[], float]) -> None:
        """`clock` returns seconds since the epoch."""
        self._cameras = list(cameras)
        self._say = say
        self._clock = clock
        self._online: dict[str, bool | None] = {w.camera.settings.camera: None for w in cameras}
        self._told: dict[str, float] = {}
        self.turns = 0

    def turn(self) -> bool:
        """Look at each camera once; return whether there was anything to do."""
        busy = False
        for watched in self._cameras:
            frame = watched.feed.take()
            if frame is not None:
                busy = True
                self._look(watched, frame)
            if watched.evidence:
                watched.evidence.tick(self._now())
            self._health(watched)
        self.turns += 1
        return busy

    def run(self, stopped: Callable[[], bool]) -> None:
        """Look on until told to stop; then end every episode honestly: nobody looks any more."""
        while not stopped():
            if not self.turn():
                time.sleep(IDLE_S)
        for watched in self._cameras:
            watched.feed.close()
            self._say(self._blinded(watched))
            if watched.evidence:
                watched.evidence.close()

    def warnings(self) -> list[str]:
        """Return what is wrong with these cameras, for people."""
        found = []
        for watched in self._cameras:
            name = watched.camera.settings.camera
            if not watched.feed.online and watched.feed.detail:
                found.append(f"camera {name}: {watched.feed.detail}")
            if misfit := watched.camera.mask_misfit():
                found.append(f"camera {name}: {misfit}")
            blind = watched.camera.blind_observations()
            if watched.evidence:
                found += watched.evidence.warnings()
            found += [
                f"camera {name}: the observation {kind} broke ({why}); please report it"
                for kind, why in watched.camera.broken.items()
            ]
            if blind:
                found.append(
                    f"camera {name}: {', '.join(blind)} need a detector; set video.detector or"
                    " remove them"
                )
        return found

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _look(self, watched: Watched, frame: Frame) -> None:
        began, cpu = time.monotonic(), time.thread_time()
        camera = watched.camera
        seen = camera.see(frame)
        if seen.news:
            self._say(camera.readings(seen.news))
        masked = Frame(frame.at, seen.view.picture)
        if watched.evidence:
            watched.evidence.frame(
                masked,
                persons_in(seen.view.objects),
                episodes=camera.open(),
                whole=EVERYWHERE in seen.view.looked,
            )
            watched.evidence.news(seen.news)
        watched.picture.offer(masked, seen, camera)
        watched.pace.looked(began, time.monotonic(), time.thread_time() - cpu)

    def _health(self, watched: Watched) -> None:
        """Tell a change of online or offline at once, and everything in the rhythm of the heartbeat."""
        own, feed = watched.camera.settings, watched.feed
        online, now = feed.online, self._clock()
        if self._online[own.camera] == online and (
            abs(now - self._told.get(own.camera, 0.0)) < own.heartbeat_s
        ):
            return
        if not online and not feed.reason and self._online[own.camera] is None:
            return  # still connecting for the first time
        readings: list[Reading] = []
        if not online and self._online[own.camera]:
            readings += self._blinded(watched)
        self._online[own.camera] = online
        self._told[own.camera] = now
        values: dict[str, Value] = {"online": online, **watched.pace.values(time.monotonic())}
        values["frames_skipped"] = float(feed.skipped)
        values["reconnects"] = float(feed.reconnects)
        if not online:
            values["offline_reason"] = feed.reason
        readings += watched.camera.heartbeat(values, self._now())
        self._say(readings)

    def _blinded(self, watched: Watched) -> list[Reading]:
        """End the episodes of a camera that nobody sees through any more."""
        news = watched.camera.blind(self._now())
        if watched.evidence:
            watched.evidence.news(news)
        return watched.camera.readings(news)


def persons_in(objects: Sequence[Detected] | None) -> list[Box] | None:
    """Return where persons are; None when no detector looked."""
    return None if objects is None else [one.box for one in objects if one.label == PERSON]
