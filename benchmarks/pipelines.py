"""The two pipelines under the same load: the naive script, and gateway with hub."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.influxd import Influxd, free_port

from .fleet import registry_documents
from .measure import Use, Watched, peak_mb, wait_until_stored
from .servers import Mosquitto, last_words, start_python, stop

TOKEN = "benchmark"
READY_S = 30.0
GATEWAY_FILE = """\
schema: 1
site: haibowan
gateway: gw-bench
data: {folder}/gateway
uplink: {{port: {mqtt}}}
sources:
  - adapter: gb26875
    listen: 127.0.0.1:{fire}
  - adapter: nb_iot
  - adapter: zigbee2mqtt
  - adapter: access_control
"""
HUB_FILE = """\
schema: 1
site: haibowan
data: {folder}/hub
mqtt: {{port: {mqtt}}}
http: {{port: {http}}}
registry: {folder}/registry
readings:
  store: influxdb
  url: {influx}
  bucket: {bucket}
  token_env: SMARTHUB_BENCHMARK_TOKEN
"""


class Run(NamedTuple):
    """One load through one pipeline."""

    sent: int
    stored: int
    seconds: float
    uses: dict[str, Use]

    @property
    def lost(self) -> int:
        """Return how many messages never arrived in InfluxDB."""
        return max(0, self.sent - self.stored)

    @property
    def rate(self) -> float:
        """Return messages a second, from the first publish to the last point stored."""
        return self.stored / self.seconds

    def per_million(self) -> float:
        """Return the pipeline's CPU-seconds per million messages."""
        return sum(use.per_million(self.sent) for use in self.uses.values())


class Pipeline(NamedTuple):
    """A running pipeline: its processes, its broker, how many Readings are stored, its ports."""

    pids: dict[str, int]
    mqtt: int
    influxd: Influxd
    counted: str  # a field that every point has
    http: int = 0
    fire: int = 0


@contextmanager
def naive(folder: Path, influxd: str) -> Iterator[Pipeline]:
    """Run the naive script between a broker and InfluxDB."""
    with Mosquitto(folder / "mosquitto") as broker, Influxd(influxd, folder / "influxd") as store:
        script = start_python(
            "benchmarks.naive",
            *("--port", str(broker.port), "--url", store.url),
            *("--token", store.token, "--bucket", store.bucket),
            env=dict(os.environ),
            log=folder / "naive.log",
        )
        try:
            assert script.stdout is not None  # noqa: S101 - it was asked for
            if script.stdout.readline().strip() != "ready":
                raise RuntimeError(f"the naive script ended: {last_words(folder / 'naive.log')}")
            yield Pipeline({"naive": script.pid}, broker.port, store, "n")
        finally:
            stop(script)


@contextmanager
def chain(folder: Path, influxd: str) -> Iterator[Pipeline]:
    """Run gateway and hub as the product starts them, with 10,000 registered devices."""
    (folder / "registry").mkdir(parents=True)
    for name, text in registry_documents().items():
        (folder / "registry" / name).write_text(text, encoding="utf-8")
    with Mosquitto(folder / "mosquitto") as broker, Influxd(influxd, folder / "influxd") as store:
        ports = {"mqtt": broker.port, "http": free_port(), "fire": free_port()}
        settings = ports | {"folder": folder, "influx": store.url, "bucket": store.bucket}
        (folder / "gateway.yaml").write_text(GATEWAY_FILE.format(**settings))
        (folder / "hub.yaml").write_text(HUB_FILE.format(**settings))
        env = os.environ | {"SMARTHUB_TOKEN": TOKEN, "SMARTHUB_BENCHMARK_TOKEN": store.token}
        processes = {
            name: start_python(
                "hub.cli", name, str(folder / f"{name}.yaml"), env=env, log=folder / f"{name}.log"
            )
            for name in ("hub", "gateway")
        }
        try:
            _wait_until_ready(processes, ports["http"], folder)
            _wait_until_subscribed(folder / "gateway.log")
            pids = {name: process.pid for name, process in processes.items()}
            yield Pipeline(
                pids, broker.port, store, "order", http=ports["http"], fire=ports["fire"]
            )
        finally:
            for process in reversed(processes.values()):
                stop(process)


def _wait_until_ready(
    processes: dict[str, "subprocess.Popen[str]"], http: int, folder: Path
) -> None:
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        for name, process in processes.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended: {last_words(folder / f'{name}.log')}")
        try:
            if httpx.get(f"http://127.0.0.1:{http}/readyz", timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"hub not ready after {READY_S} s: {last_words(folder / 'hub.log')}")


def _wait_until_subscribed(log: Path) -> None:
    """Return when the gateway says that all its sources listen; what comes earlier is lost."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        if "event=gateway_started" in log.read_text(errors="replace"):
            return
        time.sleep(0.05)
    raise TimeoutError(f"gateway not started after {READY_S} s: {last_words(log)}")


def put_load(pipeline: Pipeline, folder: Path, *, messages: int, rate: float) -> Run:
    """Send a load, wait until it is stored, and return what it cost."""
    before = pipeline.influxd.count(pipeline.counted)
    watched = {name: Watched(pid) for name, pid in pipeline.pids.items()}
    started = time.monotonic()
    load = start_load(pipeline, folder, messages=messages, rate=rate)
    out, _ = load.communicate()
    if load.returncode != 0:
        raise RuntimeError(f"the load ended: {last_words(folder / 'load.log')}")
    sent = int(json.loads(out)["sent"])
    stored, at = wait_until_stored(
        lambda: pipeline.influxd.count(pipeline.counted) - before, expected=sent
    )
    if stored < sent:
        for name in pipeline.pids:
            print(f"{name}: {last_words(folder / f'{name}.log')}", file=sys.stderr)
    uses = {name: process.use() for name, process in watched.items()}
    return Run(sent, stored, at - started, uses)


def start_load(
    pipeline: Pipeline, folder: Path, *, messages: int, rate: float
) -> "subprocess.Popen[str]":
    """Start the publisher."""
    return start_python(
        "benchmarks.load",
        *("--port", str(pipeline.mqtt), "--messages", str(messages), "--rate", str(rate)),
        env=dict(os.environ),
        log=folder / "load.log",
    )


def peaks(pipeline: Pipeline) -> dict[str, float]:
    """Return the peak memory (MB) of every process, the servers' included."""
    found = {name: peak_mb(pid) for name, pid in pipeline.pids.items()}
    return found | {"influxd": peak_mb(pipeline.influxd.pid)}
