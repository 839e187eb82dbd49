"""Tells whether two of our listeners would want the same port of this machine."""

_ALL = {"", "0.0.0.0", "::", "[::]"}  # noqa: S104 - compared, not listened on


def local(host: str) -> bool:
    """Tell whether an address is this machine by its name alone."""
    return host in {"localhost", "::1", "[::1]"} or host.startswith("127.")


def clash(one: tuple[str, int], other: tuple[str, int]) -> bool:
    """Tell whether two (host, port) cannot both be listened on; port 0 is chosen by the system."""
    (host, port), (other_host, other_port) = one, other
    if port != other_port or port == 0:
        return False
    same = host == other_host or (local(host) and local(other_host))
    return same or host in _ALL or other_host in _ALL


def clash_with_broker(listener: tuple[str, int], broker: tuple[str, int]) -> bool:
    """Tell whether a listener takes the port of a broker that runs on this machine."""
    return local(broker[0]) and clash(listener, broker)
