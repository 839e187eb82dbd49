"""Finds frames in whatever way the network glued, split or dirtied the bytes.

Frames are cut by their length field, never by looking for `##`: a body may hold `##`. Whatever
fails is searched again from its second byte, so a damaged frame never takes a good one with it.
"""

from .frame import FRAME_MAX, START, Denied, Frame, frame_at, header_at, judge

Piece = Frame | Denied


class Framer:
    """Turns the bytes of one connection into frames and denials; holds under 2 KiB between calls.

    The same bytes give the same pieces, however they are split. One damage is one denial: what
    fails inside the extent of a denied frame, and the stray bytes behind it, are not said again.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._position = 0  # of buffer[0] in the stream
        self._junk = bytearray()  # stray bytes not yet reported
        self._damage_end = 0  # candidates that start before it fail without a word of their own
        self._sealed = False  # the damage ends with ##: nothing inside it waits for bytes behind it
        self._quiet_end = 0  # stray bytes before it belong to the last denial

    @property
    def pending(self) -> int | None:
        """The place in the stream where an unfinished frame starts, or None when none waits."""
        return self._position if self._buffer.startswith(START) else None

    def feed(self, data: bytes) -> list[Piece]:
        """Take the next bytes of the stream; return what is complete."""
        self._buffer += data
        return self._cut(0)

    def expire(self) -> list[Piece]:
        """Give up the unfinished frame and search the bytes that it held.

        A false start, or a device that stopped half-way, may claim up to 1 KiB of what follows;
        the owner of the clock calls this before the device's own time-out (10 s, clause 6.5.4).
        """
        if self.pending is None:
            return []
        pieces: list[Piece] = []
        if self._position >= self._damage_end:
            pieces.append(Denied("incomplete", bytes(self._buffer), header_at(self._buffer, 0)))
            self._damage(size=len(self._buffer), sealed=False)
        return pieces + self._cut(1)

    def finish(self) -> list[Piece]:
        """Take the end of the stream: return what good frames are left, and the rest as denied."""
        pieces: list[Piece] = []
        while self.pending is not None:
            pieces += self.expire()
        self._stray(bytes(self._buffer), self._position, pieces)
        self._position += len(self._buffer)
        self._buffer.clear()
        self._report(pieces)
        return pieces

    def _cut(self, at: int) -> list[Piece]:
        pieces: list[Piece] = []
        buffer = self._buffer
        origin = self._position
        if at:
            self._stray(buffer[:at], origin, pieces)
        while True:
            start = buffer.find(START, at)
            if start < 0:
                # A last "@" may be the first half of a start.
                stop = len(buffer) - (buffer[at:].endswith(START[:1]))
                self._stray(buffer[at:stop], origin + at, pieces)
                at = stop
                break
            self._stray(buffer[at:start], origin + at, pieces)
            self._report(pieces)
            self._position = origin + start
            size = self._try(start, pieces)
            if size == 0:
                at = start
                break
            if size == 1:  # failed: its first byte is stray, the next ones may start a frame
                self._stray(buffer[start : start + 1], self._position, pieces)
            at = start + size
        del buffer[:at]
        self._position = origin + at
        return pieces

    def _try(self, start: int, pieces: list[Piece]) -> int:
        """Judge the candidate at `start`; return the bytes it uses up, 0 to wait for more."""
        inside = self._position < self._damage_end
        verdict = judge(self._buffer, start)
        if verdict is None:
            return 1 if inside and self._sealed else 0
        reason, size = verdict
        if inside and self._sealed and self._position + size > self._damage_end:
            return 1
        if not reason:
            pieces.append(frame_at(self._buffer, start, size))
            self._quiet_end = self._position + size
            return size
        if inside:
            return 1
        raw = bytes(self._buffer[start : start + size])
        pieces.append(Denied(reason, raw, header_at(self._buffer, start)))
        whole = reason == "unknown_command"  # end and sum are right: a frame, though not for us
        self._damage(size=size, sealed=whole or reason == "bad_checksum")
        return size if whole else 1

    def _damage(self, *, size: int, sealed: bool) -> None:
        self._damage_end = self._position + size
        self._sealed = sealed
        self._quiet_end = self._position + FRAME_MAX

    def _stray(self, data: bytes | bytearray, position: int, pieces: list[Piece]) -> None:
        """Collect bytes outside any frame, except those that belong to the last denial."""
        self._junk += data[max(0, self._quiet_end - position) :]
        while len(self._junk) >= FRAME_MAX:
            pieces.append(Denied("garbage", bytes(self._junk[:FRAME_MAX])))
            del self._junk[:FRAME_MAX]

    def _report(self, pieces: list[Piece]) -> None:
        if self._junk:
            pieces.append(Denied("garbage", bytes(self._junk)))
            self._junk.clear()
