"""Secrets: those that a file or the environment gives, and the gateway's own key for card numbers."""

import os
import secrets
from pathlib import Path

from model.errors import ConfigError

from .durable_file import write_durably

KEY_BYTES = 32


def hmac_key(data: Path) -> bytes:
    """Return the key for card numbers, drawn at first use and kept beside the outbox."""
    path = data / "card.key"
    if not path.exists():
        write_durably(path, secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()


def given_secret(*, env: str, file: Path | None, key: str) -> str:
    """Return the secret that a variable or a file holds, or "" when neither is named.

    `key` is the setting without its ending (`readings.token` for `token_env` and `token_file`).
    Raises ConfigError when the secret is not there.
    """
    what = key.rpartition(".")[2].replace("_", " ")
    if env:
        value = os.environ.get(env)
        if value is None:
            raise ConfigError(f"set the environment variable {env}", key=f"{key}_env")
        return value
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        message = f"the {what} file {file} cannot be read: {error.strerror}"
        raise ConfigError(message, key=f"{key}_file") from error
