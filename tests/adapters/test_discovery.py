"""Device families are found by their packages, and a broken one stops the start."""

from pathlib import Path

import pytest

from adapters.discovery import adapters
from model.errors import ConfigError

GOOD = """
from adapters.nb_iot.adapter import NbIot
class Good(NbIot):
    name = "{name}"
ADAPTER = Good
"""


def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, families: dict[str, str]) -> str:
    """Write a package of families and return its name."""
    name = f"families_{tmp_path.name.replace('-', '_')}"
    root = tmp_path / name
    root.mkdir()
    (root / "__init__.py").touch()
    (root / "not_a_family.py").touch()
    for family, text in families.items():
        (root / family).mkdir()
        (root / family / "__init__.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_the_families_of_the_project_are_found() -> None:
    """Nothing is registered by hand."""
    assert {"nb_iot", "zigbee2mqtt", "access_control"} <= adapters().keys()
    assert "runners" not in adapters()


def test_a_new_package_is_a_new_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two folders are two families; a module beside them is none."""
    families = {"one": GOOD.format(name="one"), "two": GOOD.format(name="two")}
    assert set(adapters(package(tmp_path, monkeypatch, families))) == {"one", "two"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import no_such_module", "ModuleNotFoundError"),
        ("1/0", "ZeroDivisionError"),
        ("def broken(:", "SyntaxError"),
        ("", "exports no class ADAPTER"),
        ("ADAPTER = 1", "exports no class ADAPTER"),
        ("class A: pass\nADAPTER = A", "lacks name, settings"),
        (GOOD.format(name="other"), "calls itself 'other'"),
        (GOOD.format(name="bad") + "Good.settings = int\n", "no subclass of Settings"),
        (GOOD.format(name="bad") + "Good.transport = 'smoke signals'\n", "transport is none of"),
    ],
)
def test_a_broken_family_stops_the_start_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    """It never vanishes: the error names the package and what is wrong."""
    families = {"good": GOOD.format(name="good"), "bad": text}
    name = package(tmp_path, monkeypatch, families)
    with pytest.raises(ConfigError, match=says) as error:
        adapters(name)
    assert f"{name}.bad" in str(error.value)
