"""Households 户 of the registry, and their consent that presence is watched."""

import pytest

from hub.territory.divisions import SHIPPED_DIVISIONS, shipped_divisions
from hub.territory.registry_export import export_documents
from hub.territory.registry_files import load_registry
from model.place import Registry
from model.yamlfile import ConfigErrors

YAML = """\
compounds: [{id: c-1, name: Compound, grid: "150302008001001"}]
buildings: [{id: b-1, name: One, compound: c-1, grid: "150302008001001"}]
"""
HEADER = "id,building,room,presence_consent,consent_by,consent_on\n"


def _load(households: str) -> Registry:
    return load_registry(
        {
            "registry.yaml": YAML,
            SHIPPED_DIVISIONS: shipped_divisions(),
            "households.csv": HEADER + households,
            "devices.csv": "id,kind,building,household\nd,motion,b-1,h-1\n",
        }
    )


def test_a_consent_is_read_and_written_as_it_was() -> None:
    """Who gave it, and when; the registry of an export is the same."""
    registry = _load("h-1,b-1,301,true,Li,2026-03-01\nh-2,b-1,302,,,\n")
    assert registry.households["h-1"].presence_consent
    assert registry.households["h-1"].consent_on == "2026-03-01"
    assert not registry.households["h-2"].presence_consent
    assert registry.devices["d"].household == "h-1"
    again = load_registry(export_documents(registry))
    assert again.households == registry.households


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("h-1,b-1,301,true,,2026-03-01", "presence_consent needs consent_by (who)"),
        ("h-1,b-1,301,true,Li,", "presence_consent needs consent_by (who)"),
        ("h-1,b-9,301,,,", "no building b-9"),
        ("b-1,b-1,301,,,", "is a building or compound"),
        ("h-2,b-1,301,,,", "no household h-1"),
    ],
)
def test_mistakes_are_named(line: str, message: str) -> None:
    """A consent that nobody gave is none."""
    with pytest.raises(ConfigErrors) as error:
        _load(line + "\n")
    assert message in str(error.value)
