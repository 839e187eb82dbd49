"""A camera named only by its ONVIF address: its stream is found, lost and found again; Readings say so."""

import asyncio
from pathlib import Path

import pytest

from gateway.cameras import Cameras
from hub.simulation.onvif_device import DeviceSettings, OnvifDevice
from model.reading import Reading
from tests.runners.memory_sink import MemorySink
from video.settings import VideoSettings
from video.sources import Credentials

from .servers import rtsp_server
from .test_camera_process import told

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]
LOGIN = Credentials("admin", "s3cret-of-camera")


def online(reading: Reading, *, is_so: bool) -> bool:
    return reading.device == "cam-1" and reading.values.get("online") is is_so


async def test_open_kill_restart_stall_resize(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAM", LOGIN.password)
    with rtsp_server(tmp_path, login=LOGIN) as server:
        device = OnvifDevice(
            DeviceSettings(user=LOGIN.user, password=LOGIN.password, sub_stream=server.url)
        )
        await device.start()
        sink = MemorySink()
        cameras = Cameras(settings(device.port), tmp_path / "data", sink)
        try:
            await told(sink, lambda r: online(r, is_so=True))
            await told(sink, lambda r: r.values.get("motion") is True)
            before = len(sink.readings)
            server.kill()
            lost = await told(sink, lambda r: online(r, is_so=False), after=before)
            assert lost.values["offline_reason"] in {"ended", "unreachable"}
            news = [r for r in sink.readings[before:] if "episode" in r.values]
            assert [r.values["ended_by"] for r in news if not r.values.get("motion")] == ["blind"]
            before = len(sink.readings)
            server.start()
            await told(sink, lambda r: online(r, is_so=True), after=before)
            server.resize(480, 272)
            before = len(sink.readings)
            await told(sink, lambda r: r.values.get("motion") is True, after=before)
            assert not [r for r in sink.readings[before:] if online(r, is_so=False)]
            server.suspend()
            before = len(sink.readings)
            stalled = await told(sink, lambda r: online(r, is_so=False), after=before)
            assert stalled.values["offline_reason"] == "stalled"
            server.resume()
            await told(sink, lambda r: online(r, is_so=True), after=before)
            said = repr(sink.readings) + repr(cameras.warnings())
            assert LOGIN.password not in said
        finally:
            await cameras.close()
            await device.stop()


def settings(port: int) -> VideoSettings:
    login = {"user": LOGIN.user, "password_env": "CAM"}
    return VideoSettings.model_validate(
        {
            "cameras": [
                {
                    "camera": "cam-1", "heartbeat_s": 1,
                    "source": {"onvif": {"host": "127.0.0.1", "port": port}, "login": login},
                    "observations": {"motion": {"off_delay_s": 2}},
                }
            ]
        }
    )  # fmt: skip


async def test_a_camera_that_refuses_its_user_says_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAM", "wrong-password")
    device = OnvifDevice(DeviceSettings(user=LOGIN.user, password=LOGIN.password))
    await device.start()
    sink = MemorySink()
    cameras = Cameras(settings(device.port), tmp_path, sink)
    try:
        lost = await told(sink, lambda r: online(r, is_so=False))
        assert lost.values["offline_reason"] == "login"
        async with asyncio.timeout(40):
            while not cameras.warnings():
                await asyncio.sleep(0.1)
        assert "wrong-password" not in cameras.warnings()[0]
    finally:
        await cameras.close()
        await device.stop()
