"""One camera's whole story, pure: a frame and its time in, news of episodes out."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.reading import Reading, Value

from .contract import WHOLE, Box, Detector, Frame, Sighting
from .discovery import observations
from .episodes import Episode, EpisodeBook, News
from .geometry import CameraZones, PrivacyMask
from .motion_gate import MotionGate
from .observation import Observation
from .readings import news_reading, state_readings
from .settings import CameraSettings, points
from .view import UNSETTLED, View

STILL_MS = 2_000
"""Where nothing moves, the detector looks again after so long: who stands still is still there."""


class Seen(NamedTuple):
    """What one frame led to; `view` shows what the algorithms saw (debug view, evidence)."""

    view: View
    sightings: dict[str, Sequence[Sighting]]
    news: list[News]


class _Watcher(NamedTuple):
    observation: Observation
    book: EpisodeBook


class Camera:
    """Looks at frames of one camera in the order of their times."""

    def __init__(self, settings: CameraSettings, detector: Detector | None = None) -> None:
        """Take checked settings; without a detector only observations by motion work."""
        self.settings = settings
        self._detector = detector
        self._mask = PrivacyMask([points(corners) for corners in settings.masks])
        self._gate = MotionGate()
        polygons = settings.polygons()
        kinds = observations()
        self._watchers = {
            name: _Watcher(
                kinds[name](wanted, CameraZones(polygons, wanted.zones)),
                EpisodeBook(settings.camera, name, wanted, update_s=settings.update_s),
            )
            for name, wanted in settings.wanted().items()
        }
        self._needs_objects = any(w.observation.needs_objects for w in self._watchers.values())
        self._visible: NDArray[np.uint8] | None = None
        self._looked_at = -STILL_MS
        self._states: dict[str, dict[str, Value]] = {}
        self.broken: dict[str, str] = {}  # observations that raised, and what: a defect of ours

    def blind_observations(self) -> list[str]:
        """Return the observations that see nothing because no detector is configured."""
        return [
            name
            for name, watcher in self._watchers.items()
            if watcher.observation.needs_detector and self._detector is None
        ]

    def mask_misfit(self) -> str:
        """Return why the whole picture is blank, for people; empty while the masks fit."""
        return self._mask.misfit

    def see(self, frame: Frame) -> Seen:
        """Look at one frame. Masked pixels are blank before anything looks; the picture is changed."""
        picture = self._mask.blank(frame.picture)
        view = self._view(Frame(frame.at, picture))
        sightings = {name: self._sighted(name, view) for name in self._watchers}
        news = [
            item
            for name, watcher in self._watchers.items()
            for item in watcher.book.see(sightings[name], frame.at)
        ]
        self._remember(sightings)
        return Seen(view, sightings, news)

    def blind(self, at: int) -> list[News]:
        """Say that no more pictures come: every episode ends, every state is unknown."""
        self._states.clear()
        return [news for w in self._watchers.values() for news in w.book.blind(at)]

    def open(self) -> list[Episode]:
        """Return the episodes that have not ended."""
        return [episode for w in self._watchers.values() for episode in w.book.open()]

    def readings(self, news: Iterable[News]) -> list[Reading]:
        """Return the news as Readings."""
        own = self.settings
        return [news_reading(item, camera=own.camera, compound=own.compound) for item in news]

    def heartbeat(self, health: dict[str, Value], at: int) -> list[Reading]:
        """Return the regular Readings: health, every state that is known, and what is measured."""
        own = self.settings
        return state_readings(self._states, health, camera=own.camera, compound=own.compound, at=at)

    def _sighted(self, name: str, view: View) -> Sequence[Sighting]:
        """Let one observation look. What breaks in one says nothing and costs the others nothing."""
        try:
            return [plain(sighting) for sighting in self._watchers[name].observation.look(view)]
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must go on looking
            self.broken[name] = f"{type(error).__name__}: {error}"
            return []

    def _view(self, frame: Frame) -> View:
        height, width = frame.picture.shape[:2]
        if self.settings.masks and (
            self._visible is None or self._visible.shape != (height, width)
        ):
            self._visible = self._mask.visible(height, width)
        view = View(frame, UNSETTLED, visible=self._visible)
        view.motion = self._gate.look(view.small_grey, frame.at, self._visible)
        if self._needs_objects and self._detector is not None:
            self._name_objects(view, self._detector)
        return view

    def _name_objects(self, view: View, detector: Detector) -> None:
        """Ask the detector where something moved, and everywhere now and then.

        While the gate learns a scene it knows of nothing that moved: who came then would be stored as
        he is, so whoever wants persons pixelated has everything looked at.
        """
        unsure = self.settings.pixelate_persons and not view.motion.settled
        if unsure or view.at - self._looked_at >= STILL_MS:
            self._looked_at = view.at
            view.looked = (Box(0, 0, 1, 1),)
        else:
            view.looked = view.motion.boxes
        if view.looked:
            view.objects = detector.detect(view.picture, view.looked)

    def _remember(self, sightings: dict[str, Sequence[Sighting]]) -> None:
        """Keep what is known: true while an episode is open, false once a zone was seen without.

        Measures are kept beside the states: the newest of each zone.
        """
        for name, seen in sightings.items():
            active = {episode.zone for episode in self._watchers[name].book.open()}
            measures = getattr(self._watchers[name].observation, "measures", frozenset[str]())
            for sighting in seen:
                if sighting.zone in active:
                    self._states.setdefault(sighting.zone, {})[name] = True
                elif sighting.seen is not None:
                    self._states.setdefault(sighting.zone, {})[name] = False
                for key in measures & sighting.values.keys():
                    self._states.setdefault(sighting.zone, {})[key] = sighting.values[key]


def plain(sighting: Sighting) -> Sighting:
    """Return a sighting in Python's own numbers: NumPy's go into no message."""
    box = sighting.box
    return Sighting(
        sighting.zone,
        None if sighting.seen is None else bool(sighting.seen),
        float(sighting.confidence),
        box and Box(*(float(side) for side in box)),
        {key: _plain_value(value) for key, value in sighting.values.items()},
    )


def _plain_value(value: object) -> Value:
    found = value.item() if isinstance(value, np.generic) else value
    return found if isinstance(found, bool | str) else float(found)  # type: ignore[arg-type]


__all__ = ["WHOLE", "Camera", "Detector", "Seen"]
