"""The files that `smarthub up` writes: written anew at each start until a person changes them."""

import hashlib
import json
from pathlib import Path

from gateway.durable_file import write_durably
from model.errors import ConfigError

MARKS = "written.json"
HEAD = (
    "# Written by `smarthub up`. What you change here stays: the file is then yours. Remove it, and it"
    " is written anew.\n"
)
_ONCE = "# Written by `smarthub up` at every start"  # its head before people could keep changes


def written_unless_yours(path: Path, text: str) -> bool:
    """Write a file unless a person changed what we wrote last; return whether it was left alone.

    Raises OSError.
    """
    marks_file = path.parent / MARKS
    marks = _marks(marks_file)
    if path.exists():
        found = path.read_bytes()
        old = found.startswith(_ONCE.encode()) and path.name not in marks
        if not old and marks.get(path.name) != _mark(found):
            return True
    content = (HEAD + text).encode()
    # The mark first: a file without its mark would pass for a person's.
    write_durably(marks_file, json.dumps({**marks, path.name: _mark(content)}).encode())
    write_durably(path, content)
    return False


def check_yours(path: Path, said: dict[str, tuple[object, object]]) -> None:
    """Raise ConfigError if a person's file says other than the command line; `said`: (file, option)."""
    for key, (in_file, given) in said.items():
        if in_file != given:
            raise ConfigError(
                f"{key} is {in_file} here, but `smarthub up` was started for {given}; correct the file or"
                " the command, or remove the file and it is written anew",
                file=str(path),
            )


def _marks(path: Path) -> dict[str, str]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _mark(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
