"""Looks up the cases that a live hub had, beside its log; never writes."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from model.case import Case

FILE = "cases.db"


def live_cases(log: Path) -> Callable[[str], Case | None]:
    """Return what finds a case by its id in the database beside a log; none there, none found."""
    path = log.parent / FILE
    decoder = msgspec.json.Decoder(Case)

    def found(case: str) -> Case | None:
        if not path.is_file():
            return None
        uri = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as db:
            row = db.execute("SELECT doc FROM cases WHERE id=?", (case,)).fetchone()
        return decoder.decode(row[0]) if row else None

    return found
