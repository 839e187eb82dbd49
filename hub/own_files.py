"""The files that `smarthub up` writes: written anew at each start until a person changes them."""

import hashlib
import json
from pathlib import Path

import structlog

from gateway.durable_file import write_durably
from model.errors import ConfigError

MARKS = "written.json"
HEAD = (
    "# Written by `smarthub up`. What you change here stays: the file is then yours. Remove it, and it"
    " is written anew.\n"
)
_UNMARKED = (
    f"It begins like a file of ours, but {MARKS} beside it is gone or does not name it, so it is taken for"
    " a person's; if nobody changed it, remove it"
)
log = structlog.get_logger()
_ONCE = "# Written by `smarthub up` at every start"  # its head before people could keep changes


def written_unless_yours(path: Path, text: str) -> bool:
    """Write a file unless a person changed what we wrote last; return whether it was left alone.

    Raises OSError.
    """
    marks_file = path.parent / MARKS
    marks = _marks(marks_file)
    content = (HEAD + text).encode()
    ours = [_mark(content)]
    if path.exists():
        found = path.read_bytes()
        old = found.startswith(_ONCE.encode()) and path.name not in marks
        if not old and _mark(found) not in marks.get(path.name, ()):
            if _has_no_mark(path):
                log.warning("own_file_without_mark", file=str(path), why=_UNMARKED)
            return True
        ours = list(dict.fromkeys([_mark(found), *ours]))
    # Both marks first: whichever of the two files a power cut leaves, it does not pass for a person's.
    write_durably(marks_file, _written(marks | {path.name: ours}))
    write_durably(path, content)
    write_durably(marks_file, _written(marks | {path.name: ours[-1:]}))
    return False


def check_yours(path: Path, said: dict[str, tuple[object, object]]) -> None:
    """Raise ConfigError if a person's file says other than the command line; `said`: (file, option)."""
    for key, (in_file, given) in said.items():
        if in_file != given:
            raise ConfigError(
                f"{key} is {in_file} here, but `smarthub up` was started for {given}; correct the file or"
                " the command, or remove the file and it is written anew"
                + (f". {_UNMARKED}" if _has_no_mark(path) else ""),
                file=str(path),
            )


def _marks(path: Path) -> dict[str, list[str]]:
    """Return the marks of what we wrote, by file; one file has two while it is being written."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    listed = {name: [mark] if isinstance(mark, str) else mark for name, mark in known.items()}
    return {name: marks for name, marks in listed.items() if isinstance(marks, list)}


def _written(marks: dict[str, list[str]]) -> bytes:
    # One mark as a word: an older version reads it as well.
    return json.dumps({name: m[0] if len(m) == 1 else m for name, m in marks.items()}).encode()


def _has_no_mark(path: Path) -> bool:
    """Whether a file begins as ours do, and what we wrote there is not known any more."""
    known = path.name in _marks(path.parent / MARKS)
    return not known and path.read_bytes().startswith(HEAD.encode())


def _mark(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
