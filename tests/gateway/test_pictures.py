"""Pictures from the gateway's disk to the hub's memory, over real brokers with the shipped rights."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from gateway.config import Broker, GatewayFile
from gateway.pictures import IDLE_S, LIVE_S, PLAIN, SEEN, Due, Pictures, shown
from hub.bus import Bus
from hub.cameras import CameraBook
from hub.installation import GATEWAY, SITE
from model.camera_messages import PICTURE_BYTES, encode_shown
from model.topics import CameraTopics
from tests.hub.test_rights import broker
from tests.trust.stack import Stack
from video.camera import Camera
from video.contract import Frame
from video.settings import CameraSettings, VideoSettings
from video.worker.pictures import PictureFile, picture_paths

ODD = "东门+#.1<script>"
SECRET = "canary-8f2a"


def camera(name: str = ODD, **more: object) -> CameraSettings:
    """Return a camera's settings."""
    source = {"snapshot": f"http://192.0.2.7/{SECRET}?key={SECRET}", "login": {"user": SECRET}}
    given = {"camera": name, "source": source, "zones": {"lane": [[0, 0], [1, 0], [1, 1]]}, **more}
    return CameraSettings.model_validate(given)


def write(folder: Path, settings: CameraSettings, picture: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]", at: int = 0) -> bool:  # fmt: skip
    """Let a camera process write its newest pictures."""
    looking = Camera(settings)
    frame = Frame(at, picture)
    return PictureFile(folder, settings).offer(frame, looking.see(frame), looking)


@contextlib.asynccontextmanager
async def hub_of(stack: Stack) -> AsyncIterator[CameraBook]:
    """Run the hub's side: its connection for pictures and its memory."""
    user = Broker(port=stack.ports.mqtt, user="hub", password_file=stack.folder / "hub.password")
    book = CameraBook(lambda: time.time_ns() // 1_000_000, site=SITE)
    filters = CameraTopics.of(SITE, "+", "+")[:3]
    bus = Bus(user, handler=book.message, sessions={"pictures": filters})
    tasks = [asyncio.create_task(bus.run()), asyncio.create_task(book.ask(bus.publish))]
    try:
        yield book
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def gateway_file(stack: Stack) -> GatewayFile:
    """Return the file of the stack's gateway."""
    return GatewayFile.model_validate(
        {
            "site": SITE, "gateway": GATEWAY, "data": str(stack.folder / GATEWAY), "video": {},
            "uplink": {
                "port": stack.ports.mqtt, "user": GATEWAY,
                "password_file": str(stack.folder / f"{GATEWAY}.password"),
            },
        }
    )  # fmt: skip


async def until(check: object, seconds: float = 15.0) -> bool:
    """Wait until something is so."""
    assert callable(check)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.real
@pytest.mark.parametrize("mosquitto", [False, True], ids=["embedded", "mosquitto"])
async def test_a_picture_reaches_the_hub_and_what_was_seen_only_when_somebody_looks(
    tmp_path: Path, *, mosquitto: bool
) -> None:
    """A camera of an odd name; settings come without secrets; an old picture says its age."""
    settings, folder = camera(), tmp_path / "pictures"
    assert write(folder, settings, np.full((90, 160, 3), 90, np.uint8))
    old = time.time() - 100
    os.utime(picture_paths(folder, ODD).plain, (old, old))
    async with broker(tmp_path / "stack", mosquitto=mosquitto) as stack, hub_of(stack) as book:
        await asyncio.sleep(0.5)
        video = VideoSettings(cameras=(settings,))
        sending = asyncio.create_task(Pictures(gateway_file(stack), video, folder).run())
        try:
            assert await until(lambda: book.taken_at(ODD) and book.known(ODD))
            at = book.taken_at(ODD) or 0
            assert 99_000 < time.time() * 1000 - at < 130_000
            assert book.taken_at(ODD, SEEN) is None
            known = book.known(ODD)
            assert known is not None
            assert (known.gateway, known.settings.source) == (GATEWAY, "snapshot")
            assert known.settings.zones["lane"] == ((0, 0), (1, 0), (1, 1))
            book.shot(ODD, SEEN)
            assert await until(lambda: book.taken_at(ODD, SEEN)), dict(book.counters)
            book.shot(ODD, PLAIN)
            write(folder, settings, np.full((90, 160, 3), 200, np.uint8), at=10_000)
            assert await until(lambda: (book.taken_at(ODD) or 0) > at + 90_000)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


@pytest.mark.real
async def test_a_hub_that_begins_anew_gets_the_picture_of_a_camera_that_is_off(
    tmp_path: Path,
) -> None:
    """Its file no longer changes; the hub says that it has none."""
    settings, folder = camera(), tmp_path / "pictures"
    write(folder, settings, np.zeros((90, 160, 3), np.uint8))
    async with broker(tmp_path / "stack", mosquitto=False) as stack:
        video = VideoSettings(cameras=(settings,))
        sending = asyncio.create_task(Pictures(gateway_file(stack), video, folder).run())
        try:
            async with hub_of(stack) as first:
                assert await until(lambda: first.taken_at(ODD))
            async with hub_of(stack) as second:
                assert await until(lambda: second.shot(ODD, PLAIN, gateway=GATEWAY), 20)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


def test_what_is_told_of_a_camera_holds_no_secret() -> None:
    """No login, path or parameter of an address; the host is for people who look for the camera."""
    told = shown(camera(), detector=True)
    assert SECRET not in encode_shown(told).decode()
    assert (told.source, told.host) == ("snapshot", "192.0.2.7")
    file = camera("c", source={"file": f"/{SECRET}/clip.mp4"})
    assert SECRET not in encode_shown(shown(file, detector=False)).decode()


def test_pictures_are_sent_seldom_until_somebody_looks() -> None:
    """Once a minute; then every few seconds; what was seen only while somebody looks."""
    due, files = Due(), {("c", PLAIN): 1, ("c", SEEN): 1}
    assert due.now(files, 0.0) == [("c", PLAIN)]
    due.sent(("c", PLAIN), 0.0, 7)
    assert due.now(files, IDLE_S - 1) == []
    assert due.now(files, IDLE_S) == [("c", PLAIN)]
    due.look([("c", PLAIN), ("c", SEEN)], 30.0)
    assert due.now(files, LIVE_S - 1) == [("c", SEEN)]
    assert due.now(files, LIVE_S) == list(files)
    assert due.now(files, 31.0) == []


def test_no_two_cameras_share_a_file(tmp_path: Path) -> None:
    """Whatever their names, and however long."""
    names = ["a", "a.seen", "seen", "..", "😀" * 64, "😀" * 63 + "a"]
    paths = [path for name in names for path in picture_paths(tmp_path, name)]
    assert len(set(paths)) == 2 * len(names)
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        assert path.resolve().is_relative_to(tmp_path.resolve())


def test_a_picture_of_noise_is_written_so_that_it_may_be_sent(tmp_path: Path) -> None:
    """A camera in the rain at night; the finest writing that fits is taken."""
    noise = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), np.uint8)
    settings = camera("c")
    assert write(tmp_path, settings, noise)
    for path in picture_paths(tmp_path, "c"):
        assert 50_000 < path.stat().st_size <= PICTURE_BYTES
