"""A message that cannot be understood, made into a Reading so that the hub can keep it."""

from typing import NamedTuple

from model.reading import Reading

DEAD_LETTER_BYTES = 2048


class Rejected(NamedTuple):
    """Who sent what, and why it cannot be understood."""

    source: str
    reason: str
    payload: bytes
    detail: str


def letter_of(rejected: Rejected, *, gateway: str, at: int) -> Reading:
    """Return the Reading of kind `dead_letter`; `at` in ms, the payload as hex, cut to 2 KiB."""
    return Reading(
        device=f"gateway:{gateway}",
        kind="dead_letter",
        received_at=at,
        values={
            "source": rejected.source[:200],
            "reason": rejected.reason,
            "detail": rejected.detail[:500],
            "payload": rejected.payload[:DEAD_LETTER_BYTES].hex(),
        },
    )
