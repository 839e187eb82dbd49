"""How the hub itself is, looked at once every two seconds for all screens together."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from hub.access import Principal
from hub.api.services import Services
from model.place import Registry

EVERY_S = 2.0


class Vitals(NamedTuple):
    """What the strip of figures shows, besides the cases."""

    heard: int = 0
    silent: int = 0
    unregistered: int = 0
    silent_in: Mapping[str, int] = MappingProxyType({})  # by compound
    alarms_waiting: int = 0  # Readings of alarms in the gateways' outboxes
    telemetry_waiting: int = 0
    gateways_away: int = 0
    lag: int = 0  # entries of the log that rules and desk have not read
    recorder_lag: int = 0
    reading_store: str = "ok"


class Watch:
    """Keeps the vitals current; what cannot be asked now keeps its last value."""

    def __init__(self, hub: Services) -> None:
        """Take the hub."""
        self.now = Vitals()
        self._hub = hub

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            self.now = await asyncio.to_thread(self._look)
            await asyncio.sleep(EVERY_S)

    def _look(self) -> Vitals:
        hub = self._hub
        census, counters = hub.census(), hub.counters()
        alarms = telemetry = away = 0
        for gateway in hub.gateways():
            depth = gateway.get("depth")
            if isinstance(depth, dict):
                alarms += int(depth.get("alarm", 0))
                telemetry += int(depth.get("telemetry", 0))
            away += gateway.get("state") != "online"
        return Vitals(
            heard=census.heard,
            silent=census.silent,
            unregistered=census.unregistered,
            silent_in=census.silent_in,
            alarms_waiting=alarms,
            telemetry_waiting=telemetry,
            gateways_away=away,
            lag=counters.get("desk.lag", 0),
            recorder_lag=counters.get("recorder.lag", 0),
            reading_store=str(hub.ready()[1].get("reading_store", "ok")),
        )


def silent_seen(vitals: Vitals, who: Principal, registry: Registry) -> dict[str, int]:
    """Return how many devices are silent, by compound, in the territory of who looks."""
    known = registry.compounds
    return {
        name: count for name, count in vitals.silent_in.items()
        if not who.grid or (name in known and who.sees(known[name].grid))
    }  # fmt: skip
