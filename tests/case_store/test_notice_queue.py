"""The queue of notices is sorted alike on every database, and records survive."""

import msgspec

from hub.case_store import CaseStore
from model.case import Case, EventClass
from model.reading import Mode

from .samples import T0, Story, make_case


def told(name: str, cls: EventClass, category: str, mode: Mode = Mode.REAL) -> Case:
    """Return a case of a queue."""
    return msgspec.structs.replace(make_case(name), cls=cls, category=category, mode=mode)


def test_the_order_is_fires_emergencies_urgent_upkeep(any_store: CaseStore) -> None:
    """Among equals the real thing first, then the older; several events are one line."""
    any_store.outbox.open_channels({"duty": "x"})
    stories = [
        Story(told("battery", EventClass.MAINTENANCE, "battery_low")),
        Story(told("report", EventClass.REPORT, "matter")),
        Story(told("pump", EventClass.IMPAIRMENT, "pump_fault")),
        Story(told("call", EventClass.DUTY, "duty_unanswered")),
        Story(told("drilled-door", EventClass.EMERGENCY, "door_forced", Mode.DRILL)),
        Story(told("door", EventClass.EMERGENCY, "door_forced")),
        Story(told("fire", EventClass.EMERGENCY, "fire")),
    ]
    changes = [story.change("opened") for story in stories]
    changes.append(stories[0].change("escalated"))
    changes.append(msgspec.structs.replace(stories[1].change(), notice=""))
    any_store.apply(changes, log_id="log", pos=1)
    assert any_store.notices.enrol("duty", lambda _event: True) == 9
    assert any_store.notices.enrol("duty", lambda _event: True) == 0
    waiting = any_store.notices.waiting("duty", now=T0)
    names = ["fire", "door", "drilled-door", "pump", "call", "battery", "report"]
    assert [item.case for item in waiting] == names
    assert waiting[5].notices == ("opened", "escalated")
    assert any_store.notices.count("duty") == 8


def test_a_record_keeps_what_people_ask_for(any_store: CaseStore) -> None:
    """Last success, last failure and the newest messages, each without touching the others."""
    records = any_store.outbox.records
    records.reserve("duty", [T0, T0 + 1])
    records.failed("duty", T0 + 2, "away\x00" + "x" * 900)
    records.succeeded("duty", T0 + 3)
    found = records.of("duty")
    assert (found.succeeded_at, found.failed_at, found.recent) == (T0 + 3, T0 + 2, [T0, T0 + 1])
    assert found.failure.startswith("away")
    assert len(found.failure) == 500
    assert records.all() == {"duty": found}
    any_store.outbox.open_channels({"other": "x"})
    any_store.outbox.open_channels({})
    assert records.of("other").recent == []
