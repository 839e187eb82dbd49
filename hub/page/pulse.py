"""Remembers when each device was heard in the last day, in half hours; a restart begins anew."""

import asyncio

from hub.api.services import Services

SLOT_MS = 30 * 60_000
SLOTS = 48
LOOK_S = 60.0


class Pulse:
    """A few bytes a device: one bit for each half hour in which it was heard."""

    def __init__(self, hub: Services) -> None:
        """Take the hub."""
        self.since = 0  # ms, when remembering began; 0 before that
        self._hub = hub
        self._slot = 0
        self._bits: dict[str, int] = {}

    async def run(self) -> None:
        """Look once a minute until cancelled."""
        while True:
            heard = await asyncio.to_thread(self._hub.last_heard)
            self.note(heard, self._hub.now())
            await asyncio.sleep(LOOK_S)

    def note(self, heard: dict[str, int], now: int) -> None:
        """Take when each device was last heard (ms)."""
        slot = now // SLOT_MS
        self.since = self.since or now
        moved = min(slot - self._slot, SLOTS) if self._slot else 0
        mask = (1 << SLOTS) - 1
        self._slot = slot
        old = self._bits
        self._bits = {}
        for name, at in heard.items():
            bits = (old.get(name, 0) << moved) & mask
            back = slot - at // SLOT_MS
            if at and 0 <= back < SLOTS:
                bits |= 1 << back
            self._bits[name] = bits

    def bars(self, name: str, heard_at: int = 0) -> str:
        """Return the last day as signs, oldest first: `1` heard, `0` not, `-` not known.

        Nothing is known of a half hour that began before the hub did, but that a device was heard.
        `heard_at` (ms) is newer than what was noted last.
        """
        back = self._slot - heard_at // SLOT_MS
        newest = 1 << max(0, back) if heard_at and back < SLOTS else 0
        signs = f"{self._bits.get(name, 0) | newest:0{SLOTS}b}"
        known = min(
            SLOTS, max(0, self._slot - self.since // SLOT_MS)
        )  # whole ones, the present too
        return signs[: SLOTS - known].replace("0", "-") + signs[SLOTS - known :]
