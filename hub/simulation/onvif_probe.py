"""The simulated ONVIF device's answer to WS-Discovery probes."""

import asyncio
import contextlib
import socket
import struct
import uuid
from collections.abc import Callable
from typing import cast
from xml.sax.saxutils import escape

from adapters.onvif.xml import first, parsed, text_of
from hub.onvif_discovery import GROUP
from model.errors import FrameError

_D = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_ENDPOINT = uuid.uuid5(uuid.NAMESPACE_URL, "urn:smarthub:simulated")


def probe_match(*, relates_to: str, address: str, scopes: tuple[str, ...]) -> bytes:
    """Return a ProbeMatches message."""
    endpoint = uuid.uuid5(_ENDPOINT, address)
    return (
        f'<E:Envelope xmlns:E="http://www.w3.org/2003/05/soap-envelope" xmlns:A="{_A}" xmlns:D="{_D}"'
        ' xmlns:N="http://www.onvif.org/ver10/network/wsdl"><E:Header>'
        f"<A:MessageID>urn:uuid:{uuid.uuid4()}</A:MessageID>"
        f"<A:RelatesTo>{escape(relates_to)}</A:RelatesTo><A:Action>{_D}/ProbeMatches</A:Action>"
        "</E:Header><E:Body><D:ProbeMatches><D:ProbeMatch><A:EndpointReference>"
        f"<A:Address>urn:uuid:{endpoint}</A:Address></A:EndpointReference>"
        f"<D:Types>N:NetworkVideoTransmitter</D:Types><D:Scopes>{escape(' '.join(scopes))}</D:Scopes>"
        f"<D:XAddrs>{escape(address)}</D:XAddrs><D:MetadataVersion>1</D:MetadataVersion>"
        "</D:ProbeMatch></D:ProbeMatches></E:Body></E:Envelope>"
    ).encode()


async def answer_probes(
    *, host: str, port: int, address: Callable[[], str], scopes: tuple[str, ...]
) -> list[asyncio.DatagramTransport]:
    """Answer probes on UDP, sent to `host` or to the multicast group; raises OSError.

    A `port` of 0 is a free one, for tests; the real one is 3702. Where the system has no multicast, only
    probes to the host are answered.
    """
    loop = asyncio.get_running_loop()
    direct, _ = await loop.create_datagram_endpoint(
        lambda: _Responder(address, scopes), sock=_bound(host, port)
    )
    transports = [direct]
    with contextlib.suppress(OSError):
        group = _bound(GROUP, direct.get_extra_info("sockname")[1])
        try:
            group.setsockopt(
                socket.IPPROTO_IP,
                socket.IP_ADD_MEMBERSHIP,
                struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(host)),
            )
        except OSError:
            group.close()
            raise
        heard, _ = await loop.create_datagram_endpoint(
            lambda: _Responder(address, scopes), sock=group
        )
        transports.append(heard)
    return transports


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.settimeout(0)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


class _Responder(asyncio.DatagramProtocol):
    def __init__(self, address: Callable[[], str], scopes: tuple[str, ...]) -> None:
        self._address, self._scopes = address, scopes
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        # Not isinstance: event loops have classes of their own.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a probe to its sender."""
        try:
            root = parsed(data)
        except FrameError:
            return
        if first(root, "Probe") is None or self._transport is None:
            return
        answer = probe_match(
            relates_to=text_of(first(root, "MessageID")),
            address=self._address(),
            scopes=self._scopes,
        )
        self._transport.sendto(answer, addr)
