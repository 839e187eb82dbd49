"""Checks a URL that people entered: where it really leads, before anything is sent there."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from model.errors import Refused, Transient

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns every address of (host, port) as text; raises OSError when there is none."""

SCHEMES = {"https": 443, "http": 80}
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


class Target(NamedTuple):
    """A checked URL, and the one address to connect to."""

    url: str
    address: str


async def check_url(url: str, *, allow_private: bool, resolve: Resolve) -> Target:
    """Return where to connect; raises Refused for a URL that may not be used, Transient for DNS.

    Every resolved address must be public (unless `allow_private`), so that a name with one public
    and one internal address does not pass; connect to `address`, never resolve again.
    """
    host, port = parse_url(url)
    try:
        found = await resolve(host, port)
    except OSError as error:
        raise Transient(f"no address for {host}: {error}") from error
    if not found:
        raise Transient(f"no address for {host}")
    for text in found:
        if not allow_private and not is_public(text):
            raise Refused(f"{host} leads to {text}, which is not a public address")
    return Target(url, found[0])


def parse_url(url: str) -> tuple[str, int]:
    """Return the host and port of a URL that may be used; raises Refused."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Refused(f"not a URL: {error}") from error
    if parts.scheme not in SCHEMES:
        raise Refused(f"scheme {parts.scheme or '(none)'} is not allowed; use https or http")
    if not host:
        raise Refused("the URL names no host")
    if parts.username is not None or parts.password is not None:
        raise Refused("a URL must not carry a name or password")
    return host, port or SCHEMES[parts.scheme]


def is_public(text: str) -> bool:
    """Return whether an address is one of the public internet, looking inside IPv6 wrappings."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _embedded(address)
    if inner is not None:
        address = inner
    return address.is_global and not address.is_multicast


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


async def resolve_by_system(host: str, port: int) -> list[str]:
    """Resolve with the system's resolver; raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]
