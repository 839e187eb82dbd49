"""Opens the case database so that what was committed is on disk, and brings it to its version."""

from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from model.errors import ConfigError, HubError

VERSION = "0005"
"""The newest version under migrations/versions; a test holds the two together."""

BUSY_S = 30  # how long a writer waits for another one before it gives up


def open_database(url: str) -> Engine:
    """Return an engine on an up-to-date database; raises ConfigError for a bad URL or a newer file.

    SQLite gets WAL, `synchronous=FULL` and foreign keys; PostgreSQL is taken as it is configured.
    """
    try:
        parsed = make_url(url)
        engine = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _server(parsed)
    except (ArgumentError, NoSuchModuleError, ImportError, OSError, ValueError) as error:
        raise ConfigError(f"cannot use the case database: {error}", key="database") from error
    try:
        _upgrade(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        # The error's own text repeats the statement; the driver's says what is wrong.
        reason = getattr(error, "orig", None) or error
        raise ConfigError(f"cannot open the case database: {reason}", key="database") from error
    except HubError:
        engine.dispose()
        raise
    return engine


def with_password(url: str, password: str) -> str:
    """Return the address with a password that did not stand in it; raises ConfigError."""
    if not password:
        return url
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(f"cannot use the case database: {error}", key="cases_url") from error
    if parsed.password is not None:
        message = "holds a password, and cases_password_file or _env gives another; remove one"
        raise ConfigError(message, key="cases_url")
    return parsed.set(password=password).render_as_string(hide_password=False)


def _server(url: URL) -> Engine:
    return create_engine(url, pool_pre_ping=True, pool_size=8)


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        message = "SQLite needs a file: a database in memory would lose cases"
        raise ConfigError(message, key="database")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_S}, pool_size=8)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: SqliteConnection, _record: object) -> None:
    # The driver's own transactions begin too late to be atomic with what was read before.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    # A writer takes its turn at BEGIN; one that reads first could be refused at its first write.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _upgrade(engine: Engine) -> None:
    """Run the missing migrations in one transaction."""
    with engine.execution_options(writes=True).begin() as connection:
        found = _version(connection)
        if found == VERSION:
            return
        if found > VERSION:
            message = (
                f"the case database is of version {found}, newer than this program's {VERSION}"
            )
            raise ConfigError(message, key="database")
        # Alembic costs 10 MB of memory, which a hub that is up to date need not spend.
        from alembic import command  # noqa: PLC0415 - see above
        from alembic.config import Config  # noqa: PLC0415 - see above

        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "hub.case_store:migrations")
        config.set_main_option("path_separator", "os")
        command.upgrade(config, "head")


def _version(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found or "")
