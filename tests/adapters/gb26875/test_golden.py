"""The golden frames, the sample and the page tell the same as the code."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters import gb26875
from adapters.contract import Received
from adapters.gb26875.adapter import FirePanels, FirePanelSettings
from adapters.gb26875.tables import QUANTITIES
from model.reading import Event
from model.yamlfile import YamlText

HERE = Path(gb26875.__file__).parent
CASES: list[dict[str, Any]] = [
    case
    for path in sorted((HERE / "golden").glob("*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"))
]


def sample() -> FirePanels:
    """Return the adapter of the sample file."""
    text = YamlText((HERE / "sample.yaml").read_text(encoding="utf-8"), "sample.yaml")
    assert text.data.pop("adapter") == FirePanels.name
    return FirePanels(text.check(FirePanelSettings), bytes(32))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_golden_frame_decodes_as_written(case: dict[str, Any]) -> None:
    """Frame and Readings as they are kept in golden/."""
    received = Received(bytes.fromhex(case["hex"]), case["received_at"])
    assert json.loads(msgspec.json.encode(sample().decode(received))) == case["readings"]


def test_the_golden_frames_cover_every_event_and_nearly_every_quantity() -> None:
    """A new event or quantity needs a golden frame."""
    readings = [reading for case in CASES for reading in case["readings"]]
    quantities = {name for reading in readings for name in reading.get("values", {})}
    assert QUANTITIES - quantities == {
        # Analogue types that differ from the covered ones only by a row of the table.
        "count", "duration_s", "voltage_v", "current_a", "flow_l_s", "air_volume_m3_min",
        "air_speed_m_s",
    }  # fmt: skip
    events = {reading.get("event", "") for reading in readings}
    assert {"fire_alarm", "manual_alarm", "duty_answered", "heartbeat", "vendor"} <= events


def test_the_page_names_every_quantity_setting_and_event() -> None:
    """What the adapter may emit or be told is on its page."""
    page = (HERE / "page.md").read_text(encoding="utf-8")
    emitted = {reading.get("event", "") for case in CASES for reading in case["readings"]}
    words = QUANTITIES | set(FirePanelSettings.model_fields) | (emitted - {Event.NONE.value})
    assert not sorted(word for word in words if f"`{word}`" not in page)
