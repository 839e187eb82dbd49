"""Takes new devices into the registry of a running hub: checked, written, logged, in that order."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from model.entry import Draft, EntryKind, Versioned
from model.errors import Refused

from .access import Principal
from .documents import versioned
from .intake import HubIntake
from .territory.registry_export import write_whole
from .territory.registry_files import read_documents
from .territory.registry_import import DEVICES_CSV, Merge, merge_devices

log = structlog.get_logger()


class Register:
    """The registry folder and the log; one import at a time."""

    def __init__(
        self, folder: Path | None, intake: HubIntake, logged: Callable[[], Versioned]
    ) -> None:
        """Take the folder that the hub reads at its start, and what tells the newest version logged."""
        self._folder = folder
        self._intake = intake
        self._logged = logged
        self._one = asyncio.Lock()

    async def preview(self, text: str, *, name: str, by: Principal) -> Merge:
        """Return what an import would change; raises ConfigErrors with file, line and column.

        Raises Refused when the folder was edited by hand meanwhile.
        """
        version = await asyncio.to_thread(self._version)
        return await _merged(version, text, name=name, by=by)

    async def apply(self, text: str, *, name: str, by: Principal) -> Merge:
        """Write and log the new registry; engines take it up with its entry, and so does a replay.

        Raises ConfigErrors, Refused when this hub has no registry folder or it was edited by hand,
        OSError when folder or log cannot be written; then nothing is changed.
        """
        if self._folder is None:
            raise Refused(
                "this hub has no registry folder: set `registry` in its file, or it would forget"
                " the devices at its next start 未配置 registry 目录"
            )
        async with self._one:
            # Read here, not before: another import may have been logged while this one waited.
            version = await asyncio.to_thread(self._version)
            merge = await _merged(version, text, name=name, by=by)
            if not merge.added and not merge.changed:
                return merge
            path = self._folder / DEVICES_CSV
            await asyncio.to_thread(write_whole, path, merge.devices_csv)
            new = versioned({**version.documents, DEVICES_CSV: merge.devices_csv})
            try:
                await self._intake.append(Draft(EntryKind.REGISTRY, msgspec.json.encode(new)))
            except OSError:
                # Else the next import would take our own text for an edit by hand.
                await asyncio.to_thread(_put_back, path, version.documents.get(DEVICES_CSV))
                raise
            log.info(
                "devices_registered",
                added=len(merge.added),
                changed=len(merge.changed),
                by=by.name,
            )
            return merge

    def _version(self) -> Versioned:
        """Return the newest version logged; raises Refused when the folder no longer says the same."""
        version = self._logged()
        if self._folder is None:
            return version
        found = read_documents(self._folder)
        edited = [
            file
            for file in sorted(found.keys() | version.documents.keys())
            if found.get(file) != version.documents.get(file)
        ]
        if edited:
            files = ", ".join(edited)
            raise Refused(
                f"{files} in {self._folder} changed since this hub read it; nothing was written."
                " Restart the hub, so that it takes the change up, or undo it; then import again"
                f" 登记文件 {files} 在启动后被修改：请重启或撤销修改后再导入"
            )
        return version


async def _merged(version: Versioned, text: str, *, name: str, by: Principal) -> Merge:
    return await asyncio.to_thread(merge_devices, version.documents, text, name=name, sees=by.sees)


def _put_back(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink(missing_ok=True)
    else:
        write_whole(path, text)
