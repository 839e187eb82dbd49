"""Writes the configuration with which Mosquitto serves smarthub: users, rights, limits.

Mosquitto's own defaults keep 1,000 messages for an absent subscriber and forget the rest without a
word, and save to disk every half hour; both are changed here. What it acknowledged is still not
durable (a power cut loses what came since the last save): a Reading is durable in the outbox.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from pathlib import Path

from gateway.durable_file import write_durably

from .broker import MAX_PAYLOAD, BrokerUser

ITERATIONS = 10_000


def write_mosquitto(
    folder: Path,
    *,
    host: str,
    port: int,
    users: Sequence[BrokerUser],
    seen: tuple[str, str] | None = None,
) -> Path:
    """Write mosquitto.conf, its users and its rights into `folder`; return the first.

    `seen` is where the broker itself finds this folder and its store, when it runs elsewhere (in a
    container); relative paths count from the broker's working folder.
    """
    here, store = seen or (str(folder), str(folder / "store"))
    (folder if seen else folder / "store").mkdir(parents=True, exist_ok=True)
    passwords = "".join(f"{u.name}:{_hashed(u.password)}\n" for u in users)
    write_durably(folder / "passwords", passwords.encode())
    write_durably(folder / "rights", "\n".join(_rights(user) for user in users).encode())
    path = folder / "mosquitto.conf"
    write_durably(
        path,
        f"""# Written by smarthub. No anonymous access; every gateway writes its own topics only.
listener {port} {host}
allow_anonymous false
password_file {here}/passwords
acl_file {here}/rights
persistence true
persistence_location {store}/
autosave_interval 10
max_queued_messages 0
max_inflight_messages 2000
max_packet_size {MAX_PAYLOAD}
persistent_client_expiration 14d
log_type error
log_type warning
log_dest stderr
""".encode(),
    )
    return path


def _rights(user: BrokerUser) -> str:
    lines = [f"user {user.name}"]
    lines += [f"topic write {topic}" for topic in user.publish]
    lines += [f"topic read {topic}" for topic in user.subscribe]
    return "\n".join(lines) + "\n"


def _hashed(password: str) -> str:
    """Hash as mosquitto_passwd does: PBKDF2 with SHA-512, `$7$iterations$salt$hash`."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    parts = (base64.b64encode(part).decode() for part in (salt, digest))
    return f"$7${ITERATIONS}${'$'.join(parts)}"
