"""`kill -9` of hub, gateway and broker at seeded random moments: no receipted alarm is lost."""

import asyncio
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from .devices import Panel, nb_payload, publish
from .stack import Api, Stack, eventually, running

pytestmark = [pytest.mark.trust, pytest.mark.timeout(1500)]
KILLS = int(os.environ.get("SMARTHUB_KILLS") or (20 if os.environ.get("CI") == "true" else 3))
ALARMS_A_KILL = 3


def fires(stack: Api) -> list[dict[str, Any]]:
    """Return the fire cases."""
    return stack.cases(category="fire")


def subjects(cases: list[dict[str, Any]]) -> set[str]:
    """Return every device that is in a case."""
    return {member["subject"] for case in cases for member in case["members"]}


async def storm(stack: Stack, victim: str, *, seed: int) -> tuple[set[str], int]:
    """Send fires while `victim` is killed again and again; return the receipted ones."""
    chance = random.Random(seed)
    panels = [Panel(stack.ports.fire, 1000 + n) for n in range(KILLS * ALARMS_A_KILL)]
    sent: asyncio.Queue[None] = asyncio.Queue()

    async def report(panel: Panel, delay: float) -> None:
        await asyncio.sleep(delay)
        await panel.fire(panel.source)
        await panel.close()
        sent.put_nowait(None)

    for round_ in range(KILLS):
        mine = panels[round_ * ALARMS_A_KILL : (round_ + 1) * ALARMS_A_KILL]
        reports = [asyncio.create_task(report(panel, chance.random() * 0.3)) for panel in mine]
        await asyncio.sleep(chance.random() * 0.4)
        await asyncio.to_thread(stack.kill, victim)
        await asyncio.sleep(chance.random() * 0.2)
        stack.start(victim)
        await asyncio.gather(*reports)
    receipted = {
        f"gb-{panel.source}-1-1-{component.to_bytes(4, 'little').hex()}"
        for panel in panels
        for component, _ in panel.acknowledged
    }
    return receipted, len(panels)


@pytest.mark.parametrize("mosquitto", [False, True], ids=["embedded", "mosquitto"])
@pytest.mark.parametrize("victim", ["hub", "gateway", "broker"])
async def test_kill_9_loses_no_receipted_alarm_and_doubles_no_case(
    tmp_path: Path, victim: str, *, mosquitto: bool
) -> None:
    """Every acknowledged fire is in exactly one case, with the id it has without any kill."""
    with running(tmp_path, mosquitto=mosquitto) as stack:
        receipted, sent = await storm(stack, victim, seed=len(victim) + mosquitto)
        assert len(receipted) == sent, "a panel gave up: the gateway never answered"
        await asyncio.to_thread(stack.wait_ready)

        def reconciled() -> bool:
            try:
                return subjects(fires(stack)) >= receipted
            except OSError:
                return False

        assert await eventually(reconciled, 60), f"lost; {stack.tails()}"
        await asyncio.sleep(1)
        found = fires(stack)
        assert len(found) == sent, "one case per transmission device, none twice"
        assert len({case["key"] for case in found}) == len(found)
        keys = {case["key"] for case in found}
    with running(tmp_path.with_name(f"{tmp_path.name}-calm")) as calm:
        panels = [Panel(calm.ports.fire, 1000 + n) for n in range(sent)]
        await asyncio.gather(*(panel.fire(panel.source) for panel in panels))
        assert await eventually(lambda: len(fires(calm)) == sent, 30)
        assert {case["key"] for case in fires(calm)} == keys


async def test_killing_everything_right_after_a_publish_changes_nothing(tmp_path: Path) -> None:
    """The embedded broker keeps what it acknowledged: the alarm becomes a case after the start."""
    with running(tmp_path) as stack:
        await asyncio.sleep(1)  # the gateway's session must be known to the broker
        password = stack.installation.passwords["device"]
        message = ("iot/hbw-01/nb/860000000000017/up",
                   nb_payload("860000000000017", alarm=1, at=time.time()))  # fmt: skip
        await publish(stack.ports.mqtt, password, [message])
        for name in list(stack.processes):
            stack.kill(name)
        for name in ("broker", "hub", "gateway"):
            stack.start(name)
        await asyncio.to_thread(stack.wait_ready)
        assert await eventually(lambda: "nb-860000000000017" in subjects(fires(stack)), 30)
        await asyncio.sleep(1)
        assert len(fires(stack)) == 1


CRASH_POINTS = {
    "hub": [
        "after_log_append:40",
        "after_receipt:9",
        "before_case_commit:4",
        "after_case_commit:4",
    ],
    "gateway": ["after_outbox_commit:5", "after_publish_alarm:5", "before_forget_alarm:5"],
}


@pytest.mark.parametrize(
    ("process", "point"),
    [(name, point) for name, points in CRASH_POINTS.items() for point in points],
)
async def test_a_crash_at_a_named_point_loses_nothing(
    tmp_path: Path, process: str, point: str
) -> None:
    """Between any two steps of the chain the process may die; the outcome is the same."""
    count = 8
    with running(tmp_path) as stack:
        await asyncio.to_thread(stack.processes[process].terminate)
        await asyncio.to_thread(stack.processes[process].wait, 10)
        stack.extra_env[process] = {"SMARTHUB_CRASH_AT": point}
        stack.start(process)
        await asyncio.to_thread(stack.wait_ready)
        panels = [Panel(stack.ports.fire, 500 + n) for n in range(count)]

        async def one_after_another() -> None:
            for panel in panels:
                await panel.fire(panel.source)
                await asyncio.sleep(0.1)

        task = asyncio.create_task(one_after_another())
        died = await eventually(lambda: stack.processes[process].poll() is not None, 60)
        assert died, f"{point} was never passed"
        assert stack.processes[process].returncode == -9
        stack.extra_env.clear()
        stack.start(process)
        await task
        await asyncio.to_thread(stack.wait_ready)
        assert await eventually(lambda: len(subjects(fires(stack))) >= count, 40), stack.tails()
        await asyncio.sleep(1)
        assert len(fires(stack)) == count
