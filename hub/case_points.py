"""Writes what happens to cases into InfluxDB, so that dashboards show what is open now.

Each change of a case is a point, and every minute each open case is one again: a panel is right
after a restart of the hub, of InfluxDB or of Grafana. Cases live in the case store; these points
are a copy, and nothing waits for them. What does not fit in memory while InfluxDB is away is
dropped and counted; the next minute says again what is open, and what was closed in the last week.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import httpx
import structlog

from model.case import Case, Change
from model.errors import Transient

from .case_lines import CaseEncoder
from .config import InfluxReadings

log = structlog.get_logger()
BEAT_S = 60.0
WAITING_MAX = 10_000
"""Points that wait while InfluxDB is away, about 5 MB; one a change, so hours of a busy day."""
POINTS_A_WRITE = 2_000
RETRY_FIRST_S = 0.5
RETRY_LAST_S = 15.0
TIMEOUT_S = 5.0
STOP_S = TIMEOUT_S + 1
MINUTE_MS = 60_000
AGAIN_MS = 10 * MINUTE_MS
"""A case that was closed is said again for so long: a desk that lags closes it before a beat."""
RESYNC_MS = 7 * 24 * 60 * MINUTE_MS


class Influx(NamedTuple):
    """Where points go: InfluxDB 1.8 (token `user:password`, bucket `database/policy`) or 2.x."""

    url: str
    bucket: str
    token: str = ""
    org: str = "-"

    @classmethod
    def of(cls, readings: InfluxReadings, token: str) -> "Influx":
        """Return the place that `readings:` of the hub's file names."""
        return cls(readings.url.rstrip("/"), readings.bucket, token, readings.org)


class LineWriter:
    """Posts lines of text to InfluxDB over one connection."""

    def __init__(self, influx: Influx) -> None:
        headers = {"Authorization": f"Token {influx.token}"} if influx.token else {}
        self._influx = influx
        self._client = httpx.Client(timeout=TIMEOUT_S, headers=headers, trust_env=False)

    def write(self, lines: Sequence[str]) -> str:
        """Store all; returns InfluxDB's complaint about the lines, or nothing.

        Raises Transient when it takes nothing now; points are idempotent, so call again.
        """
        influx = self._influx
        asked = {"org": influx.org, "bucket": influx.bucket, "precision": "ns"}
        body = "\n".join(lines).encode("utf-8", "replace")
        try:
            answer = self._client.post(f"{influx.url}/api/v2/write", params=asked, content=body)
        except httpx.HTTPError as error:
            raise Transient(f"InfluxDB at {influx.url} does not answer: {error!r}") from error
        if answer.is_success:
            return ""
        if answer.status_code in {400, 413, 422}:
            return answer.text[:300]
        raise Transient(f"InfluxDB at {influx.url} answered {answer.status_code}: {answer.text[:200]}")  # fmt: skip

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class CasePoints:
    """The thread that writes points about cases; whoever tells it of changes never waits."""

    def __init__(
        self,
        writer: LineWriter,
        *,
        encoder: CaseEncoder,
        cases: Callable[[int], list[Case]],
        clock: Callable[[], int],
    ) -> None:
        """`cases(closed_after)` returns what is not closed, or was closed since then (ms)."""
        self.counters: Counter[str] = Counter()
        self.waiting_for = ""
        self._writer = writer
        self._encoder = encoder
        self._cases = cases
        self._clock = clock
        self._changes: deque[Change] = deque(maxlen=WAITING_MAX)
        self._moving = threading.Lock()  # held for a moment only, never while something is sent
        self._resync = True  # a start may follow on a crash between a closing and its point
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="case-points", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def told(self, changes: list[Change]) -> None:
        """Take changes from the desk's thread; never waits and never fails."""
        with self._moving:
            lost = len(self._changes) + len(changes) - WAITING_MAX
            if lost > 0:
                self.counters["dropped"] += lost
                self._resync = True
            self._changes.extend(changes)
        self._wake.set()

    def stop(self) -> None:
        """End after the write at hand; what waits is said again at the next start."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)
        self._writer.close()

    def _run(self) -> None:
        delay = RETRY_FIRST_S
        beat_at = 0.0
        while not self._stop.is_set():
            try:
                self._write_changes()
                if time.monotonic() >= beat_at:
                    self._beat()
                    beat_at = time.monotonic() + BEAT_S
            except Exception as error:  # noqa: BLE001 - counted, and tried again
                self._say_away(error)
                self._stop.wait(delay)
                delay = min(delay * 2, RETRY_LAST_S)
                continue
            if self.waiting_for:
                log.info("case_points_back")
                self.waiting_for = ""
            delay = RETRY_FIRST_S
            self._wake.wait(max(0.0, beat_at - time.monotonic()))
            self._wake.clear()

    def _say_away(self, error: Exception) -> None:
        self.counters["retries"] += 1
        if not self.waiting_for:
            log.warning("case_points_waiting", why=str(error))
        self.waiting_for = str(error)

    def _write_changes(self) -> None:
        """Write what waits, oldest first; it leaves the queue once it is stored."""
        while self._changes and not self._stop.is_set():
            with self._moving:
                count = min(len(self._changes), POINTS_A_WRITE)
                taken = [self._changes.popleft() for _ in range(count)]
            try:
                self._write([self._encoder.changed(change) for change in taken], "changes")
            except Exception:
                self._put_back(taken)
                raise

    def _put_back(self, taken: list[Change]) -> None:
        """Let what could not be written wait again, before what came meanwhile; the oldest goes."""
        with self._moving:
            room = WAITING_MAX - len(self._changes)
            lost = max(len(taken) - room, 0)
            if lost:
                self.counters["dropped"] += lost
                self._resync = True
            self._changes.extendleft(reversed(taken[lost:]))

    def _beat(self) -> None:
        """Say every open case again, those closed lately, and that the hub lives."""
        now = self._clock()
        resync, self._resync = self._resync, False
        try:
            found = self._cases(now - (RESYNC_MS if resync else AGAIN_MS))
            lines = [self._encoder.beat(case, now) for case in found]
            lines.append(self._encoder.hub(found, now))
            for first in range(0, len(lines), POINTS_A_WRITE):
                self._write(lines[first : first + POINTS_A_WRITE], "beats")
        except Exception:
            self._resync = self._resync or resync
            raise

    def _write(self, lines: list[str], counter: str) -> None:
        complaint = self._writer.write(lines)
        if complaint:
            # A point that InfluxDB will never take must not hold up the others for ever.
            self.counters["refused"] += len(lines)
            log.error("case_points_refused", points=len(lines), why=complaint)
        else:
            self.counters[counter] += len(lines)
