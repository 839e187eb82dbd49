"""Finds the facts that are shared beside the project and are never committed."""

import os
from pathlib import Path

import pytest


def shared(path: str) -> Path:
    """Return a file of the shared data; skip loudly without it, fail without it in CI."""
    root = Path(os.environ.get("SMARTHUB_SHARED", Path(__file__).parents[2] / "shared"))
    found = root / path
    if not found.exists():
        message = f"shared data not found: {found} (set SMARTHUB_SHARED)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found
