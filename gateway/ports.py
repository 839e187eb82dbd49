"""Tells whether two of our listeners would want the same port of this machine."""

from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address | str
"""Where one listens; text is a name that we do not look up, empty text is every address."""


def local(host: str) -> bool:
    """Tell whether an address is this machine by its name alone."""
    return host in {"localhost", "::1", "[::1]"} or host.startswith("127.")


def clash(one: tuple[str, int], other: tuple[str, int]) -> bool:
    """Tell whether two (host, port) cannot both be listened on; port 0 is chosen by the system.

    Only equal addresses do, and all addresses of a family (0.0.0.0 or ::) with each of that family.
    """
    (host, port), (other_host, other_port) = one, other
    if port != other_port or port == 0:
        return False
    return _meet(_address(host), _address(other_host))


def clash_with_broker(listener: tuple[str, int], broker: tuple[str, int]) -> bool:
    """Tell whether a listener takes the port of a broker that runs on this machine."""
    return local(broker[0]) and clash(listener, broker)


def _address(host: str) -> Address:
    bare = host.strip("[]")
    try:
        return ip_address("127.0.0.1" if bare == "localhost" else bare)
    except ValueError:
        return bare


def _meet(one: Address, other: Address) -> bool:
    if one == other or "" in {one, other}:
        return True
    # A name is taken for IPv4; a listener on :: leaves IPv4 free, as asyncio opens it.
    same_family = isinstance(one, IPv6Address) is isinstance(other, IPv6Address)
    return same_family and (_is_every(one) or _is_every(other))


def _is_every(address: Address) -> bool:
    return not isinstance(address, str) and address.is_unspecified
