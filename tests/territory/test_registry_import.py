"""Importing devices merges, says what changes, and writes whole files or nothing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.commands.registry import app
from hub.territory.registry_files import load_registry
from hub.territory.registry_import import merge_devices
from model.yamlfile import ConfigErrors

from .test_registry_files import BUILDINGS, DEVICES, SITE, site


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a registry on disk."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "registry.yaml").write_text(SITE, encoding="utf-8")
    (folder / "buildings.csv").write_text(BUILDINGS, encoding="utf-8")
    (folder / "devices.csv").write_text(DEVICES, encoding="utf-8")
    return folder


def test_an_import_adds_changes_and_keeps() -> None:
    """New devices are added, known ones changed in the named columns, the rest kept."""
    merge = merge_devices(
        site(),
        "id,kind,building,room\nnb-1,smoke_detector,hbw-01-b1,399\nnb-3,door,hbw-01-b1,\n",
        name="new.csv",
    )
    assert merge.added == ("nb-3",)
    assert [(c.device, c.columns) for c in merge.changed] == [("nb-1", {"room": ("301", "399")})]
    registry = load_registry(site(devices=merge.devices_csv.rstrip()))
    assert registry.devices["nb-1"].floor == "3", "a column that the list lacks stays"
    assert registry.devices["nb-2"].room == "302", "nobody is removed"


def test_an_import_of_the_same_changes_nothing() -> None:
    """Importing devices.csv into itself finds every device as it was."""
    merge = merge_devices(site(), DEVICES, name="same.csv")
    assert (merge.added, merge.changed, merge.unchanged) == ((), (), 2)


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("id,kind,building\nnb-9,door,hbw-01-b9\n", 2, "building"),
        ("id,kind,building\nnb-9,door,hbw-01-b1\nnb-9,door,hbw-01-b1\n", 3, "id"),
        ("kind,building\ndoor,hbw-01-b1\n", 1, ""),
        ("id,building\nnb-9,hbw-01-b1\n", 2, "kind"),
        ("id,bilding\nnb-9,hbw-01-b1\n", 1, "bilding"),
    ],
)
def test_a_wrong_list_is_refused_with_its_own_line(text: str, line: int, key: str) -> None:
    """Problems point into the imported file, not into the registry's."""
    with pytest.raises(ConfigErrors) as caught:
        merge_devices(site(), text, name="new.csv")
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.key) == ("new.csv", line, key)


def test_one_mistake_hides_no_other_and_all_are_in_the_order_of_the_rows() -> None:
    """An id that stands twice, one that is missing, a building that is not there, a wrong kind."""
    text = (
        "id,kind,building,silent_after_s\nnb-9,door,hbw-01-b9,\nnb-9,door,hbw-01-b1,\n"
        ",door,hbw-01-b1,\nnb-10,dor,hbw-01-b1,x\nnb-11,door,hbw-01-b9,\n"
    )
    with pytest.raises(ConfigErrors) as caught:
        merge_devices(site(), text, name="new.csv")
    assert [(p.line, p.key) for p in caught.value.problems] == [
        (2, "building"),
        (3, "id"),
        (4, "id"),
        (5, "kind"),
        (5, "silent_after_s"),
        (6, "building"),
    ]


def test_a_device_written_in_yaml_is_not_written_twice() -> None:
    """What registry.yaml holds is changed there; the import says where."""
    yaml = f"{SITE}devices:\n  - id: gb-7\n    kind: fire_transmitter\n    compound: hbw-01\n"
    with pytest.raises(ConfigErrors, match=r"gb-7 is written at registry\.yaml:8"):
        merge_devices(site(registry=yaml), "id,name\ngb-7,x\n", name="new.csv")


def test_the_command_shows_writes_and_refuses(directory: Path, tmp_path: Path) -> None:
    """A dry run writes nothing, an import writes all of it, a wrong list exits 2 and writes none."""
    new = tmp_path / "new.csv"
    new.write_bytes("id,kind,building,name\nnb-3,door,hbw-01-b1,北门\n".encode("gb18030"))
    run = CliRunner().invoke
    before = (directory / "devices.csv").read_bytes()

    shown = run(app, ["import", str(new), "--into", str(directory), "--dry-run"])
    assert shown.exit_code == 0
    assert "+ nb-3" in shown.output
    assert (directory / "devices.csv").read_bytes() == before

    assert run(app, ["import", str(new), "--into", str(directory)]).exit_code == 0
    after = (directory / "devices.csv").read_text(encoding="utf-8")
    assert "nb-3,door,,hbw-01-b1,,,,北门" in after

    new.write_text("id,kind,building\nnb-4,door,nowhere\n", encoding="utf-8")
    refused = run(app, ["import", str(new), "--into", str(directory)])
    assert refused.exit_code == 2
    assert "new.csv:2: building: no building nowhere" in refused.output
    assert (directory / "devices.csv").read_text(encoding="utf-8") == after
    assert sorted(path.name for path in directory.iterdir()) == [
        "buildings.csv",
        "devices.csv",
        "registry.yaml",
    ]


def test_check_counts_or_names_file_and_line(directory: Path) -> None:
    """`registry check` exits 0 with counts, or 2 with each problem."""
    run = CliRunner().invoke
    good = run(app, ["check", str(directory)])
    assert good.exit_code == 0
    assert "2 devices" in good.output
    (directory / "devices.csv").write_text("id,kind\nnb-1,door\n", encoding="utf-8")
    bad = run(app, ["check", str(directory)])
    assert bad.exit_code == 2
    assert "devices.csv:2: say where it is" in bad.output


def test_an_export_never_overwrites_a_registry(directory: Path, tmp_path: Path) -> None:
    """Exporting onto a registry is refused; into a fresh directory it works."""
    run = CliRunner().invoke
    assert run(app, ["export", str(directory), str(directory)]).exit_code == 2
    assert run(app, ["export", str(directory), str(tmp_path / "out")]).exit_code == 0
    assert run(app, ["check", str(tmp_path / "out")]).exit_code == 0
