"""Two listeners of one port: what the system refuses is told before, and nothing else."""

import errno
import socket

import pytest

from gateway.ports import clash, clash_with_broker

PORT = 26875
PAIRS = [
    ("127.0.0.1", "127.0.0.1", True),
    ("127.0.0.1", "127.0.0.2", False),
    ("127.0.0.1", "::1", False),
    ("0.0.0.0", "127.0.0.2", True),  # noqa: S104 - compared, and listened on for a moment
    ("0.0.0.0", "::", False),  # noqa: S104 - see above
    ("0.0.0.0", "::1", False),  # noqa: S104 - see above
    ("::", "::1", True),
    ("::", "127.0.0.1", False),
    ("::1", "0:0:0:0:0:0:0:1", True),
]


@pytest.mark.parametrize(("one", "other", "clashes"), PAIRS)
def test_only_what_cannot_be_listened_on_together_clashes(
    one: str,
    other: str,
    clashes: bool,  # noqa: FBT001 - a table
) -> None:
    """Either way round, and as the system itself says where it has both families."""
    assert clash((one, PORT), (other, PORT)) is clashes
    assert clash((other, PORT), (one, PORT)) is clashes
    if _has_ipv6():
        assert _system_refuses(one, other) is clashes


def test_names_brackets_and_ports_that_differ() -> None:
    """`localhost` is 127.0.0.1; any name meets all of IPv4; another port, or one to be chosen, is free."""
    assert clash(("localhost", PORT), ("127.0.0.1", PORT))
    assert not clash(("localhost", PORT), ("127.0.0.2", PORT))
    assert clash(("[::1]", PORT), ("::1", PORT))
    assert clash(("", PORT), ("::1", PORT))
    assert clash(("hub.example", PORT), ("0.0.0.0", PORT))  # noqa: S104 - compared only
    assert not clash(("hub.example", PORT), ("10.0.0.5", PORT))
    assert not clash(("127.0.0.1", PORT), ("127.0.0.1", PORT + 1))
    assert not clash(("127.0.0.1", 0), ("127.0.0.1", 0))


def test_a_broker_elsewhere_takes_no_port_of_this_machine() -> None:
    """One that is named as this machine does."""
    assert clash_with_broker(("0.0.0.0", 1883), ("localhost", 1883))  # noqa: S104 - compared only
    assert not clash_with_broker(("0.0.0.0", 1883), ("broker.example", 1883))  # noqa: S104 - see above
    assert not clash_with_broker(("10.0.0.5", 1883), ("localhost", 1883))


def _has_ipv6() -> bool:
    try:
        _listen("::1", 0).close()
    except OSError:
        return False
    return True


def _system_refuses(one: str, other: str) -> bool:
    with _listen(one, 0) as first:
        try:
            _listen(other, first.getsockname()[1]).close()
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _listen(host: str, port: int) -> socket.socket:
    """Listen as asyncio does: an IPv6 socket takes no IPv4."""
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if opened.family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen()
    except OSError:
        opened.close()
        raise
    return opened
