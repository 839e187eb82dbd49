"""What may go wrong: processes die, disks fill, clocks jump, cards are cloned, people change rules."""

import shutil
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import msgspec

from model.entry import EntryKind
from model.walk_test import Scope, WalkTestOrder

from .gateway import SimGateway
from .script import Step
from .town import as_payload, rules_version
from .world import World


async def kill_hub(world: World, step: Step) -> None:
    """The hub is killed, and comes back after some seconds."""
    world.kill(world.hub, int(step.args[0]))


async def hub_dies_at(world: World, step: Step) -> None:
    """The hub dies when it next passes a named point."""
    name, count, away = step.args
    world.hub.fuse.arm(str(name), int(count))
    world.dies_for_s = int(away)


async def kill_gateway(world: World, step: Step) -> None:
    """A gateway is killed."""
    world.kill(_named(world, step), int(step.args[1]))


async def gateway_dies_at(world: World, step: Step) -> None:
    """A gateway dies when it next passes a named point."""
    _named(world, step).fuse.arm(str(step.args[1]), int(step.args[2]))


async def broker_away(world: World, step: Step) -> None:
    """The broker dies with all it holds, and comes back empty."""
    world.broker.leave(world.now_s + int(step.args[0]))


async def broker_forgets(world: World, _: Step) -> None:
    """The broker loses what is on its way, and nobody notices."""
    world.broker.forget()


async def hub_clock(world: World, step: Step) -> None:
    """Somebody sets the hub's clock; a second time sets it right."""
    _jump(world, "hub", int(step.args[0]))


async def gateway_clock(world: World, step: Step) -> None:
    """Somebody sets a gateway's clock; a second time sets it right."""
    _jump(world, str(step.args[0]), int(step.args[1]))


async def hub_disk(world: World, step: Step) -> None:
    """The disk of the hub's log is full for some seconds."""
    world.hub.refuse(refuses=True)
    _back(world, world.hub, int(step.args[0]))


async def gateway_disk(world: World, step: Step) -> None:
    """A gateway's disk is full for some seconds."""
    gateway = _named(world, step)
    gateway.refuse(refuses=True)
    _back(world, gateway, int(step.args[1]))


async def case_disk(world: World, step: Step) -> None:
    """The case database refuses a few transactions."""
    if world.hub.up:
        world.hub.store.refusals = int(step.args[0])


async def reinstall(world: World, step: Step) -> None:
    """A gateway's disk is wiped: what was only there is gone, its numbers begin anew."""
    gateway = _named(world, step)
    world.kill(gateway, 4)
    for payload in gateway.on_disk():
        world.ledger.give_up(payload)
    shutil.rmtree(gateway.folder)
    gateway.folder.mkdir()


async def clone(world: World, step: Step) -> None:
    """A gateway's card is copied, and both boxes run."""
    gateway = _named(world, step)
    if world.ledger.cloned:
        return
    world.ledger.cloned = True
    was_up = gateway.up
    gateway.die()
    folder = world.folder / f"{gateway.name}-clone"
    shutil.copytree(gateway.folder, folder)
    second = world.clone_of(gateway, folder)
    world.gateways.append(second)
    second.boot(world.now_s)
    if was_up:
        gateway.boot(world.now_s)


async def retained(world: World, step: Step) -> None:
    """A device's newest message comes once more, as the retained one of a re-subscription."""
    world.say_again(str(step.args[0]))


async def reload(world: World, step: Step) -> None:
    """Rules are loaded again: the same ones (0), or with a longer hold time of the pre-alarm (1)."""
    if world.hub.up and world.now_s >= world.suspended_until_s:
        payload = as_payload(rules_version(int(step.args[0])))
        await world.order(EntryKind.RULES, payload)


async def walk_test(world: World, step: Step) -> None:
    """A walk test begins, of the compound or of one detector; it ends by itself."""
    subject = str(step.args[0])
    compound = subject in world.gadgets
    covered = [subject] if compound else list(world.gadgets)
    order = WalkTestOrder(
        id=f"w{step.salt}",
        actor="li",
        reason="monthly test",
        scope=Scope.DEVICE if compound else Scope.COMPOUND,
        subject=subject,
        lasts_ms=int(step.args[1]) * 1000,
    )
    world.ledger.tested.update(covered)
    await world.order(EntryKind.WALK_TEST, msgspec.json.encode(order))


async def suspend_hub(world: World, step: Step) -> None:
    """The hub's machine stands still, and goes on as if nothing had been."""
    world.suspended_until_s = world.now_s + int(step.args[0])


def _named(world: World, step: Step) -> SimGateway:
    return next(gateway for gateway in world.gateways if gateway.name == step.args[0])


def _back(world: World, who: object, after_s: int) -> None:
    world.back_at_s[who] = max(world.back_at_s.get(who, 0.0), world.now_s + after_s)


def _jump(world: World, whose: str, offset: int) -> None:
    world.offset_ms[whose] = 0 if world.offset_ms[whose] else offset


FAULTS: Mapping[str, Callable[[World, Step], Awaitable[None]]] = MappingProxyType(
    {
        fault.__name__: fault
        for fault in (
            kill_hub, hub_dies_at, kill_gateway, gateway_dies_at, broker_away, broker_forgets,
            hub_clock, gateway_clock, hub_disk, gateway_disk, case_disk, reinstall, clone,
            retained, reload, walk_test, suspend_hub,
        )
    }
)  # fmt: skip
