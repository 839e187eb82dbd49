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
CAMERAS_A_GATEWAY = 500
GATEWAYS_MAX = 1_000
BYTES_MAX = 192 << 20
"""Of all pictures and settings together; some 2,000 pictures. Whoever holds most gives way first."""

ENTRY_BYTES = 1_024
"""What an entry costs beside its picture: keys and objects; measured at some 700 bytes."""

SETTINGS_TIMES = 8
"""Settings take so many times their JSON's bytes once they are read; our assumption."""

LOOKED_S = 30
TELL_S = 2.0
PLAIN, SEEN, SETTINGS = "plain", "seen", "settings"
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


class _Held(NamedTuple):
    """What is kept of one camera's view or settings, and what it costs."""

    what: Shot | Known
    size: int


class _Shelf:
    """What one gateway told, the longest unheard first."""

    def __init__(self) -> None:
        self.held: OrderedDict[tuple[str, str], _Held] = OrderedDict()
        self.size = 0

    def put(self, camera: str, leaf: str, held: _Held) -> None:
        self.drop(camera, leaf)
        self.held[camera, leaf] = held
        self.size += held.size

    def drop(self, camera: str, leaf: str) -> None:
        old = self.held.pop((camera, leaf), None)
        self.size -= old.size if old else 0

    def drop_oldest(self) -> str:
        """Forget the longest unheard entry; return its camera."""
        camera, leaf = next(iter(self.held))
        self.drop(camera, leaf)
        return camera

    def has(self, camera: str) -> bool:
        return any((camera, leaf) in self.held for leaf in (*VIEWS, SETTINGS))


class CameraBook:
    """Pictures and settings by gateway and camera: no gateway's words stand for another one's camera.

    Whoever asks names the gateway from which the camera's Readings come. Without one, of a camera that
    no Reading named yet, it is the gateway that told of it first.
    """

    def __init__(
        self, clock: Callable[[], int], *, site: str = "", bytes_max: int = BYTES_MAX
    ) -> None:
        """Take a clock in ms."""
        self.counters: Counter[str] = Counter()
        self._clock = clock
        self._site = site
        self._bytes_max = bytes_max
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()
        self._first: dict[str, str] = {}
        self._looked: dict[tuple[str, str, str], int] = {}

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
        self._drop_unhidden(gateway, settings)
        known = Known(gateway, settings, self._clock())
        self._keep(gateway, camera, SETTINGS, _Held(known, SETTINGS_TIMES * len(payload)))

    def _drop_unhidden(self, gateway: str, settings: CameraShown) -> None:
        """Forget the pictures that show what a camera's settings now hide; the camera may be away for ever.

        A gateway tells its settings before its pictures, so those that are there were made with the settings
        told last, or with some that nobody knows.
        """
        shelf = self._shelves.get(gateway)
        if shelf is None:
            return
        before = self._found(settings.camera, SETTINGS, gateway)
        if _hides(before.settings if isinstance(before, Known) else None) != _hides(settings):
            for view in VIEWS:
                shelf.drop(settings.camera, view)

    def _picture(self, gateway: str, camera: str, view: str, payload: bytes) -> None:
        sent = decode_picture(payload)
        self.counters["pictures"] += 1
        shot = Shot(sent.jpeg, max(0, self._clock() - sent.age_ms))
        self._keep(gateway, camera, view, _Held(shot, len(sent.jpeg)))

    def _keep(self, gateway: str, camera: str, leaf: str, held: _Held) -> None:
        shelf = self._shelves.setdefault(gateway, _Shelf())
        self._shelves.move_to_end(gateway)
        shelf.put(camera, leaf, held._replace(size=held.size + ENTRY_BYTES))
        self._first.setdefault(camera, gateway)
        while len(shelf.held) > CAMERAS_A_GATEWAY * (len(VIEWS) + 1):
            self._forget(gateway)
        while sum(other.size for other in self._shelves.values()) > self._bytes_max:
            self._forget(max(self._shelves, key=lambda name: self._shelves[name].size))
        while len(self._shelves) > GATEWAYS_MAX:
            self._forget(next(iter(self._shelves)))

    def _forget(self, gateway: str) -> None:
        """Forget what a gateway has told of longest ago."""
        shelf = self._shelves[gateway]
        camera = shelf.drop_oldest()
        self.counters["forgotten"] += 1
        if self._first.get(camera) == gateway and not shelf.has(camera):
            del self._first[camera]
        if not shelf.held:
            del self._shelves[gateway]

    def _found(self, camera: str, leaf: str, gateway: str) -> Shot | Known | None:
        shelf = self._shelves.get(gateway or self._first.get(camera, ""))
        held = shelf.held.get((camera, leaf)) if shelf else None
        return held.what if held else None

    def shot(self, camera: str, view: str = PLAIN, *, gateway: str = "") -> Shot | None:
        """Return a camera's newest picture, and ask its gateway for newer ones for a while."""
        self._looked[gateway, camera, view] = self._clock() + LOOKED_S * 1000
        found = self._found(camera, view, gateway)
        return found if isinstance(found, Shot) else None

    def taken_at(self, camera: str, view: str = PLAIN, *, gateway: str = "") -> int | None:
        """Return when a camera's newest picture was made (ms), without asking for newer ones."""
        found = self._found(camera, view, gateway)
        return found.at if isinstance(found, Shot) else None

    def known(self, camera: str, *, gateway: str = "") -> Known | None:
        """Return what a gateway told of a camera."""
        found = self._found(camera, SETTINGS, gateway)
        return found if isinstance(found, Known) else None

    def all_known(self) -> Mapping[str, Known]:
        """Return what the gateways that told of them first say, by camera."""
        known = {camera: self.known(camera) for camera in list(self._first)}
        return {camera: one for camera, one in known.items() if one is not None}

    def wanted(self) -> dict[str, Looked]:
        """Return at which cameras people look now, by gateway."""
        now = self._clock()
        self._looked = {key: until for key, until in self._looked.items() if until > now}
        found: dict[str, Looked] = {}
        for named, camera, view in self._looked:
            gateway = named or self._first.get(camera)
            if gateway is None:
                continue
            looked = found.setdefault(gateway, Looked(for_s=LOOKED_S))
            asked = looked.plain if view == PLAIN else looked.seen
            if camera not in asked:
                asked.append(camera)
            if self._found(camera, view, gateway) is None and camera not in looked.lacking:
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


def _hides(settings: CameraShown | None) -> tuple[object, ...]:
    """Return what settings hide of a picture; of unknown ones, nothing."""
    if settings is None:
        return (), "", False
    return settings.masks, settings.masks_drawn_on, settings.pixelate_persons
