"""The API over a small hub, and tokens of every kind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from hub.access import Access, Role
from hub.api.app import create_app
from tests.case_store.template import copied_store, empty_database

from .client import Client
from .small_hub import SmallHub

WithRole = Callable[[Role, str, str], Client]

MASTER = "master-secret"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, built once."""
    return empty_database(tmp_path_factory)


@pytest.fixture
def hub(template: Path, tmp_path: Path) -> Iterator[SmallHub]:
    """Open a small hub on a store of its own."""
    with copied_store(template, tmp_path) as store:
        yield SmallHub(store)


@pytest.fixture
def app(hub: SmallHub) -> FastAPI:
    """The app as the hub serves it."""
    return create_app(hub, master_token=MASTER)


@pytest.fixture
def as_token(app: FastAPI) -> Callable[[str], Client]:
    """Return a function that makes a client with a given token."""

    def client(token: str) -> Client:
        return Client(app, token)

    return client


@pytest.fixture
def admin(as_token: Callable[[str], Client]) -> Client:
    """A client with the environment's token."""
    return as_token(MASTER)


@pytest.fixture
def with_role(app: FastAPI, as_token: Callable[[str], Client]) -> WithRole:
    """Return a function that makes a client with a new token of (role, grid, name)."""
    access: Access = app.state.access

    def client(role: Role, grid: str, name: str) -> Client:
        return as_token(access.create_token(name, role, grid=grid)[1])

    return client
