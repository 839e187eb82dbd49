"""Episodes: from many frames that say the same, one thing with a beginning, updates and an end.

A case is made per episode, never per frame. One id from start to end; an episode begins at the first
frame of those that made it (a data time), so a replay of the same frames makes the same id.

A camera that loses its picture ends its episodes as `blind`: nobody sees, so nobody knows. Such an episode is
remembered: seen again soon it goes on under its own id, and seen to be gone it ends once more, as `unseen`.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from model.reading import Value

from .contract import Box, ObservationSettings, Sighting
from .rhythm import Rhythm

MOST_GAP_MS = 2_000
"""A thing unseen for so long before it counted has to be seen for `after_s` anew.

Longer for a camera whose frames are farther apart; and no gap counts as more seconds of seeing than this.
"""

RESUME_MS = 60_000
"""A blind camera that sees a thing again within so long (or `off_delay_s`) goes on with its episode."""

UNSEEN, BLIND, SETTINGS, REMOVED = "unseen", "blind", "settings", "removed"
"""What ends an episode: no longer there, the camera stopped seeing, nobody asks for it any more, no camera any more."""

UNKNOWN = frozenset({BLIND, REMOVED})
"""Ends after which the thing may still be there."""


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
    ended_by: str = ""  # unseen, blind, settings or removed


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
    """What is remembered of one zone of one observation; times in ms."""

    def __init__(self) -> None:
        self.episode: Episode | None = None  # one that ended as blind is still here
        self.since: int | None = None  # what may become an episode was first seen then
        self.counted_ms = 0.0  # and was seen for so long
        self.seen_at = 0
        self.told_at = 0
        self.lost_at = 0
        self.back_at: int | None = None  # after blindness: first looked at again and not seen
        self.doubted = False  # the learnt scene is forgotten: "not seen" proves nothing

    @property
    def lost(self) -> bool:
        """Whether its episode was interrupted by blindness."""
        return self.episode is not None and self.episode.ended_by == BLIND


class EpisodeBook:
    """The episodes of one observation of one camera, open and to come."""

    def __init__(
        self, camera: str, observation: str, settings: ObservationSettings, *, update_s: float
    ) -> None:
        self._camera, self._observation = camera, observation
        self._after_ms = settings.after_s * 1000
        self._off_ms = settings.off_delay_s * 1000
        self._update_ms = update_s * 1000
        self._accept_ms = settings.accepts_after_s() * 1000  # a restart or not
        self._watches: dict[str, _Watch] = {}
        self._rhythm = Rhythm()

    def open(self) -> list[Episode]:
        """Return the episodes that have not ended."""
        return [episode for episode in self.kept() if not episode.ended_by]

    def kept(self) -> list[Episode]:
        """Return the episodes that may go on: the open ones and those that only blindness ended."""
        return [watch.episode for watch in self._watches.values() if watch.episode]

    def see(self, sightings: Sequence[Sighting], at: int) -> list[News]:
        """Take what one frame showed; return what people are to be told. Unknown changes nothing."""
        news: list[News] = []
        self._rhythm.step(at, MOST_GAP_MS)
        for sighting in sightings:
            watch = self._watches.setdefault(sighting.zone, _Watch())
            if sighting.seen:
                news.extend(self._seen(watch, sighting, at))
            elif sighting.seen is False:
                news.extend(self._unseen(watch, at))
        return news

    def blind(self, at: int, *, forgets: bool = False) -> list[News]:
        """End everything: the camera cannot see any more, so nobody knows.

        `forgets`: the observation also loses the scene it learnt, and will take the next one for the usual.
        """
        news = []
        self._rhythm = Rhythm()
        for zone, watch in list(self._watches.items()):
            if watch.episode is None:
                del self._watches[zone]
                continue
            if not watch.lost:
                news.append(self._lose(watch, at))
            watch.since, watch.lost_at, watch.back_at = None, at, None
            watch.doubted = watch.doubted or forgets
        return news

    def restore(self, episode: Episode, at: int, *, forgot: bool) -> list[News]:
        """Take an episode of an earlier process: nobody saw meanwhile. `forgot` as in `blind`."""
        watch = self._watches[episode.zone] = _Watch()
        watch.episode, watch.lost_at, watch.doubted = episode, at, forgot
        return [] if watch.lost else [self._lose(watch, at)]

    def _seen(self, watch: _Watch, sighting: Sighting, at: int) -> list[News]:
        watch.back_at = None
        if watch.lost and self._goes_on(watch, at):
            assert watch.episode is not None  # noqa: S101 - it was lost
            watch.episode = watch.episode._replace(ended_at=None, ended_by="")
            watch.doubted = False
            watch.told_at = watch.seen_at = at
            watch.episode = _grown(watch.episode, sighting, at)
            return [News(Stage.UPDATE, watch.episode, at)]
        if watch.episode and not watch.lost:
            watch.seen_at = at
            watch.episode = _grown(watch.episode, sighting, at)
            if at - watch.told_at < self._update_ms:
                return []
            watch.told_at = at
            return [News(Stage.UPDATE, watch.episode, at)]
        return self._counted(watch, sighting, at)

    def _counted(self, watch: _Watch, sighting: Sighting, at: int) -> list[News]:
        """Count how long a thing was seen; begin an episode when that is long enough."""
        most = self._rhythm.most_ms(MOST_GAP_MS)
        if watch.since is None or at - watch.seen_at > max(most, self._off_ms):
            watch.since, watch.counted_ms = at, 0.0
        else:
            watch.counted_ms += min(at - watch.seen_at, most)
        watch.seen_at = at
        if watch.counted_ms < self._after_ms:
            return []
        started, watch.since, watch.doubted = watch.since, None, False
        watch.told_at = at
        watch.episode = Episode(
            episode_id(self._camera, self._observation, sighting.zone, started),
            self._observation, sighting.zone, started, at, sighting.confidence, sighting.box,
            dict(sighting.values),
        )  # fmt: skip
        return [News(Stage.START, watch.episode, at)]

    def _unseen(self, watch: _Watch, at: int) -> list[News]:
        if at - watch.seen_at > min(MOST_GAP_MS, self._off_ms):
            watch.since = None
        if watch.episode is None:
            return []
        if watch.doubted and not 0 < self._accept_ms <= at - watch.episode.started_at:
            return []
        watch.doubted = False
        if watch.lost and watch.back_at is None:
            watch.back_at = at
        if at - (watch.seen_at if watch.back_at is None else watch.back_at) < self._off_ms:
            return []
        ended = over(watch.episode, UNSEEN)
        watch.episode = watch.back_at = None
        return [News(Stage.END, ended, at)]

    def _goes_on(self, watch: _Watch, at: int) -> bool:
        return watch.doubted or at - watch.lost_at <= max(RESUME_MS, self._off_ms)

    def _lose(self, watch: _Watch, at: int) -> News:
        assert watch.episode is not None  # noqa: S101 - the callers looked
        watch.episode = over(watch.episode, BLIND)
        return News(Stage.END, watch.episode, at)


def over(episode: Episode, by: str) -> Episode:
    """Return an episode that ended when it was last seen, and why."""
    return episode._replace(ended_at=max(episode.last_seen_at, episode.started_at), ended_by=by)


def _grown(episode: Episode, sighting: Sighting, at: int) -> Episode:
    better = sighting.confidence > episode.confidence
    return episode._replace(
        last_seen_at=at,
        confidence=max(episode.confidence, sighting.confidence),
        box=sighting.box if better and sighting.box else episode.box,
        values=dict(sighting.values) or episode.values,
    )
