"""Evidence is less than alarms: a hub whose evidence folder cannot be used starts without it."""

import asyncio
from pathlib import Path

from hub.config import load
from hub.installation import Installation, Ports
from hub.service import Hub


async def test_a_hub_starts_without_its_evidence_folder_and_takes_it_up_when_it_can(
    tmp_path: Path,
) -> None:
    """`/readyz` says where the folder is and what is wrong; nobody has to start the hub again."""
    files = Installation(tmp_path).write_files(Ports(1, 2, 3), registry=None, mode="real")
    file = load(files[1])
    blocked = file.data / "evidence"
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("not a folder")
    hub = Hub(file)
    try:
        moving = asyncio.create_task(hub.evidence.run())
        try:
            async with asyncio.timeout(20):
                while str(blocked) not in hub.evidence.state():
                    await asyncio.sleep(0.05)
                blocked.unlink()
                while str(blocked) in hub.evidence.state():
                    await asyncio.sleep(0.05)
        finally:
            moving.cancel()
            await asyncio.gather(moving, return_exceptions=True)
        assert (blocked / "incoming").is_dir()
    finally:
        hub.close()
