"""Writes and reads rows alike on every database."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import msgspec
from sqlalchemy import Engine, Table
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert

Record = TypeVar("Record")


def insert_into(engine: Engine, table: Table) -> "Insert":
    """Return an INSERT that knows `on_conflict_do_update`, for SQLite or PostgreSQL."""
    return _insert(engine.dialect.name, table)


def _insert(dialect: str, table: Table) -> "Insert":
    if dialect == "postgresql":
        return postgresql.insert(table)
    # Both dialects spell ON CONFLICT alike, in methods of the same names and arguments.
    return sqlite.insert(table)  # type: ignore[return-value]


def put_into(engine: Engine, table: Table) -> "Insert":
    """Return an INSERT that replaces the row with the same primary key."""
    return _put_into(engine.dialect.name, table)


@cache
def _put_into(dialect: str, table: Table) -> "Insert":
    # Made once: building it costs more than running it.
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    new = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=new)


def record(kind: type[Record], row: Mapping[str, object]) -> Record:
    """Return a row as a record; columns that the record does not have are left out."""
    # Column names are a kind of str that msgspec does not take for one.
    return msgspec.convert({str(name): value for name, value in row.items()}, kind)
