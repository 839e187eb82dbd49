"""Keeps the newest picture of each camera in memory, and the cameras' settings as gateways tell them.

Nothing of it is written to disk: what is kept as evidence goes another way. What is not heard again is
gone after a restart, and comes back within a minute.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import structlog

from model.camera_messages import (
    CameraShown,
    Looked,
    decode_picture,
    decode_shown,
    encode_looked,
)
from model.codec import CodecError
from model.topics import CameraTopics, parse_camera

log = structlog.get_logger()
CAMERAS_MAX = 2_000
BYTES_MAX = 192 << 20
"""Of all pictures together; some 2,000 of them. The longest unheard are forgotten."""

LOOKED_S = 30
TELL_S = 2.0
PLAIN, SEEN = "plain", "seen"
VIEWS = (PLAIN, SEEN)

Publish = Callable[[str, bytes], Awaitable[None]]


class Shot(NamedTuple):
    """A picture, and when the camera made it (ms, the hub's clock less its age)."""

    jpeg: bytes
    at: int


class Known(NamedTuple):
    """What a gateway told of a camera, and when (ms)."""

    gateway: str
    settings: CameraShown
    told_at: int


class CameraBook:
    """Pictures and settings by camera; a camera's name belongs to the gateway that told it last."""

    def __init__(
        self, clock: Callable[[], int], *, site: str = "", bytes_max: int = BYTES_MAX
    ) -> None:
        """Take a clock in ms."""
        self.counters: Counter[str] = Counter()
        self._clock = clock
        self._site = site
        self._bytes_max = bytes_max
        self._bytes = 0
        self._shots: OrderedDict[tuple[str, str], Shot] = OrderedDict()
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._owner: dict[str, str] = {}
        self._looked: dict[tuple[str, str], int] = {}

    async def message(self, topic: str, payload: bytes) -> None:
        """Take a gateway's message; what cannot be understood is counted and costs nothing else."""
        parsed = parse_camera(topic)
        if parsed is None or parsed[1] not in ("camera", "picture", SEEN):
            self.counters["refused.topic"] += 1
            return
        gateway, leaf, camera = parsed
        try:
            if leaf == "camera":
                self._settings(gateway, camera, payload)
            else:
                self._picture(gateway, camera, PLAIN if leaf == "picture" else SEEN, payload)
        except CodecError as error:
            self.counters["refused.content"] += 1
            log.info("camera_message_refused", gateway=gateway, camera=camera, why=str(error))

    def _settings(self, gateway: str, camera: str, payload: bytes) -> None:
        settings = decode_shown(payload)
        if settings.camera != camera:
            raise CodecError(f"settings of {settings.camera!r} under another name")
        self.counters["settings"] += 1
        self._own(gateway, camera)
        self._known[camera] = Known(gateway, settings, self._clock())
        self._known.move_to_end(camera)
        if len(self._known) > CAMERAS_MAX:
            self._known.popitem(last=False)

    def _picture(self, gateway: str, camera: str, view: str, payload: bytes) -> None:
        sent = decode_picture(payload)
        self.counters["pictures"] += 1
        self._own(gateway, camera)
        self._forget((camera, view))
        self._shots[camera, view] = Shot(sent.jpeg, max(0, self._clock() - sent.age_ms))
        self._bytes += len(sent.jpeg)
        while self._bytes > self._bytes_max:
            self._forget(next(iter(self._shots)))
            self.counters["forgotten"] += 1

    def _own(self, gateway: str, camera: str) -> None:
        """Let a gateway own a camera; what another gateway told of that name is no longer shown."""
        if self._owner.get(camera, gateway) != gateway:
            self.counters["moved"] += 1
            self._known.pop(camera, None)
            for view in VIEWS:
                self._forget((camera, view))
        self._owner[camera] = gateway
        if len(self._owner) > 2 * CAMERAS_MAX:
            self._owner.pop(next(iter(self._owner)))

    def _forget(self, key: tuple[str, str]) -> None:
        old = self._shots.pop(key, None)
        self._bytes -= len(old.jpeg) if old else 0

    def shot(self, camera: str, view: str = PLAIN) -> Shot | None:
        """Return a camera's newest picture, and ask its gateway for newer ones for a while."""
        self._looked[camera, view] = self._clock() + LOOKED_S * 1000
        return self._shots.get((camera, view))

    def taken_at(self, camera: str, view: str = PLAIN) -> int | None:
        """Return when a camera's newest picture was made (ms), without asking for newer ones."""
        found = self._shots.get((camera, view))
        return found.at if found else None

    def known(self, camera: str) -> Known | None:
        """Return what a gateway told of a camera."""
        return self._known.get(camera)

    def all_known(self) -> Mapping[str, Known]:
        """Return what gateways told, by camera."""
        return dict(self._known)

    def wanted(self) -> dict[str, Looked]:
        """Return at which cameras people look now, by gateway."""
        now = self._clock()
        self._looked = {key: until for key, until in self._looked.items() if until > now}
        found: dict[str, Looked] = {}
        for camera, view in self._looked:
            gateway = self._owner.get(camera)
            if gateway is None:
                continue
            looked = found.setdefault(gateway, Looked(for_s=LOOKED_S))
            (looked.plain if view == PLAIN else looked.seen).append(camera)
            if (camera, view) not in self._shots and camera not in looked.lacking:
                looked.lacking.append(camera)
        return found

    async def ask(self, publish: Publish) -> None:
        """Tell gateways at which of their cameras people look, until cancelled."""
        while True:
            for gateway, looked in self.wanted().items():
                topic = CameraTopics.of(self._site, gateway, "+").looked
                try:
                    await publish(topic, encode_looked(looked))
                except ConnectionError as error:
                    log.debug("looked_not_told", why=str(error))
            await asyncio.sleep(TELL_S)
