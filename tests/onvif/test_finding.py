"""WS-Discovery over real UDP on loopback, and what people get to paste."""

import asyncio
import contextlib
import socket
import textwrap
from collections.abc import AsyncIterator

import pytest

from gateway.config import check
from hub.commands.discover import camera_id, yaml_block
from hub.onvif_discovery import FoundDevice, discover, read_matches
from hub.simulation.onvif_probe import answer_probes, probe_match
from model.errors import FrameError, Transient

SCOPES = (
    "onvif://www.onvif.org/type/video_encoder",
    "onvif://www.onvif.org/name/%E5%8C%97%E9%97%A8%201",
    "onvif://www.onvif.org/hardware/IPC-100",
)


@contextlib.asynccontextmanager
async def answering(address: str) -> AsyncIterator[int]:
    """Run a responder on loopback; yields its UDP port."""
    transports = await answer_probes(
        host="127.0.0.1", port=0, address=lambda: address, scopes=SCOPES
    )
    try:
        yield int(transports[0].get_extra_info("sockname")[1])
    finally:
        for transport in transports:
            transport.close()


async def test_a_device_is_found_by_its_address() -> None:
    """Unicast on loopback; sent twice, found once; the name is read out of its scope."""
    async with answering("http://127.0.0.1:8899/onvif/device_service") as port:
        found = await discover(hosts=["127.0.0.1"], within_s=0.6, port=port, multicast=False)
    [device] = found
    assert (device.host, device.port, device.name, device.model) == (
        "127.0.0.1", 8899, "北门 1", "IPC-100",
    )  # fmt: skip
    assert not device.foreign


async def test_a_device_is_found_by_multicast_though_its_port_is_taken() -> None:
    """From an ephemeral port, on loopback; somebody else holds the discovery port there."""
    async with answering("http://127.0.0.1:80/onvif/device_service") as port:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            with pytest.raises(OSError, match="in use"):
                other.bind(("127.0.0.1", port))
            found = await discover(interface="127.0.0.1", within_s=0.6, port=port)
    assert [device.port for device in found] == [80]


async def test_an_address_of_another_host_is_told() -> None:
    """The host is where the answer came from; what it calls itself is a note."""
    async with answering("http://192.0.2.77:8080/onvif/device_service") as port:
        [device] = await discover(hosts=["127.0.0.1"], within_s=0.6, port=port, multicast=False)
    assert (device.host, device.port, device.foreign) == ("127.0.0.1", 8080, True)


async def test_nobody_is_an_empty_list_and_no_network_is_an_error() -> None:
    """Silence is an answer; an address that is not ours is a mistake that is named."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        assert await discover(hosts=["127.0.0.1"], within_s=0.5, port=port, multicast=False) == []
    with pytest.raises(Transient, match=r"203\.0\.113\.1"):
        await discover(interface="203.0.113.1", within_s=0.5)


async def test_noise_on_the_port_is_ignored() -> None:
    """UDP brings anything: what is no answer costs no device."""
    async with answering("http://127.0.0.1/onvif/device_service") as port:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noisy:
            noisy.sendto(b"\xff<not xml", ("127.0.0.1", port))
            noisy.sendto(b"<a/>", ("127.0.0.1", port))
        found = await asyncio.wait_for(
            discover(hosts=["127.0.0.1"], within_s=0.6, port=port, multicast=False), 5
        )
    assert len(found) == 1


def test_an_answer_need_not_name_our_probe() -> None:
    """RelatesTo is wrong in the field; only XML that is none is refused."""
    payload = probe_match(
        relates_to="uuid:of-somebody-else", address="http://192.0.2.1/x", scopes=()
    )
    assert [device.port for device in read_matches(payload, "192.0.2.1")] == [80]
    with pytest.raises(FrameError):
        read_matches(b"<Probe", "192.0.2.1")


def found(name: str, host: str = "192.0.2.9") -> FoundDevice:
    """Return a found device."""
    return FoundDevice(
        host, 80, (f"http://{host}/onvif/device_service",), name, "IPC", "urn:uuid:1"
    )


def test_what_is_printed_is_a_gateway_file_that_checks() -> None:
    """Pasted under the head of a file it needs no correction; equal names are told apart."""
    block = yaml_block([found("Gate 1"), found("Gate 1", "192.0.2.10"), found("")])
    head = textwrap.dedent("""
        site: s
        gateway: g
        data: /tmp/x
        uplink: {}
    """)
    config = check(head + block, "gateway.yaml")
    cameras = [source.settings.model_dump()["camera"] for source in config.sources]
    assert cameras == ["cam-gate-1", "cam-gate-1-2", "cam-192-0-2-9"]


def test_a_hostile_name_cannot_write_into_the_file() -> None:
    """A name with a new line or a colon is a device's, not ours."""
    device = found("x\nevil: true # {")
    assert camera_id(device, set()) == "cam-x-evil-true"
