"""Alarms that only memory holds: counted once, shown, and forgotten when they are on disk."""

from hub.memory_alarms import KEPT, KEPT_MS, MemoryAlarms
from model.reading import Event, Reading

T0 = 1_800_000_000_000


class Clock:
    """The hub's clock, moved by the test."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> int:
        """Return it."""
        return self.now


def alarm(device: str, event: Event = Event.FIRE_ALARM) -> Reading:
    """Return what a detector says."""
    return Reading(device, "smoke_detector", T0, event=event)


def test_a_device_that_repeats_itself_is_one_alarm_since_the_first_time() -> None:
    """It repeats because nobody acknowledged it; a count of repetitions would say nothing."""
    clock = Clock()
    memory = MemoryAlarms(clock)
    for _ in range(3):
        memory.add([alarm("a")])
        clock.now += 10_000
    assert len(memory) == 1
    assert [(item["since"], item["said_at"]) for item in memory.shown()] == [(T0, T0 + 20_000)]


def test_what_is_logged_is_counted_down() -> None:
    """Only that alarm of that device."""
    memory = MemoryAlarms(Clock())
    memory.add([alarm("a"), alarm("a", Event.TAMPER), alarm("b")])
    memory.logged([alarm("a")])
    assert [(item["device"], item["event"]) for item in memory.shown()] == [
        ("a", "tamper"), ("b", "fire_alarm"),
    ]  # fmt: skip
    memory.logged([alarm("a", Event.TAMPER), alarm("b"), alarm("c")])
    assert len(memory) == 0


def test_memory_is_bounded_in_number_and_time() -> None:
    """The newest are kept; what was last said a day ago is no alarm of now."""
    clock = Clock()
    memory = MemoryAlarms(clock)
    memory.add(alarm(f"d{n}") for n in range(KEPT + 50))
    assert len(memory) == KEPT
    assert memory.shown()[-1]["device"] == f"d{KEPT + 49}"
    clock.now += KEPT_MS + 1
    assert len(memory) == 0
