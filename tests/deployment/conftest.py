"""One deployment for all tests that look at it running."""

from collections.abc import Iterator

import pytest

from .running import Deployed, deployment


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Run everything that compose runs but Grafana."""
    with deployment(tmp_path_factory.mktemp("deployed")) as found:
        yield found
