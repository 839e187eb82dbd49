"""Looks at a clip with given settings and says what it saw: for `smarthub video test` and the page.

The same code as in a running gateway, on the clip's own times.
"""

from collections.abc import Iterable
from typing import NamedTuple

from .camera import Camera
from .contract import Detector, Frame
from .discovery import observations
from .episodes import Episode
from .settings import CameraSettings

SAME_MS = 2_000
"""Two episodes of the same observation and zone that begin so near to each other are the same thing."""


class NotLooked(NamedTuple):
    """An observation that told nothing, and why: `off` (not asked for), `detector` (none), `masks`, `unknown`.

    `masks`: the clip has another shape than the picture that the masks were drawn on, so all of it is blank.
    """

    observation: str
    why: str


class Outcome(NamedTuple):
    """What a clip showed; times are ms from its beginning."""

    episodes: tuple[Episode, ...]  # by start; `ended_at` None: still there at the end
    not_looked: tuple[NotLooked, ...]
    frames: int
    length_ms: int


class Difference(NamedTuple):
    """What other settings change: episodes by (before, after); None where one has it and the other not."""

    pairs: tuple[tuple[Episode | None, Episode | None], ...]

    @property
    def changed(self) -> bool:
        """Whether an episode came or went."""
        return any(before is None or after is None for before, after in self.pairs)


def look_at(
    frames: Iterable[Frame], settings: CameraSettings, detector: Detector | None = None
) -> Outcome:
    """Run a clip's frames through a camera's settings; nothing is kept between calls."""
    camera = Camera(settings, detector)
    episodes: dict[str, Episode] = {}
    told: set[str] = set()
    count, first, last = 0, 0, 0
    for frame in frames:
        first = frame.at if count == 0 else first
        count, last = count + 1, frame.at
        seen = camera.see(frame)
        told.update(
            name
            for name, sightings in seen.sightings.items()
            if any(sighting.seen is not None for sighting in sightings)
        )
        for news in seen.news:
            episodes[news.episode.id] = news.episode
    episodes.update((episode.id, episode) for episode in camera.open())
    ordered = sorted(episodes.values(), key=lambda one: (one.started_at, one.observation, one.zone))
    return Outcome(
        tuple(_from(episode, first) for episode in ordered),
        _not_looked(
            settings, detector, told, unknown="masks" if camera.mask_misfit() else "unknown"
        ),
        count,
        last - first,
    )


def compare(before: Outcome, after: Outcome) -> Difference:
    """Pair the episodes of two outcomes of one clip."""
    left = list(before.episodes)
    pairs: list[tuple[Episode | None, Episode | None]] = []
    for episode in after.episodes:
        same = next((old for old in left if _same(old, episode)), None)
        if same is not None:
            left.remove(same)
        pairs.append((same, episode))
    pairs += [(episode, None) for episode in left]
    pairs.sort(key=lambda pair: (pair[0] or pair[1] or _NOTHING).started_at)
    return Difference(tuple(pairs))


def sign(before: Episode | None, after: Episode | None) -> str:
    """Return what a pair says: `+` new, `-` gone, `~` at other times, `=` the same."""
    if before is None or after is None:
        return "+" if before is None else "-"
    same = (before.started_at, before.ended_at) == (after.started_at, after.ended_at)
    return "=" if same else "~"


def _same(one: Episode, other: Episode) -> bool:
    if (one.observation, one.zone) != (other.observation, other.zone):
        return False
    near = abs(one.started_at - other.started_at) <= SAME_MS
    overlap = min(one.last_seen_at, other.last_seen_at) - max(one.started_at, other.started_at)
    return near or overlap > 0


def _not_looked(
    settings: CameraSettings, detector: Detector | None, told: set[str], *, unknown: str
) -> tuple[NotLooked, ...]:
    wanted = settings.wanted()
    found = []
    for name, kind in observations().items():
        if name not in wanted:
            found.append(NotLooked(name, "off"))
        elif kind.needs_detector and detector is None:
            found.append(NotLooked(name, "detector"))
        elif name not in told:
            found.append(NotLooked(name, unknown))
    return tuple(found)


def _from(episode: Episode, first: int) -> Episode:
    ended = None if episode.ended_at is None else episode.ended_at - first
    return episode._replace(
        started_at=episode.started_at - first,
        last_seen_at=episode.last_seen_at - first,
        ended_at=ended,
    )


_NOTHING = Episode("", "", "", 0, 0, 0.0, None, {})
