"""Remembers which alarms are active, so that their clearing takes the alarm lane as well."""

from collections.abc import Iterable

from model.reading import ALARM_EVENTS, ALARM_STATES, Lane, Reading, alarm_states, lane_of


class LaneChoice:
    """The alarm states of each device as last seen; a device without any takes no memory."""

    def __init__(self) -> None:
        self._active: dict[str, dict[str, bool]] = {}

    def lane(self, reading: Reading) -> Lane:
        """Choose a Reading's lane and remember what it says."""
        device = reading.device
        before = self._active.get(device)
        # `1.0 in values` would also find True: a cheap look that errs on the careful side.
        if before is None and reading.event not in ALARM_EVENTS:
            values = reading.values
            if True not in values.values():
                return Lane.TELEMETRY
            if not any(values[name] is True for name in ALARM_STATES & values.keys()):
                return Lane.TELEMETRY
        lane = lane_of(reading, before or {})
        active = {name: True for name, state in alarm_states(reading).items() if state}
        kept = {
            name: True for name in before or () if name not in reading.values
        }  # a state this message does not speak of stays as it was
        if active or kept:
            self._active[device] = active | kept
        else:
            self._active.pop(device, None)
        return lane

    def not_stored(self, readings: Iterable[Reading]) -> None:
        """Let alarm-lane Readings that the disk refused be news again when they are repeated."""
        for reading in readings:
            states = dict.fromkeys(alarm_states(reading), True)
            if states:
                self._active[reading.device] = self._active.get(reading.device, {}) | states
