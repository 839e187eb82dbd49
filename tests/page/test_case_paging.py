"""Which cases a list shows, page by page: from memory what is open, from the store the rest."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from starlette.requests import Request

from hub.access import Access, Principal, Role
from hub.page.board import Board
from hub.page.case.listing import PAGE, from_board, from_store, list_html
from hub.page.case.wanted import Wanted, compound_names, wanted
from hub.page.site import Site, Visit
from model.anomaly import Anomaly, Severity, anomaly_key
from model.case import EventClass
from tests.api.small_hub import REGISTRY, SmallHub
from tests.case_store.template import copied_store, empty_database

ZONE = ZoneInfo("Asia/Shanghai")
DISPATCHER = Principal("李雷", Role.DISPATCH)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, built once."""
    return empty_database(tmp_path_factory)


@pytest.fixture
def hub(template: Path, tmp_path: Path) -> Iterator[SmallHub]:
    """A small hub on a store of its own."""
    with copied_store(template, tmp_path) as store:
        yield SmallHub(store)


async def visit_of(hub: SmallHub, who: Principal = DISPATCHER) -> Visit:
    """Return somebody's visit, the board as it is now."""
    board = Board(hub)
    await board._load()
    access = Access(hub.store.accounts, clock=hub.now)
    site = Site(hub, access, board, zone=ZONE, secure=False)
    scope = {
        "type": "http", "method": "GET", "path": "/cases", "path_params": {}, "headers": [],
        "query_string": b"lang=zh",
    }  # fmt: skip
    return Visit(site, who, Request(scope), "")


def test_the_address_is_read_and_written_the_same() -> None:
    """A word that no list knows is left out; the class is always there."""
    want = Wanted(cls=EventClass.MAINTENANCE, state="filed", text="=a&b", page=3)
    query = dict(pair.split("=", 1) for pair in want.address(page=3).partition("?")[2].split("&"))
    assert query == {"class": "maintenance", "state": "filed", "text": "%3Da%26b", "page": "3"}
    assert wanted({"class": "x", "state": "nonsense", "page": "-1", "shown": "?"}) == Wanted()
    assert wanted({"page": "9" * 30}).page == 1


async def test_a_thousand_open_cases_are_sent_fifty_at_a_time(hub: SmallHub) -> None:
    """The most urgent first, each once, and no page is larger than its rows."""
    _seed(hub, 1_000)
    visit = await visit_of(hub)
    names = compound_names(REGISTRY)
    seen: list[str] = []
    page = 1
    while True:
        want = Wanted(page=page)
        rows = from_board(list(visit.board.cases.values()), want, names)
        assert rows.total == 1_000
        assert len(rows.cases) <= PAGE
        assert len(list_html(visit, want, rows)) < 60_000
        seen += [str(case["id"]) for case in rows.cases]
        if not rows.next:
            break
        page += 1
    assert (page, len(seen), len(set(seen))) == (20, 1_000, 1_000)


async def test_closed_cases_come_page_by_page_from_the_store(hub: SmallHub) -> None:
    """Newest first; a text is looked for case by case, and a strange cursor begins anew."""
    _seed(hub, 120)
    visit = await visit_of(hub)
    want, seen = Wanted(shown="all"), []
    while True:
        rows = from_store(visit, want, {})
        seen += [case["subject"] for case in rows.cases]
        if not rows.next:
            break
        want = wanted({**_query(rows.next)})
    assert seen == [f"d{number}" for number in reversed(range(120))]
    assert [c["subject"] for c in from_store(visit, Wanted(shown="all", text="D77"), {}).cases] == ["d77"]  # fmt: skip
    assert len(from_store(visit, Wanted(shown="all", cursor="strange"), {}).cases) == PAGE


def _anomaly(subject: str, at: int) -> Anomaly:
    return Anomaly(
        key=anomaly_key("panic", subject, at), rule="panic", rule_hash="1" * 16, subject=subject,
        category="panic", severity=Severity.CRITICAL, started_at=at, last_at=at,
    )  # fmt: skip


def _seed(hub: SmallHub, count: int) -> None:
    """Open as many cases, each of a device of its own."""
    changes = []
    for number in range(count):
        hub.clock += 1
        changes += hub.desk.receive(_anomaly(f"d{number}", hub.clock), hub.clock)
    hub._keep(changes)


def _query(address: str) -> dict[str, str]:
    return dict(parse_qsl(address.partition("?")[2]))
