"""How far a reader is behind a live stream; pictures that are late are worth less than those left out."""

BEHIND_S = 2.0
"""More than this, and only key frames are decoded until the reader has caught up."""
CAUGHT_UP_S = 0.5
PATIENCE_S = 10.0
"""Leaving pictures out helps at once; if it did not, it was the stream's clock that jumped."""
DRIFT = 0.001
"""Seconds a second that a camera's clock may be slow, generously."""


class Lag:
    """Compares the stream's own time with ours: the least difference so far is what the line takes.

    `left_out` counts the pictures that were not decoded.
    """

    def __init__(self, left_out: int = 0) -> None:
        self._least_s: float | None = None
        self._asked_s = 0.0
        self._behind_since_s: float | None = None
        self.left_out = left_out

    def leaves_out(self, stream_s: float | None, now_s: float, *, key: bool) -> bool:
        """Return whether to pass over a picture that the stream dates `stream_s`.

        Once one is left out, all are up to the next key frame: they would be torn.
        """
        if stream_s is not None:
            self._judge(now_s - stream_s, now_s, key=key)
        if key or self._behind_since_s is None:
            return False
        self.left_out += 1
        return True

    def _judge(self, late_s: float, now_s: float, *, key: bool) -> None:
        if self._least_s is None:
            self._least_s = late_s
        self._least_s = min(late_s, self._least_s + DRIFT * max(0.0, now_s - self._asked_s))
        self._asked_s = now_s
        behind_s = late_s - self._least_s
        if self._behind_since_s is None:
            if behind_s > BEHIND_S:
                self._behind_since_s = now_s
        elif key and behind_s < CAUGHT_UP_S:
            self._behind_since_s = None
        elif key and now_s - self._behind_since_s > PATIENCE_S:
            self._least_s, self._behind_since_s = late_s, None
