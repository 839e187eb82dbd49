"""A camera that does not exist, on the real protocol, with the faults that real ones have.

For demos, and for tests of the gateway: what it holds are properties (motion, contacts) and what happens
once. It is told by HTTP what to do: `POST /simulate/...` (docs/onvif.md).
"""

import asyncio
import itertools
import time
from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

from .onvif_answers import Dialect, Note, Profile, utc
from .onvif_faults import Faults

INPUT = "tns1:Device/Trigger/DigitalInput"
MOTION = "tns1:RuleEngine/CellMotionDetector/Motion"
_MOTION_SOURCE = (("VideoSourceConfigurationToken", "vsconf"), ("Rule", "MyMotionDetectorRule"))
_GRANTED_S = (1.0, 3600.0)
_BOOT_S = 0.2


@dataclass(frozen=True, kw_only=True)
class DeviceSettings:
    """Who the device is."""

    host: str = "127.0.0.1"
    port: int = 0
    user: str = "admin"
    password: str = ""
    name: str = "simulated"
    model: str = "Simulated camera"
    stream: str = "rtsp://127.0.0.1:8554/main"
    sub_stream: str = "rtsp://127.0.0.1:8554/sub"
    inputs: tuple[str, ...] = ("AlarmIn_1", "AlarmIn_2")
    granted_s: float = 60.0  # longest subscription
    faults: Faults = field(default_factory=Faults)


@dataclass
class PullPoint:
    """A subscription: what it has not handed over yet, and when it ends (monotonic s)."""

    made_at: float
    until: float
    waiting: deque[Note] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, note: Note) -> None:
        """Queue a note; a device's memory is small."""
        self.waiting.append(note)
        if len(self.waiting) > 1000:  # noqa: PLR2004 - a size, said in the line
            self.waiting.popleft()
        self.news.set()


class OnvifDevice:
    """The device's state: properties, subscriptions, and what was asked of it."""

    def __init__(self, settings: DeviceSettings) -> None:
        """Be off until `start`."""
        self.settings = settings
        self.dialect = Dialect(
            odd_prefixes=settings.faults.odd_prefixes, zero_time=settings.faults.zero_time
        )
        self.port = settings.port
        self.asked: list[str] = []  # operations in their order, for tests and for looking
        self.pull_points: dict[str, PullPoint] = {}
        self._properties: dict[tuple[str, tuple[tuple[str, str], ...]], Note] = {}
        self._numbers = itertools.count(1)
        self._runner: web.AppRunner | None = None
        for token in settings.inputs:
            self.set_input(token, active=False)
        self.set_motion(seen=False)

    @property
    def base(self) -> str:
        """The address under which the device says it is."""
        host = "192.0.2.77" if self.settings.faults.wrong_host else self.settings.host
        return f"http://{host}:{self.port}"

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """Its media profiles, the main stream first."""
        return (
            Profile("MainStream", 1920, 1080, self.settings.stream),
            Profile("SubStream", 640, 360, self.settings.sub_stream),
        )

    @property
    def scopes(self) -> tuple[str, ...]:
        """What it says of itself in discovery."""
        stem = "onvif://www.onvif.org"
        name, model = (
            text.replace(" ", "%20") for text in (self.settings.name, self.settings.model)
        )
        return (f"{stem}/type/video_encoder", f"{stem}/name/{name}", f"{stem}/hardware/{model}")

    def now_ms(self) -> int:
        """Return the device's own clock, which may be wrong."""
        return int((time.time() + self.settings.faults.clock_skew_s) * 1000)

    async def start(self) -> None:
        """Answer; raises OSError when the port cannot be had. A port of 0 is chosen once."""
        from .onvif_service import application  # noqa: PLC0415 - the service needs this class

        self._runner = web.AppRunner(application(self), shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.port, reuse_address=True)
        await site.start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Go off; what was not handed over is lost, as in a real one."""
        self.pull_points.clear()
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def reboot(self) -> None:
        """Be gone for a while, and come back without any subscription."""
        await self.stop()
        await asyncio.sleep(max(_BOOT_S, self.settings.faults.down_s))
        await self.start()

    def set_input(self, token: str, *, active: bool) -> None:
        """Close or open a contact."""
        self.set_property(INPUT, (("InputToken", token),), (("LogicalState", _word(active)),))

    def set_motion(self, *, seen: bool) -> None:
        """See something move, or nothing any more."""
        self.set_property(MOTION, _MOTION_SOURCE, (("IsMotion", _word(seen)),))

    def set_property(
        self, topic: str, source: tuple[tuple[str, str], ...], data: tuple[tuple[str, str], ...]
    ) -> None:
        """Change what holds, and tell who listens; the same again is told to nobody."""
        before = self._properties.get((topic, source))
        note = self._properties[topic, source] = Note(topic, source, data, "Changed")
        if before is None or before.data != data:
            self.tell(note)

    def tell(self, note: Note) -> None:
        """Queue a notification for every subscription that still hears."""
        for point in self.pull_points.values():
            if not self._is_deaf(point):
                point.put(note)

    def subscribe(self, seconds: float) -> str:
        """Make a pull point, with all properties as Initialized; returns its id."""
        now = time.monotonic()
        name = str(next(self._numbers))
        self.pull_points[name] = point = PullPoint(now, now + self.granted(seconds))
        self.initialize(point)
        return name

    def initialize(self, point: PullPoint) -> None:
        """Repeat what holds (ONVIF Core, SetSynchronizationPoint)."""
        if not self._is_deaf(point):
            for note in self._properties.values():
                point.put(note._replace(operation="Initialized"))

    def granted(self, seconds: float) -> float:
        """Return how long a subscription may last, of what was asked."""
        shortest, longest = _GRANTED_S
        return min(max(seconds, shortest), longest, self.settings.granted_s)

    def find(self, name: str) -> PullPoint | None:
        """Return a pull point that has not ended."""
        point = self.pull_points.get(name)
        if point is not None and time.monotonic() > point.until:
            del self.pull_points[name]
            return None
        return point

    def until_ms(self, point: PullPoint) -> int:
        """Return when a pull point ends, by the device's clock."""
        return self.now_ms() + int((point.until - time.monotonic()) * 1000)

    def forget_subscriptions(self) -> None:
        """Lose every subscription without a word."""
        self.pull_points.clear()

    def _is_deaf(self, point: PullPoint) -> bool:
        after = self.settings.faults.silent_after_s
        return bool(after) and time.monotonic() - point.made_at > after

    def line(self) -> str:
        """Say where it is and what time it thinks it is."""
        return f"{self.base}/onvif/device_service, clock {utc(self.now_ms())}"


def _word(holds: bool) -> str:  # noqa: FBT001 - two words for two states
    return "true" if holds else "false"
