"""Alarms that are nowhere on disk 仅在内存的报警, as the wall shows them: there is no case to open yet."""

from cases.taxonomy import CATEGORIES
from model.place import Registry
from model.reading import Event

Json = dict[str, object]
SOUNDS_MS = (
    5 * 60_000
)  # a device repeats what nobody acknowledged; one that stopped sounds no longer
_EMERGENCY = {
    Event.FIRE_ALARM: "fire",
    Event.MANUAL_ALARM: "fire",
    Event.DOOR_FORCED: "door_forced",
    Event.DURESS: "duress",
    Event.PANIC: "panic",
}


def as_shown(alarms: list[Json], registry: Registry) -> list[Json]:
    """Return the emergencies among alarms in memory, with their places; the newest first."""
    found = []
    for alarm in reversed(alarms):
        name = _EMERGENCY.get(Event(str(alarm["event"])))
        if name is None:
            continue
        device = str(alarm["device"])
        place = registry.place_of(device)
        found.append(
            alarm
            | {
                "id": f"memory:{device}:{alarm['event']}",
                "category": name,
                "severity": CATEGORIES[name].severity,
                "grid": place.grid if place else "",
                "place_name": place.name if place else "",
            }
        )
    return found


def sounding(alarms: list[Json], now: int) -> list[Json]:
    """Return the alarms in memory that a device still repeats; `now` in ms."""
    return [
        alarm for alarm in alarms
        if isinstance(at := alarm["said_at"], int) and now - at < SOUNDS_MS
    ]  # fmt: skip
