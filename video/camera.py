"""One camera's whole story, pure: a frame and its time in, news of episodes out."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.reading import Reading, Value

from .contract import WHOLE, Box, Detector, Frame, Sighting, Size
from .discovery import observations
from .episodes import SETTINGS, Episode, EpisodeBook, News, Stage, over
from .geometry import CameraZones, PrivacyMask
from .kept import Kept, settings_name
from .motion_gate import MotionGate
from .observation import Observation
from .readings import news_reading, state_readings
from .settings import CameraSettings, points
from .view import EVERYWHERE, UNSETTLED, View

BACK_MS = 1_000
"""A frame so much older than the last one: the clock was set back, and all that was timed is void."""

UNKNOWN_MS = 10_000
"""What nobody could tell for so long is not told any more; detectors look less often than cameras."""

UNSETTLED_MS = 60_000
STILL_MS = 2_000
"""Where nothing moves, the detector looks again after so long: who stands still is still there."""


class Seen(NamedTuple):
    """What one frame led to; `view` shows what the algorithms saw (debug view, evidence)."""

    view: View
    sightings: dict[str, Sequence[Sighting]]
    news: list[News]


class Camera:
    """Looks at frames of one camera in the order of their times."""

    def __init__(
        self,
        settings: CameraSettings,
        detector: Detector | None = None,
        *,
        masks_drawn_on: Size | None = None,
    ) -> None:
        """Take checked settings; without a detector only observations by motion work.

        `masks_drawn_on` is what an earlier process knew; what stands in the settings counts more.
        """
        self.settings = settings
        self._detector = detector
        masks = [points(corners) for corners in settings.masks]
        self._mask = PrivacyMask(masks, settings.mask_size() or masks_drawn_on)
        self._polygons = settings.polygons()
        self._wanted = settings.wanted()
        self._settings_names = {name: settings_name(settings, name) for name in self._wanted}
        self._books = {
            name: EpisodeBook(settings.camera, name, wanted, update_s=settings.update_s)
            for name, wanted in self._wanted.items()
        }
        self._observations: dict[str, Observation] = {}
        self._visible: NDArray[np.uint8] | None = None
        self._states: dict[str, dict[str, Value]] = {}
        self._known_at: dict[tuple[str, str], int] = {}
        self._blanked = False
        self.broken: dict[str, str] = {}  # observations that raised, and what: a defect of ours
        self._begin()
        self._needs_objects = any(one.needs_objects for one in self._observations.values())

    def _begin(self) -> None:
        """Begin to look: nothing is learnt or followed, and no frame was before."""
        self._gate = MotionGate()
        self._observations = {name: self._made(name) for name in self._wanted}
        self._looked_at: int | None = None
        self._last_at: int | None = None
        self._settled_at: int | None = None

    def _made(self, name: str) -> Observation:
        wanted = self._wanted[name]
        return observations()[name](wanted, CameraZones(self._polygons, wanted.zones))

    def blind_observations(self) -> list[str]:
        """Return the observations that see nothing because no detector is configured."""
        return [
            name
            for name, observation in self._observations.items()
            if observation.needs_detector and self._detector is None
        ]

    @property
    def unsettled(self) -> bool:
        """Whether the motion gate has been learning the scene for a minute: nothing is motion then."""
        if self._last_at is None or self._settled_at is None:
            return False
        return self._last_at - self._settled_at >= UNSETTLED_MS

    @property
    def masks_drawn_on(self) -> Size | None:
        """The size of picture that the masks hold for; None without masks, and before the first picture."""
        return self._mask.drawn_on if self.settings.masks else None

    def mask_misfit(self) -> str:
        """Return why the whole picture is blank, for people; empty while the masks fit."""
        return self._mask.misfit

    def see(self, frame: Frame) -> Seen:
        """Look at one frame. Masked pixels are blank before anything looks; the picture is changed."""
        news: list[News] = []
        if self._last_at is not None and frame.at < self._last_at - BACK_MS:
            news += self.lost(frame.at)
        self._last_at = frame.at
        masked = Frame(frame.at, self._mask.blank(frame.picture))
        if self._mask.misfit:
            return self._blank(masked, news)
        self._blanked = False
        view = self._view(masked)
        sightings = {name: self._sighted(name, view) for name in self._observations}
        for name, book in self._books.items():
            news += self._broke(name, frame.at) if name in self.broken else []
            news += book.see(sightings[name], frame.at)
        self._remember(sightings, frame.at)
        return Seen(view, sightings, news)

    def _blank(self, frame: Frame, news: list[News]) -> Seen:
        """All is blank because the masks may lie elsewhere: that is as blind as no picture."""
        if not self._blanked:
            news = news + self.blind(frame.at)
        self._blanked = True
        return Seen(View(frame, UNSETTLED), dict.fromkeys(self._observations, ()), news)

    def blind(self, at: int) -> list[News]:
        """Say that no more pictures come: every episode ends, every state is unknown.

        Who was followed is somebody else when pictures come again; a scene that was learnt is the same.
        """
        self._states.clear()
        self._settled_at = None
        for name, observation in self._observations.items():
            if observation.needs_objects and not observation.learns:
                self._observations[name] = self._made(name)
        return [news for book in self._books.values() for news in book.blind(at)]

    def lost(self, at: int) -> list[News]:
        """Forget all that was learnt, because the clock was set back or looking failed."""
        self._states.clear()
        news = [
            item
            for name, book in self._books.items()
            for item in book.blind(at, forgets=self._observations[name].learns)
        ]
        self._begin()
        return news

    def open(self) -> list[Episode]:
        """Return the episodes that have not ended."""
        return [episode for book in self._books.values() for episode in book.open()]

    def kept(self) -> list[Kept]:
        """Return what the next process has to know: the episodes that may go on."""
        return [
            Kept(episode, self._settings_names[name])
            for name, book in self._books.items()
            for episode in book.kept()
        ]

    def restore(self, kept: Iterable[Kept], at: int) -> list[News]:
        """Take what an earlier process kept; what nobody asks for any more ends, and so does its state.

        An observation that learns a scene may learn the wrong one now, so it has to see the thing again
        before it may say that it is gone; or somebody changes its settings, for which a person looked.
        """
        news = []
        for episode, settings in kept:
            name = episode.observation
            observation = self._observations.get(name)
            wanted = observation is not None and episode.zone in self._zones_of(name)
            forgot = observation is not None and observation.learns
            if not wanted or (forgot and settings != self._settings_names[name]):
                news.append(News(Stage.END, over(episode, SETTINGS), at))
            else:
                news += self._books[name].restore(episode, at, forgot=forgot)
        return news

    def readings(self, news: Iterable[News]) -> list[Reading]:
        """Return the news as Readings."""
        own = self.settings
        return [news_reading(item, camera=own.camera, compound=own.compound) for item in news]

    def heartbeat(self, health: dict[str, Value], at: int) -> list[Reading]:
        """Return the regular Readings: health, the states known to be false, and what is measured."""
        own = self.settings
        return state_readings(self._states, health, camera=own.camera, compound=own.compound, at=at)

    def _zones_of(self, name: str) -> tuple[str, ...]:
        return self._wanted[name].zones or (WHOLE,)

    def _sighted(self, name: str, view: View) -> Sequence[Sighting]:
        """Let one observation look. What breaks in one says nothing and costs the others nothing."""
        try:
            found = [plain(sighting) for sighting in self._observations[name].look(view)]
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must go on looking
            self.broken[name] = f"{type(error).__name__}: {error}"
            return []
        self.broken.pop(name, None)
        return found

    def _broke(self, name: str, at: int) -> list[News]:
        """An observation that breaks is as blind as a camera without pictures."""
        for known in self._states.values():
            known.pop(name, None)
        return self._books[name].blind(at)

    def _view(self, frame: Frame) -> View:
        height, width = frame.picture.shape[:2]
        if self.settings.masks and (
            self._visible is None or self._visible.shape != (height, width)
        ):
            self._visible = self._mask.visible(height, width)
        view = View(frame, UNSETTLED, visible=self._visible)
        view.motion = self._gate.look(view.small_grey, frame.at, self._visible)
        if view.motion.settled or self._settled_at is None:
            self._settled_at = frame.at
        if self._needs_objects and self._detector is not None:
            self._name_objects(view, self._detector)
        return view

    def _name_objects(self, view: View, detector: Detector) -> None:
        """Ask the detector where something moved, and everywhere now and then.

        While the gate learns a scene it knows of nothing that moved: who came then would be stored as
        he is, so whoever wants persons pixelated has everything looked at.
        """
        unsure = self.settings.pixelate_persons and not view.motion.settled
        if unsure or self._looked_at is None or view.at - self._looked_at >= STILL_MS:
            self._looked_at = view.at
            view.looked = (EVERYWHERE,)
        else:
            view.looked = view.motion.boxes
        if view.looked:
            view.objects = detector.detect(view.picture, view.looked)

    def _remember(self, sightings: dict[str, Sequence[Sighting]], at: int) -> None:
        """Keep what the heartbeat tells: false once a zone was seen without, and the newest measures.

        What is true is told by its episode's own Readings. What could not be told for UNKNOWN_MS is
        dropped, and so is a "false" that an interrupted episode does not believe.
        """
        for name, seen in sightings.items():
            book = self._books[name]
            active = {episode.zone for episode in book.open()}
            waits = {episode.zone for episode in book.kept()} - active
            measures = self._observations[name].measures
            for sighting in seen:
                zone = sighting.zone
                known = self._states.setdefault(zone, {})
                if sighting.seen is not None:
                    self._known_at[zone, name] = at
                if zone in active:
                    known.pop(name, None)
                elif zone in waits or at - self._known_at.get((zone, name), at) > UNKNOWN_MS:
                    for key in (name, *measures):
                        known.pop(key, None)
                elif sighting.seen is not None:
                    known[name] = False
                for key in measures & sighting.values.keys():
                    known[key] = sighting.values[key]


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
