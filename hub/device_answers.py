"""What the hub knows of devices, asked one page, one device or one number at a time."""

import asyncio
from collections.abc import Callable
from collections.abc import Set as AbstractSet

import msgspec

from model.entry import EntryKind, Versioned
from model.errors import HubError
from model.reading import Reading
from rules.views import Census, DeviceView

from .access import Principal
from .desk_reader import DeskReader
from .device_pages import Asked, page_of
from .device_search import Found, Page, Wanted, one, search
from .log.sqlite import SqliteLog
from .registering import Register
from .tap import Tap
from .territory.registry_import import Merge

Json = dict[str, object]
LOOK_S, LOOKS = 0.02, 500  # 10 s in all


class DeviceAnswers:
    """The part of the hub that answers for devices; see `api.services.Services`."""

    desk: DeskReader
    log: SqliteLog
    register: Register

    async def import_devices(self, text: str, *, name: str, by: Principal, apply: bool) -> Merge:
        """Show or make the change of the registry that a CSV of devices is.

        Raises ConfigErrors, Refused, OSError. What was written is in force when this returns.
        """
        if not apply:
            merge = await self.register.preview(text, name=name, by=by)
            heard = self.desk.core.engine.book.devices
            return merge._replace(never_heard=tuple(d for d in merge.added if d not in heard))
        merge = await self.register.apply(text, name=name, by=by)
        written = self.log.end
        for _ in range(LOOKS):
            if self.desk.position >= written:
                return merge
            await asyncio.sleep(LOOK_S)
        raise HubError(
            "written and logged, but the desk is behind and has not taken it up yet; see System"
            " 已写入，规则引擎尚未跟上"
        )

    def registry_logged(self) -> Versioned:
        """Return the newest version of the registry in the log, whether or not it is in force yet."""
        entry = self.log.newest(EntryKind.REGISTRY)
        if entry is None:
            raise HubError("the log holds no version of the registry; restart the hub")
        return msgspec.json.decode(entry.payload, type=Versioned)

    def find_devices(self, wanted: Wanted, sees: Callable[[str], bool]) -> Page:
        """Return a page of devices with their places; for a worker thread."""
        return search(self.desk.core.engine, wanted, sees)

    def device(self, name: str) -> Found | None:
        """Return one device with its place, or None."""
        engine = self.desk.core.engine
        return one(engine, engine.book.registry, name)

    def last_reading(self, name: str) -> Reading | None:
        """Return the newest Reading of a device as it came, or None."""
        row = self.desk.core.engine.book.devices.get(name)
        return row.last if row else None

    def watch(self, name: str) -> Tap:
        """Return a tap of a device's Readings from now on; close it when nobody looks any more."""
        return self.desk.taps.watch(name)

    def last_heard(self) -> dict[str, int]:
        """Return when each device that ever spoke was last heard (ms); builds nothing else."""
        with self.desk.guard:
            rows = self.desk.core.engine.book.devices
            return {name: row.heard_at for name, row in rows.items()}

    def strangers(self, limit: int | None = None, *, offset: int = 0) -> list[DeviceView]:
        """Return the devices that nobody registered, by id, `limit` of them from `offset` on."""
        with self.desk.guard:
            return self.desk.core.engine.unregistered(limit, offset=offset)

    def devices(self, asked: Asked, sees: Callable[[str], bool]) -> tuple[list[Json], str | None]:
        """Return a page of devices by id, and the cursor of the next one."""
        with self.desk.guard:
            engine = self.desk.core.engine
            names, after = page_of(engine.book, asked, sees)
            views = engine.devices(names)
        return [msgspec.to_builtins(view) for view in views], after

    def flagged(self, flags: AbstractSet[str]) -> list[Json]:
        """Return the devices that have one of those flags."""
        with self.desk.guard:
            return [msgspec.to_builtins(view) for view in self.desk.core.engine.flagged(flags)]

    def census(self) -> Census:
        """Return how many devices there are, heard and silent; cheap."""
        with self.desk.guard:
            return self.desk.core.engine.census()
