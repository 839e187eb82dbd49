"""What the system page says of disk, lags, channels and messages, without a browser."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from hub.balance import Balance, balances_of
from hub.case_store import CaseStore
from hub.machine import Machine, look_at
from hub.metrics import exposition
from hub.outgoing.status import Shown
from hub.page.letters import letters_html, printable
from hub.page.site import Visit
from hub.page.system_facts import LAG, facts_html, more_troubles, size
from hub.page.words import Lang
from tests.api.small_hub import T0, SmallHub

ROOM = Machine("1", T0 - 90_000, 3 << 20, 1 << 10, disk_free=1 << 40, disk_total=2 << 40)
FULL = Machine("1", T0 - 90_000, 3 << 20, 1 << 10, disk_free=1 << 30, disk_total=2 << 40)


class Glance(Visit):
    """A visit without a browser: only what the drawing of parts asks for."""

    def __init__(self, hub: SmallHub) -> None:
        """Take the hub; everything is said in English."""
        self.hub, self.lang, self.zone = hub, Lang.EN, ZoneInfo("Asia/Shanghai")
        self.who = SimpleNamespace()  # type: ignore[assignment]


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Glance]:
    """A glance at a hub on a store of its own."""
    store = CaseStore(f"sqlite:///{tmp_path / 'cases.db'}")
    yield Glance(SmallHub(store))
    store.close()


def channel(**changed: object) -> Shown:
    """Return a channel that is well, or not."""
    fields: dict[str, object] = {
        "name": "wecom:duty", "kind": "wecom", "address": "***", "enabled": True,
        "disabled_reason": "", "last_success": "2026-01-01T00:00:01Z", "last_failure": None,
        "failure": "", "waiting": 0, "testable": True, **changed,
    }  # fmt: skip
    return Shown(**fields)  # type: ignore[arg-type]


def test_nothing_is_said_while_all_is_well(visit: Glance) -> None:
    """Room, no lag, channels that deliver."""
    counters = {"desk.lag": LAG, "recorder.lag": 0}
    assert more_troubles(visit, ROOM, counters, [channel()]) == []


@pytest.mark.parametrize(
    ("machine", "counters", "shown", "said"),
    [
        (FULL, {}, channel(), "1.0 GiB left"),
        (ROOM, {"desk.lag": LAG + 1}, channel(), "rules and desk lag 2,001"),
        (ROOM, {"recorder.lag": LAG + 1}, channel(), "recorder lag"),
        (ROOM, {}, channel(enabled=False, disabled_reason="410"), "is off: 410"),
        (ROOM, {}, channel(waiting=1, last_failure="2026-01-01T00:00:02Z", failure="no route"),
         "holds 1 back no route"),
    ],
)  # fmt: skip
def test_each_trouble_is_said_with_a_remedy(
    visit: Glance, machine: Machine, counters: dict[str, int], shown: Shown, said: str
) -> None:
    """One thing is wrong, one line says so."""
    found = more_troubles(visit, machine, counters, [shown])
    assert len(found) == 1
    assert said in found[0].what
    assert found[0].remedy


def test_messages_not_understood_are_said_for_an_hour(visit: Glance) -> None:
    """Older ones are history; the table still holds them, by reason."""
    store = visit.hub.store
    store.dead_letter(at=T0 - 3_600_001, source="a", reason="codec", payload=b"old")
    assert more_troubles(visit, ROOM, {}, []) == []
    store.dead_letter(at=T0, source="a", reason="topic", payload=b"new", count=7)
    assert "7 messages" in more_troubles(visit, ROOM, {}, [])[0].what
    assert store.dead_letter_reasons() == {"codec": 1, "topic": 7}
    assert [letter.payload for letter in store.dead_letters(9, "codec")] == [b"old"]


def test_bytes_and_sources_of_a_dead_letter_are_inert(visit: Glance) -> None:
    """A script, a mark that turns the text around, and a line break are shown, not done."""
    evil = "<script>x</script>\u202e\n".encode()
    visit.hub.store.dead_letter(at=T0, source="<b>s", reason="codec", payload=evil)
    html = letters_html(visit, visit.hub.store.dead_letters())
    assert "<script>" not in html
    assert "<b>s" not in html
    assert "\u202e" not in html
    assert "3c 73 63 72 69 70 74" in html
    assert printable(evil) == "<script>x</script>··"


def test_the_figures_name_version_uptime_and_room(visit: Glance) -> None:
    """And a full disk is marked."""
    html = facts_html(visit, FULL, {"desk.lag": 3, "log.end": 4_000})
    for part in ("1 min 30 s", "4,000", "3.0 MiB", "1.0 KiB", "1.0 GiB / 2.0 TiB", "sh-critical"):
        assert part in html
    assert [size(n) for n in (0, 1023, 1024, 1 << 60)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "1048576.0 TiB",
    ]


def test_the_machine_is_looked_at_as_it_is(tmp_path: Path) -> None:
    """Sizes of the files that are there; the disk's own figures."""
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "1.db").write_bytes(b"x" * 100)
    (tmp_path / "cases.db").write_bytes(b"x" * 10)
    (tmp_path / "cases.db-wal").write_bytes(b"x" * 5)
    machine = look_at(tmp_path, started_at=7)
    assert (machine.log_bytes, machine.cases_bytes, machine.started_at) == (100, 15, 7)
    assert 0 < machine.disk_free <= machine.disk_total


def test_a_balance_that_does_not_hold_is_in_the_metrics() -> None:
    """Of every hop, the gateways' too."""
    counted = {"readings_received": 5, "readings_stored": 6}
    balances = balances_of([{"id": "gw-01", "counters": counted}], {"log.end": 1})
    assert balances[0] == Balance("gw-01", 5, {"stored": 6})
    said = exposition({}, ready=True, balances=balances).decode()
    assert 'smarthub_balance_holds{hop="gw-01"} 0.0' in said
    assert 'smarthub_balance_holds{hop="intake"} 1.0' in said
