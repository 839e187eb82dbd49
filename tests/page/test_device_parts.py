"""Parts of the device pages without a browser: history, tap, pages, links, hostile names."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import msgspec
import pytest

from hub.access import Principal, Role
from hub.case_store import CaseStore
from hub.device_search import Page, Wanted, search
from hub.page import device_history
from hub.page.board import Board
from hub.page.device import head_html
from hub.page.device_history import BUCKETS, READ_MAX, history
from hub.page.device_tap import SHOWN, Frames, frame_text, tap_html
from hub.page.devices import filter_html, table_html
from hub.page.event_words import ALARMS, EVENTS, KINDS
from hub.page.import_html import changes_html, problems_html
from hub.page.links import device_path
from hub.page.paging import Part, page_of, pager
from hub.page.pulse import Pulse
from hub.page.site import Visit
from hub.page.words import Lang
from hub.tap import KEPT, Taps
from hub.territory.registry_import import merge_devices
from model.entry import Entry, EntryKind, RowId
from model.place import Compound, Device, Registry
from model.reading import ALARM_STATES, Event, Lane, Reading, Value
from model.yamlfile import ConfigErrors
from rules.engine import Engine
from rules.rulefile import load_rules
from tests.api.small_hub import T0, Shelf, SmallHub
from tests.territory.test_registry_files import site

HOSTILE = "<script>alert(1)</script>\n\u202egnp=cmd()"
DAY = 86_400_000


class Glance(Visit):
    """A visit without a browser: only what the drawing of parts asks for."""

    def __init__(self, hub: SmallHub) -> None:
        """Take the hub; everything is said in English."""
        self.hub, self.lang, self.zone = hub, Lang.EN, ZoneInfo("Asia/Shanghai")
        self.board, self.query = Board(hub), {}
        self.who = Principal("li", Role.ADMINISTRATOR)


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Glance]:
    """A glance at a hub on a store of its own."""
    store = CaseStore(f"sqlite:///{tmp_path / 'cases.db'}")
    yield Glance(SmallHub(store))
    store.close()


def shelf(count: int, *, every_ms: int = 1_000, **values: Value) -> Shelf:
    """Return a store with that many Readings of `d`, the last one just before T0."""
    made = Shelf()
    made.kept = [
        Reading("d", "smoke", T0 - n * every_ms - 1, order=count - n, values={"t": 20.0, **values})
        for n in range(count)
    ]
    return made


def test_a_week_is_drawn_whole_and_no_peak_is_lost() -> None:
    """More Readings than any old limit; the one peak and the one dip are on the chart."""
    store = shelf(6_000, every_ms=100_000)
    store.kept[5_500] = Reading("d", "smoke", T0 - 550_000_001, order=500, values={"t": 99.0})
    store.kept[5_499] = Reading("d", "smoke", T0 - 549_900_001, order=501, values={"t": -5.0})
    found = history(store, "d", T0 - 7 * DAY, T0, kept=20)
    assert (found.total, found.whole, len(found.newest)) == (6_000, True, 20)
    (series,) = found.series
    assert len(series.points) <= 4 * (BUCKETS + 1)
    assert {99.0, -5.0} < {value for _, value in series.points}
    assert series.points[0][0] == T0 - 5_999 * 100_000 - 1, "the oldest"
    assert series.points[-1][0] == T0 - 1, "the newest"
    assert series.points == sorted(series.points)
    assert found.bucket_ms


def test_few_readings_are_drawn_as_they_are() -> None:
    """Nothing is thinned and nothing is said of thinning."""
    found = history(shelf(10, code=1.0, system_type=3.0), "d", T0 - DAY, T0, kept=3)
    assert [series.quantity for series in found.series] == ["code", "t"]
    assert (len(found.series[1].points), found.bucket_ms) == (10, 0)


def test_what_is_too_much_is_said_with_the_time_from_which_it_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The limit is a number of Readings, and the chart says where it begins."""
    monkeypatch.setattr(device_history, "READ_MAX", 700)
    monkeypatch.setattr(device_history, "ASKED", 100)
    found = history(shelf(2_000), "d", T0 - DAY, T0, kept=5)
    assert (found.total, found.whole) == (700, False)
    assert found.from_ms == T0 - 699 * 1_000 - 1
    assert READ_MAX > 7 * DAY // 60_000, "a Reading a minute for a week is never too much"


def test_readings_of_one_moment_are_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one question ends in the middle of a millisecond, none is lost and none is doubled."""
    monkeypatch.setattr(device_history, "ASKED", 4)
    store = Shelf()
    store.kept = [Reading("d", "smoke", T0 - 10 - n // 3, order=n) for n in range(30)]
    assert history(store, "d", T0 - DAY, T0, kept=0).total == 30
    store.kept = [Reading("d", "smoke", T0 - 10, order=n) for n in range(9)]
    assert history(store, "d", T0 - DAY, T0, kept=0).total >= 4, "it ends"


def entry(*readings: Reading) -> Entry:
    """Return a log entry of Readings."""
    row = RowId("g", "e", Lane.TELEMETRY, 1, len(readings), 1, "h")
    return Entry(1, T0, EntryKind.READINGS, b"", row, list(readings))


def readings(count: int, device: str = "d", *, first: int = 1) -> list[Reading]:
    """Return consecutive Readings of a device."""
    return [Reading(device, "door", T0, order=first + n, epoch="e") for n in range(count)]


def test_a_tap_gives_every_reading_once_and_counts_what_did_not_fit() -> None:
    """Of its own device only; nothing after it was closed."""
    taps = Taps()
    first, second = taps.watch("d"), taps.watch("d")
    taps.offer(entry(*readings(5), *readings(3, "other")))
    assert [r.order for r in first.take().readings] == [1, 2, 3, 4, 5]
    assert first.take() == ([], 0)
    taps.offer(entry(*readings(KEPT, first=6)))
    taken = second.take()
    assert (len(taken.readings), taken.skipped, taken.readings[-1].order) == (KEPT, 5, KEPT + 5)
    first.take()
    first.close()
    first.close()
    taps.offer(entry(*readings(1)))
    assert first.take().readings == []
    assert len(second.take().readings) == 1


def test_the_tap_shows_all_and_says_what_it_does_not_show(visit: Glance) -> None:
    """The newest frame before is not counted; more than fit are counted, not hidden."""
    last = readings(1)[0]
    frames = Frames(last)
    frames.add(readings(3), 0)
    assert [r.order for r in frames.shown] == [3, 2, 1]
    assert "2 since this page was opened" in tap_html(visit, frames)
    frames.add(readings(SHOWN + 5, first=4), 7)
    said = tap_html(visit, frames)
    assert f"{2 + SHOWN + 5 + 7} since" in said
    assert f"the newest {SHOWN} are listed" in said
    assert "7 of them came too fast" in said


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b'{"door": "d1",\n "event": "forced"}'.hex(), '{"door": "d1", "event": "forced"}'),
        (b"@@\x01\x02".hex(), "40 40 01 02"),
        (b"{\xff".hex(), "7b ff"),
        ("no hex", "no hex"),
        ("", ""),
    ],
)
def test_a_frame_is_shown_to_be_read(raw: str, shown: str) -> None:
    """JSON as text, anything else byte by byte."""
    assert frame_text(raw) == shown


def test_a_hostile_frame_is_inert_in_the_tap(visit: Glance) -> None:
    """Its text is nobody's HTML, and turns no line round."""
    raw = '{"a": "<script>alert(1)</script>\u202e"}'.encode().hex()
    html = tap_html(visit, Frames(msgspec.structs.replace(readings(1)[0], raw=raw)))
    assert "<script" not in html
    assert "\u202e" not in "".join(part.split("</bdi>")[-1] for part in html.split("<bdi>"))


@pytest.mark.parametrize("name", ["a?b", "a#b", "a%b", "a/b", "a b", "温感", '"><b>', "a%2Fb"])
def test_an_id_stays_whole_in_its_address(name: str) -> None:
    """Nothing of it becomes a query, a fragment or another path, and no tag ends the link."""
    address = device_path(name)
    parts = urlsplit(address)
    assert (parts.query, parts.fragment, address.count("/")) == ("", "", 2)
    assert unquote(parts.path.removeprefix("/devices/")) == name
    assert not set('"<> ') & set(address)


def test_pages_say_how_much_there_is_and_lead_back_from_beyond_the_end(visit: Glance) -> None:
    """A number too large, or no number, is no dead end."""
    assert [page_of({"p": text}, "p") for text in ("3", "0", "x", "-1", "9999999", "²")] == [
        3, 1, 1, 1, 1, 1,
    ]  # fmt: skip
    html = pager(visit, Part(9, 100, 250), "250 points", lambda to: f"/x?points={to}&y")
    assert "250 points · page 9 of 3" in html
    assert 'href="/x?points=3&amp;y"' in html


class Strict(SmallHub):
    """A hub that refuses to build views of more devices than a page shows."""

    def find_devices(self, wanted: Wanted, sees: Callable[[str], bool]) -> Page:
        """Refuse what is no page."""
        assert wanted.limit <= 500, "views of all devices"
        return super().find_devices(wanted, sees)


async def test_the_pulse_builds_no_view_of_any_device(visit: Glance) -> None:
    """It asks when devices were heard, and for nothing else."""
    hub = Strict(visit.hub.store)
    hub.shelf.kept = [Reading("d", "door", T0 - 1)]
    pulse = Pulse(hub)
    task = asyncio.create_task(pulse.run())
    async with asyncio.timeout(10):
        while pulse.since == 0:
            await asyncio.sleep(0.01)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert "1" in pulse.bars("d")


def test_of_unregistered_devices_only_those_that_are_shown_are_built() -> None:
    """The first by id, however many there are."""
    known = Engine(Registry(), load_rules({}))
    known.observe(readings(1, "b") + readings(1, "a") + readings(1, "c"), Lane.TELEMETRY, T0)
    assert [view.id for view in known.unregistered(2)] == ["a", "b"]
    assert len(known.unregistered()) == 3


def hostile_engine() -> Engine:
    """An engine that knows a hostile place, and heard a hostile device."""
    registry = Registry(
        compounds=[Compound("c1", HOSTILE, "1503020010")],
        devices=[Device(HOSTILE, "door", compound="c1", name=HOSTILE, room=HOSTILE)],
    )
    known = Engine(registry, load_rules({}))
    said: dict[str, Value] = {"description": HOSTILE, HOSTILE: 3.0}
    heard = Reading(HOSTILE, "door", T0, order=1, values=said, source=HOSTILE, gateway=HOSTILE)
    known.observe([heard], Lane.TELEMETRY, T0)
    return known


def test_hostile_names_are_inert_on_every_device_page(visit: Glance) -> None:
    """List, head, tap and preview: no tag, no mark of direction outside of its own name."""
    known = hostile_engine()
    page = search(known, Wanted(), lambda _grid: True)
    found = page.items[0]
    frames = Frames(known.book.devices[HOSTILE].last)
    listed = f'id,kind,building,name\n"{HOSTILE}",door,hbw-01-b1,x\n'
    with pytest.raises(ConfigErrors) as caught:
        merge_devices(site(), listed, name=HOSTILE)
    merge = merge_devices(site(), "id,kind,building,name\n<b>x,door,hbw-01-b1,<i>y\n", name="l")
    drawn = [
        table_html(visit, page),
        head_html(visit, found),
        tap_html(visit, frames),
        problems_html(visit, caught.value),
        changes_html(visit, merge._replace(never_heard=merge.added)),
    ]
    for html in drawn:
        assert "<script" not in html
        assert "<b>x" not in html
        assert "<i>y" not in html
        outside = "".join(part.split("</bdi>")[-1] for part in html.split("<bdi>"))
        assert "\u202e" not in outside
    assert "<script" not in filter_html(visit, Wanted(text=HOSTILE, kind=HOSTILE), page)
    assert "never heard" in drawn[-1]
    assert "row 2" in drawn[-1]


def test_every_word_of_devices_has_a_name_in_both_languages() -> None:
    """A new event or alarm state without one fails here."""
    assert {str(event) for event in Event} - {""} <= EVENTS.keys()
    assert ALARMS.keys() >= ALARM_STATES
    for zh, en in [*EVENTS.values(), *ALARMS.values(), *KINDS.values()]:
        assert zh
        assert not zh.isascii()
        assert en.isascii()
