"""The gateway's own secret: the key under which card numbers become codes."""

import secrets
from pathlib import Path

from .durable_file import write_durably

KEY_BYTES = 32


def hmac_key(data: Path) -> bytes:
    """Return the key for card numbers, drawn at first use and kept beside the outbox."""
    path = data / "card.key"
    if not path.exists():
        write_durably(path, secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()
