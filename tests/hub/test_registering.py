"""Registering devices in a running hub: checked, written for the next start, logged for the engines."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from hub.access import Principal, Role
from hub.documents import versioned
from hub.log.sqlite import SqliteLog
from hub.registering import Register
from hub.territory.demo_territory import demo_documents
from hub.territory.registry_files import load_registry, read_documents
from model.entry import Draft, EntryKind, Versioned
from model.errors import Refused
from model.yamlfile import ConfigErrors

from .test_intake import World, intake_on

DOCUMENTS = demo_documents(detectors=5, panels=1, doors=1)
REGISTRY = load_registry(DOCUMENTS)
NEW = "id,kind,building,room\nnb-new,smoke_detector,hbw-01-b1,301室\n"
WANG = Principal("wang", Role.MAINTENANCE)


class Site:
    """A registry folder, a log that holds the same, and who registers."""

    def __init__(self, folder: Path, log: SqliteLog, register: Register) -> None:
        self.folder, self.log, self.register = folder, log, register

    def logged(self) -> Versioned:
        """Return the newest version in the log."""
        return newest(self.log)

    def devices(self) -> set[str]:
        """Return the devices of the newest version in the log."""
        return set(load_registry(self.logged().documents).devices)

    async def apply(self, text: str, *, name: str = "new.csv", by: Principal = WANG) -> object:
        """Import a list."""
        return await self.register.apply(text, name=name, by=by)


def newest(log: SqliteLog) -> Versioned:
    """Return the newest version of the registry in a log."""
    entry = log.newest(EntryKind.REGISTRY)
    assert entry is not None
    return msgspec.json.decode(entry.payload, type=Versioned)


@asynccontextmanager
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Start a hub's register as its start leaves it: folder and log agree."""
    folder = tmp_path / "registry"
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    log = SqliteLog(tmp_path / "log")
    first = versioned(read_documents(folder))
    log.append([Draft(EntryKind.REGISTRY, msgspec.json.encode(first))], 0)
    async with intake_on(log, World()) as intake:
        yield Site(folder, log, Register(folder, intake, lambda: newest(log)))


async def test_a_device_is_written_and_logged_and_nobody_is_lost(tmp_path: Path) -> None:
    """The folder and the log hold the same registry afterwards."""
    async with site(tmp_path) as here:
        merge = await here.register.apply(NEW, name="new.csv", by=WANG)
        assert merge.added == ("nb-new",)
        assert here.logged().hash == versioned(read_documents(here.folder)).hash
        after = load_registry(here.logged().documents)
        assert after.devices.keys() == REGISTRY.devices.keys() | {"nb-new"}
        assert after.devices["nb-new"].room == "301室"


async def test_two_imports_at_once_lose_nobody(tmp_path: Path) -> None:
    """Each is merged into what the one before it left, however close together they come."""
    async with site(tmp_path) as here:
        lists = [NEW.replace("nb-new", f"nb-new-{n}") for n in range(4)]
        await asyncio.gather(*(here.apply(text) for text in lists))
        new = {f"nb-new-{n}" for n in range(4)}
        assert here.devices() == REGISTRY.devices.keys() | new
        assert load_registry(read_documents(here.folder)).devices.keys() == here.devices()


async def test_an_edit_by_hand_is_never_overwritten(tmp_path: Path) -> None:
    """It is refused, already in the preview, with the file, the folder and the remedy."""
    async with site(tmp_path) as here:
        path = here.folder / "devices.csv"
        by_hand = path.read_text(encoding="utf-8").replace("smoke_detector", "heat_detector", 1)
        path.write_text(by_hand, encoding="utf-8")
        with pytest.raises(Refused, match=rf"devices\.csv in {here.folder} changed.*Restart"):
            await here.register.preview(NEW, name="new.csv", by=WANG)
        with pytest.raises(Refused, match="nothing was written"):
            await here.apply(NEW)
        assert path.read_text(encoding="utf-8") == by_hand
        assert here.devices() == REGISTRY.devices.keys()
        path.write_text(DOCUMENTS["devices.csv"], encoding="utf-8")
        (here.folder / "contacts.csv").unlink()
        with pytest.raises(Refused, match=r"contacts\.csv"):
            await here.apply(NEW)


async def test_after_an_import_the_next_one_is_no_edit_by_hand(tmp_path: Path) -> None:
    """What the hub wrote itself is what it expects to find."""
    async with site(tmp_path) as here:
        await here.apply(NEW)
        await here.apply(NEW.replace("nb-new", "nb-newer"))
        assert here.devices() == REGISTRY.devices.keys() | {"nb-new", "nb-newer"}


async def test_a_log_that_cannot_be_written_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: said, nothing half done, and the same list is taken once there is room."""

    def full(*_args: object, **_named: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async with site(tmp_path) as here:
        before = read_documents(here.folder)
        with monkeypatch.context() as broken:
            broken.setattr(here.log, "append", full)
            with pytest.raises(OSError, match="full"):
                await here.apply(NEW)
        assert read_documents(here.folder) == before
        await here.apply(NEW)
        assert "nb-new" in here.devices()


async def test_a_wrong_file_changes_nothing_and_says_where(tmp_path: Path) -> None:
    """File, line and column; neither folder nor log is touched."""
    async with site(tmp_path) as here:
        end, before = here.log.end, read_documents(here.folder)
        with pytest.raises(ConfigErrors, match=r"new.csv.*2"):
            await here.apply(NEW.replace("hbw-01-b1", "nowhere"))
        assert here.log.end == end
        assert read_documents(here.folder) == before


async def test_a_hub_without_a_registry_folder_refuses_with_the_remedy(tmp_path: Path) -> None:
    """Logged only, the devices would be gone after the next start."""
    async with intake_on(SqliteLog(tmp_path), World()) as intake:
        register = Register(None, intake, lambda: versioned(DOCUMENTS))
        with pytest.raises(Refused, match="registry"):
            await register.apply(NEW, name="new.csv", by=WANG)


GRID = REGISTRY.buildings["hbw-01-b1"].grid
ELSEWHERE = next(b for b in REGISTRY.buildings.values() if b.grid != GRID)
THEIRS = next(d for d in REGISTRY.devices.values() if d.building == ELSEWHERE.id)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (f"id,kind,building\nnb-new,door,{ELSEWHERE.id}\n", "building"),
        (f"id,kind,building\n{THEIRS.id},{THEIRS.kind},hbw-01-b1\n", "id"),
        (f"id,room\n{THEIRS.id},999\n", "id"),
        (f"id,kind\n{THEIRS.id},{THEIRS.kind}\n", "id"),
    ],
)
async def test_nobody_registers_or_alters_devices_outside_their_territory(
    tmp_path: Path, text: str, key: str
) -> None:
    """Neither a new one there, nor one of theirs, nor to learn by guessing what they have."""
    ours = Principal("li", Role.MAINTENANCE, GRID)
    async with site(tmp_path) as here:
        for work in (here.register.preview, here.register.apply):
            with pytest.raises(ConfigErrors) as caught:
                await work(text, name="p.csv", by=ours)
            (problem,) = caught.value.problems
            assert (problem.line, problem.key) == (2, key)
            assert "outside your territory" in str(problem)
            for secret in (THEIRS.building, THEIRS.room):
                assert not secret or secret not in str(problem) or secret in text
        assert here.devices() == REGISTRY.devices.keys()
        await here.apply(NEW, by=ours)
        assert "nb-new" in here.devices()
