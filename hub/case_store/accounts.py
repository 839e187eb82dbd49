"""Keeps who may use the hub: users and tokens, never a password or a token itself."""

import msgspec
from sqlalchemy import Connection, Engine, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from model.errors import Refused

from .rows import record
from .tables import account_changes, tokens, users

ADMINISTRATOR = "administrator"
CHANGES_MAX = 100_000  # lines of the audit that are kept; our assumption: years


class Token(msgspec.Struct, frozen=True):
    """What is kept of a token: its SHA-256 in hex, what it may do, and until when (ms)."""

    id: str
    name: str
    role: str
    grid: str
    digest: str
    created_at: int
    expires_at: int | None = None


class User(msgspec.Struct, frozen=True):
    """A person who signs in with a password; `locked_until` (ms) follows failed attempts."""

    name: str
    role: str
    grid: str
    password_hash: str
    failures: int = 0
    locked_until: int = 0


class AccountChange(msgspec.Struct, frozen=True):
    """One line of the audit: when (ms), who did what to whose account."""

    at: int
    actor: str
    what: str  # user_added, …, password_drawn, …, token_added, …
    whom: str
    detail: str = ""
    id: int = 0


class Accounts:
    """The tables of users and tokens; what they allow is decided in `hub.access`."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self._reader = reader
        self._writer = writer

    def user(self, name: str) -> User | None:
        """Return a user, or None."""
        with self._reader.connect() as connection:
            row = connection.execute(select(users).where(users.c.name == name)).mappings().first()
        return None if row is None else record(User, dict(row))

    def has_users(self) -> bool:
        """Return whether anybody can sign in at all."""
        with self._reader.connect() as connection:
            return connection.execute(select(users.c.name).limit(1)).first() is not None

    def users(self) -> list[User]:
        """Return everybody who signs in with a password, by name."""
        query = select(users).order_by(users.c.name)
        with self._reader.connect() as connection:
            return [record(User, dict(row)) for row in connection.execute(query).mappings()]

    def add_user(self, user: User, change: AccountChange | None = None) -> None:
        """Add a user; raises Refused when the name is taken."""
        try:
            with self._writer.begin() as connection:
                connection.execute(insert(users).values(msgspec.structs.asdict(user)))
                _note(connection, change)
        except IntegrityError as error:
            raise Refused(f"user {user.name} exists already") from error

    def change_user(self, name: str, change: AccountChange, *, role: str, grid: str) -> None:
        """Give a user another role and territory, and end what it is signed in with.

        Raises LookupError, and Refused for the last administrator.
        """
        with self._writer.begin() as connection:
            if role != ADMINISTRATOR:
                _keep_an_administrator(connection, name)
            query = update(users).where(users.c.name == name).values(role=role, grid=grid)
            if not connection.execute(query).rowcount:
                raise LookupError(f"no user {name}")
            connection.execute(delete(tokens).where(tokens.c.name == name))
            _note(connection, change)

    def remove_user(self, name: str, change: AccountChange) -> None:
        """Remove a user with all tokens of that name; raises LookupError, Refused for the last administrator."""
        with self._writer.begin() as connection:
            _keep_an_administrator(connection, name)
            if not connection.execute(delete(users).where(users.c.name == name)).rowcount:
                raise LookupError(f"no user {name}")
            connection.execute(delete(tokens).where(tokens.c.name == name))
            _note(connection, change)

    def set_password(
        self, name: str, password_hash: str, change: AccountChange, *, keep: str = ""
    ) -> None:
        """Replace a password, forget failed attempts and end sessions; raises LookupError.

        `keep` is the digest of the one token that goes on: that of the person who changes it.
        """
        values = {"password_hash": password_hash, "failures": 0, "locked_until": 0}
        with self._writer.begin() as connection:
            query = update(users).where(users.c.name == name).values(values)
            if not connection.execute(query).rowcount:
                raise LookupError(f"no user {name}")
            connection.execute(delete(tokens).where(tokens.c.name == name, tokens.c.digest != keep))
            _note(connection, change)

    def note(self, change: AccountChange) -> None:
        """Keep a line of the audit for something that changes no account."""
        with self._writer.begin() as connection:
            _note(connection, change)

    def changes(self, limit: int) -> list[AccountChange]:
        """Return the newest changes of accounts, newest first."""
        query = select(account_changes).order_by(account_changes.c.id.desc()).limit(limit)
        with self._reader.connect() as connection:
            rows = connection.execute(query).mappings()
            return [record(AccountChange, dict(row)) for row in rows]

    def set_failures(self, name: str, *, failures: int, locked_until: int) -> None:
        """Remember failed attempts; raises LookupError."""
        values = {"failures": failures, "locked_until": locked_until}
        with self._writer.begin() as connection:
            query = update(users).where(users.c.name == name).values(values)
            if not connection.execute(query).rowcount:
                raise LookupError(f"no user {name}")

    def add_token(
        self, token: Token, change: AccountChange | None = None, *, of: User | None = None
    ) -> None:
        """Add a token and forget the expired ones.

        With `of` only while that user is as it was; raises Refused, and then nobody signs in who
        was removed meanwhile.
        """
        with self._writer.begin() as connection:
            if of is not None:
                _same(connection, of)
            connection.execute(delete(tokens).where(tokens.c.expires_at <= token.created_at))
            connection.execute(insert(tokens).values(msgspec.structs.asdict(token)))
            _note(connection, change)

    def token(self, digest: str, *, now: int) -> Token | None:
        """Return the token with that SHA-256, unless it has expired."""
        valid = or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now)
        query = select(tokens).where(tokens.c.digest == digest, valid)
        with self._reader.connect() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else record(Token, dict(row))

    def tokens(self) -> list[Token]:
        """Return every token, oldest first."""
        query = select(tokens).order_by(tokens.c.created_at, tokens.c.id)
        with self._reader.connect() as connection:
            return [record(Token, dict(row)) for row in connection.execute(query).mappings()]

    def remove_token(self, token: str, change: AccountChange | None = None) -> None:
        """Withdraw a token by its id; raises LookupError."""
        with self._writer.begin() as connection:
            whose = select(tokens.c.name).where(tokens.c.id == token)
            name = connection.execute(whose).scalar()
            if name is None:
                raise LookupError(f"no token {token}")
            connection.execute(delete(tokens).where(tokens.c.id == token))
            if change is not None:
                _note(connection, msgspec.structs.replace(change, whom=name))


def _keep_an_administrator(connection: Connection, name: str) -> None:
    """Refuse what would leave nobody who can add users."""
    # Locked on PostgreSQL, so that two administrators cannot remove each other at once; on SQLite
    # a writer is alone anyway.
    query = select(users.c.name).where(users.c.role == ADMINISTRATOR).with_for_update()
    administrators = set(connection.execute(query).scalars())
    if administrators == {name}:
        raise Refused(f"{name} is the last administrator; make somebody else one first")


def _same(connection: Connection, user: User) -> None:
    same = (
        users.c.name == user.name, users.c.role == user.role, users.c.grid == user.grid,
        users.c.password_hash == user.password_hash,
    )  # fmt: skip
    query = select(users.c.name).where(*same).with_for_update()
    if connection.execute(query).first() is None:
        raise Refused(f"user {user.name} was changed meanwhile")


def _note(connection: Connection, change: AccountChange | None) -> None:
    """Keep a line of the audit, and only the newest of very many."""
    if change is None:
        return
    values = msgspec.structs.asdict(change)
    del values["id"]
    connection.execute(insert(account_changes).values(values))
    ids = select(account_changes.c.id).order_by(account_changes.c.id.desc())
    over = connection.execute(ids.offset(CHANGES_MAX).limit(1)).scalar()
    if over is not None:
        connection.execute(delete(account_changes).where(account_changes.c.id <= over))
