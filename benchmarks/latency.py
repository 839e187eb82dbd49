"""From a fire frame on TCP to its case on the hub's event stream, while telemetry flows."""

import contextlib
import random
import socket
import time
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from adapters.gb26875.frame import Command, encode
from adapters.gb26875.times import to_label
from hub.simulation.fire_adu import ComponentState, FireState, component_states

from .case_stream import CaseStream
from .fleet import ALARM_BUILDINGS, COMPONENT, SOURCE, alarm_building
from .measure import wait_until_stored
from .pipelines import TOKEN, Pipeline, Run, start_load
from .servers import last_words

ZONE = ZoneInfo("Asia/Shanghai")
SETTLE_S = 2.0
ANSWER_S = 15.0
SMOKE = 42  # 点型光电感烟火灾探测器, GB/T 26875.3 table 5


class Latency(NamedTuple):
    """Milliseconds from the frame's last byte to its case, and what the background did."""

    p50_ms: float
    p99_ms: float
    alarms: int
    missing: int
    background: Run


def frame(number: int, at: int) -> bytes:
    """Return the fire frame (type 2) of the component `number`; each hangs in its own building."""
    label = to_label(at, ZONE)
    state = FireState.RUNNING | FireState.FIRE
    thing = ComponentState(1, SMOKE, bytes.fromhex(COMPONENT), state, f"试验{number}号")
    return encode(
        serial=number % 65_536,
        command=Command.SEND,
        source=SOURCE + number,
        destination=1,
        label=label,
        adu=component_states([thing], label),
    )


def run(pipeline: Pipeline, folder: Path, *, rate: int, alarms: int, first: int) -> Latency:
    """Send fires at random moments beside `rate` messages a second; `first` numbers the first fire."""
    if first + alarms > ALARM_BUILDINGS:
        raise ValueError(f"only {ALARM_BUILDINGS} buildings can burn")
    heard: dict[str, float] = {}
    chance = random.Random(rate)  # noqa: S311 - spreads moments, no secret
    pauses = [chance.uniform(0.02, 0.18) for _ in range(alarms)]
    messages = int(rate * (sum(pauses) + 2 * SETTLE_S))
    before = pipeline.influxd.count(pipeline.counted)
    started = time.monotonic()
    with CaseStream(
        pipeline.http, TOKEN, lambda case: heard.setdefault(str(case["place"]), time.monotonic())
    ):
        load = start_load(pipeline, folder, messages=messages, rate=rate)
        time.sleep(SETTLE_S)
        sent = _burn(pipeline.fire, pauses, first)
        until = time.monotonic() + ANSWER_S
        while time.monotonic() < until and not sent.keys() <= heard.keys():
            time.sleep(0.05)
    load.communicate()
    total = messages + alarms
    stored, at = wait_until_stored(
        lambda: pipeline.influxd.count(pipeline.counted) - before, expected=total
    )
    taken = sorted((heard[place] - when) * 1000 for place, when in sent.items() if place in heard)
    if not taken:
        raise RuntimeError(f"no fire became a case: {last_words(folder / 'hub.log')}")
    return Latency(
        p50_ms=taken[len(taken) // 2],
        p99_ms=taken[min(len(taken) - 1, len(taken) * 99 // 100)],
        alarms=alarms,
        missing=alarms - len(taken),
        background=Run(total, stored, at - started, {}),
    )


def _burn(fire: int, pauses: list[float], first: int) -> dict[str, float]:
    """Send the frames over one connection; return when each building's was sent."""
    sent = {}
    with socket.create_connection(("127.0.0.1", fire), ANSWER_S) as panel:
        panel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number, pause in enumerate(pauses, first):
            time.sleep(pause)
            data = frame(number, time.time_ns() // 1_000_000)
            panel.sendall(data)
            sent[alarm_building(number)] = time.monotonic()
            panel.setblocking(False)  # noqa: FBT003 - the socket module's own signature
            with contextlib.suppress(BlockingIOError):
                panel.recv(65_536)
            panel.settimeout(ANSWER_S)
    return sent
