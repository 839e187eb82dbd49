"""Takes new devices into the registry of a running hub: checked, written, logged, in that order."""

import asyncio
from pathlib import Path

import msgspec
import structlog

from model.entry import Draft, EntryKind, Versioned
from model.errors import Refused

from .documents import versioned
from .intake import HubIntake
from .territory.registry_export import write_whole
from .territory.registry_import import DEVICES_CSV, Merge, merge_devices

log = structlog.get_logger()


class Register:
    """The registry folder and the log; one import at a time."""

    def __init__(self, folder: Path | None, intake: HubIntake) -> None:
        """Take the folder that the hub reads at its start, if there is one."""
        self._folder = folder
        self._intake = intake
        self._one = asyncio.Lock()

    async def preview(self, version: Versioned, text: str, *, name: str) -> Merge:
        """Return what an import would change; raises ConfigErrors with file, line and column."""
        return await asyncio.to_thread(merge_devices, version.documents, text, name=name)

    async def apply(self, version: Versioned, text: str, *, name: str, actor: str) -> Merge:
        """Write and log the new registry; engines take it up with its entry, and so does a replay.

        Raises ConfigErrors, Refused when this hub has no registry folder, OSError.
        """
        if self._folder is None:
            raise Refused(
                "this hub has no registry folder: set `registry` in its file, or it would forget"
                " the devices at its next start 未配置 registry 目录"
            )
        async with self._one:
            merge = await self.preview(version, text, name=name)
            if not merge.added and not merge.changed:
                return merge
            await asyncio.to_thread(write_whole, self._folder / DEVICES_CSV, merge.devices_csv)
            new = versioned({**version.documents, DEVICES_CSV: merge.devices_csv})
            await self._intake.append(Draft(EntryKind.REGISTRY, msgspec.json.encode(new)))
            log.info(
                "devices_registered", added=len(merge.added), changed=len(merge.changed), by=actor
            )
            return merge
