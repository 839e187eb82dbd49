"""Finding devices: what needs a look first, a page at a time, only in one's own territory."""

import pytest

from hub.device_pages import Asked, page_of
from hub.device_search import Wanted, one, search
from hub.page.pulse import SLOT_MS, Pulse
from model.place import Building, Compound, Device, Registry
from model.reading import Lane, Reading, Value
from rules.engine import Engine
from rules.rulefile import load_rules
from tests.api.small_hub import SmallHub

T0 = 1_790_000_000_000


def engine(devices: int = 3) -> Engine:
    """An engine that knows devices in two grids and has heard some of them."""
    registry = Registry(
        compounds=[Compound("c1", "幸福小区", "1503020010"), Compound("c2", "和平", "1503020020")],
        buildings=[
            Building("b1", "1号楼", "c1", "1503020010"),
            Building("b2", "2号楼", "c2", "1503020020"),
        ],
        devices=[
            Device(f"d{n:05d}", "smoke_detector", building=f"b{1 + n % 2}", room=f"{n}室")
            for n in range(devices)
        ],
    )
    made = Engine(registry, load_rules({}))
    heard = [
        Reading("d00001", "smoke_detector", T0, order=1, values={"battery_pct": 10.0}),
        Reading("stranger", "door", T0, order=2),
    ]
    made.observe(heard, Lane.TELEMETRY, T0)
    return made


def everywhere(_grid: str) -> bool:
    """See all."""
    return True


def test_what_needs_a_look_comes_first_and_nothing_is_left_out() -> None:
    """Silent before normal before never heard; strangers are among them."""
    known = engine()
    known.book.silent.add("d00001")
    found = search(known, Wanted(), everywhere)
    assert [item.view.id for item in found.items] == ["d00001", "stranger", "d00000", "d00002"]
    assert found.kinds == ["door", "smoke_detector"]


def test_words_states_kinds_and_batteries_narrow_the_list() -> None:
    """Each filter alone."""
    known = engine()

    def ids(wanted: Wanted) -> list[str]:
        return [found.view.id for found in search(known, wanted, everywhere).items]

    assert ids(Wanted(text="幸福 2室")) == ["d00002"]
    assert ids(Wanted(kind="door")) == ["stranger"]
    assert ids(Wanted(state="low_battery")) == ["d00001"]
    assert ids(Wanted(state="never_heard")) == ["d00000", "d00002"]
    assert ids(Wanted(compound="c2")) == ["d00001"]


def test_a_page_is_bounded_however_many_devices_there_are() -> None:
    """Of 10,000 devices 50 are built."""
    known = engine(10_000)
    page = search(known, Wanted(offset=100, limit=50), everywhere)
    assert (page.total, len(page.items)) == (10_001, 50)


def test_a_limited_person_sees_the_devices_of_their_grids_only() -> None:
    """A stranger belongs to no grid and is not shown to them."""
    found = search(engine(), Wanted(), lambda grid: grid.startswith("1503020010"))
    assert [item.view.id for item in found.items] == ["d00000", "d00002"]


def test_pages_by_id_hold_every_device_once_whatever_its_id() -> None:
    """The cursor of the last page is None; ids with controls are ids as well."""
    known = engine(5)
    odd = Reading("d\x00\n", "door", T0, order=3)
    known.observe([odd], Lane.TELEMETRY, T0)
    pages: list[list[str]] = []
    after: str | None = ""
    while after is not None:
        names, after = page_of(known.book, Asked(after=after, limit=3), everywhere)
        pages.append(names)
    assert [name for page in pages for name in page] == sorted(
        {*known.book.registry.devices, "stranger", "d\x00\n"}
    )
    assert [len(page) for page in pages] == [3, 3, 1]
    assert page_of(known.book, Asked(unregistered=True), everywhere)[0] == ["d\x00\n", "stranger"]
    assert page_of(known.book, Asked(), lambda grid: grid.endswith("20"))[0] == ["d00001", "d00003"]
    assert page_of(known.book, Asked(q="D00004"), everywhere) == (["d00004"], None)


def test_a_device_is_where_the_newest_registry_says() -> None:
    """What was found once is of that version of the registry alone."""
    known = engine()
    assert search(known, Wanted(compound="c1"), everywhere).total == 2
    moved = Registry(
        compounds=known.book.registry.compounds.values(),
        devices=[Device("d00000", "smoke_detector", compound="c2")],
    )
    known.replace(load_rules({}), moved)
    assert search(known, Wanted(compound="c1"), everywhere).total == 0
    assert search(known, Wanted(compound="c2"), everywhere).total == 1


def test_one_device_is_found_or_not() -> None:
    """By its id."""
    known = engine()
    assert one(known, known.book.registry, "nobody") is None
    found = one(known, known.book.registry, "stranger")
    assert found is not None
    assert found.place is None


@pytest.mark.parametrize("said", [{"battery_pct": 12.0}, {"battery_low": True}])
def test_a_low_battery_is_found_however_a_device_says_it(said: dict[str, Value]) -> None:
    """As a number, or as a flag of its own; `battery_low: false` is a good one."""
    known = engine(3)
    known.observe([Reading("z", "door", T0, order=3, values=said)], Lane.TELEMETRY, T0)
    good = Reading("y", "door", T0, order=4, values={"battery_low": False, "battery_pct": 90.0})
    known.observe([good], Lane.TELEMETRY, T0)
    found = search(known, Wanted(state="low_battery"), everywhere).items
    assert [item.view.id for item in found] == ["d00001", "z"]


def test_a_panel_lists_its_own_components_only() -> None:
    """gb-471 does not list those of gb-4711, and one that was never heard is listed by its address."""
    registry = Registry(
        compounds=[Compound("c1", "幸福小区", "1503020010")],
        devices=[
            Device("gb-471-1-1-09", "fire_component", compound="c1"),
            Device("gb-4711-1-1-09", "fire_component", compound="c1"),
        ],
    )
    known = Engine(registry, load_rules({}))
    heard = [
        Reading(f"{source}-{system}-0{n}", "fire_component", T0, order=n, source=source)
        for source in ("gb-471", "gb-4711")
        for system in ("1-1", "1-10")
        for n in (1, 2)
    ]
    known.observe(heard, Lane.TELEMETRY, T0)
    known.book.silent.add("gb-471-1-10-02")

    def ids(source: str) -> list[str]:
        wanted = Wanted(source=source, kind="fire_component")
        return [item.view.id for item in search(known, wanted, everywhere).items]

    assert ids("gb-471") == [
        "gb-471-1-1-01", "gb-471-1-1-02", "gb-471-1-1-09", "gb-471-1-10-01", "gb-471-1-10-02",
    ]  # fmt: skip
    assert ids("gb-471-1-1") == ["gb-471-1-1-01", "gb-471-1-1-02", "gb-471-1-1-09"]
    assert ids("gb-47") == []


def test_the_pulse_moves_with_time_and_forgets_after_a_day() -> None:
    """One sign a half hour, the newest last."""
    pulse = Pulse(SmallHub.__new__(SmallHub))
    start = T0 // SLOT_MS * SLOT_MS
    pulse.note({"d": start}, start)
    assert pulse.bars("d").endswith("-1")
    pulse.note({"d": start}, start + SLOT_MS)
    assert pulse.bars("d").endswith("-10")
    pulse.note({"d": start + 3 * SLOT_MS}, start + 3 * SLOT_MS)
    assert pulse.bars("d").endswith("-1001")
    pulse.note({"d": start + 3 * SLOT_MS}, start + 200 * SLOT_MS)
    assert set(pulse.bars("d")) == {"0"}


def test_the_pulse_does_not_claim_silence_for_the_time_before_the_hub() -> None:
    """Of that it knows only when a device was last heard; the rest is unknown, not missed."""
    pulse = Pulse(SmallHub.__new__(SmallHub))
    assert set(pulse.bars("d")) == {"-"}
    start = T0 // SLOT_MS * SLOT_MS + SLOT_MS // 2
    pulse.note({"d": start - 5 * SLOT_MS}, start)
    assert pulse.bars("d") == "-" * 42 + "1" + "-" * 5
    pulse.note({"d": start - 5 * SLOT_MS}, start + 2 * SLOT_MS)
    assert pulse.bars("d") == "-" * 40 + "1" + "-" * 5 + "00"
    assert pulse.bars("stranger") == "-" * 46 + "00"
    assert pulse.bars("stranger", start + 2 * SLOT_MS + 1) == "-" * 46 + "01"
