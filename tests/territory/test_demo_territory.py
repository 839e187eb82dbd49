"""The demo territory has the district's size, real divisions, and nobody's telephone number."""

import csv
import re
from collections import Counter

from hub.territory.demo_territory import demo_communities, demo_documents, demo_territory
from hub.territory.divisions import shipped_divisions
from hub.territory.registry_files import load_registry
from tests.shared_data import shared


def test_the_demo_has_the_size_that_is_promised() -> None:
    """8 compounds, 435 grids over 43 communities, 2,000 detectors, 20 panels, 100 doors."""
    registry = load_registry(demo_documents())
    kinds = Counter(device.kind for device in registry.devices.values())
    levels = Counter(division.level for division in registry.divisions.values())
    assert len(registry.compounds) == 8
    assert (levels["grid"], levels["community"]) == (435, 43)
    assert {d.parent for d in registry.divisions.values() if d.level == "grid"} == {
        code for code, d in registry.divisions.items() if d.level == "community"
    }
    assert kinds["smoke_detector"] == 2_000
    assert kinds["fire_transmitter"] == kinds["fire_system"] == 20
    assert kinds["door"] == 100
    assert any(device.role == "call_point" for device in registry.devices.values())


def test_the_demo_is_the_same_for_the_same_seed_and_moves_with_another() -> None:
    """Ids never depend on the seed, so a simulator of any seed speaks for registered devices."""
    assert demo_documents(seed=3) == demo_documents(seed=3)
    assert demo_documents(seed=3)["buildings.csv"] != demo_documents(seed=4)["buildings.csv"]
    assert demo_documents(seed=3)["devices.csv"] == demo_documents(seed=4)["devices.csv"]


def test_a_smaller_simulation_is_part_of_the_registered_demo() -> None:
    """200 simulated detectors are 200 of the 2,000 registered ones."""
    whole = demo_territory()
    part = demo_territory(detectors=200, panels=3, doors=9)
    assert part.detectors == whole.detectors[:200]
    assert part.panels == whole.panels[:3]
    assert part.doors == whole.doors[:9]


def test_every_demo_telephone_number_is_fictitious() -> None:
    """No contact of the demo could ring at somebody's home."""
    phones = {contact.phone for contact in load_registry(demo_documents()).contacts}
    assert phones
    assert all(re.fullmatch(r"0473-000-\d{4}", phone) for phone in phones)


def test_every_demo_building_stands_in_haibowan() -> None:
    """Coordinates are WGS-84 degrees within some kilometres of the district's centre."""
    for building in load_registry(demo_documents()).buildings.values():
        assert abs(building.lat - 39.67) < 0.06
        assert abs(building.lon - 106.82) < 0.06


def test_every_imei_has_its_check_digit() -> None:
    """IMEIs are 15 digits with a Luhn digit, from the block of test devices."""
    for detector in demo_territory().detectors:
        if detector.zigbee:
            continue
        digits = [int(digit) for digit in detector.name]
        doubled = [d if n % 2 == 0 else sum(divmod(2 * d, 10)) for n, d in enumerate(digits)]
        assert len(digits) == 15
        assert sum(doubled) % 10 == 0
        assert detector.name.startswith("00")


def test_our_divisions_are_those_of_the_statistics() -> None:
    """The shipped file holds exactly the district's rows, and names its source."""
    with shared("data/admin/haibowan_divisions.csv").open(encoding="utf-8-sig") as file:
        theirs = {(row["code"], row["name"], row["parent"]) for row in csv.DictReader(file)}
    lines = shipped_divisions().splitlines()
    assert lines[0].startswith("# Source: ")
    ours = {(row["code"], row["name"], row["parent"]) for row in csv.DictReader(lines[1:])}
    assert ours == theirs
    assert len(demo_communities()) == 43
