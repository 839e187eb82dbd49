"""A shift is handed over by two people who know of every emergency, and the record stays."""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cases.events import case_json
from hub.access import Access, Principal, Role, SignInRefused, add_user
from hub.case_store import CaseFilter, CaseStore
from hub.case_store.handovers import Handover, Snapshot, Turnover
from hub.handover import LISTED, Given, Json, Seen, hand_over, snapshot_of, unacknowledged
from hub.page.handover_html import Reader, sheet_html
from hub.page.words import Lang
from model.case import EventClass, State, Verification
from model.entry import Action
from model.errors import Refused
from tests.case_store.samples import Story, make_case

from .small_hub import GRID_A, GRID_B, T0, SmallHub

RIGHT = "right"
OUT = Principal("li", Role.DISPATCH)


@dataclass
class Desk:
    """A hub with an outgoing person `li` and incoming ones."""

    hub: SmallHub
    access: Access = field(init=False)

    def __post_init__(self) -> None:
        """Add the people."""
        self.access = Access(self.hub.store.accounts, clock=self.hub.now)
        add_user(self.hub.store, "han", "right", role=Role.DISPATCH)
        add_user(self.hub.store, "street", "right", role=Role.DISPATCH, grid=GRID_B)
        add_user(self.hub.store, "fitter", "right", role=Role.MAINTENANCE)

    def snapshot(self, who: Principal = OUT) -> Snapshot:
        """Return how things stand."""
        store = self.hub.store
        found, _ = store.find(CaseFilter(open=True, grid_prefix=who.grid), limit=500)
        last = store.handovers.last(who.grid)
        since = last.at if last else 0
        turnover = store.handovers.turnover(since, who.grid)
        cases: list[Json] = [case_json(case) for case in found]
        return snapshot_of(Seen(cases, [], [], 0, turnover, since), self.hub.now())

    def give(self, *ticked: str, incoming: str = "han", password: str = RIGHT) -> Handover:
        """Hand over now."""
        given = Given(ticked, "泵房检修 <b>", incoming, password)
        store = self.hub.store
        return hand_over(store, self.access, given, who=OUT, snapshot=self.snapshot())


@pytest.fixture
def desk(hub: SmallHub) -> Desk:
    """A duty desk."""
    return Desk(hub)


def test_an_unacknowledged_emergency_is_ticked_or_nothing_is_handed_over(desk: Desk) -> None:
    """Each one by its id; one that came meanwhile counts, too."""
    first = desk.hub.alarm("nb1")
    second = desk.hub.alarm("nb2")
    with pytest.raises(Refused) as caught:
        desk.give(first.id)
    assert caught.value.missing == (second.id,)
    assert desk.hub.store.handovers.newest() == []
    made = desk.give(first.id, second.id, "made-up")
    assert made.snapshot["ticked"] == sorted([first.id, second.id])


async def test_an_acknowledged_emergency_needs_no_tick(desk: Desk) -> None:
    """Somebody has it already."""
    case = desk.hub.alarm("nb1")
    await desk.hub.submit(Action(case.id, "acknowledge", "li", id="1", at=T0, level="district"))
    assert unacknowledged(desk.snapshot()) == []
    assert desk.give().incoming == "han"


@pytest.mark.parametrize(
    ("incoming", "missing"),
    [
        ("li", "incoming"),
        ("", "incoming"),
        ("fitter", "incoming_role"),
        ("street", "incoming_grid"),
    ],
)
def test_the_incoming_person_is_another_dispatcher_of_the_territory(
    desk: Desk, incoming: str, missing: str
) -> None:
    """Not oneself, not nobody, not maintenance, not of another street."""
    with pytest.raises(Refused) as caught:
        desk.give(incoming=incoming)
    assert caught.value.missing == (missing,)


def test_the_incoming_person_proves_it_with_the_password(desk: Desk) -> None:
    """A wrong one counts as a failed sign-in; nothing is kept."""
    for _ in range(5):
        with pytest.raises(SignInRefused, match="wrong"):
            desk.give(password="guess")
    with pytest.raises(SignInRefused, match="too many"):
        desk.give()
    assert desk.hub.store.handovers.newest() == []


def test_who_only_looks_hands_nothing_over(desk: Desk) -> None:
    """The role is asked where it is done, not only where it is drawn."""
    given = Given((), "", "han", "right")
    with pytest.raises(Refused, match="dispatches"):
        hand_over(desk.hub.store, desk.access, given, who=Principal("x", Role.READ), snapshot={})


def test_a_shift_counts_what_was_opened_and_closed_in_its_territory(hub: SmallHub) -> None:
    """From the hand-over before; false alarms are counted apart, other territories not at all."""
    closed = {"state": State.CLOSED, "closed_at": T0 + 60_000}
    stories: list[tuple[str, int, str, dict[str, object]]] = [
        ("before", T0 - 1, GRID_A, {}),
        ("open", T0 + 1, GRID_A, {}),
        ("real", T0 - 2, GRID_A, {**closed, "verification": Verification.CONFIRMED}),
        ("false", T0 + 2, GRID_A, {**closed, "verification": Verification.FALSE}),
        ("earlier", T0 - 3, GRID_A, {"state": State.CLOSED, "closed_at": T0 - 1,
                                     "verification": Verification.FALSE}),
        ("elsewhere", T0 + 3, GRID_B, {**closed, "verification": Verification.FALSE}),
    ]  # fmt: skip
    changes = [
        Story(make_case(name, at=at, grid=grid)).change("note", **changed)
        for name, at, grid, changed in stories
    ]
    hub.store.apply(changes, log_id="log", pos=1)
    assert hub.store.handovers.turnover(T0, GRID_A[:9]) == Turnover(opened=2, closed=2, false=1)
    assert hub.store.handovers.turnover(T0) == Turnover(opened=3, closed=3, false=2)


def test_a_hand_over_is_kept_whole_and_belongs_to_its_territory(desk: Desk) -> None:
    """Read again it is the same; a street's list holds its own only."""
    made = desk.give()
    store = desk.hub.store.handovers
    assert store.get(made.id) == made
    assert made.notes == "泵房检修 <b>"
    street = store.add(Handover(T0, GRID_A, "a", "b", "", {}))
    assert [item.id for item in store.newest()] == [street.id, made.id]
    assert [item.id for item in store.newest(GRID_A)] == [street.id]
    assert store.newest(GRID_B) == []
    assert store.last("") == made
    assert store.get(999) is None


def test_a_changed_record_is_found_by_the_chain(tmp_path: Path) -> None:
    """Whoever edits the database is told on: the record itself, or the one before it."""
    path = tmp_path / "cases.db"
    store = CaseStore(f"sqlite:///{path}")
    ids = [store.handovers.add(Handover(n, "", "a", "b", "", {})).id for n in range(3)]
    assert [store.handovers.intact(n) for n in ids] == [True] * 3
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE handovers SET notes = 'nothing happened' WHERE id = ?", ids[1:2])
    assert [store.handovers.intact(n) for n in ids] == [True, False, True]
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM handovers WHERE id = ?", ids[1:2])
    assert store.handovers.intact(ids[2]) is False
    store.close()


def test_a_thousand_open_cases_make_a_small_snapshot_that_hides_no_emergency() -> None:
    """What nobody acknowledged is whole; other lists are cut and counted."""
    cases: list[Json] = [
        {
            "id": f"c{n}", "class": EventClass.EMERGENCY if n < 300 else EventClass.MAINTENANCE,
            "acknowledged_by": "li" if n >= 150 else None, "due": "2026-01-01T00:00:00Z",
            "flags": ["quiet_at_compound"] if n == 0 else [],
        }
        for n in range(1_000)
    ]  # fmt: skip
    snapshot = snapshot_of(
        Seen(cases, [{"id": str(n)} for n in range(500)], [{"id": "gw", "state": "lost"}], 7,
             Turnover(), 0),
        T0,
    )  # fmt: skip
    assert len(unacknowledged(snapshot)) == 150
    assert snapshot["emergencies_total"] == 300
    emergencies, overdue, devices = (
        snapshot[name] for name in ("emergencies", "overdue", "devices")
    )
    assert isinstance(emergencies, list)
    assert isinstance(overdue, list)
    assert isinstance(devices, list)
    assert [len(emergencies), len(overdue), len(devices)] == [150 + LISTED, LISTED, LISTED]
    assert (snapshot["overdue_total"], snapshot["devices_total"]) == (1_000, 500)
    assert snapshot["silent_gateways"] == ["gw"]
    assert emergencies[0]["quiet"] is True


def test_impairments_are_listed_and_the_rest_of_the_work_is_counted() -> None:
    """The next shift reads which pump is not in auto; of what is long the first, and how many more."""
    classes = [EventClass.IMPAIRMENT] * 101 + [EventClass.DUTY, EventClass.MAINTENANCE]
    cases: list[Json] = [
        {
            "id": f"I-{n}", "class": cls, "category": "pump_fault", "severity": "major",
            "state": "filed", "mode": "real", "place": "b1", "place_name": f"{n}号楼",
            "opened_at": "2026-01-01T00:00:00Z", "due": None, "acknowledged_by": "li",
            "assignee": None, "flags": [],
        }
        for n, cls in enumerate(classes)
    ]  # fmt: skip
    snapshot = snapshot_of(Seen(cases, [], [], 0, Turnover(), 0), T0)
    listed = snapshot["impairments"]
    assert isinstance(listed, list)
    assert [case["id"] for case in listed] == [f"I-{n}" for n in range(LISTED)]
    assert snapshot["impairments_total"] == 101
    for lang, said in (
        (Lang.ZH, ("未结失效（101）", "另有 1 件")),
        (Lang.EN, ("impairments (101)", "1 more")),
    ):
        sheet = sheet_html(Reader(lang, ZoneInfo("Asia/Shanghai"), ticked=()), snapshot)
        assert all(word in sheet for word in (*said, "/cases/I-0", "99号楼"))
        assert "data-tick" not in sheet, "nobody ticks an impairment"
        assert "data-tick" not in sheet_html(Reader(lang, ZoneInfo("Asia/Shanghai")), {})
        assert said[0] not in sheet_html(Reader(lang, ZoneInfo("Asia/Shanghai")), {"others": {}})
