"""Finds ONVIF devices on the network: WS-Discovery 1.0 (April 2005) probes, multicast and to given hosts.

From a port of its own, so it works beside anything that holds UDP 3702, and on loopback. Answers are not
required to name our probe: some devices get RelatesTo wrong.
"""

import asyncio
import contextlib
import socket
import uuid
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from adapters.json_fields import clean
from adapters.onvif.xml import first, named, parsed, text_of
from model.errors import FrameError, Transient

PORT = 3702
GROUP = "239.255.255.250"
REPEAT_S = 0.4  # UDP may lose a probe: each is sent again
_MAX_FOUND = 1000
_SCOPE = "onvif://www.onvif.org/"
_D = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"


class FoundDevice(NamedTuple):
    """A device that answered, by what it says of itself."""

    host: str  # where its answer came from
    port: int
    addresses: tuple[str, ...]  # XAddrs; they may name hosts that cannot be reached
    name: str
    model: str  # the scope `hardware`
    endpoint: str

    @property
    def foreign(self) -> bool:
        """Return whether it names only other hosts than the one that answered."""
        return all(_host_of(address) != self.host for address in self.addresses)


def probe_message() -> bytes:
    """Return a Probe for network video transmitters, which cameras and most door controllers are."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="{_A}" xmlns:d="{_D}"'
        ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header>'
        f"<w:MessageID>uuid:{uuid.uuid4()}</w:MessageID>"
        '<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>'
        f'<w:Action e:mustUnderstand="true">{_D}/Probe</w:Action></e:Header>'
        "<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"
    ).encode()


def read_matches(payload: bytes, host: str) -> list[FoundDevice]:
    """Return the devices of an answer that came from `host`; raises FrameError when it is no XML."""
    found = []
    for match in named(parsed(payload), "ProbeMatch"):
        addresses = tuple(
            clean(address)
            for address in text_of(first(match, "XAddrs")).split()
            if _host_of(address)
        )
        if not addresses:
            continue
        scopes = text_of(first(match, "Scopes")).split()
        found.append(
            FoundDevice(
                host,
                _port(addresses, host),
                addresses,
                _scope(scopes, "name"),
                _scope(scopes, "hardware"),
                clean(text_of(first(match, "Address"))),
            )
        )
    return found


def _port(addresses: Sequence[str], host: str) -> int:
    """Return the port of the address that names the answering host, else of the first."""
    for address in sorted(addresses, key=lambda text: _host_of(text) != host):
        with contextlib.suppress(ValueError):
            return urlsplit(address).port or (443 if address.startswith("https") else 80)
    return 80


def _host_of(address: str) -> str:
    """Return the host of an address over HTTP, "" when it is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in ("http", "https") else ""


def _scope(scopes: Sequence[str], name: str) -> str:
    start = f"{_SCOPE}{name}/"
    return next(
        (clean(unquote(text[len(start) :])) for text in scopes if text.startswith(start)), ""
    )


async def discover(
    *,
    interface: str = "",
    hosts: Sequence[str] = (),
    within_s: float = 3.0,
    port: int = PORT,
    multicast: bool = True,
) -> list[FoundDevice]:
    """Probe and listen for so long; returns each device once, sorted by host.

    `interface` is the address of ours to send the multicast from; `hosts` are asked directly as well.
    Raises Transient when nothing could be sent at all.
    """
    loop = asyncio.get_running_loop()
    listener = _Listener()
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.settimeout(0)
    try:
        if interface:
            sender.setsockopt(
                socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface)
            )
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        sender.bind((interface, 0))
    except OSError as error:
        sender.close()
        raise Transient(f"cannot send from {interface!r}: {error.strerror or error}") from error
    transport, _ = await loop.create_datagram_endpoint(lambda: listener, sock=sender)
    try:
        targets = [GROUP, *hosts] if multicast else list(hosts)
        sent = 0
        for pause_s in (REPEAT_S, max(0.0, within_s - REPEAT_S)):
            for target in targets:
                sent += _send(transport, target, port)
            await asyncio.sleep(pause_s)
        if not sent or (listener.refused and not listener.found and not hosts):
            raise Transient(f"no probe could be sent: {listener.refused or 'no network'}")
    finally:
        transport.close()
    return sorted(listener.found.values())


def _send(transport: asyncio.DatagramTransport, host: str, port: int) -> bool:
    try:
        transport.sendto(probe_message(), (host, port))
    except (OSError, ValueError):
        return False
    return True


class _Listener(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.found: dict[tuple[str, int, str], FoundDevice] = {}
        self.refused = ""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take an answer; what is no answer is ignored, as UDP brings anything."""
        try:
            devices = read_matches(data, addr[0])
        except FrameError:
            return
        for device in devices:
            if len(self.found) < _MAX_FOUND:
                self.found[device.host, device.port, device.endpoint] = device

    def error_received(self, exc: Exception) -> None:
        """Remember why nothing can be sent."""
        self.refused = str(exc)
