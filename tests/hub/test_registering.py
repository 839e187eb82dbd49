"""Registering devices in a running hub: checked, written for the next start, logged for the engines."""

from pathlib import Path

import msgspec
import pytest

from hub.documents import versioned
from hub.log.sqlite import SqliteLog
from hub.registering import Register
from hub.territory.demo_territory import demo_documents
from hub.territory.registry_files import load_registry, read_documents
from model.entry import EntryKind, Versioned
from model.errors import Refused
from model.yamlfile import ConfigErrors

from .test_intake import World, intake_on

NEW = "id,kind,building,room\nnb-new,smoke_detector,hbw-01-b1,301室\n"


async def test_a_device_is_written_and_logged_and_nobody_is_lost(tmp_path: Path) -> None:
    """The folder and the log hold the same registry afterwards."""
    documents = demo_documents(detectors=5, panels=1, doors=1)
    folder = tmp_path / "registry"
    folder.mkdir()
    for name, text in documents.items():
        (folder / name).write_text(text, encoding="utf-8")
    before = load_registry(documents)
    log = SqliteLog(tmp_path / "log")
    async with intake_on(log, World()) as intake:
        register = Register(folder, intake)
        version = versioned(read_documents(folder))
        shown = await register.preview(version, NEW, name="new.csv")
        assert (shown.added, log.end) == (("nb-new",), 0)
        merge = await register.apply(version, NEW, name="new.csv", actor="wang")
        assert merge.added == ("nb-new",)
    entry = log.newest(EntryKind.REGISTRY)
    assert entry is not None
    logged = msgspec.json.decode(entry.payload, type=Versioned)
    assert logged.hash == versioned(read_documents(folder)).hash
    after = load_registry(logged.documents)
    assert after.devices.keys() == before.devices.keys() | {"nb-new"}
    assert after.devices["nb-new"].room == "301室"


async def test_a_wrong_file_changes_nothing_and_says_where(tmp_path: Path) -> None:
    """File, line and column; neither folder nor log is touched."""
    log = SqliteLog(tmp_path / "log")
    async with intake_on(log, World()) as intake:
        register = Register(tmp_path, intake)
        version = versioned(demo_documents(detectors=5, panels=1, doors=1))
        with pytest.raises(ConfigErrors, match=r"new.csv.*2"):
            await register.apply(
                version, NEW.replace("hbw-01-b1", "nowhere"), name="new.csv", actor="wang"
            )
    assert log.end == 0
    assert not (tmp_path / "devices.csv").exists()


async def test_a_hub_without_a_registry_folder_refuses_with_the_remedy(tmp_path: Path) -> None:
    """Logged only, the devices would be gone after the next start."""
    async with intake_on(SqliteLog(tmp_path), World()) as intake:
        version = versioned(demo_documents(detectors=5, panels=1, doors=1))
        with pytest.raises(Refused, match="registry"):
            await Register(None, intake).apply(version, NEW, name="new.csv", actor="wang")
