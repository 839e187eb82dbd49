"""Every query of every panel runs against a real InfluxDB with the demo's week, and answers."""

from typing import Any

import httpx
import pytest

from hub.simulation.history import History, Span
from hub.territory.demo_territory import demo_territory
from tests.dashboards.conftest import DETECTORS, Seeded
from tests.dashboards.grafana import chosen, panels_of, range_of, substituted
from tests.influxd import DATABASE, Influxd

Json = dict[str, Any]
pytestmark = pytest.mark.real
WEEK_MS = 7 * 86_400_000


def rows(influxd: Influxd, text: str) -> int:
    """Ask as the provisioned data source does: with the token in a header, which 2.x wants too."""
    answer = httpx.post(
        f"{influxd.url}/query",
        params={"db": DATABASE, "epoch": "ms"},
        data={"q": text},
        headers={"Authorization": f"Token {influxd.token}"},
        timeout=30,
    )
    answer.raise_for_status()
    result = answer.json()["results"][0]
    assert "error" not in result, f"{text}: {result['error']}"
    return sum(len(series["values"]) for series in result.get("series", []))


def values_of(influxd: Influxd, text: str) -> list[str]:
    """Return what a variable's query offers."""
    found = {row[1] for series in influxd.query(text) for row in series["values"]}  # type: ignore[attr-defined] # JSON
    return sorted(found)


def unanswered(board: Json, seeded: Seeded, choices: list[dict[str, str]]) -> list[str]:
    """Return the queries that answer for none of the choices of variables."""
    silent = []
    for panel in panels_of(board):
        span = range_of(panel, board, seeded.now)
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            texts = [substituted(target["query"], panel, span, choice) for choice in choices]
            if not any(rows(seeded.influxd, text) for text in texts):
                silent.append(f"{board['title']}: {panel['title']}: {texts[0]}")
    return silent


def devices_to_choose(seeded: Seeded) -> list[str]:
    """Return a detector that burned, one whose battery is low, a pump and a forced door."""
    week = History(
        demo_territory(detectors=DETECTORS), Span(seeded.now - WEEK_MS, seeded.now)
    ).stories
    wanted = ("fire", "battery_low", "low_pressure", "door_forced")
    return [next(s.subject for s in reversed(week) if s.category == word) for word in wanted]


def other_devices(seeded: Seeded) -> list[str]:
    """Write a gas, an electrical and a tank device, which the demo does not have; return their ids."""
    found = {
        "gas-1": "gas_lel_pct=3.5",
        "el-1": "residual_current_ma=120.0",
        "tank-1": "height_m=2.4",
    }
    lines = [
        f"other,site=haibowan,compound=hbw-01,device={device} {field} {seeded.now - 60_000}"
        for device, field in found.items()
    ]
    answer = httpx.post(
        f"{seeded.influxd.url}/write",
        params={"db": DATABASE, "precision": "ms"},
        content="\n".join(lines),
        headers={"Authorization": f"Token {seeded.influxd.token}"},
        timeout=30,
    )
    answer.raise_for_status()
    return list(found)


def test_every_query_of_every_panel_answers_with_rows(boards: list[Json], seeded: Seeded) -> None:
    """In the time range that the dashboard opens with."""
    everything = {"compound": ".*", "building": ".*"}
    silent = []
    for board in boards:
        choices = [everything]
        if board["uid"] == "smarthub-device":
            devices = devices_to_choose(seeded) + other_devices(seeded)
            choices = [everything | {"device": chosen([d])} for d in devices]
        silent += unanswered(board, seeded, choices)
    assert silent == []


def test_the_compound_dashboard_answers_for_every_compound(
    boards: list[Json], seeded: Seeded
) -> None:
    """Whichever compound a reader chooses, no panel is empty."""
    board = next(item for item in boards if item["uid"] == "smarthub-compound")
    variable = next(v for v in board["templating"]["list"] if v["name"] == "compound")
    compounds = values_of(seeded.influxd, variable["query"])
    assert len(compounds) == 8
    for compound in compounds:
        assert unanswered(board, seeded, [{"compound": compound, "building": ".*"}]) == []


def test_every_variable_offers_something_and_the_chain_narrows(
    boards: list[Json], seeded: Seeded
) -> None:
    """A compound offers its buildings, a building its devices."""
    board = next(item for item in boards if item["uid"] == "smarthub-device")
    queries = {v["name"]: v["query"] for v in board["templating"]["list"] if v["type"] == "query"}
    chain = {"compound": "hbw-03", "building": ".*"}
    buildings = values_of(seeded.influxd, substituted(queries["building"], {}, (0, 0), chain))
    assert buildings
    assert all(name.startswith("hbw-03-") for name in buildings)
    chain["building"] = chosen(buildings[:2])
    some = values_of(seeded.influxd, substituted(queries["device"], {}, (0, 0), chain))
    chain["building"] = ".*"
    every = values_of(seeded.influxd, substituted(queries["device"], {}, (0, 0), chain))
    assert 0 < len(some) < len(every)


def test_a_query_that_finds_nothing_is_found_out(boards: list[Json], seeded: Seeded) -> None:
    """The check above can fail."""
    board = boards[0]
    broken = {**board, "panels": [{**panels_of(board)[0]}]}
    query = 'SELECT last("open") FROM "cases" WHERE $timeFilter'
    broken["panels"][0]["targets"] = [{**panels_of(board)[0]["targets"][0], "query": query}]
    assert len(unanswered(broken, seeded, [{"compound": ".*"}])) == 1


def test_a_closed_case_is_not_open_on_any_dashboard(boards: list[Json], seeded: Seeded) -> None:
    """A case has a series for each of its states; what counts is the newest point of all of them."""
    board = boards[0]
    panel = next(p for p in panels_of(board) if p["title"].startswith("🔥 紧急未结"))
    text = substituted(
        panel["targets"][0]["query"], panel, range_of(panel, board, seeded.now), {"compound": ".*"}
    )
    shown = seeded.influxd.query(text)[0]["values"][0][1]  # type: ignore[index]
    week = History(
        demo_territory(detectors=DETECTORS), Span(seeded.now - WEEK_MS, seeded.now)
    ).stories
    emergency = {"fire", "door_forced"}
    open_now = [s for s in week if s.category in emergency and s.start <= seeded.now < s.end]
    assert shown == len(open_now) > 0


def test_seeding_again_changes_nothing(seeded: Seeded) -> None:
    """The same span again gives the same points, so nothing is counted twice."""
    span = Span(seeded.now - WEEK_MS, seeded.now - 1)
    territory = demo_territory(detectors=DETECTORS)
    first = [reading for said in History(territory, span).readings() for reading in said]
    later = Span(span.since + 3_600_000, span.until + 3_600_000)
    second = [reading for said in History(territory, later).readings() for reading in said]
    both = {(r.device, r.kind, r.received_at): r for r in first}
    assert len(both) == len(first)
    shared = [r for r in second if (r.device, r.kind, r.received_at) in both]
    assert len(shared) > len(first) * 0.9
    assert all(both[r.device, r.kind, r.received_at] == r for r in shared)
