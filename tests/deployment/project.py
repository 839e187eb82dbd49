"""A copy of what is deployed, prepared as people prepare it."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]


def project(folder: Path) -> Path:
    """Copy the compose file and its configuration into a folder of their own."""
    copy = folder / "project"
    copy.mkdir()
    shutil.copy(ROOT / "docker-compose.yml", copy)
    (copy / "deploy").mkdir()
    for path in (ROOT / "deploy").iterdir():
        if path.is_file():
            shutil.copy(path, copy / "deploy")
    return copy
