"""Devices in a browser: search, one device with its charts and tap, register by file."""

import json
import subprocess
from pathlib import Path

from openpyxl import Workbook

from hub.territory.point_list import as_text, as_xlsx
from tests.brokers import mosquitto_pub_path
from tests.trust.stack import Up

from .browsing import DESKTOP, PHONE, Opens, shot, until
from .conftest import Fires

IMEI = "860000000000001"


def says(up: Up, topic: str, body: dict[str, object]) -> None:
    """Publish as a device."""
    password = (up.folder / "device.password").read_text()
    subprocess.run(
        [
            mosquitto_pub_path(), "-p", str(up.ports.mqtt), "-u", "device", "-P", password, "-q", "1",
            "-t", topic, "-m", json.dumps(body),
        ],
        check=True, timeout=20,
    )  # fmt: skip


def smoke(up: Up) -> None:
    """Let a detector that nobody registered report."""
    body = {"imei": IMEI, "ts": 0, "smoke": 3, "temp": 21.5, "batt": 15, "rssi": -70, "alarm": 0}
    says(up, f"iot/hbw-01/nb/{IMEI}/up", body)
    assert until(lambda: up.get("/api/v1/devices?unregistered=true")["items"])


def test_a_stranger_is_found_charted_and_tapped(opens: Opens, up: Up) -> None:
    """By search and by filter; its page shows values, a chart and the frames as they come."""
    smoke(up)
    page = opens().sign_in(lang="en").go("/devices?state=low_battery")
    page.click(f"text=nb-{IMEI}")
    page.wait_for_selector("text=Live tap")
    assert "temperature 21.5 °C" in page.inner_text("main")
    page.wait_for_selector("canvas")
    body = {"imei": IMEI, "ts": 0, "smoke": 3, "temp": 33.5, "batt": 15, "rssi": -70, "alarm": 0}
    says(up, f"iot/hbw-01/nb/{IMEI}/up", body)
    page.wait_for_selector("text=temperature_c=33.5", timeout=10_000)


def test_devices_are_registered_from_a_file_after_a_look_at_the_changes(
    opens: Opens, up: Up, tmp_path: Path
) -> None:
    """A wrong file names its line; a right one is shown first, then written, also for a restart."""
    smoke(up)
    registry = up.folder / "registry"
    (registry / "registry.yaml").write_text(
        "compounds:\n  - {id: c1, name: 幸福小区, grid: '150302001001001'}\n"
        "grids:\n  - {code: '150302001001001', name: 一网格}\n"
        "buildings:\n  - {id: b1, name: 1号楼, compound: c1, grid: '150302001001001'}\n"
    )
    page = opens().sign_in(lang="en").go("/devices/unregistered")
    assert f"nb-{IMEI}" in page.inner_text("main")
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("id,kind,building\nx,smoke_detector,nowhere\n")
    page.set_input_files("input[type=file]", wrong)
    page.wait_for_selector(".sh-trouble:has-text('wrong.csv')")
    assert "line 2" in page.inner_text(".sh-troubles") or ":2" in page.inner_text(".sh-troubles")


def test_a_workbook_is_read_and_formulas_are_inert(tmp_path: Path) -> None:
    """What spreadsheets would run stays text, there and back."""
    rows: list[dict[str, object]] = [
        {
            "id": "gb-1", "kind": "fire_component", "role": "", "building": "b1", "compound": "",
            "floor": "3层", "room": "301", "name": '=HYPERLINK("x")', "silent_after_s": 0,
        }
    ]  # fmt: skip
    content = as_xlsx(rows)
    text = as_text(content, "points.xlsx")
    assert "301" in text
    assert ",=HYPERLINK" not in text
    book = Workbook()
    book.active.append(["id 设备编号", "room 房间"])
    book.active.append(["gb-2", 302])
    path = tmp_path / "hand.xlsx"
    book.save(path)
    assert as_text(path.read_bytes(), "hand.xlsx").splitlines()[1] == "gb-2,302"


def test_the_device_pages_are_readable_in_both_languages_and_on_a_phone(
    opens: Opens, up: Up, fires: Fires
) -> None:
    """Axe finds nothing serious; nothing scrolls sideways but the table itself."""
    smoke(up)
    fires(6001)
    for size, name in ((DESKTOP, "desktop"), (PHONE, "phone")):
        for lang in ("zh", "en"):
            screen = opens(size).sign_in(lang=lang)
            for number, path in enumerate(
                ("/devices", f"/devices/nb-{IMEI}", "/devices/unregistered")
            ):
                page = screen.go(path)
                page.wait_for_timeout(800)
                assert screen.violations() == [], path
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), path
                shot(screen, up.folder, f"devices{number}-{name}-{lang}")
    assert screen.errors == []
