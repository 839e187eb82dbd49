"""What a group of cameras needs of each: pictures that come, and evidence that is kept."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from video.contract import Box, Frame
from video.episodes import Episode, News


class Feed(Protocol):
    """The source of one camera, as the group sees it: its newest frame and how it is."""

    def take(self) -> Frame | None:
        """Return the newest frame not yet taken, or None."""

    @property
    def online(self) -> bool:
        """Whether pictures come."""

    @property
    def reason(self) -> str:
        """Why no pictures come, a short word; empty while they do."""

    @property
    def detail(self) -> str:
        """The same for people, without any password."""

    @property
    def skipped(self) -> int:
        """Frames that came and were never taken."""

    @property
    def reconnects(self) -> int:
        """How often the connection was made anew."""

    @property
    def counters(self) -> Mapping[str, int]:
        """What was counted since it was made."""

    def close(self) -> None:
        """Stop; returns when the thread has ended or a second has passed."""


class Evidence(Protocol):
    """Keeps pictures of episodes. It raises nothing: a full disk must not cost the alarm."""

    def frame(
        self,
        frame: Frame,
        persons: Sequence[Box] | None,
        *,
        episodes: Iterable[Episode],
        whole: bool,
    ) -> None:
        """Take a masked frame, where persons are in it (None: nobody looked), and what is open.

        `whole`: the detector looked everywhere, so where it saw no person there is none.
        """

    def news(self, news: Iterable[News]) -> None:
        """Take what the last frame led to."""

    def tick(self, at: int) -> None:
        """Finish what is over at `at` (ms) though no frames come."""

    def warnings(self) -> list[str]:
        """Return what is wrong, for people."""

    @property
    def counters(self) -> Mapping[str, int]:
        """What was counted since the process began."""

    def close(self, *, wait_s: float) -> None:
        """Finish what is begun; what takes longer is lost."""
