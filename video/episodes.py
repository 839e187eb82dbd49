"""Episodes: from many frames that say the same, one thing with a beginning, updates and an end.

A case is made per episode, never per frame. One id from start to end; an episode begins at the first
frame of those that made it (a data time), so a replay of the same frames makes the same id.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from model.reading import Value

from .contract import Box, ObservationSettings, Sighting

MOST_GAP_MS = 2_000
"""A thing unseen for so long before it counted has to be seen for `after_s` anew."""


class Stage(StrEnum):
    """What a piece of news says of an episode."""

    START = "start"
    UPDATE = "update"
    END = "end"


class Episode(NamedTuple):
    """One thing that was noticed; times in ms, gateway's clock."""

    id: str
    observation: str
    zone: str
    started_at: int
    last_seen_at: int
    confidence: float  # the highest so far, 0-1
    box: Box | None  # where, at the most confident moment
    values: Mapping[str, Value]  # the newest
    ended_at: int | None = None
    ended_by: str = ""  # unseen (no longer there), blind (the camera stopped seeing), settings


class News(NamedTuple):
    """An episode at one stage, told at `at` (ms)."""

    stage: Stage
    episode: Episode
    at: int


def episode_id(camera: str, observation: str, zone: str, started_at: int) -> str:
    """Return the 16 hex digits that name an episode."""
    text = "\0".join((camera, observation, zone, str(started_at)))
    return blake2b(text.encode(), digest_size=8).hexdigest()


class _Watch:
    """What is remembered of one zone of one observation."""

    __slots__ = ("episode", "seen_at", "told_at")

    def __init__(self) -> None:
        self.episode: Episode | None = None
        self.seen_at = 0
        self.told_at = 0


class EpisodeBook:
    """The episodes of one observation of one camera, open and to come."""

    def __init__(
        self, camera: str, observation: str, settings: ObservationSettings, *, update_s: float
    ) -> None:
        self._camera, self._observation = camera, observation
        self._after_ms = settings.after_s * 1000
        self._off_ms = settings.off_delay_s * 1000
        self._update_ms = update_s * 1000
        self._watches: dict[str, _Watch] = {}
        self._since: dict[str, int] = {}

    def open(self) -> list[Episode]:
        """Return the episodes that have not ended."""
        return [watch.episode for watch in self._watches.values() if watch.episode]

    def see(self, sightings: Sequence[Sighting], at: int) -> list[News]:
        """Take what one frame showed; return what people are to be told. Unknown changes nothing."""
        news: list[News] = []
        for sighting in sightings:
            watch = self._watches.setdefault(sighting.zone, _Watch())
            if sighting.seen:
                news.extend(self._seen(watch, sighting, at))
            elif sighting.seen is False:
                news.extend(self._unseen(watch, sighting.zone, at))
        return news

    def blind(self, at: int) -> list[News]:
        """End everything: the camera cannot see any more, so nobody knows."""
        news = [self._end(watch, at, "blind") for watch in self._watches.values() if watch.episode]
        self._watches.clear()
        self._since.clear()
        return news

    def _seen(self, watch: _Watch, sighting: Sighting, at: int) -> list[News]:
        zone = sighting.zone
        if watch.episode:
            watch.seen_at = at
            watch.episode = _grown(watch.episode, sighting, at)
            if at - watch.told_at < self._update_ms:
                return []
            watch.told_at = at
            return [News(Stage.UPDATE, watch.episode, at)]
        if zone not in self._since or at - watch.seen_at > max(MOST_GAP_MS, self._off_ms):
            self._since[zone] = at
        watch.seen_at = at
        if at - self._since[zone] < self._after_ms:
            return []
        started = self._since.pop(zone)
        watch.told_at = at
        watch.episode = Episode(
            episode_id(self._camera, self._observation, zone, started),
            self._observation, zone, started, at, sighting.confidence, sighting.box,
            dict(sighting.values),
        )  # fmt: skip
        return [News(Stage.START, watch.episode, at)]

    def _unseen(self, watch: _Watch, zone: str, at: int) -> list[News]:
        if watch.episode is None:
            if at - watch.seen_at > min(MOST_GAP_MS, self._off_ms):
                self._since.pop(zone, None)
            return []
        if at - watch.seen_at < self._off_ms:
            return []
        return [self._end(watch, at, "unseen")]

    def _end(self, watch: _Watch, at: int, by: str) -> News:
        assert watch.episode is not None  # noqa: S101 - the callers looked
        ended = watch.episode._replace(
            ended_at=max(watch.seen_at, watch.episode.started_at), ended_by=by
        )
        watch.episode = None
        return News(Stage.END, ended, at)


def _grown(episode: Episode, sighting: Sighting, at: int) -> Episode:
    better = sighting.confidence > episode.confidence
    return episode._replace(
        last_seen_at=at,
        confidence=max(episode.confidence, sighting.confidence),
        box=sighting.box if better and sighting.box else episode.box,
        values=dict(sighting.values) or episode.values,
    )
