"""A case store of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.case_store import CaseStore
from tests.case_store.template import copied_store, empty_database


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, built once."""
    return empty_database(tmp_path_factory)


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Iterator[CaseStore]:
    """Open a new store on SQLite."""
    with copied_store(template, tmp_path) as opened:
        yield opened
