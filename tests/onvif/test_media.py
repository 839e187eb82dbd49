"""Where a camera's pictures are, asked of the simulated device with its faults."""

import httpx
import pytest

from hub.simulation.onvif_faults import Faults
from model.errors import Refused, Transient
from tests.brokers import free_port
from video.onvif import OnvifStream, stream_of
from video.onvif.choose import MediaProfile, from_here, in_order

from .listening import PASSWORD, running

MAIN = MediaProfile("m", 2560, 1440, "H264")
SUB = MediaProfile("s", 640, 360, "H264")
STILL = MediaProfile("j", 320, 240, "JPEG")
THUMB = MediaProfile("t", 160, 120, "H264")


async def ask(faults: Faults, profile: str = "sub", *, password: str = PASSWORD) -> OnvifStream:
    """Ask a running device."""
    async with running(faults) as device:
        return await stream_of("127.0.0.1", device.port, "admin", password, profile)


@pytest.mark.parametrize(
    "faults",
    [
        Faults(),
        Faults(wrong_host=True),
        Faults(no_time=True),
        Faults(odd_prefixes=True),
        Faults(old_firmware=True),
        Faults(clock_skew_s=-7200),
    ],
)
async def test_the_sub_stream_is_found_whatever_is_wrong(faults: Faults) -> None:
    """Address, size and offset; no login in the address."""
    stream = await ask(faults)
    assert stream.uri == "rtsp://127.0.0.1:8554/sub"
    assert (stream.width, stream.height, stream.encoding) == (640, 360, "H264")
    assert (stream.profile, stream.note) == ("SubStream", "")
    assert abs(stream.clock_offset_ms - faults.clock_skew_s * 1000) < 3000
    assert stream.snapshot_uri.startswith("http://127.0.0.1:")


async def test_main_and_tokens_are_chosen() -> None:
    """By size, or by name."""
    assert (await ask(Faults(), "main")).uri.endswith("/main")
    assert (await ask(Faults(), "MainStream")).width == 1920
    with pytest.raises(Refused, match="no profile 'x'; it has MainStream, SubStream"):
        await ask(Faults(), "x")


async def test_a_sub_stream_that_is_listed_and_refused_falls_back_and_says_so() -> None:
    """A SOAP fault for one profile is no end."""
    stream = await ask(Faults(sub_profile_fault=True))
    assert stream.profile == "MainStream"
    assert "SubStream is not served" in stream.note
    with pytest.raises(Transient, match="not configured"):
        await ask(Faults(sub_profile_fault=True), "SubStream")


async def test_the_snapshot_that_is_named_is_a_picture() -> None:
    """As the simulated device serves it."""
    async with running(Faults(wrong_host=True)) as device:
        stream = await stream_of("127.0.0.1", device.port, "admin", PASSWORD, "sub")
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(stream.snapshot_uri)
    assert answer.content[:3] == b"\xff\xd8\xff"


async def test_a_wrong_password_is_refused_and_not_shown() -> None:
    """The text says what to correct."""
    with pytest.raises(Refused, match="refuses user 'admin'") as error:
        await ask(Faults(), password="wrong-guess")
    assert "wrong-guess" not in str(error.value)


async def test_nobody_there_is_to_be_tried_again() -> None:
    """A camera that is off is not a mistake of configuration."""
    with pytest.raises(Transient, match="does not answer"):
        await stream_of("127.0.0.1", free_port(), "admin", PASSWORD, "sub")


@pytest.mark.parametrize(
    ("wanted", "order"), [("main", "msjt"), ("sub", "smtj"), ("j", "j"), ("x", "")]
)
def test_profiles_are_tried_in_a_sensible_order(wanted: str, order: str) -> None:
    """JPEG last, thumbnails never before pictures."""
    found = "".join(profile.token for profile in in_order([THUMB, MAIN, STILL, SUB], wanted))
    assert sorted(found) == sorted(order)
    assert found[:1] == order[:1]
    assert not order or len(order) == 1 or found[-1] == "j"


@pytest.mark.parametrize(
    ("said", "here"),
    [
        ("rtsp://10.0.0.5:554/a?b=c", "rtsp://192.0.2.1:554/a?b=c"),
        ("rtsp://u:p@192.0.2.1/a", "rtsp://192.0.2.1/a"),
        ("rtsp://10.0.0.5/a", "rtsp://192.0.2.1/a"),
    ],
)
def test_addresses_are_as_we_reach_the_camera(said: str, here: str) -> None:
    """The dialled host, the stream's own port, no login."""
    assert from_here(said, host="192.0.2.1") == here
