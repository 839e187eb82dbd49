"""A camera's source as the group sees it: the newest frame, and how the camera is."""

import time

from video.contract import Frame
from video.settings import CameraSettings
from video.sources import Credentials, Keeper, Source, open_source


class KeeperFeed:
    """Takes frames and changes from a camera's keeper, in the order they came."""

    def __init__(self, keeper: Keeper) -> None:
        """Start the keeper."""
        self._keeper = keeper
        self.online = False
        self.reason, self.detail = "", ""
        keeper.start()

    @property
    def skipped(self) -> int:
        """Frames that came and were replaced before anybody took them."""
        return self._keeper.frames_skipped

    @property
    def reconnects(self) -> int:
        """Tries to open the camera after the first."""
        return self._keeper.reconnects

    @property
    def counters(self) -> dict[str, int]:
        """Pictures that were none: a folder's files that cannot be read."""
        return {"pictures_unreadable": self._keeper.unreadable}

    def take(self) -> Frame | None:
        """Return the newest frame not yet taken, or None; never waits."""
        while True:
            item = self._keeper.take(0.0)
            if item is None or isinstance(item, Frame):
                return item
            self.online = item.online
            self.reason = item.reason.value if item.reason else ""
            self.detail = item.detail

    def close(self) -> None:
        """Stop the keeper; what hangs in the network is left to end by its time-out."""
        self._keeper.stop()


def feed_of(camera: CameraSettings, password: str) -> KeeperFeed:
    """Return the running feed of a camera; it connects by itself, again and again."""
    source = _source(camera, Credentials(camera.source.login.user, password))
    return KeeperFeed(Keeper(source, name=camera.camera, clock=now_ms))


def now_ms() -> int:
    """Return the gateway's clock in ms."""
    return time.time_ns() // 1_000_000


def _source(camera: CameraSettings, login: Credentials) -> Source:
    return open_source(
        camera.source,
        login,
        clock=now_ms,
        fps=camera.fps,
        keyframes_only=camera.keyframes_only,
    )
