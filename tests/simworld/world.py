"""Moves the simulated site: time passes, messages travel, processes die and come back."""

from pathlib import Path
from random import Random

from model.entry import EntryKind
from model.reading import ALARM_EVENTS, Event, Value

from . import checks
from .broker import SimBroker
from .gateway import SimGateway
from .hub import SimHub
from .inline import Died
from .script import CALM, Script
from .town import GATEWAYS, T0, Gadget, Message, gadgets
from .truth import Ledger

STEP_S = 2
BEAT_S = 10
REPORT_S = 20
SETTLE_S = 600


class World:
    """One run of a script."""

    def __init__(self, script: Script, folder: Path) -> None:
        self.script = script
        self.folder = folder
        self.now_s = 0.0
        self.offset_ms = {"hub": 0, **dict.fromkeys(GATEWAYS, 0)}
        self.gadgets = gadgets()
        self.ledger = Ledger()
        self.gateways = [self._gateway(name, folder / name) for name in GATEWAYS]
        self.broker = SimBroker(script.weather)
        self.hub = SimHub(folder / "hub", lambda: self.wall("hub"), self._receipt)
        self.back_at_s: dict[object, float] = {}  # who is dead, or whose disk is full, until when
        self.suspended_until_s = 0.0
        self.dies_for_s = 6  # how long a hub is away that dies at a crash point
        self.trace: list[str] = []
        self._uid = 0
        self._reported_s: dict[str, float] = {}
        self._beat_s = -float(BEAT_S)

    def wall(self, whose: str) -> int:
        """Return a machine's clock in ms."""
        if self.offset_ms[whose] == -1:  # it booted without a clock: 1970
            return int(self.now_s * 1000)
        return T0 + int(self.now_s * 1000) + self.offset_ms[whose]

    def note(self, what: str) -> None:
        """Keep a line of the trace."""
        self.trace.append(f"{self.now_s:8.0f} s  {what}")

    def says(
        self, device: str, event: Event = Event.NONE, values: dict[str, Value] | None = None
    ) -> None:
        """Let a device say something; it goes on until it is acknowledged."""
        self._uid += 1
        message = Message(self._uid, event, dict(values or {}))
        self._queue(self.gadgets[device], message)

    def say_again(self, device: str) -> None:
        """Let the devices' broker hand out the newest fire alarm of a detector as a retained message.

        Of this one, or where it never gave one, of the next that did.
        """
        ledger = self.ledger
        alarms: dict[str, int] = {}
        for uid in ledger.acked:
            name, message = ledger.sent[uid]
            if message.says_fire and self.gadgets[name].kind == "smoke_detector":
                alarms[name] = uid
        if alarms:
            chosen = min(alarms, key=lambda name: (name < device, name))
            self._uid += 1
            ledger.copies[self._uid] = alarms[chosen]
            ledger.copied.add(chosen)
            again = ledger.sent[alarms[chosen]][1]._replace(uid=self._uid, historical=True)
            self._queue(self.gadgets[chosen], again)

    async def order(self, kind: EntryKind, payload: bytes) -> bool:
        """Let a person's order reach the log; False where the hub is not there."""
        if not self.hub.up or self.now_s < self.suspended_until_s:
            return False
        try:
            done = await self.hub.append(kind, payload)
            self.hub.read()
        except Died as point:
            self._hub_died(str(point))
            return False
        return done

    async def run(self) -> None:
        """Live the whole script, heal everything, and check what is left."""
        from .deeds import DEEDS

        self._start()
        try:
            for step in self.script.steps:
                self.note(f"{step.deed}{step.args}")
                await DEEDS[step.deed](self, step)
                self._look()
            await self._settle()
            checks.at_the_end(self)
        finally:
            self.hub.die()
            for gateway in self.gateways:
                gateway.die()

    async def pass_time(self, span_s: float, salt: int) -> None:
        """Let time pass; whoever is due comes back."""
        chance = Random(salt)
        until = self.now_s + span_s
        while self.now_s < until:
            self.now_s += STEP_S
            self._revive()
            self._periodic()
            await self._move(chance)
            self._read_log()

    def clone_of(self, gateway: SimGateway, folder: Path) -> SimGateway:
        """Return a second gateway of the same name, with a file of its own."""
        return self._gateway(gateway.name, folder)

    def kill(self, who: SimHub | SimGateway, back_after_s: float) -> None:
        """End a process now."""
        who.die()
        self.back_at_s[who] = self.now_s + back_after_s
        if isinstance(who, SimGateway) and self.broker.here(self.now_s):
            self.broker.publish(who.will(), to_hub=True)

    def _gateway(self, name: str, folder: Path) -> SimGateway:
        return SimGateway(name, folder, lambda: self.wall(name), self.ledger.give_up)

    def _queue(self, gadget: Gadget, message: Message) -> None:
        self.ledger.sent[message.uid] = (gadget.name, message)
        gadget.queue.append(message)

    def _start(self) -> None:
        self.hub.boot(self.now_s)
        for gateway in self.gateways:
            gateway.boot(self.now_s)

    def _revive(self) -> None:
        for who, at in list(self.back_at_s.items()):
            if at > self.now_s:
                continue
            del self.back_at_s[who]
            if isinstance(who, SimHub | SimGateway):
                if who.refuses if isinstance(who, SimGateway) else who.log_refuses:
                    who.refuse(refuses=False)
                if not who.up:
                    who.boot(self.now_s)

    def _periodic(self) -> None:
        for gadget in self.gadgets.values():
            due = self.now_s - self._reported_s.get(gadget.name, 0) >= REPORT_S
            if gadget.watched and due and not gadget.silent:
                self._reported_s[gadget.name] = self.now_s
                if len(gadget.queue) < 5:
                    self.says(gadget.name, values={"temperature_c": 20.0})

    async def _move(self, chance: Random) -> None:
        """One turn of everything: devices, gateways, broker, hub, and back."""
        for gateway in self.gateways:
            await self._turn(gateway)
        if self.now_s < self.suspended_until_s:
            self.broker.forget()  # a hub that stands still answers no keep-alive
            return
        arrived = self.broker.deliver(chance, to_hub=True)
        if self.hub.up:
            try:
                await self._hub_turn(arrived)
            except Died as point:
                self._hub_died(str(point))
        for topic, payload in self.broker.deliver(chance, to_hub=False):
            for gateway in self.gateways:
                if gateway.up and gateway.connected and gateway.topics.receipt == topic:
                    await self._hear(gateway, payload)
                elif gateway.up and gateway.connected and gateway.topics.ask == topic:
                    gateway.ask(payload)

    async def _turn(self, gateway: SimGateway) -> None:
        if not gateway.up:
            return
        try:
            await self._take(gateway)
            here = self.broker.here(self.now_s)
            if here and not gateway.connected:
                gateway.connect()
            gateway.connected = here
            if here:
                packets = gateway.send(self.now_s)
                for packet in packets:
                    self.broker.publish(packet, to_hub=True)
                if packets:
                    gateway.fuse("after_publish")
                if int(self.now_s) % BEAT_S == 0 or gateway.owes:
                    self.broker.publish(gateway.beat(), to_hub=True)
        except Died as point:
            self.note(f"{gateway.name} died at {point}")
            self.kill(gateway, 6)

    async def _take(self, gateway: SimGateway) -> None:
        while mine := self._heads(gateway):
            acked = await gateway.take(mine)
            for gadget, message in acked:
                gadget.queue.popleft()
                self.ledger.acked.append(message.uid)
                if gateway.refuses and message.event not in ALARM_EVENTS:
                    # Telemetry that a full disk does not take is given up, and counted.
                    self.ledger.destroyed.add(message.uid)
                if not message.historical:  # a copy is no sign of life
                    self.ledger.heard_s[gadget.name].append(self.now_s)
            if not acked:
                break

    def _heads(self, gateway: SimGateway) -> list[Gadget]:
        """Return who speaks next: what stands behind one transmission device speaks in order."""
        found: dict[str, Gadget] = {}
        for gadget in self.gadgets.values():
            if gadget.queue and self._serves(gateway, gadget):
                line = gadget.source or gadget.name
                other = found.get(line)
                if other is None or gadget.queue[0].uid < other.queue[0].uid:
                    found[line] = gadget
        return list(found.values())

    def _serves(self, gateway: SimGateway, gadget: Gadget) -> bool:
        """A cloned card serves the doors of the original, which keeps everything else."""
        same = [g for g in self.gateways if g.name == gadget.gateway]
        if len(same) == 1:
            return gateway is same[0]
        return gateway is (same[1] if gadget.building > 3 else same[0])

    async def _hear(self, gateway: SimGateway, payload: bytes) -> None:
        try:
            await gateway.hear(payload, self.now_s)
        except Died as point:
            self.note(f"{gateway.name} died at {point}")
            self.kill(gateway, 6)

    async def _hub_turn(self, arrived: list[tuple[str, bytes]]) -> None:
        for topic, payload in arrived:
            await self.hub.intake.message(topic, payload)
        await self.hub.commit()
        self.hub.read()
        await self.hub.tick(self.now_s)
        self.hub.read()

    def _hub_died(self, point: str) -> None:
        self.note(f"the hub died at {point}")
        self.kill(self.hub, self.dies_for_s)

    def _receipt(self, topic: str, payload: bytes) -> None:
        if not self.broker.here(self.now_s):
            raise ConnectionError("the broker is away")
        self.broker.publish((topic, payload), to_hub=False)

    def _read_log(self) -> None:
        if self.hub.up:
            self.ledger.take(self.hub.entries(self.ledger.read_to), self.now_s)

    def _look(self) -> None:
        for change in self.hub.told:
            if change.history and change.history[-1].action == "opened":
                self.note(f"   case {change.case.id} {change.case.category} {change.case.subject}")
        self.hub.told.clear()
        self._read_log()
        checks.at_a_step(self)

    async def _settle(self) -> None:
        """Heal every fault and wait until all that was taken has its receipt."""
        self.note("everything heals")
        self.broker.weather = CALM
        self.broker.away_until_s = self.suspended_until_s = 0.0
        self.offset_ms = dict.fromkeys(self.offset_ms, 0)
        self.hub.fuse.arm("", 0)
        for gateway in self.gateways:
            gateway.fuse.arm("", 0)
            self.back_at_s[gateway] = 0.0
            gateway.refuse(refuses=False)
        self.back_at_s[self.hub] = 0.0
        self.hub.refuse(refuses=False)
        until = self.now_s + SETTLE_S
        while self.now_s < until:
            await self.pass_time(STEP_S, 0)
            queued = any(gadget.queue for gadget in self.gadgets.values())
            if not queued and all(gateway.idle for gateway in self.gateways):
                break
        self._look()
