"""Cases in InfluxDB: each change, every open case again, nothing delayed, nothing unbounded."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from hub import case_points
from hub.case_lines import CaseEncoder
from hub.case_points import CasePoints, Influx, LineWriter
from model.case import Case, Change, ChangeKind, State
from model.errors import Transient
from model.place import Building, Compound, Registry
from tests.case_store.samples import T0, make_case
from tests.influxd import Influxd, free_port, influxd_or_skip

DATABASE = "readings"
REGISTRY = Registry(
    compounds=[Compound("c1", "海馨苑", "150302001001001", lon=106.8, lat=39.6)],
    buildings=[
        Building("b1", name="1号楼", compound="c1", grid="150302001001001", lon=106.81, lat=39.61)
    ],
)
TOKEN = "case-points-of-a-test"


@pytest.fixture(scope="module")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    """Run an influxd of its own: it is stopped and started, and holds no demo."""
    with Influxd(influxd_or_skip(), tmp_path_factory.mktemp("case-points")) as server:
        yield server


def encoder() -> CaseEncoder:
    """Return an encoder that knows one building."""
    return CaseEncoder(lambda: REGISTRY, "home")


def until(true: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """Wait for something; fails saying what did not happen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.05)
    pytest.fail(f"not within {seconds} s: {what}")


def points(influxd: Influxd, case: str) -> list[dict[str, object]]:
    """Return a case's points, oldest first, as column → value."""
    found: list[dict[str, object]] = []
    text = f'SELECT * FROM "case" WHERE "id" = \'{case}\''  # noqa: S608 - the test's own id
    for series in influxd.query(text):
        columns: list[str] = series["columns"]  # type: ignore[assignment] # JSON of the server
        found += [dict(zip(columns, row, strict=True)) for row in series["values"]]  # type: ignore[attr-defined]
    return found


def writer_of(influxd: Influxd) -> LineWriter:
    """Return a writer to the test's database."""
    return LineWriter(Influx(influxd.url, influxd.bucket, influxd.token))


@pytest.mark.real
def test_a_change_is_a_point_with_its_tags_and_fields(influxd: Influxd) -> None:
    """At the time of the change; a name that would break a line or turn it around is inert."""
    case = msgspec.structs.replace(
        make_case("tagged"), place_name='1号楼\n"<b>\u202e', updated_at=T0 + 1, due=T0, history_length=7
    )  # fmt: skip
    writer = writer_of(influxd)
    assert writer.write([encoder().changed(Change(ChangeKind.CREATE, case, ()))]) == ""
    writer.close()
    [point] = points(influxd, "tagged")
    wanted = {
        "time": (T0 + 1) * 1_000_000 + 7, "site": "home", "compound": "c1", "building": "b1",
        "grid": case.grid, "class": "emergency", "category": "fire", "severity": "critical",
        "state": "filed", "mode": "real", "title": "火警 fire", "place_text": '1号楼 "<b> ',
        "status": "filed", "open": 1, "acknowledged": 0, "overdue": 1, "opened": 1,
        "lon": 106.81, "lat": 39.61, "age_s": 0.001,
    }  # fmt: skip
    assert wanted.items() <= point.items()


@pytest.mark.real
def test_every_open_case_is_said_again_and_what_was_closed_lately(influxd: Influxd) -> None:
    """So a panel is right after a restart, whatever was written before it."""
    opened = make_case("beat-open")
    closed = msgspec.structs.replace(make_case("beat-closed"), state=State.CLOSED, closed_at=T0)
    asked: list[int] = []

    def cases(closed_after: int) -> list[Case]:
        asked.append(closed_after)
        return [opened, closed]

    now = T0 + 90_000
    beats = CasePoints(writer_of(influxd), encoder=encoder(), cases=cases, clock=lambda: now)
    beats.start()
    until(lambda: bool(points(influxd, "beat-closed")), "the first beat")
    beats.stop()
    assert [p["open"] for p in points(influxd, "beat-open")] == [1]
    assert [p["open"] for p in points(influxd, "beat-closed")] == [0]
    assert asked == [now - case_points.RESYNC_MS]
    [hub] = influxd.query('SELECT * FROM "hub"')
    assert hub["values"] == [[now * 1_000_000, 1, 1, 0, "home", 1]]
    assert beats.counters == {"beats": 3}


@pytest.mark.real
def test_an_influxdb_that_is_away_delays_nobody_and_loses_nothing(influxd: Influxd) -> None:
    """Changes wait in memory and are written when it is back, each once."""
    influxd.stop()
    told = CasePoints(
        writer_of(influxd), encoder=encoder(), cases=lambda _: [], clock=lambda: T0
    )  # fmt: skip
    told.start()
    try:
        began = time.monotonic()
        for number in range(500):
            case = msgspec.structs.replace(make_case("away"), updated_at=T0 + number)
            told.told([Change(ChangeKind.UPDATE, case, ())])
        assert time.monotonic() - began < 0.5
        until(lambda: told.counters["retries"] > 1, "a retry")
        assert "does not answer" in told.waiting_for
    finally:
        influxd.start()
    until(lambda: len(points(influxd, "away")) == 500, "500 points")
    told.stop()
    assert told.counters["changes"] == 500
    assert told.counters["dropped"] == 0


class Refusing(LineWriter):
    """A writer whose InfluxDB answers that it is busy, until told otherwise."""

    def __init__(self) -> None:
        super().__init__(Influx("http://127.0.0.1:9", "x"))
        self.busy = True
        self.lines: list[str] = []

    def write(self, lines: "list[str]") -> str:  # type: ignore[override] # a list is a sequence
        """Keep the lines, or refuse them for now."""
        if self.busy:
            raise Transient("busy")
        self.lines += lines
        return ""


def test_what_waits_is_bounded_counted_and_followed_by_what_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The oldest goes first; the next beat says again what was closed meanwhile."""
    monkeypatch.setattr(case_points, "RETRY_LAST_S", 0.05)
    monkeypatch.setattr(case_points, "RETRY_FIRST_S", 0.01)
    asked: list[int] = []

    def cases(closed_after: int) -> list[Case]:
        asked.append(closed_after)
        return []

    writer = Refusing()
    bounded = CasePoints(writer, encoder=encoder(), cases=cases, clock=lambda: T0)
    bounded.start()
    for number in range(case_points.WAITING_MAX + 300):
        case = msgspec.structs.replace(make_case("many"), updated_at=T0 + number)
        bounded.told([Change(ChangeKind.UPDATE, case, ())])
    until(lambda: bounded.counters["dropped"] >= 300, "300 dropped")
    asked.clear()  # while changes wait, no beat comes
    writer.busy = False
    until(lambda: bool(asked), "a beat")
    bounded.stop()
    kept = [line for line in writer.lines if line.startswith("case")]
    assert len(kept) + bounded.counters["dropped"] == case_points.WAITING_MAX + 300
    assert kept[-1].endswith(str((T0 + case_points.WAITING_MAX + 299) * 1_000_000))
    assert asked[0] == T0 - case_points.RESYNC_MS


@pytest.mark.real
def test_a_point_that_influxdb_refuses_holds_up_no_other(influxd: Influxd) -> None:
    """It is counted; what comes after it is written."""
    writer = writer_of(influxd)
    assert "parse" in writer.write(["this is no line"])
    assert writer.write([encoder().beat(make_case("after"), T0)]) == ""
    writer.close()
    assert len(points(influxd, "after")) == 1


@pytest.mark.real
def test_a_wrong_token_waits_and_says_so(influxd: Influxd) -> None:
    """A password that is being changed costs no point."""
    writer = LineWriter(Influx(influxd.url, influxd.bucket, "smarthub:wrong"))
    with pytest.raises(Transient, match="401"):
        writer.write([encoder().beat(make_case("x"), T0)])
    writer.close()


class Process:
    """A real hub as its own process, with Readings in InfluxDB and no broker."""

    def __init__(self, folder: Path, influxd: Influxd) -> None:
        self.port = free_port()
        self._file = folder / "hub.yaml"
        self._env = {**os.environ, "SMARTHUB_TOKEN": TOKEN, "INFLUX": influxd.token}
        self._file.write_text(
            f"schema: 1\nsite: home\ndata: {json.dumps(str(folder / 'hub'))}\n"
            f"mqtt: {{port: {free_port()}}}\nhttp: {{port: {self.port}}}\n"
            f"readings: {{store: influxdb, url: {influxd.url}, bucket: {influxd.bucket},"
            " token_env: INFLUX}\n",
            encoding="utf-8",
        )

    def start(self) -> None:
        """Start, and return when the API answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "hub", str(self._file)], env=self._env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until(self._lives, "a hub that answers", 60)

    def _lives(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/livez", timeout=1).is_success
        except httpx.HTTPError:
            return False

    def report(self, text: str) -> str:
        """Report a matter as a person would; return the id of its case."""
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}/api/v1/reports",
            json={"place": "b1", "category": "matter", "text": text},
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=10,
        )
        assert answer.is_success, answer.text
        found: str = answer.json()["id"]
        return found


@pytest.mark.real
@pytest.mark.trust
def test_a_running_hub_writes_its_cases_and_says_them_again_after_kill_9(
    influxd: Influxd, tmp_path: Path
) -> None:
    """From a person's report to a point of the case; after the kill it stands there anew."""
    hub = Process(tmp_path, influxd)
    hub.start()
    try:
        case = hub.report("消防通道堆物")
        until(lambda: any(p["opened"] == 1 for p in points(influxd, case)), "the point")
        before = len(points(influxd, case))
        hub.process.kill()
        hub.process.wait()
        hub.start()
        until(lambda: len(points(influxd, case)) > before, "a beat after the kill")
        assert points(influxd, case)[-1]["open"] == 1
    finally:
        hub.process.terminate()
        hub.process.wait(20)
