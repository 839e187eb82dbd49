"""Looks at all cameras of a group in turn, and says what it saw.

Each camera's source decodes in a thread of its own and keeps only its newest frame. One loop takes the
newest frames in turn: when there is too much to do, every camera loses frames evenly, and they are
counted. What fails in one camera sets that camera aside for a while and costs the others nothing.
"""

import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import structlog

from model.reading import Reading, Value
from video.camera import Camera
from video.contract import Frame
from video.episodes import News

from .kept_file import KeptFile
from .pace import Pace
from .parts import Evidence, Feed
from .pictures import PictureFile
from .shape_file import ShapeFile

log = structlog.get_logger()
IDLE_S = 0.01
FIRST_PAUSE_S, LAST_PAUSE_S, STEADY_S = 1.0, 60.0, 60.0
FEEDS_S = 1.2  # a feed needs a second at most, and all close at once
EVIDENCE_S = 2.0  # for all cameras; the gateway waits 5 s


class Aside(NamedTuple):
    """A camera that failed: why, how long it waits (s), and until when (monotonic s)."""

    why: str
    pause_s: float
    until: float


class Watched(NamedTuple):
    """One camera and all that belongs to it."""

    camera: Camera
    feed: Feed
    evidence: Evidence | None
    picture: PictureFile
    pace: Pace
    kept: KeptFile | None = None
    shape: ShapeFile | None = None


Say = Callable[[Sequence[Reading]], None]


class Group:
    """The cameras of one process."""

    def __init__(
        self,
        cameras: Sequence[Watched],
        say: Say,
        *,
        clock: Callable[[], float],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Go on where an earlier process ended. `clock` returns seconds since the epoch, `steady` monotonic ones."""
        self._cameras = list(cameras)
        self._say = say
        self._clock, self._steady = clock, steady
        self._aside: dict[str, Aside] = {}
        self._online: dict[str, bool | None] = {w.camera.settings.camera: None for w in cameras}
        self._told: dict[str, float] = {}
        self.turns = 0
        for watched in self._cameras:
            if watched.kept:
                self._say(watched.camera.readings(self._restored(watched, watched.kept)))

    def turn(self) -> bool:
        """Look at each camera once; return whether there was anything to do."""
        busy = False
        for watched in self._cameras:
            aside = self._aside.get(watched.camera.settings.camera)
            if aside and self._steady() < aside.until:
                self._health(watched)
                continue
            try:
                busy = self._turn(watched) or busy
            except Exception as error:  # noqa: BLE001 - whatever it is, the others must go on looking
                self._set_aside(watched, error)
        self.turns += 1
        return busy

    def run(self, stopped: Callable[[], bool]) -> None:
        """Look on until told to stop; then end every episode honestly: nobody looks any more.

        That is said first, of all cameras, for who asked to stop does not wait for long.
        """
        while not stopped():
            if not self.turn():
                time.sleep(IDLE_S)
        for watched in self._cameras:
            self._tried(watched, partial(self._say_blind, watched))
        closing = [
            threading.Thread(target=self._tried, args=(watched, watched.feed.close), daemon=True)
            for watched in self._cameras
        ]
        for thread in closing:
            thread.start()
        until = self._steady() + FEEDS_S
        for thread in closing:
            thread.join(max(0.0, until - self._steady()))
        until = self._steady() + EVIDENCE_S
        for watched in self._cameras:
            if evidence := watched.evidence:
                left = max(0.0, until - self._steady())
                self._tried(watched, partial(evidence.close, wait_s=left))

    def counters(self) -> Counter[str]:
        """Return what all cameras counted since the process began."""
        found: Counter[str] = Counter()
        for watched in self._cameras:  # copies first: other threads count on
            found.update(dict(watched.feed.counters))
            if watched.evidence:
                found.update(dict(watched.evidence.counters))
        return found

    def warnings(self) -> list[str]:
        """Return what is wrong with these cameras, for people."""
        found = []
        for watched in self._cameras:
            name = watched.camera.settings.camera
            if not watched.feed.online and watched.feed.detail:
                found.append(f"camera {name}: {watched.feed.detail}")
            if misfit := watched.camera.mask_misfit():
                found.append(f"camera {name}: {misfit}")
            if (aside := self._aside.get(name)) and self._steady() < aside.until:
                found.append(
                    f"camera {name}: looking failed ({aside.why}) and is tried again; please report it"
                )
            if watched.camera.unsettled:
                found.append(
                    f"camera {name}: the whole picture has been changing for a minute, so no motion is seen;"
                    " look for a lamp that flickers or an exposure that hunts"
                )
            blind = watched.camera.blind_observations()
            if watched.evidence:
                found += watched.evidence.warnings()
            if watched.kept and watched.kept.warning:
                found.append(f"camera {name}: {watched.kept.warning}")
            found += [
                f"camera {name}: the observation {kind} broke ({why}); please report it"
                for kind, why in dict(watched.camera.broken).items()
            ]
            if blind:
                found.append(
                    f"camera {name}: {', '.join(blind)} need a detector; set video.detector or"
                    " remove them"
                )
        return found

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _turn(self, watched: Watched) -> bool:
        frame = watched.feed.take()
        if frame is not None:
            self._look(watched, frame)
        if watched.evidence:
            watched.evidence.tick(self._now())
        self._health(watched)
        return frame is not None

    def _restored(self, watched: Watched, kept: KeptFile) -> list[News]:
        news = watched.camera.restore(kept.read(), self._now())
        kept.write(watched.camera.kept())
        return news

    def _set_aside(self, watched: Watched, error: Exception) -> None:
        """A camera that fails is blind, and is tried again later and later while it goes on failing."""
        name, now = watched.camera.settings.camera, self._steady()
        before = self._aside.get(name)
        again = before is not None and now - before.until < STEADY_S
        pause = min(LAST_PAUSE_S, before.pause_s * 2) if before and again else FIRST_PAUSE_S
        self._aside[name] = Aside(f"{type(error).__name__}: {error}", pause, now + pause)
        log.error("camera_failed", camera=name, again_in_s=pause, where=traceback.format_exc())
        self._tried(watched, partial(self._say_lost, watched))

    def _say_lost(self, watched: Watched) -> None:
        news = watched.camera.lost(self._now())
        if watched.kept:
            watched.kept.write(watched.camera.kept())
        self._say(watched.camera.readings(news))
        self._health(watched)

    def _say_blind(self, watched: Watched) -> None:
        self._say(self._blinded(watched))

    def _tried(self, watched: Watched, work: Callable[[], None]) -> None:
        """Do one part of ending; what fails costs that part."""
        try:
            work()
        except Exception:  # noqa: BLE001 - the other cameras must end, too
            where = traceback.format_exc()
            log.error("camera_not_closed", camera=watched.camera.settings.camera, where=where)

    def _look(self, watched: Watched, frame: Frame) -> None:
        began, cpu = time.monotonic(), time.thread_time()
        camera = watched.camera
        seen = camera.see(frame)
        if seen.news:
            self._say(camera.readings(seen.news))
            if watched.kept:
                watched.kept.write(camera.kept())
        masked = Frame(frame.at, seen.view.picture)
        if watched.evidence:
            watched.evidence.frame(
                masked,
                seen.view.persons(),
                episodes=camera.open(),
                whole=seen.view.looked_everywhere(),
            )
            watched.evidence.news(seen.news)
        watched.picture.offer(masked, seen, camera)
        watched.pace.looked(began, time.monotonic(), time.thread_time() - cpu)

    def _health(self, watched: Watched) -> None:
        """Tell a change of online or offline at once, and everything in the rhythm of the heartbeat."""
        own, feed = watched.camera.settings, watched.feed
        aside = self._aside.get(own.camera)
        failed = aside is not None and self._steady() < aside.until
        online, now = feed.online and not failed, self._clock()
        reason = "failed" if failed else feed.reason
        if self._online[own.camera] == online and (
            abs(now - self._told.get(own.camera, 0.0)) < own.heartbeat_s
        ):
            return
        if not online and not reason and self._online[own.camera] is None:
            return  # still connecting for the first time
        readings: list[Reading] = []
        if not online and self._online[own.camera]:
            readings += self._blinded(watched)
        self._online[own.camera] = online
        self._told[own.camera] = now
        if watched.shape:
            watched.shape.keep(watched.camera.masks_drawn_on)
        values: dict[str, Value] = {"online": online, **watched.pace.values(time.monotonic())}
        values["frames_skipped"] = float(feed.skipped)
        values["reconnects"] = float(feed.reconnects)
        if own.masks:
            values["masks_misfit"] = bool(watched.camera.mask_misfit())
        if not online:
            values["offline_reason"] = reason
        readings += watched.camera.heartbeat(values, self._now())
        self._say(readings)

    def _blinded(self, watched: Watched) -> list[Reading]:
        """End the episodes of a camera that nobody sees through any more."""
        news = watched.camera.blind(self._now())
        if watched.evidence:
            watched.evidence.news(news)
        if watched.kept:
            watched.kept.write(watched.camera.kept())
        return watched.camera.readings(news)
