"""How long things have been in zones, by where they stand."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from video.contract import Box, Point, Sighting, Zones
from video.view import View

from ._tracks import Track, Tracks

HIDDEN_MS = 1_500  # looked for and not found so long: not there, though it may be itself again
OUT_MS = 2_000  # out of a zone so long ends a stay there


class Stay(NamedTuple):
    """One thing in one zone since `ms`."""

    track: Track
    ms: int


Judge = Callable[[str, Sequence[Stay]], Sighting]


class Stays:
    """Follows things of some labels and times each one's stay in each zone."""

    def __init__(self, labels: Collection[str], zones: Zones) -> None:
        self._tracks = Tracks(labels)
        self._zones = zones
        self._since: dict[tuple[str, int], int] = {}
        self._outside_since: dict[tuple[str, int], int] = {}

    def look(self, view: View) -> Mapping[str, Sequence[Stay]] | None:
        """Return the stays by zone, longest first; None when no detector looked at this frame."""
        news = self._tracks.look(view)
        alive = {track.number for track in self._tracks}
        for key in [key for key in self._since if key[1] not in alive]:
            self._end(key)
        stays = {zone: self.in_zone(zone) for zone in self._zones.names()}
        return stays if news else None

    def sightings(self, view: View, judge: Judge) -> list[Sighting]:
        """Return what `judge` makes of each zone's stays; None in each when no detector looked."""
        stays = self.look(view)
        if stays is None:
            return [Sighting(zone, None) for zone in self._zones.names()]
        return [judge(zone, stays[zone]) for zone in self._zones.names()]

    def in_zone(self, zone: str) -> list[Stay]:
        """Return the stays in one zone, longest first, as of the last look."""
        stays, at = [], self._tracks.at
        for track in self._tracks:
            key = (zone, track.number)
            if self._zones.holds(zone, on_ground(track.box)):
                self._outside_since.pop(key, None)
                since = self._since.setdefault(key, at)
                if not (track.missed and at - track.seen_at > HIDDEN_MS):
                    stays.append(Stay(track, max(0, track.seen_at - since)))
            elif key in self._since and self._outside_for(key, at) >= OUT_MS:
                self._end(key)
        return sorted(stays, key=lambda stay: (-stay.ms, stay.track.number))

    def _outside_for(self, key: tuple[str, int], at: int) -> int:
        return at - self._outside_since.setdefault(key, at)

    def _end(self, key: tuple[str, int]) -> None:
        del self._since[key]
        self._outside_since.pop(key, None)


def surest(stays: Sequence[Stay], least_ms: float) -> Track | None:
    """Return the surest of those that stayed so long, are believed and are not hidden now."""
    sure = [
        stay.track
        for stay in stays
        if stay.ms >= least_ms and stay.track.believed and not stay.track.missed
    ]
    return max(sure, key=lambda track: track.confidence, default=None)


def on_ground(box: Box) -> Point:
    """Return the foot, a hair inside the picture: a zone drawn to the lower edge holds it."""
    foot = box.foot
    return Point(foot.x, min(foot.y, 0.999))
