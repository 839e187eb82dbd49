"""Runs a simulated territory against real ports, until its time is over or it is stopped."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hub.territory.demo_plan import Territory

from .fire_panel import Centre, FireCounts, FirePanel
from .ledger import Ledger
from .messages import DeviceMessage, FireContent, MqttContent
from .mqtt_devices import Broker, MqttCounts, MqttDevices
from .orders import Orders
from .stories import STORIES, Story, plant
from .world import World

_LAST_WORDS_S = 15.0  # after the last message: time for acknowledgements still under way
_STATUS_EVERY_S = 30.0
_LOOK_S = 0.25


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to simulate, how fast, for how long, and against which ports."""

    territory: Territory
    centre: Centre
    broker: Broker
    zigbee: Broker | None = None  # a Zigbee bridge that has a user of its own
    seed: int = 1
    speed: float = 1.0
    incidents: bool = True
    duration_s: float | None = None
    ledger: Path | None = None
    orders: Orders | None = None


@dataclass(kw_only=True)
class Outcome:
    """What was sent and acknowledged, in all."""

    ledger: Ledger
    messages: int = 0
    fire: FireCounts = field(default_factory=FireCounts)
    mqtt: MqttCounts = field(default_factory=MqttCounts)

    def line(self) -> str:
        """Return it in one line for people."""
        away = f"; broker: {self.mqtt.last_error}" if self.mqtt.last_error else ""
        return (
            f"{self.messages:,} messages; alarms: {self.ledger.sent} sent, "
            f"{self.ledger.acked} acknowledged; panels: {self.fire.acknowledged} frames "
            f"acknowledged, {self.fire.resent} sent again, {self.fire.denied} denied{away}"
        )


async def simulate(plan: Plan, *, say: Callable[[str], None]) -> Outcome:
    """Bring the territory to life; `say` hears one status line now and then.

    Returns when the duration is over and everything is acknowledged (or 15 s later).
    """
    if plan.ledger is None:
        return await _simulate(plan, Ledger(None), say)
    with plan.ledger.open("a", encoding="utf-8") as file:
        return await _simulate(plan, Ledger(file), say)


async def _simulate(plan: Plan, ledger: Ledger, say: Callable[[str], None]) -> Outcome:
    outcome = Outcome(ledger=ledger)
    panels = {
        panel.source: FirePanel(panel.source, plan.centre, outcome.fire, ledger=ledger)
        for panel in plan.territory.panels
    }
    devices = MqttDevices(plan.broker, outcome.mqtt, ledger=ledger)
    bridge = MqttDevices(plan.zigbee, outcome.mqtt, ledger=ledger) if plan.zigbee else devices
    senders: list[FirePanel | MqttDevices] = [
        *panels.values(),
        devices,
        *([bridge] if plan.zigbee else []),
    ]

    def send(message: DeviceMessage) -> None:
        outcome.messages += 1
        if isinstance(message.content, FireContent):
            panels[message.content.source].send(message)
        else:
            (bridge if _is_zigbee(message.content) else devices).send(message)

    tasks = [asyncio.create_task(sender.run(), name=type(sender).__name__) for sender in senders]
    tasks.append(asyncio.create_task(_status(outcome, say), name="status"))
    life = asyncio.create_task(_live(plan, send), name="life")
    try:
        # A sender that ends has failed for good (it reconnects by itself): so has the simulation.
        done, _ = await asyncio.wait((life, *tasks), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        await _wait_for(lambda: all(sender.idle for sender in senders))
    finally:
        for task in (life, *tasks):
            task.cancel()
        await asyncio.gather(life, *tasks, return_exceptions=True)
    return outcome


async def _live(plan: Plan, send: Callable[[DeviceMessage], None]) -> None:
    """Send each message at its time; the pace is the monotonic clock's, whatever the wall's does."""
    start = time.time_ns() // 1_000_000
    began = time.monotonic()
    world = World(plan.territory, seed=plan.seed, start=start, speed=plan.speed)
    if plan.incidents:
        plant(world)
    while True:
        passed_s = time.monotonic() - began
        over = plan.duration_s is not None and passed_s >= plan.duration_s
        now = start + round((plan.duration_s if over and plan.duration_s else passed_s) * 1000)
        for story in await _ordered(plan):
            story.script(world, now)
        while world.next_at is not None and world.next_at <= now:
            for message in world.step():
                send(message)
            await asyncio.sleep(0)
        if over:
            return
        due_s = _LOOK_S if world.next_at is None else (world.next_at - now) / 1000
        await asyncio.sleep(min(due_s, _LOOK_S))


async def _ordered(plan: Plan) -> list[Story]:
    """Return the incidents that people ordered since the last look."""
    if plan.orders is None:
        return []
    return [STORIES[name] for name in await asyncio.to_thread(plan.orders.take, STORIES)]


def _is_zigbee(content: MqttContent) -> bool:
    return content.topic.startswith("zigbee2mqtt/")


async def _status(outcome: Outcome, say: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(_STATUS_EVERY_S)
        say(outcome.line())


async def _wait_for(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LAST_WORDS_S
    while not done() and time.monotonic() < deadline:  # noqa: ASYNC110 - many senders, one poll
        await asyncio.sleep(0.05)
