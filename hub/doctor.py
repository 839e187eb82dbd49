"""Looks at everything an installation stands on, and says what is wrong and what to do about it."""

import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import aiomqtt
import httpx

from gateway.config import Broker
from gateway.config import load as load_gateway
from gateway.outbox import waiting
from model.entry import EntryKind
from model.errors import HubError, Transient
from model.place import Registry

from .broker import server_path
from .commands.check import checked
from .config import HubFile
from .config import load as load_hub
from .log.view import LogView
from .machine import look_at
from .reading_store.choose import open_store

PYTHON = (3, 11)
EARLIEST_S = 1_735_689_600  # 2025-01-01: no machine that runs this can be before it
COMMITS = 20
SLOW_COMMIT_MS = 50.0
"""A commit that takes longer delays every alarm by it (our assumption)."""

TICK_LATE_MS = 10_000
OUTBOX_LATE_S = 60  # a receipt takes seconds; our assumption
PROBE_S = 3.0


class State(StrEnum):
    """How a finding is to be read."""

    GOOD = "good"
    DOUBT = "doubt"
    BAD = "bad"


class Finding(NamedTuple):
    """One thing that was looked at: what, how it is, and what to do where it is not good."""

    what: str
    state: State
    said: str
    remedy: str = ""


def examine(folder: Path) -> Iterator[Finding]:
    """Look at a data folder of `smarthub up`, or one with a hub.yaml; yields as it goes."""
    yield _python()
    yield _clock()
    yield _broker_binary()
    if not folder.is_dir():
        yield Finding(
            str(folder), State.BAD, "there is no such folder",
            "name the data folder (`--data`) that `smarthub up` uses",
        )  # fmt: skip
        return
    yield from _disk(folder)
    yield from _files(folder)
    hub = _hub_of(folder)
    if hub is None:
        yield Finding(
            "hub.yaml", State.DOUBT, f"none that can be read in {folder}",
            "start `smarthub up` once, or name the folder that holds it",
        )  # fmt: skip
        return
    alive = yield from _api(hub)
    yield from _brokers(folder, hub, alive=alive)
    yield from _log(hub, alive=alive)
    yield _readings(hub)


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    state = State.GOOD if sys.version_info >= PYTHON else State.BAD
    return Finding("Python", state, found, "install Python 3.11 or newer, then `make setup`")


def _clock() -> Finding:
    now = time.time()
    said = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(now))
    state = State.GOOD if now > EARLIEST_S else State.BAD
    return Finding("clock 时钟", state, said, "set the clock; let NTP keep it (`timedatectl`)")


def _broker_binary() -> Finding:
    try:
        return Finding("broker 代理程序", State.GOOD, server_path())
    except HubError as error:
        return Finding("broker 代理程序", State.BAD, str(error), "`make setup` installs it")


def _disk(folder: Path) -> Iterator[Finding]:
    machine = look_at(folder, started_at=0)
    free = f"{machine.disk_free / (1 << 30):.1f} of {machine.disk_total / (1 << 30):.1f} GiB free"
    state = State.DOUBT if machine.disk_low else State.GOOD
    yield Finding(
        "disk 磁盘", state, free, "free space: a full disk gives telemetry up, then delays"
    )
    try:
        took = _commit_ms(folder)
    except (OSError, sqlite3.Error) as error:
        yield Finding(
            "commits 写盘", State.BAD, f"{folder} cannot be written: {error}",
            "make the folder writable for the user that runs smarthub",
        )  # fmt: skip
        return
    state = State.GOOD if took <= SLOW_COMMIT_MS else State.DOUBT
    yield Finding(
        "commits 写盘", state, f"{took:.1f} ms each (median of {COMMITS})",
        "every alarm waits for two of them: use a local disk, not a network share",
    )  # fmt: skip


def _commit_ms(folder: Path) -> float:
    """Return how long a small commit takes there, as outbox and log make it."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".doctor-") as name:
        db = sqlite3.connect(Path(name) / "probe.db", isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("CREATE TABLE probe (n INTEGER)")
            took = []
            for n in range(COMMITS):
                begun = time.monotonic()
                db.execute("INSERT INTO probe VALUES (?)", (n,))
                took.append(time.monotonic() - begun)
        finally:
            db.close()
    return sorted(took)[len(took) // 2] * 1000


def _files(folder: Path) -> Iterator[Finding]:
    names = [path for name in ("hub.yaml", "gateway.yaml") if (path := folder / name).is_file()]
    if (folder / "registry" / "registry.yaml").is_file():
        names.append(folder / "registry")
    problems, warnings = checked(names)
    what, remedy = "configuration 配置", "correct it; `smarthub check` again"
    yield from (Finding(what, State.BAD, str(one), remedy) for one in problems)
    yield from (Finding(what, State.DOUBT, str(one), remedy) for one in warnings)
    if names and not problems and not warnings:
        yield Finding(what, State.GOOD, ", ".join(name.name for name in names))


def _hub_of(folder: Path) -> HubFile | None:
    try:
        return load_hub(folder / "hub.yaml")
    except HubError:
        return None


def _api(hub: HubFile) -> Generator[Finding, None, bool]:
    """Ask the hub itself, and return whether it runs; with SMARTHUB_TOKEN also what it knows of gateways."""
    base = f"http://{hub.http.host}:{hub.http.port}"
    try:
        ready = httpx.get(f"{base}/readyz", timeout=PROBE_S)
    except httpx.HTTPError as error:
        yield Finding(
            "hub 中枢",
            State.DOUBT,
            f"nothing answers at {base} ({error})",
            "is it meant to run now? `smarthub up`",
        )
        return False
    if ready.is_success:
        yield Finding("hub 中枢", State.GOOD, f"ready at {base}")
    else:
        yield Finding(
            "hub 中枢", State.BAD, ready.text[:300], "it says what it waits for; see logs/hub.log"
        )
    token = os.environ.get("SMARTHUB_TOKEN", "")
    if not token:
        yield Finding(
            "gateways 网关", State.DOUBT, "not asked", "set SMARTHUB_TOKEN to be told of gateways"
        )
        return True
    yield from _gateways(base, token)
    return True


def _gateways(base: str, token: str) -> Iterator[Finding]:
    headers = {"Authorization": f"Bearer {token}"}
    try:
        answer = httpx.get(f"{base}/api/v1/gateways", headers=headers, timeout=PROBE_S)
        answer.raise_for_status()
        found = answer.json()["items"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        yield Finding(
            "gateways 网关", State.DOUBT, f"not told: {error}", "is SMARTHUB_TOKEN right?"
        )
        return
    if not found:
        yield Finding(
            "gateways 网关", State.DOUBT, "none was heard yet", "start one; it is heard within 10 s"
        )
    for gateway in found:
        warnings = "; ".join(gateway.get("warnings") or ())
        state = State.GOOD if gateway["state"] == "online" and not warnings else State.BAD
        said = f"{gateway['state']}, {gateway['devices']} devices, waiting {gateway['depth']} {warnings}"
        yield Finding(
            f"gateway {gateway['id']}",
            state,
            said.strip(),
            "see its log; is its uplink's broker reachable?",
        )


def _brokers(folder: Path, hub: HubFile, *, alive: bool) -> Iterator[Finding]:
    # Where nothing runs, a broker that is down is no news.
    worst = State.BAD if alive else State.DOUBT
    yield _login("broker, as the hub 中枢登录代理", hub.mqtt, worst)
    try:
        gateway = load_gateway(folder / "gateway.yaml")
    except HubError:
        return
    yield _login(f"broker, as {gateway.file.gateway} 网关登录代理", gateway.file.uplink, worst)
    yield _outbox(gateway.file.data / "outbox.db", worst)


def _outbox(path: Path, worst: State) -> Finding:
    what = "outbox 发件箱"
    try:
        readings, since = waiting(path)
    except sqlite3.Error as error:
        return Finding(what, State.DOUBT, str(error), "the gateway makes it at its start")
    if not readings:
        return Finding(what, State.GOOD, "nothing waits for the hub's receipt")
    late_s = time.time() - since / 1000
    state = State.GOOD if late_s <= OUTBOX_LATE_S else worst
    said = f"{readings} Readings wait for the hub's receipt, the oldest for {late_s:.0f} s"
    return Finding(what, state, said, "do hub and gateway run, with one `site` and one broker?")


def _login(what: str, broker: Broker, worst: State) -> Finding:
    where = f"{broker.host}:{broker.port} as {broker.user}"
    remedy = "start the broker, or correct host, port, user and password_file"
    try:
        asyncio.run(_logged_in(broker))
    except (aiomqtt.MqttError, OSError, TimeoutError, HubError) as error:
        return Finding(what, worst, f"{where}: {error}", remedy)
    return Finding(what, State.GOOD, where)


async def _logged_in(broker: Broker) -> None:
    async with aiomqtt.Client(
        broker.host, broker.port, username=broker.user or None,
        password=broker.password() or None, timeout=PROBE_S,
    ):  # fmt: skip
        pass


def _log(hub: HubFile, *, alive: bool) -> Iterator[Finding]:
    try:
        view = LogView(hub.data / "log")
        tick = view.newest(EntryKind.TICK, view.end)
    except HubError as error:
        yield Finding("log 日志", State.DOUBT, str(error), "it is made at the hub's first start")
        return
    yield Finding("log 日志", State.GOOD, f"entries {view.start} to {view.end}")
    late = time.time() * 1000 - (tick.logged_at if tick else 0)
    if alive and late > TICK_LATE_MS:
        yield Finding(
            "log 日志", State.BAD, f"the hub answers, but its last tick is {late / 1000:.0f} s old",
            "is this the data folder of the hub that answers? is its disk full?",
        )  # fmt: skip


def _readings(hub: HubFile) -> Finding:
    what = f"readings 读数 ({hub.readings.store})"

    def ask() -> Finding:
        store = open_store(hub, Registry)
        try:
            store.query("doctor", 0, 1, 1)
        finally:
            store.close()
        return Finding(what, State.GOOD, "answers")

    return _tried(what, ask)


def _tried(what: str, ask: Callable[[], Finding]) -> Finding:
    try:
        return ask()
    except (HubError, Transient, OSError) as error:
        remedy = "cases are made all the same; charts and dashboards wait for it"
        return Finding(what, State.BAD, str(error), remedy)
