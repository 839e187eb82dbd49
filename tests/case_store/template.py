"""New stores quickly: the migrations run once, every test gets a copy of the file."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.case_store import CaseStore


def empty_database(factory: pytest.TempPathFactory) -> Path:
    """Build an empty database of the newest version and return its file."""
    path = factory.mktemp("empty") / "cases.db"
    CaseStore(f"sqlite:///{path}").close()
    return path


@contextmanager
def copied_store(template: Path, folder: Path) -> Iterator[CaseStore]:
    """Open a store on a copy of the template."""
    path = folder / "cases.db"
    shutil.copy(template, path)
    store = CaseStore(f"sqlite:///{path}", site="home")
    yield store
    store.close()
