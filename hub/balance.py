"""Adds up what each hop took in and what became of it: nothing may vanish between two counters.

Counters begin at zero with their process, so each balance holds within one process.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

IN_HAND_MAX = 20_000
"""More than this between two counters is no work in hand any more; our assumption."""


class Balance(NamedTuple):
    """One hop: what came in, and where it went by name; the rest is in hand or lost."""

    hop: str
    received: int
    went: dict[str, int]

    @property
    def in_hand(self) -> int:
        """What is neither stored nor accounted for yet."""
        return self.received - sum(self.went.values())

    @property
    def holds(self) -> bool:
        """Whether nothing has vanished and nothing came out that never came in."""
        return 0 <= self.in_hand <= IN_HAND_MAX


def of_gateway(name: str, counters: Mapping[str, int]) -> Balance:
    """Return a gateway's: Readings received = stored + rejected + expired + only in memory."""
    went = {"stored": counters.get("readings_stored", 0)}
    for counter in ("rejected.encode", "readings_expired.disk_full", "readings_not_durable"):
        if counters.get(counter):
            went[counter.removeprefix("readings_")] = counters[counter]
    return Balance(name, counters.get("readings_received", 0), went)


def balances_of(
    gateways: Iterable[Mapping[str, object]], counters: Mapping[str, int]
) -> list[Balance]:
    """Return every hop from the gateways to the recorder."""
    found = []
    for gateway in gateways:
        counted = gateway.get("counters")
        numbers = counted if isinstance(counted, Mapping) else {}
        found.append(of_gateway(str(gateway["id"]), {str(k): int(v) for k, v in numbers.items()}))
    return [*found, *of_hub(counters)]


def of_hub(counters: Mapping[str, int]) -> list[Balance]:
    """Return the hub's: rows taken = logged + repeated + …; entries logged = read by the desk."""
    taken = sum(
        value for name, value in counters.items() if name.startswith("intake.rows_received.")
    )
    went = {
        name.removeprefix("intake.rows_"): counters.get(name, 0)
        for name in (
            "intake.rows_logged",
            "intake.rows_repeated",
            "intake.rows_not_durable",
            "intake.rows_refused_by_disk",
        )
        if counters.get(name) or name == "intake.rows_logged"
    }
    end = counters.get("log.end", 0)
    return [
        Balance("intake", taken, went),
        Balance("desk", end, {"read": end - counters.get("desk.lag", 0)}),
        Balance("recorder", end, {"read": end - counters.get("recorder.lag", 0)}),
    ]
