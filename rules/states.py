"""What a rule remembers, one row for every subject, so that a restart forgets nothing."""

from typing import Generic, TypeVar

import msgspec

Row = TypeVar("Row", bound=msgspec.Struct)

_encoder = msgspec.msgpack.Encoder()


class StateTable(Generic[Row]):
    """Rows by subject; `changed` names those that changed since the last snapshot."""

    def __init__(self, shape: type[Row]) -> None:
        self.rows: dict[str, Row] = {}
        self.changed: set[str] = set()
        self._decoder = msgspec.msgpack.Decoder(shape)

    def put(self, subject: str, row: Row) -> None:
        """Keep a row, or mark one that was changed in place."""
        self.rows[subject] = row
        self.changed.add(subject)

    def drop(self, subject: str) -> None:
        """Forget a subject."""
        if self.rows.pop(subject, None) is not None:
            self.changed.add(subject)

    def snapshot(self) -> dict[str, bytes]:
        """Return the rows that changed since the last call; empty bytes mean that it is gone."""
        changed, self.changed = self.changed, set()
        rows = self.rows
        return {
            subject: _encoder.encode(rows[subject]) if subject in rows else b""
            for subject in sorted(changed)
        }

    def restore(self, subject: str, state: bytes) -> None:
        """Put a row back as it was; raises msgspec.DecodeError on bytes of another shape."""
        if state:
            self.rows[subject] = self._decoder.decode(state)
        else:
            self.rows.pop(subject, None)
