"""Which devices wait for what: for their deadline, or, near it or past it, for a word of their gateway.

Made anew from the rows after a restart; nothing of it is stored.
"""

import heapq
from collections.abc import Iterator


class Deadlines:
    """Devices in the order of their time (ms of waking time), and by the gateway whose word they wait for."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._heap: list[tuple[int, str]] = []
        self._until: dict[
            str, int
        ] = {}  # when each is looked at; another entry of the heap is stale
        self._near = _ByGateway()  # those whose deadline is near; in the heap, too
        self._parked = _ByGateway()  # those past their deadline; not in the heap

    def wait(self, device: str, until: int) -> None:
        """Look at a device at a time, or earlier if that is already so."""
        known = self._until.get(device)
        if known is None or until < known:
            self._until[device] = until
            heapq.heappush(self._heap, (until, device))

    def over(self, awake: int) -> Iterator[str]:
        """Take out the devices whose time is over; what is put back meanwhile must wait for later."""
        heap = self._heap
        while heap and heap[0][0] < awake:
            until, device = heapq.heappop(heap)
            if self._until.get(device) == until:
                del self._until[device]
                yield device

    def come_near(self, device: str, gateway: str) -> None:
        """Note that a word of its gateway may settle it before its deadline in waking time."""
        self._near.put(device, gateway)

    def park(self, device: str, gateway: str) -> None:
        """Let a device past its deadline wait for its gateway."""
        self._near.drop(device)
        self._parked.put(device, gateway)

    def heard(self, device: str) -> bool:
        """Note that a device spoke; return whether it was parked, and so stands nowhere now."""
        self._near.drop(device)
        return self._parked.drop(device)

    def parked(self, gateway: str) -> list[str]:
        """Take out, by name, the devices past their deadline that wait for a gateway."""
        return self._parked.take(gateway)

    def near(self, gateway: str) -> list[str]:
        """Take out, by name, the devices near their deadline that wait for a gateway."""
        return self._near.take(gateway)


class _ByGateway:
    """Devices, each waiting for one gateway."""

    def __init__(self) -> None:
        self._devices: dict[str, set[str]] = {}
        self._gateway: dict[str, str] = {}

    def put(self, device: str, gateway: str) -> None:
        self.drop(device)
        self._devices.setdefault(gateway, set()).add(device)
        self._gateway[device] = gateway

    def drop(self, device: str) -> bool:
        gateway = self._gateway.pop(device, None)
        if gateway is None:
            return False
        self._devices[gateway].discard(device)
        return True

    def take(self, gateway: str) -> list[str]:
        devices = sorted(self._devices.pop(gateway, ()))
        for device in devices:
            del self._gateway[device]
        return devices
