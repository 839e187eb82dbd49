"""Every mistake in a registry is said with file, line and key, and what to do about it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.territory.csvtext import decode_text, read_table, write_table
from hub.territory.demo_territory import demo_documents
from hub.territory.divisions import SHIPPED_DIVISIONS, shipped_divisions
from hub.territory.registry_export import export_documents, export_registry
from hub.territory.registry_files import load_registry, read_documents
from model.errors import ConfigError
from model.place import Registry
from model.yamlfile import ConfigErrors

SITE = """\
compounds:
  - id: hbw-01
    name: 湖东小区
    grid: 150302007009001
    lon: 106.81
    lat: 39.66
"""
BUILDINGS = """\
id,name,compound,grid,lon,lat
hbw-01-b1,1号楼,hbw-01,150302007009001,106.81,39.66
hbw-01-b2,2号楼,hbw-01,150302007009002,106.82,39.66
"""
DEVICES = """\
id,kind,role,building,floor,room
nb-1,smoke_detector,detector,hbw-01-b1,3,301
nb-2,smoke_detector,detector,hbw-01-b2,3,302
"""


def site(**changed: str) -> dict[str, str]:
    """Return a small registry; `devices="…"` replaces devices.csv, `registry` the YAML."""
    documents = {
        "registry.yaml": changed.pop("registry", SITE),
        SHIPPED_DIVISIONS: shipped_divisions(),
        "buildings.csv": BUILDINGS,
        "devices.csv": DEVICES,
    }
    return documents | {f"{name}.csv": text for name, text in changed.items()}


def problems_of(documents: dict[str, str]) -> list[ConfigError]:
    """Return what is wrong with a registry; it must be wrong."""
    with pytest.raises(ConfigErrors) as caught:
        load_registry(documents)
    return list(caught.value.problems)


def only_problem(documents: dict[str, str]) -> ConfigError:
    """Return the one problem of a registry."""
    (problem,) = problems_of(documents)
    return problem


def test_a_small_site_is_read_from_files() -> None:
    """A device has the place of its building, with floor and room, and the building's grid."""
    registry = load_registry(site())
    place = registry.place_of("nb-2")
    assert place is not None
    assert (place.compound, place.building, place.grid) == (
        "hbw-01",
        "hbw-01-b2",
        "150302007009002",
    )
    assert place.name == "湖东小区 2号楼 3 302"


def test_a_small_site_may_write_its_devices_in_yaml() -> None:
    """Devices in registry.yaml and in devices.csv are one list."""
    yaml = f"{SITE}devices:\n  - id: gb-7\n    kind: fire_transmitter\n    compound: hbw-01\n"
    assert set(load_registry(site(registry=yaml)).devices) == {"gb-7", "nb-1", "nb-2"}


PROBLEMS = {
    "unknown building": (
        site(devices="id,kind,building\nnb-1,smoke_detector,hbw-01-b9\n"),
        ("devices.csv", 2, "building", "did you mean hbw-01-b"),
    ),
    "device twice": (
        site(devices=f"{DEVICES}nb-1,smoke_detector,detector,hbw-01-b1,,\n"),
        ("devices.csv", 4, "id", "already at devices.csv:2"),
    ),
    "device without a place": (
        site(devices="id,kind\nnb-1,smoke_detector\n"),
        ("devices.csv", 2, "", "fill in building"),
    ),
    "device in another compound than its building": (
        site(devices="id,kind,building,compound\nnb-1,door,hbw-01-b1,hbw-02\n"),
        ("devices.csv", 2, "compound", "leave compound empty"),
    ),
    "slip in a kind": (
        site(devices="id,kind,building\nnb-1,smoke_detecter,hbw-01-b1\n"),
        ("devices.csv", 2, "kind", "did you mean smoke_detector"),
    ),
    "kind missing": (
        site(devices="id,building\nnb-1,hbw-01-b1\n"),
        ("devices.csv", 2, "kind", "is missing or empty"),
    ),
    "silence of a year": (
        site(devices="id,kind,building,silent_after_s\nnb-1,door,hbw-01-b1,31536000\n"),
        ("devices.csv", 2, "silent_after_s", "2592000"),
    ),
    "hidden direction mark": (
        site(devices="id,kind,building,name\nnb-1,door,hbw-01-b1,a\u202eb\n"),
        ("devices.csv", 2, "name", "U+202E"),
    ),
    "unknown column": (
        site(devices="id,kind,bulding\nnb-1,door,hbw-01-b1\n"),
        ("devices.csv", 1, "bulding", "did you mean building"),
    ),
    "too many cells": (
        site(devices="id,kind,building\nnb-1,door,hbw-01-b1,1,2\n"),
        ("devices.csv", 2, "", "5 cells under 3 columns"),
    ),
    "semicolons": (
        site(devices="id;kind;building\nnb-1;door;hbw-01-b1\n"),
        ("devices.csv", 1, "", "separated by commas"),
    ),
    "grid of 14 digits": (
        site(buildings="id,name,compound,grid\nhbw-01-b1,1,hbw-01,15030200700900\n", devices="id\n"),
        ("buildings.csv", 2, "grid", "12 digits of a community"),
    ),
    "grid rounded by a spreadsheet": (
        site(buildings="id,name,compound,grid\nb1,1,hbw-01,1.50302E+14\n", devices="id\n"),
        ("buildings.csv", 2, "grid", "format the column as text"),
    ),
    "grid of no community": (
        site(buildings="id,name,compound,grid\nb1,1,hbw-01,150302999009001\n", devices="id\n"),
        ("buildings.csv", 2, "grid", "no community 150302999009"),
    ),
    "grid that its community does not list": (
        site(grids="code,name\n150302007009001,一\n", devices="id\n"),
        ("buildings.csv", 3, "grid", "no grid 150302007009002"),
    ),
    "latitude off the globe": (
        site(buildings="id,name,compound,grid,lat\nb1,1,hbw-01,150302007009001,95\n", devices="id\n"),
        ("buildings.csv", 2, "lat", "must be at most 90, not '95'"),
    ),
    "longitude for latitude": (
        site(
            buildings="id,name,compound,grid,lon,lat\nb1,1,hbw-01,150302007009001,39.6,106.8\n",
            devices="id\n",
        ),
        ("buildings.csv", 2, "", "have changed places"),
    ),
    "latitude that is no number": (
        site(buildings="id,name,compound,grid,lat\nb1,1,hbw-01,150302007009001,nan\n", devices="id\n"),
        ("buildings.csv", 2, "lat", "finite"),
    ),
    "contact of no compound": (
        site(contacts="compound,role,name,phone\nhbw-1,property,物业,0473-000-0001\n"),
        ("contacts.csv", 2, "compound", "did you mean hbw-01"),
    ),
    "contact at hour 25": (
        site(contacts="compound,role,name,phone,to_hour\nhbw-01,property,物业,119,25\n"),
        ("contacts.csv", 2, "to_hour", "24"),
    ),
    "contact who never answers": (
        site(contacts="compound,role,name,phone,from_hour,to_hour\nhbw-01,property,物业,119,8,8\n"),
        ("contacts.csv", 2, "", "nobody answers"),
    ),
    "contact with a word for a number": (
        site(contacts="compound,role,name,phone\nhbw-01,property,物业,ask Wang\n"),
        ("contacts.csv", 2, "", "not a telephone number"),
    ),
    "unknown file": (
        site(device="id\n"),
        ("device.csv", 0, "", "did you mean devices.csv"),
    ),
    "unknown key in YAML": (
        site(registry=f"{SITE}compund: []\n"),
        ("registry.yaml", 7, "compund", "did you mean compounds"),
    ),
    "unknown key of a compound": (
        site(registry=f"{SITE}    latt: 3\n"),
        ("registry.yaml", 7, "compounds.0.latt", "did you mean lat"),
    ),
    "compound's grid of no community": (
        site(registry=SITE.replace("150302007009001", "150302007111001")),
        ("registry.yaml", 4, "compounds.0.grid", "no community 150302007111"),
    ),
    "divisions that are not there": (
        site(registry=f"divisions: wuhai.csv\n{SITE}"),
        ("registry.yaml", 0, "divisions", "no such file"),
    ),
    "not YAML": (
        site(registry="compounds: [\n"),
        ("registry.yaml", 2, "", "not YAML"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("documents", "expected"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_a_problem_names_file_line_key_and_remedy(
    documents: dict[str, str], expected: tuple[str, int, str, str]
) -> None:
    """One mistake is one problem, at the place where it stands."""
    problem = only_problem(documents)
    file, line, key, remedy = expected
    assert (problem.file, problem.line, problem.key) == (file, line, key)
    assert remedy in str(problem)


def test_all_problems_are_said_at_once() -> None:
    """Three mistakes in two files are three problems; a broken compound is not said of its devices."""
    documents = site(
        registry=SITE.replace("lat: 39.66", "lat: 200"),
        devices="id,kind,building\nnb-1,smoke_detecter,hbw-01-b1\nnb-2,door,hbw-01-b7\n",
    )
    assert [(p.file, p.line) for p in problems_of(documents)] == [
        ("registry.yaml", 6),
        ("devices.csv", 2),
        ("devices.csv", 3),
    ]


def test_a_spreadsheet_may_save_as_it_likes(tmp_path: Path) -> None:
    """UTF-8 with a mark, GB 18030 and UTF-16 give the same registry as plain UTF-8."""
    (tmp_path / "registry.yaml").write_text(SITE, encoding="utf-8")
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        (tmp_path / "buildings.csv").write_bytes(BUILDINGS.encode(encoding))
        registry = load_registry(read_documents(tmp_path))
        assert registry.buildings["hbw-01-b2"].name == "2号楼", encoding


def test_bytes_that_are_no_text_are_refused() -> None:
    """A photograph named devices.csv is one clear line."""
    with pytest.raises(ConfigError, match=r"devices\.csv: neither UTF-8 nor GB 18030"):
        decode_text(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\xff", "devices.csv")


def test_a_directory_without_a_registry_is_refused(tmp_path: Path) -> None:
    """The wrong directory is said, not read as an empty registry."""
    with pytest.raises(ConfigError, match=r"no registry\.yaml here"):
        read_documents(tmp_path)


def same(one: Registry, other: Registry) -> bool:
    """Return whether two registries say the same."""
    return all(
        getattr(one, part) == getattr(other, part)
        for part in ("divisions", "compounds", "buildings", "devices", "contacts")
    )


def test_an_exported_registry_reads_back_the_same(tmp_path: Path) -> None:
    """The whole demo survives a round trip through files."""
    registry = load_registry(demo_documents())
    export_registry(registry, tmp_path / "out")
    assert same(load_registry(read_documents(tmp_path / "out")), registry)


def test_a_formula_in_a_name_is_inert_in_the_export_and_unchanged_in_the_hub() -> None:
    """A spreadsheet shows `=cmd()` as text; reading the export gives the name back."""
    registry = load_registry(site(devices="id,kind,building,name\nnb-1,door,hbw-01-b1,=cmd()\n"))
    documents = export_documents(registry)
    assert "'=cmd()" in documents["devices.csv"]
    assert load_registry(documents).devices["nb-1"].name == "=cmd()"


@given(
    st.text(
        st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=20
    ).filter(lambda text: not text.startswith("#"))
)
def test_any_text_survives_csv_and_no_cell_starts_a_formula(text: str) -> None:
    """Whatever people name things, no cell is run, and nothing is lost."""
    written = write_table(["name"], [{"name": text}])
    assert written.split("\n")[1].removeprefix('"')[:1] not in tuple("=+-@\t\r")
    assert read_table(written, "names.csv").rows[0].cells["name"] == text


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(["registry.yaml", "devices.csv", "x.csv"]), st.text()))
def test_no_text_whatsoever_breaks_the_reader(documents: dict[str, str]) -> None:
    """Garbage is a ConfigError or a registry, nothing else."""
    try:
        load_registry(documents | {SHIPPED_DIVISIONS: shipped_divisions()})
    except ConfigError as error:
        assert str(error)  # noqa: PT017 - either outcome is right
