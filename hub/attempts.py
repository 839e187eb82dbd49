"""Counts wrong passwords by name and by address, so that guessing costs more and more time."""

import threading
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

FREE_FAILURES = 5
LOCK_MAX_MS = 5 * 60_000
FREE_BY_ADDRESS = 20
"""A whole control room may stand behind one address, so it gets more; our assumption."""

KEPT = 10_000
FORGOTTEN_MS = 15 * 60_000
_IPV6_NETWORK = 64  # a household has a whole network of addresses


class Failures(NamedTuple):
    """How often in a row it went wrong, and when last (ms)."""

    times: int
    at: int


class Attempts:
    """Failures by key, in bounded memory: the oldest give way, and a quiet quarter forgives."""

    def __init__(self, *, free: int) -> None:
        """Take how many failures cost nothing."""
        self._free = free
        self._found: OrderedDict[str, Failures] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def __len__(self) -> int:
        return len(self._found)

    def wait_ms(self, key: str, now: int) -> int:
        """Return how long this key has to wait, 0 when it may try."""
        with self._one_at_a_time:
            failures = self._found.get(key)
        if failures is None:
            return 0
        # A clock that was set back locks nobody for longer than the wait itself.
        wait = back_off(failures.times, self._free)
        return max(0, min(failures.at + wait - now, wait))

    def failed(self, key: str, now: int) -> None:
        """Note a failure."""
        with self._one_at_a_time:
            before = self._found.pop(key, None)
            known = before is not None and now - before.at < FORGOTTEN_MS
            self._found[key] = Failures(before.times + 1 if known and before else 1, now)
            while len(self._found) > KEPT:
                self._found.popitem(last=False)


def back_off(failures: int, free: int = FREE_FAILURES) -> int:
    """Return the wait (ms) after so many failures: none, 1 s, 2 s, 4 s … at most 5 min."""
    over = failures - free
    return 0 if over < 0 else min(LOCK_MAX_MS, 1000 << min(over, 20))


def network_of(address: str) -> str:
    """Return the key of an address; empty for this machine itself, which every proxy shares."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return network_of(str(found.ipv4_mapped))
        if not found.is_loopback:
            return f"{int(found) >> (128 - _IPV6_NETWORK):x}::/64"
    return "" if found.is_loopback else str(found)
