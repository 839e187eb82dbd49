"""The gateway's own secret: the key under which card numbers become codes."""

import secrets
from pathlib import Path

KEY_BYTES = 32


def hmac_key(data: Path) -> bytes:
    """Return the key for card numbers, drawn at first use and kept beside the outbox."""
    path = data / "card.key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()
