"""Keeps evidence of one camera's episodes: a snapshot at once, a clip when its seconds are over.

The process of the camera calls it, in this order, for each frame:

    seen = camera.see(frame)
    keeper.frame(Frame(seen.view.at, seen.view.picture), persons, episodes=camera.open())
    keeper.news(seen.news)

and `keeper.news(camera.blind(at))` and `keeper.tick(at)` when no frames come. Nothing here raises for
a disk that is full or an encoder that fails: it is counted and said, and alarms go on.
"""

import contextlib
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from hashlib import blake2b
from pathlib import Path

import structlog

from model.footage import Footage
from video.contract import Box, Frame
from video.discovery import observations
from video.episodes import Episode, News, Stage
from video.readings import device_of
from video.settings import CameraSettings, EvidenceSettings

from .folder import EvidenceFolder
from .recording import Recording
from .ring import Kept, Pixelation, Ring, as_jpeg
from .writer import EvidenceWriter, Finished

log = structlog.get_logger()
MOST_AT_ONCE = 8
"""Clips of one camera that are recorded together; further episodes get a snapshot only."""

MOST_WAITING = 16
"""Files of one camera that wait to be written; a machine that is so far behind makes no more clips."""

LONGEST_WAIT_S = 20.0
"""The ring reaches back over an observation's `after_s` up to this, so that its start is in the clip."""

TOO_MANY = "too many episodes at once; a snapshot only"
TOO_MUCH = "cut short: its pictures are larger than twice ring_mb"
GENTLY = 10


class EvidenceKeeper:
    """Evidence of one camera; called from one thread, files are made in another."""

    def __init__(
        self,
        folder: Path,
        settings: EvidenceSettings,
        camera: CameraSettings,
        *,
        pool: Executor | None = None,
    ) -> None:
        """Take the folder `DATA/evidence`; nothing is written before the pool's turn.

        Cameras of one process may share a `pool` of one thread (`evidence_pool()`).
        """
        self._counted: Counter[str] = Counter()
        self._settings, self._camera = settings, camera
        self._ring = Ring(
            seconds=settings.before_s + _longest_wait(camera), most_bytes=settings.ring_mb << 20
        )
        self._pixelation = Pixelation() if camera.pixelate_persons else None
        self._settings_hash = settings_hash(camera)
        self._titles = {name: kind.title for name, kind in observations().items()}
        self._recordings: dict[str, Recording] = {}
        self._kept_at: int | None = None
        self._waiting: set[Future[None]] = set()
        self._writer = EvidenceWriter(
            EvidenceFolder(folder, max_mb=settings.max_mb), camera.camera, self._counted
        )
        self._pool = pool or evidence_pool()
        self._own_pool = pool is None
        self._broken = ""
        self._submit(self._writer.complete_left)

    def frame(
        self,
        frame: Frame,
        persons: Sequence[Box] | None = None,
        *,
        episodes: Iterable[Episode] = (),
        whole: bool = True,
    ) -> None:
        """Remember a picture whose masks are blank; the picture itself is not kept or changed.

        `persons` are what the detector saw in it, None when it did not look; `whole` False: it looked
        at some regions only. `episodes` are those open after this frame: a picture at which one is
        surer than before becomes its better snapshot.
        """
        if self._camera.clip:
            with self._at_no_cost():
                self._take(frame, persons, episodes=episodes, whole=whole)
                self._broken = ""

    def news(self, news: Iterable[News]) -> None:
        """Begin a recording for each episode that starts; a longer episode is not longer in its clip."""
        if not self._camera.clip:
            return
        for item in news:
            with self._at_no_cost():
                if item.stage is Stage.START and item.episode.id not in self._recordings:
                    self._begin(item)
            self.tick(item.at)

    def tick(self, at: int) -> None:
        """Finish the clips whose seconds are over at `at` (ms); for when no frames come."""
        for name in [name for name, kept in self._recordings.items() if at >= kept.until]:
            with self._at_no_cost():
                self._finish(self._recordings.pop(name))

    @property
    def counters(self) -> dict[str, int]:
        """What was kept and what was not, by the names that the gateway's heartbeat shows."""
        return {f"evidence_{name}": count for name, count in dict(self._counted).items()}

    def warnings(self) -> list[str]:
        """Return what a person should know of this camera's evidence, for the heartbeat."""
        found = [*self._writer.problems(), *([self._broken] if self._broken else [])]
        return [f"evidence of {self._camera.camera}: {text}" for text in found]

    def close(self, *, wait_s: float = 10.0) -> None:
        """Write what was recorded so far and wait for it; what takes longer is lost."""
        for recording in self._recordings.values():
            self._finish(recording, note="the process ended before the clip was whole")
        self._recordings.clear()
        wait(self._waiting, timeout=wait_s)
        if self._own_pool:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def drain(self, *, wait_s: float = 30.0) -> None:
        """Wait until everything that is to be written is on disk."""
        wait(self._waiting, timeout=wait_s)

    @contextlib.contextmanager
    def _at_no_cost(self) -> Iterator[None]:
        """Count and say whatever breaks: a picture no encoder takes must not cost the alarm."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - any defect; counted, told, and on
            self._counted["not_kept.failed"] += 1
            self._broken = f"{type(error).__name__}: {error}"

    def _take(
        self,
        frame: Frame,
        persons: Sequence[Box] | None,
        *,
        episodes: Iterable[Episode],
        whole: bool,
    ) -> None:
        if self._pixelation is not None:
            self._pixelation.see(frame.at, persons, whole=whole)
        if self._kept_at is not None and frame.at < self._kept_at:
            self._clock_went_back()
        if self._kept_at is not None and frame.at - self._kept_at < 900 / self._settings.fps:
            return
        self._kept_at = frame.at
        picture = self._pixelation.apply(frame) if self._pixelation else frame.picture
        kept = Kept(frame.at, as_jpeg(picture, width=self._settings.width))
        self._ring.put(kept)
        surer = {episode.id: episode.confidence for episode in episodes}
        for name, recording in self._recordings.items():
            recording.put(kept, surer.get(name))
        self.tick(frame.at)

    def _begin(self, item: News) -> None:
        recording = Recording(
            item.episode, item.at, self._ring,
            before_ms=int(self._settings.before_s * 1000),
            after_ms=int(self._settings.after_s * 1000),
            most_bytes=self._settings.ring_mb << 21,
        )  # fmt: skip
        if recording.first is None:
            self._counted["episodes_without_pictures"] += 1
            return
        first, facts = recording.first.kept, self._facts(item.episode)
        self._submit(lambda: self._writer.begin(facts, first))
        if len(self._recordings) >= MOST_AT_ONCE or len(self._waiting) > MOST_WAITING:
            self._counted["clips_skipped.busy"] += 1
            self._submit(lambda: self._writer.finish(facts, Finished(note=TOO_MANY)))
            return
        self._recordings[item.episode.id] = recording

    def _finish(self, recording: Recording, note: str = "") -> None:
        facts = self._facts(recording.episode)
        note = note or (TOO_MUCH if recording.cut else "")
        finished = Finished(tuple(recording.pictures), recording.better(), note)
        self._submit(lambda: self._writer.finish(facts, finished))

    def _facts(self, episode: Episode) -> Footage:
        camera = self._camera
        return Footage(
            episode=episode.id,
            camera=camera.camera,
            device=device_of(camera.camera, episode.zone),
            zone=episode.zone,
            observation=episode.observation,
            title=self._titles.get(episode.observation, ("", "")),
            started_at=episode.started_at,
            masks=len(camera.masks),
            pixelated=camera.pixelate_persons,
            settings=self._settings_hash,
            confidence=round(episode.confidence, 3),
        )

    def _clock_went_back(self) -> None:
        """Begin anew: pictures from a clock that was wrong would stand in the wrong order."""
        for recording in self._recordings.values():
            self._finish(recording, note="the clock was set back")
        self._recordings.clear()
        self._ring.clear()
        self._kept_at = None

    def _submit(self, work: Callable[[], None]) -> None:
        self._waiting = {future for future in self._waiting if not future.done()}
        self._waiting.add(self._pool.submit(self._tried, work))

    def _tried(self, work: Callable[[], None]) -> None:
        """Do one piece of work; a defect costs that piece and is said, since nobody asks the future."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - any defect; counted, told, and on
            self._counted["not_kept.failed"] += 1
            log.error("evidence_broke", camera=self._camera.camera, why=repr(error))


def evidence_pool() -> ThreadPoolExecutor:
    """Return the one thread that makes the clips of a process; it yields to those that look."""
    return ThreadPoolExecutor(1, "evidence", initializer=_gently)


def settings_hash(camera: CameraSettings) -> str:
    """Return what names the camera's settings: masks, zones, observations; 16 hex digits."""
    text = camera.model_dump_json(include={"masks", "zones", "observations", "pixelate_persons"})
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _longest_wait(camera: CameraSettings) -> float:
    waits = [settings.after_s for settings in camera.wanted().values()]
    return min(max(waits, default=0.0), LONGEST_WAIT_S)


def _gently() -> None:
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), GENTLY)
