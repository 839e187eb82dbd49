"""Starts and supervises the whole product on one machine: broker, hub, gateway, and the demo."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import structlog

from model.errors import ConfigError

from .broker import EmbeddedBroker, die_with_parent
from .installation import GATEWAY, ORDERS, Installation, Ports, check_ports, written_in
from .simulation.demo_cameras import Drawing, demo_registry
from .simulation.orders import Orders
from .simulation.stories import GATEWAY_CUT

log = structlog.get_logger()
READY_S = 60.0  # a small box that does other work beside
STOP_S = 8.0
RESTART_LAST_S = 10.0
WORDS_BYTES = 4096
ORDERS_EVERY_S = 0.5
CUT_S = 120.0  # longer than a gateway may be silent


class Child:
    """A process of ours that is started again when it dies."""

    def __init__(
        self, name: str, arguments: Sequence[str], *, logs: Path, env: dict[str, str]
    ) -> None:
        self.name = name
        self._speaks = name == "hub"  # passwords shown once, new cases: to our own output
        self.restarts = 0
        self._rest_s = 0.0
        self.process: asyncio.subprocess.Process | None = None
        self._arguments = arguments
        self._log = logs / f"{name}.log"
        self._env = env

    async def start(self) -> None:
        """Start the process; what it logs goes to its own file, what it says to our output."""
        with self._log.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "hub.cli", *self._arguments,
                stdout=None if self._speaks else output, stderr=output,
                env=self._env, start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip

    async def supervise(self) -> None:
        """Start the process again whenever it ends; a configuration error (2) stops us all."""
        while True:
            assert self.process is not None  # noqa: S101 - start() came first
            began = time.monotonic()
            code = await self.process.wait()
            if code == 2:  # noqa: PLR2004 - our exit code for a configuration error
                raise ConfigError(f"{self.name} refused to start: {self._last_words()}")
            if self._rest_s:
                rest_s, self._rest_s = self._rest_s, 0.0
                log.warning("process_cut", process=self.name, rest_s=rest_s)
                await asyncio.sleep(rest_s)
                await self._again()
                continue
            self.restarts += 1
            log.error(
                "process_died", process=self.name, code=code, restarts=self.restarts,
                last_words=self._last_words(), more_in=str(self._log),
            )  # fmt: skip
            lived = time.monotonic() - began
            await asyncio.sleep(
                0.2 if lived > RESTART_LAST_S else min(self.restarts, RESTART_LAST_S)
            )
            await self._again()

    async def _again(self) -> None:
        try:
            await self.start()
        except OSError as error:  # no disk or memory for it now: go on trying
            log.error("process_not_started", process=self.name, why=str(error))

    def cut(self, rest_s: float) -> None:
        """End the process as a power cut would, and keep it down for a while (the demo's)."""
        if self.process is not None and self.process.returncode is None:
            self._rest_s = rest_s
            self.process.kill()

    def _last_words(self) -> str:
        with contextlib.suppress(OSError), self._log.open("rb") as file:
            file.seek(max(0, self._log.stat().st_size - WORDS_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
            return lines[-1] if lines else "it said nothing"
        return f"see {self._log}"

    async def stop(self) -> None:
        """End the process in order, and by force if it does not."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), STOP_S)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


async def up(folder: Path, ports: Ports, *, demo_speed: float | None) -> None:
    """Run everything until Ctrl-C; raises ConfigError in one clear line.

    With a `demo_speed` a simulated territory lives in it, so many times as fast as life.
    """
    demo = demo_speed is not None
    check_ports(ports)
    logs = folder / "logs"
    with written_in(folder):
        installation = Installation(folder)
        logs.mkdir(exist_ok=True)
        registry = demo_registry(folder) if demo else _own_registry(folder)
        mode = "simulated" if demo else "real"
        gateway_file, hub_file = installation.write_files(ports, registry=registry, mode=mode)
    broker = EmbeddedBroker(
        folder / "broker", host="127.0.0.1", port=ports.mqtt, users=installation.users()
    )
    env = dict(os.environ)
    children = [
        Child("hub", ["hub", str(hub_file), "--say-cases"], logs=logs, env=env),
        Child("gateway", ["gateway", str(gateway_file)], logs=logs, env=env),
    ]
    if demo_speed is not None:
        arguments = _simulate(ports, folder / ORDERS, speed=demo_speed)
        children.append(Child("simulate", arguments, logs=logs, env=_demo_env(installation)))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    supervisors: list[asyncio.Task[None]] = []
    try:
        with written_in(folder):
            await broker.start()
        supervisors.append(asyncio.create_task(broker.supervise(), name="broker"))
        for child in children[:2]:
            with written_in(folder):
                await child.start()
            supervisors.append(asyncio.create_task(child.supervise(), name=child.name))
        await _until_ready(ports, supervisors, stop)
        _say(installation, ports, demo=demo)
        for child in children[2:]:
            await child.start()
            supervisors.append(asyncio.create_task(child.supervise(), name=child.name))
        drawing = Drawing(folder)
        if demo:
            supervisors.append(asyncio.create_task(drawing.run(), name="drawing"))
            cuts = _cut_when_ordered(children[1], Orders(folder / ORDERS))
            supervisors.append(asyncio.create_task(cuts, name="cuts"))
        await _watch(ports, supervisors, stop, drawing)
    finally:
        for task in supervisors:
            task.cancel()
        await asyncio.gather(*supervisors, return_exceptions=True)
        for child in reversed(children):
            await child.stop()
        await broker.stop()


def _own_registry(folder: Path) -> Path:
    """Return the registry's folder; an empty one is made, so that devices can be registered."""
    path = folder / "registry"
    if not path.is_dir():
        path.mkdir()
        (path / "registry.yaml").write_text(
            "# Compounds, buildings and contacts: docs/registry.md. 登记小区、楼栋与联系人。\n"
            "compounds: []\n",
            encoding="utf-8",
        )
    return path


def _simulate(ports: Ports, orders: Path, *, speed: float) -> list[str]:
    return [
        "simulate", "--fire-port", str(ports.fire), "--mqtt-port", str(ports.mqtt),
        "--orders", str(orders), "--speed", str(speed),
    ]  # fmt: skip


async def _cut_when_ordered(gateway: Child, orders: Orders) -> None:
    """Play the power cut of a gateway: end it at once, and let it rest."""
    while True:
        await asyncio.sleep(ORDERS_EVERY_S)
        if await asyncio.to_thread(orders.take, (GATEWAY_CUT,)):
            gateway.cut(CUT_S)


def _demo_env(installation: Installation) -> dict[str, str]:
    return os.environ | {
        "SMARTHUB_DEVICE_PASSWORD": installation.passwords["device"],
        "SMARTHUB_BRIDGE_PASSWORD": installation.passwords["bridge"],
    }


async def _until_ready(
    ports: Ports, supervisors: list["asyncio.Task[None]"], stop: asyncio.Event
) -> None:
    until = time.monotonic() + READY_S
    while time.monotonic() < until and not stop.is_set():
        for task in supervisors:
            if task.done():
                task.result()
        state = await asyncio.to_thread(_get, ports, "/readyz")
        if state.get("ready") and await _listening(ports.fire):
            return
        await asyncio.sleep(0.1)
    if not stop.is_set():
        raise ConfigError(f"not ready within {READY_S:.0f} s; see the logs folder")


async def _listening(port: int) -> bool:
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True
    return False


def _get(ports: Ports, path: str) -> dict[str, object]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{ports.http}{path}", timeout=3) as answer:
            found: dict[str, object] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:  # 503 says why in its body
        with contextlib.suppress(ValueError):
            return dict(json.load(error))
        return {}
    except (OSError, ValueError, urllib.error.URLError):
        return {}


def _say(installation: Installation, ports: Ports, *, demo: bool) -> None:
    """Print what people need to know, once."""
    api = f"http://127.0.0.1:{ports.http}"
    lines = [
        f"smarthub is ready 就绪: open {api}/ in a browser 请用浏览器打开 (user admin)",
        f"  API {api}/api/v1/cases · description {api}/openapi.json",
        f"  MQTT 127.0.0.1:{ports.mqtt} (users device, bridge)",
        f"  GB/T 26875.3 TCP 127.0.0.1:{ports.fire} · gateway {GATEWAY}",
        f"  data {installation.folder}",
    ]
    lines += [
        f"  password of MQTT user {user} (shown once 仅显示一次): {password}"
        for user, password in installation.fresh_passwords.items()
        if user in ("device", "bridge")
    ]
    if demo:
        lines.append(
            "  SIMULATED 模拟: 2,000 smoke detectors, 20 fire panels, 100 doors and 2 cameras in 8"
            " compounds; a planted fire follows within seconds"
        )
    print("\n".join(lines), flush=True)  # noqa: T201 - this is the command's output


async def _watch(
    ports: Ports,
    supervisors: list["asyncio.Task[None]"],
    stop: asyncio.Event,
    drawing: Drawing,
) -> None:
    """Keep one status line up to date until told to stop."""
    terminal = sys.stdout.isatty()
    shown = ""
    while not stop.is_set():
        for task in supervisors:
            if task.done():
                task.result()
        state = await asyncio.to_thread(_get, ports, "/readyz")
        line = _status(state) + drawing.said
        if terminal:
            print(f"\r\x1b[K{line}", end="", flush=True)  # noqa: T201 - the status line
        elif line != shown:
            print(line, flush=True)  # noqa: T201 - the status line
        shown = line
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 2 if terminal else 30)
    if terminal:
        print()  # noqa: T201 - leave the status line


def _status(state: dict[str, object]) -> str:
    if not state:
        return "hub not answering 中枢无应答"
    ready = "ready 正常" if state.get("ready") else "NOT READY 异常"
    return (
        f"{ready} · open cases 未结 {state.get('open_cases', '?')} · log {state.get('log_end', '?')}"
        f" entries · reading store {state.get('reading_store', '?')}"
    )
