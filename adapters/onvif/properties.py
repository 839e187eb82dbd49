"""Remembers what each property said, so that a repetition is no news and a missed change is.

ONVIF Core 9.3: after a subscription, and on demand, a device repeats all properties as `Initialized`.
A true fire contact is news to a gateway that has just started; the same contact repeated after a
re-subscription is not; and one that changed while nobody listened is, though no `Changed` ever came.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from model.reading import Event, Reading

from .said import Notice, State

MOMENT_MS = (
    10_000  # a moment (line crossed, duress) is shown as a state for so long (our assumption)
)
REMEMBERED = 4096
"""Property values kept for one device; the oldest that do not hold go first."""

_Place = tuple[str, str]


class _Moment(NamedTuple):
    over_at: int
    reading: Reading


class Properties:
    """The properties of one device, over re-subscriptions; a new process knows none."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str, str], bool] = {}  # device, state, source
        self._holding: dict[_Place, set[str]] = {}  # the sources by which a state holds
        self._moments: dict[_Place, _Moment] = {}

    def take(self, notice: Notice) -> Reading:
        """Return the Reading to store: its states over all sources, its word only where it is news."""
        if not notice.states:
            return notice.reading
        values = dict(notice.reading.values)
        changed = told = False
        for state in notice.states:
            holds = values[state.name] is True
            place = (notice.reading.device, state.name)
            before = self._said.get((*place, notice.source))
            others = self._holding.get(place, set()) - {notice.source}
            if state.moment:
                self._moments[place] = _over(notice.reading, state)
                told = True
                continue
            self._remember(place, notice.source, holds=holds)
            values[state.name] = holds or bool(others)
            # The first false of a process ends nothing that it knew of.
            changed |= holds is not bool(before) and not others
            told |= not notice.initialized and not others and (holds or before is not False)
        reading = notice.reading
        if not (changed or told):
            return msgspec.structs.replace(reading, values=values, event=Event.NONE)
        return msgspec.structs.replace(reading, values=values)

    def over(self, now: int) -> Iterator[Reading]:
        """Yield the ends of moments that are past; `now` in ms."""
        for place, moment in list(self._moments.items()):
            if now >= moment.over_at:
                del self._moments[place]
                yield msgspec.structs.replace(moment.reading, received_at=now)

    def _remember(self, place: _Place, source: str, *, holds: bool) -> None:
        self._said.pop((*place, source), None)
        self._said[(*place, source)] = holds
        holding = self._holding.setdefault(place, set())
        if holds:
            holding.add(source)
        else:
            holding.discard(source)
        if len(self._said) > REMEMBERED:
            self._forget_one()

    def _forget_one(self) -> None:
        oldest = next(
            (key for key, holds in self._said.items() if not holds), next(iter(self._said))
        )
        del self._said[oldest]
        self._holding.get(oldest[:2], set()).discard(oldest[2])


def _over(reading: Reading, state: State) -> _Moment:
    """Return the end of a moment; its Reading says the state and nothing else."""
    end = msgspec.structs.replace(
        reading, values={state.name: False}, event=Event.NONE, observed_at=None, quality=(), raw=""
    )
    return _Moment(reading.received_at + MOMENT_MS, end)
