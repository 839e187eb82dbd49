"""Remembers what each property said, so that a repetition is no news and a missed change is.

ONVIF Core 9.3: after a subscription, and on demand, a device repeats all properties as `Initialized`.
A true fire contact is news to a gateway that has just started; the same contact repeated after a
re-subscription is not; and one that changed while nobody listened is, though no `Changed` ever came.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from model.reading import Event, Reading

from .said import Notice

MOMENT_MS: Final = 10_000
"""A moment (line crossed, duress) is shown as a state for so long (our assumption)."""
REPEATED_MS: Final = 30_000
"""After a new subscription, what is seen and is not repeated within this time is gone (our assumption)."""
REMEMBERED: Final = 4096
"""Property values kept for one device; the oldest that do not hold go first."""
PASSING: Final = frozenset(
    {"motion", "intrusion", "loitering", "line_crossed", "person", "vehicle", "animal"}
    | {"package", "package_delivered", "package_taken"}
)
"""What a camera sees; its properties may vanish with the object at a reboot, without a last word.

A contact, a door or a fault is never taken back because a device keeps silent about it.
"""

_Place = tuple[str, str]  # device, state


class _Moment(NamedTuple):
    over_at: int
    reading: Reading


class Properties:
    """The properties of one device, over re-subscriptions; a new process knows none."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str, str], bool] = {}  # device, state, source
        self._holding: dict[_Place, dict[str, Reading]] = {}  # by source, why a state holds
        self._moments: dict[_Place, _Moment] = {}
        self._unrepeated: set[tuple[str, str, str]] = set()
        self._gone_at = 0

    def begin(self, steady: int) -> None:
        """Take note of a new subscription: what still holds will be repeated; `steady` in ms.

        `steady` is a time that nobody sets, here and below: a clock that is set back an hour must not
        let a moment last for an hour.
        """
        self._gone_at = steady + REPEATED_MS
        self._unrepeated = {
            (*place, source)
            for place, sources in self._holding.items()
            if place[1] in PASSING
            for source in sources
        }

    def take(self, notice: Notice, steady: int) -> Reading:
        """Return the Reading to store: its states over all sources, its word only where it is news."""
        if not notice.states:
            return notice.reading
        reading = notice.reading
        values = dict(reading.values)
        news = False
        for state in notice.states:
            holds = values[state.name] is True
            place = (reading.device, state.name)
            if state.moment:
                self._moments[place] = _Moment(steady + MOMENT_MS, _ended(reading, state.name))
                news = True
                continue
            before = self._said.get((*place, notice.source))
            others = self._holding.get(place, {}).keys() - {notice.source}
            self._remember(place, notice.source, reading if holds else None)
            values[state.name] = holds or bool(others)
            # The first false of a process ends nothing that it knew of.
            changed = holds is not bool(before)
            told = not notice.initialized and (holds or before is not False)
            news |= (changed or told) and not others
        event = reading.event if news else Event.NONE
        return msgspec.structs.replace(reading, values=values, event=event)

    def over(self, now: int, steady: int) -> Iterator[Reading]:
        """Yield the ends of moments that are past and of what was not repeated; `now` (ms) dates them."""
        for place, moment in list(self._moments.items()):
            if steady >= moment.over_at:
                del self._moments[place]
                yield msgspec.structs.replace(moment.reading, received_at=now)
        if not self._unrepeated or steady < self._gone_at:
            return
        for device, state, source in sorted(self._unrepeated):
            sources = self._holding.get((device, state), {})
            last = sources.get(source)
            self._remember((device, state), source, None)
            if last is not None and not sources:
                yield msgspec.structs.replace(_ended(last, state), received_at=now)

    def _remember(self, place: _Place, source: str, why: Reading | None) -> None:
        """Note that a state holds by a source, or (None) that it does not."""
        key = (*place, source)
        self._unrepeated.discard(key)
        self._said.pop(key, None)
        self._said[key] = why is not None
        holding = self._holding.setdefault(place, {})
        if why is not None:
            holding[source] = why
        else:
            holding.pop(source, None)
        if len(self._said) > REMEMBERED:
            self._forget_one()

    def _forget_one(self) -> None:
        oldest = next(
            (key for key, holds in self._said.items() if not holds), next(iter(self._said))
        )
        del self._said[oldest]
        self._holding.get(oldest[:2], {}).pop(oldest[2], None)


def _ended(reading: Reading, state: str) -> Reading:
    """Return the Reading of a state's end, which says nothing else."""
    return msgspec.structs.replace(
        reading, values={state: False}, event=Event.NONE, observed_at=None, quality=(), raw=""
    )
