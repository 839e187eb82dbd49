"""Keeps who may use the hub: users and tokens, never a password or a token itself."""

import msgspec
from sqlalchemy import Engine, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from model.errors import Refused

from .rows import record
from .tables import tokens, users


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

    def add_user(self, user: User) -> None:
        """Add a user; raises Refused when the name is taken."""
        try:
            with self._writer.begin() as connection:
                connection.execute(insert(users).values(msgspec.structs.asdict(user)))
        except IntegrityError as error:
            raise Refused(f"user {user.name} exists already") from error

    def set_password(self, name: str, password_hash: str) -> None:
        """Replace a password and forget failed attempts; raises LookupError."""
        self._change_user(name, password_hash=password_hash, failures=0, locked_until=0)

    def set_failures(self, name: str, *, failures: int, locked_until: int) -> None:
        """Remember failed attempts; raises LookupError."""
        self._change_user(name, failures=failures, locked_until=locked_until)

    def _change_user(self, name: str, **values: str | int) -> None:
        with self._writer.begin() as connection:
            changed = connection.execute(update(users).where(users.c.name == name).values(values))
        if not changed.rowcount:
            raise LookupError(f"no user {name}")

    def add_token(self, token: Token) -> None:
        """Add a token and forget the expired ones."""
        with self._writer.begin() as connection:
            connection.execute(delete(tokens).where(tokens.c.expires_at <= token.created_at))
            connection.execute(insert(tokens).values(msgspec.structs.asdict(token)))

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

    def remove_token(self, token: str) -> None:
        """Withdraw a token by its id; raises LookupError."""
        with self._writer.begin() as connection:
            gone = connection.execute(delete(tokens).where(tokens.c.id == token))
        if not gone.rowcount:
            raise LookupError(f"no token {token}")
