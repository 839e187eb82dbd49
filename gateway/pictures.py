"""Shows the hub the newest picture of each camera, and its settings without secrets.

A connection of its own: what is slow or lost here costs no Reading. Pictures go seldom while nobody
looks, and every few seconds while somebody does, so that the line stays free for alarms.
"""

import asyncio
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import aiomqtt
import structlog

from model.camera_messages import (
    PICTURE_BYTES,
    CameraShown,
    PictureSent,
    decode_looked,
    encode_picture,
    encode_shown,
)
from model.codec import CodecError
from model.errors import HubError
from model.topics import CameraTopics
from video.settings import CameraSettings, VideoSettings
from video.worker.pictures import picture_paths

from .config import Broker, GatewayFile
from .connection import client_of, hearing, may_read

log = structlog.get_logger()
LOOK_S = 0.5  # between looks at the files
LIVE_S = 4.0  # between pictures that somebody looks at; the files change every 5 s
IDLE_S = 60.0  # while nobody looks; our assumption: 16 cameras are then some 20 kB/s
SETTINGS_S = 60.0
RECONNECT_LAST_S = 30.0
BROKEN_S = 60.0
PLAIN, SEEN = "plain", "seen"

_Key = tuple[str, str]  # camera, view


class _File(NamedTuple):
    path: Path
    topic: str


class Pictures:
    """Sends what the camera processes write; raises nothing, for a picture is worth no alarm."""

    def __init__(self, file: GatewayFile, video: VideoSettings, folder: Path) -> None:
        """`folder` is that of the newest pictures."""
        self._broker: Broker = file.uplink
        self._name = f"gw-{file.gateway}-{secrets.token_hex(4)}-pictures"
        self._looked_topic = CameraTopics.of(file.site, file.gateway, "+").looked
        self._files: dict[_Key, _File] = {}
        self._shown: dict[str, bytes] = {}
        for camera in video.cameras:
            topics = CameraTopics.of(file.site, file.gateway, camera.camera)
            paths = picture_paths(folder, camera.camera)
            self._files[camera.camera, PLAIN] = _File(paths.plain, topics.picture)
            self._files[camera.camera, SEEN] = _File(paths.seen, topics.seen)
            self._shown[topics.settings] = encode_shown(
                shown(camera, detector=video.detector is not None)
            )
        self._due = Due()

    async def run(self) -> None:
        """Stay connected and send until cancelled."""
        delay = 0.5
        while True:
            began = time.monotonic()
            try:
                await self._session()
            except (aiomqtt.MqttError, OSError, TimeoutError, HubError) as error:
                log.info("pictures_not_sent", why=str(error) or type(error).__name__)
            except Exception as error:  # noqa: BLE001 - a defect here must not end the gateway
                log.error("pictures_broken", why=repr(error), again_in_s=BROKEN_S)
                await asyncio.sleep(BROKEN_S)
            delay = 0.5 if time.monotonic() - began > RECONNECT_LAST_S else delay * 2
            await asyncio.sleep(min(delay, RECONNECT_LAST_S))

    async def _session(self) -> None:
        async with client_of(self._broker, self._name) as client:
            if not await may_read(client, self._looked_topic):
                log.warning("pictures_unasked", why="the broker lets this user not read", topic=self._looked_topic)  # fmt: skip
            self._due.reconnected()
            async with hearing(client, self._hear, name="pictures-looked") as heard:
                await self._send(client, heard)

    async def _hear(self, client: aiomqtt.Client) -> None:
        """Take the hub's word at which cameras people look."""
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            try:
                looked = decode_looked(payload)
            except CodecError as error:
                log.debug("looked_not_understood", why=str(error))
                continue
            until = time.monotonic() + looked.for_s
            keys = [(name, PLAIN) for name in looked.plain] + [(name, SEEN) for name in looked.seen]
            self._due.look([key for key in keys if key in self._files], until)
            lacking = [(name, view) for name in looked.lacking for view in (PLAIN, SEEN)]
            self._due.again(key for key in lacking if key in self._files)

    async def _send(self, client: aiomqtt.Client, heard: "asyncio.Task[None]") -> None:
        told = -SETTINGS_S
        while not heard.done():
            now = time.monotonic()
            if now - told >= SETTINGS_S:
                told = now
                for topic, payload in self._shown.items():
                    await client.publish(topic, payload, qos=0)
            for key in self._due.now(self._files, now):
                changed = self._due.sent_file(key)
                found = await asyncio.to_thread(_changed, self._files[key].path, changed)
                if found is None:
                    continue
                picture, stamp = found
                if picture is not None:
                    await client.publish(self._files[key].topic, encode_picture(picture), qos=0)
                self._due.sent(key, time.monotonic(), stamp)
            await asyncio.sleep(LOOK_S)
        heard.result()
        raise aiomqtt.MqttError("the broker closed the connection")


class Due:
    """Knows which picture is sent when; times are monotonic seconds."""

    def __init__(self) -> None:
        self._sent: dict[_Key, float] = {}
        self._stamps: dict[_Key, int] = {}
        self._until: dict[_Key, float] = {}

    def reconnected(self) -> None:
        """Send everything once more: who listens may be new."""
        self._sent.clear()
        self._stamps.clear()

    def look(self, keys: Sequence[_Key], until: float) -> None:
        """Somebody looks at these until then."""
        self._until.update(dict.fromkeys(keys, until))

    def again(self, keys: Iterable[_Key]) -> None:
        """Send these once more, also if they are old: the hub has none of them."""
        for key in keys:
            self._stamps.pop(key, None)

    def now(self, files: Mapping[_Key, object], now: float) -> list[_Key]:
        """Return whose turn it is; what the algorithm saw is sent only while somebody looks."""
        return [key for key in files if self._is_due(key, now)]

    def _is_due(self, key: _Key, now: float) -> bool:
        live = self._until.get(key, 0.0) > now
        if key[1] == SEEN and not live:
            return False
        since = now - self._sent[key] if key in self._sent else IDLE_S
        return since >= (LIVE_S if live else IDLE_S)

    def sent_file(self, key: _Key) -> int:
        """Return the stamp of the file that was sent last, 0 for none."""
        return self._stamps.get(key, 0)

    def sent(self, key: _Key, now: float, stamp: int) -> None:
        """Note that the file of that stamp was sent."""
        self._sent[key], self._stamps[key] = now, stamp


def shown(camera: CameraSettings, *, detector: bool) -> CameraShown:
    """Return what people may see of a camera's settings: no login, no path, no parameter of an address."""
    source = camera.source
    kind = next(
        name for name in ("url", "onvif", "file", "folder", "snapshot") if getattr(source, name)
    )
    host = source.onvif.host if source.onvif else urlsplit(source.url or source.snapshot).hostname
    return CameraShown(
        camera=camera.camera,
        compound=camera.compound,
        source="rtsp" if kind == "url" else kind,
        host=host or "",
        fps=camera.fps,
        keyframes_only=camera.keyframes_only,
        clip=camera.clip,
        pixelate_persons=camera.pixelate_persons,
        masks=camera.masks,
        masks_drawn_on=camera.masks_drawn_on,
        zones=dict(camera.zones),
        observations=dict(camera.observations),
        detector=detector,
    )


def _changed(path: Path, stamp: int) -> tuple[PictureSent | None, int] | None:
    """Return a file that is not the one of that stamp, with its own; None for the picture if it is too large."""
    try:
        state = path.stat()
        if state.st_mtime_ns == stamp:
            return None
        if state.st_size > PICTURE_BYTES:
            return None, state.st_mtime_ns
        data = path.read_bytes()
    except OSError:  # not written yet
        return None
    age_ms = max(0, (time.time_ns() - state.st_mtime_ns) // 1_000_000)
    return PictureSent(age_ms, data[:PICTURE_BYTES]), state.st_mtime_ns
