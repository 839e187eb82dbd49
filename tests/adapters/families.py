"""Builds device families from their own sample files and reads their recorded messages."""

import json
from pathlib import Path
from typing import NamedTuple

import adapters
from adapters.contract import Adapter, Received
from model.yamlfile import YamlText

ROOT = Path(adapters.__file__).parent
SECRET = bytes(range(32))


class Golden(NamedTuple):
    """A recorded message with what must come of it: Readings as JSON, or the reason of refusal."""

    name: str
    received: Received
    readings: object
    error: str


def sample_entry(name: str) -> dict[str, object]:
    """Return the family's sample source as the gateway's file would hold it."""
    file = ROOT / name / "sample.yaml"
    return plain(YamlText(file.read_text(encoding="utf-8"), str(file)).data)


def plain(node: object) -> dict[str, object]:
    """Return a YAML mapping as plain JSON types."""
    copied: dict[str, object] = json.loads(json.dumps(node))
    return copied


def build(family: type[Adapter], entry: dict[str, object]) -> Adapter:
    """Build an adapter from a source entry, as the gateway does."""
    own = {key: value for key, value in entry.items() if key not in ("adapter", "broker")}
    return family(family.settings.model_validate(own), SECRET)


def goldens(name: str) -> list[Golden]:
    """Return the recorded messages of a family that does not cut its messages out of a stream."""
    found = []
    for file in sorted((ROOT / name / "golden").glob("*.json")):
        case = json.loads(file.read_text(encoding="utf-8"))
        received = Received(case["payload"].encode(), case["at"], case["topic"], case["retained"])
        found.append(Golden(file.stem, received, case.get("readings"), case.get("error", "")))
    return found
