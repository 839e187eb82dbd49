"""Which devices wait for what: for their deadline, or, near it or past it, for a word of their gateway.

Made anew from the rows after a restart; nothing of it is stored.
"""

from collections.abc import Iterator

from .turns import Wakes

NEAR_MS = 2_000
"""So long before its deadline a device is near it: a tick of the hub, and the way to its gateway and back."""


def lead(contract: int) -> int:
    """Return how long (ms) before its deadline a device is near it."""
    return min(NEAR_MS, contract // 2)


class Deadlines:
    """Devices in the order of their time (ms of waking time), and by the gateway whose word they wait for."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._wakes = Wakes()
        self._near = _ByGateway()  # those whose deadline is near; planned, too
        self._parked = _ByGateway()  # those past their deadline; not planned

    def wait(self, device: str, until: int) -> None:
        """Look at a device at a time, or earlier if that is already so."""
        self._wakes.plan(device, until)

    def over(self, awake: int) -> Iterator[str]:
        """Take out, by time, the devices whose time is over; what is put back meanwhile must wait for later."""
        return self._wakes.over(awake)

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
