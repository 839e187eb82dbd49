"""Keeps the text of every rule that was ever in force, for as long as there are cases: the log is shorter."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Engine, select

from .rows import insert_into, record
from .tables import rule_texts, rule_versions


class Limit(msgspec.Struct, frozen=True):
    """A line that a quantity must not cross: the limit itself, or where it counts as normal again."""

    quantity: str
    value: float
    word: str  # above, below, clear_at


class RuleText(msgspec.Struct, frozen=True):
    """A rule as it was written when it had this hash; `in_force` while it still holds."""

    id: str
    hash: str
    file: str
    zh: str
    en: str
    text: str
    logged_at: int
    in_force: bool
    limits: tuple[Limit, ...] = ()


_encoder = msgspec.json.Encoder()
_limits = msgspec.json.Decoder(tuple[Limit, ...])


class RuleRecords:
    """The table of rules' texts; nothing in it is ever changed or removed."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self._reader = reader
        self._writer = writer

    def versions(self) -> set[str]:
        """Return the hashes of the versions whose rules are all here."""
        with self._reader.connect() as connection:
            return set(connection.execute(select(rule_versions.c.hash)).scalars())

    def keep(self, version: str, rules: Iterable[RuleText], *, logged_at: int) -> None:
        """Keep the rules of a version (its hash), logged then (ms); a text that is known stays as it is."""
        with self._writer.begin() as connection:
            for rule in rules:
                row = {name: getattr(rule, name) for name in _PLAIN}
                row["limits"] = _encoder.encode(rule.limits).decode()
                insert = insert_into(self._writer, rule_texts).on_conflict_do_nothing()
                connection.execute(insert, row)
            insert = insert_into(self._writer, rule_versions).on_conflict_do_nothing()
            connection.execute(insert, {"hash": version, "logged_at": logged_at})

    def find(self, rule: str, rule_hash: str) -> RuleText | None:
        """Return a rule as it was when it had that hash, or None."""
        query = select(rule_texts).where(rule_texts.c.id == rule, rule_texts.c.hash == rule_hash)
        with self._reader.connect() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        return record(RuleText, {**row, "limits": _limits.decode(row["limits"]), "in_force": False})


_PLAIN = ("id", "hash", "file", "zh", "en", "text", "logged_at")
