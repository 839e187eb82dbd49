"""One deployment for all tests that look at it running."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from .running import Deployed, deployment


@pytest.fixture(scope="session")
def deployed() -> Iterator[Deployed]:
    """Run everything that compose runs but Grafana."""
    # Not pytest's folder: the broker's user must be able to reach it, and each other run of pytest
    # shuts that one again.
    folder = Path(mkdtemp(prefix="smarthub-deployed-"))
    folder.chmod(0o755)
    try:
        with deployment(folder) as found:
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)
