"""A case store of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.case_store import CaseStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    """Open a new store on SQLite."""
    opened = CaseStore(f"sqlite:///{tmp_path / 'cases.db'}", site="home")
    yield opened
    opened.close()
