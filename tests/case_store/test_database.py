"""The database is brought to its version at start, or the start ends with one clear line."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub.case_store import CaseStore
from hub.case_store.database import VERSION
from hub.case_store.tables import metadata
from model.errors import ConfigError


def test_migrations_build_exactly_the_tables_we_use(any_store: CaseStore) -> None:
    """Whoever changes tables.py without a migration is told here."""
    with any_store._engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_the_version_named_in_the_code_is_the_newest_migration() -> None:
    """A start without Alembic trusts that constant."""
    config = Config()
    config.set_main_option("script_location", "hub.case_store:migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == VERSION


def test_a_newer_database_stops_the_start(tmp_path: Path) -> None:
    """An older program does not write into what it does not know."""
    path = tmp_path / "cases.db"
    CaseStore(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="newer"):
        CaseStore(f"sqlite:///{path}")


def test_a_file_that_is_no_database_stops_the_start_with_one_line(tmp_path: Path) -> None:
    """The message names the fault, without a statement in SQL."""
    path = tmp_path / "cases.db"
    path.write_text("not a database, but long enough to be read as one " * 100)
    with pytest.raises(ConfigError, match="not a database") as caught:
        CaseStore(f"sqlite:///{path}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite://", "oracle+nothing://x", "sqlite:////proc/x/y.db"]
)
def test_a_bad_address_stops_the_start(url: str) -> None:
    """Wrong form, no file, unknown kind, and a folder that cannot be made."""
    with pytest.raises(ConfigError):
        CaseStore(url)


def test_a_database_as_text_in_the_path_may_hold_any_sign(tmp_path: Path) -> None:
    """A percent sign in a folder's name is no placeholder."""
    folder = tmp_path / "100%(home)s 海勃湾"
    store = CaseStore(f"sqlite:///{folder / 'cases.db'}")
    assert store.find() == ([], None)
    store.close()
