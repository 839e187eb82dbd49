"""Guessing costs more and more time: by name, also one that nobody has, and by address."""

from pathlib import Path

import pytest

from hub.access import Access, Role, SignInRefused, add_user
from hub.attempts import FORGOTTEN_MS, FREE_BY_ADDRESS, KEPT, LOCK_MAX_MS, Attempts, network_of
from hub.case_store import CaseStore


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.ms = 1_790_000_000_000

    def now(self) -> int:
        """Return its time."""
        return self.ms


@pytest.fixture
def clock() -> Clock:
    """A clock of the test's own."""
    return Clock()


@pytest.fixture
def access(tmp_path: Path, clock: Clock) -> Access:
    """A hub's access with one dispatcher."""
    store = CaseStore(f"sqlite:///{tmp_path / 'cases.db'}")
    add_user(store, "li", "right", role=Role.DISPATCH)
    return Access(store.accounts, clock=clock.now)


def refused(access: Access, name: str, given: str = "wrong", *, address: str = "") -> int:
    """Try to sign in; return how long to wait (s)."""
    with pytest.raises(SignInRefused) as caught:
        access.sign_in(name, given, address=address)
    return caught.value.wait_s


def test_a_name_that_nobody_has_waits_as_one_that_somebody_has(access: Access) -> None:
    """Neither the answers nor the waits tell which names exist."""
    waits = {name: [refused(access, name) for _ in range(7)] for name in ("li", "nobody")}
    assert waits["li"] == waits["nobody"] == [0, 0, 0, 0, 0, 1, 1]


def test_one_address_cannot_try_name_after_name(access: Access, clock: Clock) -> None:
    """From the twentieth failure it waits, whatever the name; another address does not."""
    for n in range(FREE_BY_ADDRESS):
        assert refused(access, f"name-{n}", address="10.0.0.9") == 0
    assert refused(access, "li", "right", address="10.0.0.9") == 1
    assert access.sign_in("li", "right", address="10.0.0.8")[0].name == "li"
    clock.ms += 1_000
    assert access.sign_in("li", "right", address="10.0.0.9")[0].name == "li"
    # A success of the guesser's own account does not wash its address clean.
    assert refused(access, "name-x", address="10.0.0.9") == 0
    assert refused(access, "name-y", address="10.0.0.9") == 2


def test_this_machine_itself_waits_by_name_only(access: Access) -> None:
    """A proxy on this machine that names nobody would lock out everybody."""
    for n in range(FREE_BY_ADDRESS + 5):
        assert refused(access, f"name-{n}", address="127.0.0.1") == 0
    assert access.sign_in("li", "right", address="127.0.0.1")[0].name == "li"


def test_memory_is_bounded_and_a_quiet_quarter_forgives() -> None:
    """A million names cost no more than ten thousand."""
    attempts = Attempts(free=1)
    for n in range(KEPT + 500):
        attempts.failed(f"name-{n}", 0)
    assert len(attempts) == KEPT
    assert attempts.wait_ms("name-0", 0) == 0
    attempts.failed("name-9999", FORGOTTEN_MS - 1)
    assert attempts.wait_ms("name-9999", FORGOTTEN_MS - 1) == 2_000
    attempts.failed("name-9999", 3 * FORGOTTEN_MS)
    assert attempts.wait_ms("name-9999", 3 * FORGOTTEN_MS) == 1_000


def test_a_clock_that_is_set_back_locks_nobody_for_longer(access: Access, clock: Clock) -> None:
    """An hour back would be an hour's lock."""
    for _ in range(30):
        refused(access, "li")
        refused(access, "nobody")
        clock.ms += LOCK_MAX_MS
    refused(access, "li")
    refused(access, "nobody")
    clock.ms -= 3_600_000
    assert refused(access, "li") <= LOCK_MAX_MS // 1000
    assert refused(access, "nobody") <= LOCK_MAX_MS // 1000


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.9", "10.0.0.9"),
        ("::ffff:10.0.0.9", "10.0.0.9"),
        ("2001:db8:1:2::5", "20010db800010002::/64"),
        ("2001:db8:1:2:ffff::1", "20010db800010002::/64"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("testclient", ""),
        ("", ""),
    ],
)
def test_addresses_of_one_network_are_one(address: str, network: str) -> None:
    """A household has 2**64 addresses of IPv6, and one of IPv4."""
    assert network_of(address) == network
