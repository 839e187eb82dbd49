"""Remembers the alarms that are nowhere on disk yet, until they are logged."""

from collections.abc import Callable, Iterable

from model.reading import Reading

Json = dict[str, object]
KEPT = 200
KEPT_MS = (
    24 * 3_600_000
)  # our assumption: a device that was never heard again in a day is not waited for


class MemoryAlarms:
    """What devices said that nothing could store; a device that repeats itself is one alarm."""

    def __init__(self, clock: Callable[[], int]) -> None:
        """Take the hub's clock (ms)."""
        self._clock = clock
        self._alarms: dict[tuple[str, str], Json] = {}

    def add(self, readings: Iterable[Reading]) -> list[Json]:
        """Remember alarms; returns each as it is shown: `since` the first time, `said_at` the last."""
        found = []
        now = self._clock()
        for reading in readings:
            key = (reading.device, reading.event)
            before = self._alarms.pop(key, None)
            shown: Json = {
                "device": reading.device,
                "event": reading.event,
                "values": reading.values,
                "mode": reading.mode,
                "received_at": reading.received_at,
                "since": before["since"] if before else now,
                "said_at": now,
                "durable": False,
            }
            self._alarms[key] = shown
            found.append(shown)
        while len(self._alarms) > KEPT:
            del self._alarms[next(iter(self._alarms))]
        return found

    def logged(self, readings: Iterable[Reading]) -> None:
        """Forget what is on disk now: the device said it again, and there it became a case."""
        for reading in readings if self._alarms else ():
            self._alarms.pop((reading.device, reading.event), None)

    def shown(self) -> list[Json]:
        """Return the alarms that only memory holds, the newest last."""
        oldest = self._clock() - KEPT_MS
        return [item for item in list(self._alarms.values()) if _at(item) >= oldest]

    def __len__(self) -> int:
        return len(self.shown())


def _at(item: Json) -> int:
    at = item["said_at"]
    return at if isinstance(at, int) else 0
