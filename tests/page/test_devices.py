"""Devices in a browser: search, one device with its charts and tap, register by file."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from hub.access import Role, add_user
from hub.case_store import CaseStore
from hub.page.links import device_path
from hub.territory.point_list import as_text
from tests.trust.stack import Up

from .browsing import DESKTOP, PHONE, Opens, chromium_path, shot, until
from .case_world import GRID, OTHER_GRID, PASSWORD, REGISTRY, says, write_registry
from .conftest import Fires

DEVICES = "id,kind,building,room\nnb-860000000000001,smoke_detector,c1-b1,101室\n"
IMEI = "860000000000077"
ODD = "7?8%9=<script>window.hacked=1<"
OURS = "本区维修工"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A hub with a small registry (whose compound has a hostile name), without simulated devices."""
    chromium_path()
    data = tmp_path_factory.mktemp("devices") / "data"
    write_registry(data)
    file = data / "registry" / "registry.yaml"
    file.write_text(REGISTRY.partition("devices:")[0], encoding="utf-8")
    (data / "registry" / "devices.csv").write_text(DEVICES, encoding="utf-8")
    with Up(data) as started:
        store = CaseStore(f"sqlite:///{data / 'hub' / 'cases.db'}")
        try:
            add_user(store, OURS, PASSWORD, role=Role.MAINTENANCE, grid=GRID)
        finally:
            store.close()
        yield started


def smoke(up: Up, imei: str = IMEI, **values: object) -> None:
    """Let a detector report that nobody registered; return once the hub knows it."""
    told = {"ts": 0, "smoke": 3, "temp": 21.5, "batt": 15, "rssi": -70, "alarm": 0, **values}
    says(up, f"iot/c1/nb/{imei}/up", imei=imei, **told)
    assert until(lambda: any(d["id"] == f"nb-{imei}" for d in up.get("/api/v1/devices")["items"]))


def upload(page: Page, path: Path, content: str | bytes) -> None:
    """Choose a file for the import."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    page.set_input_files("input[type=file]", path)


def registered(up: Up, device: str) -> bool:
    """Whether the engines know a device as registered now."""
    items = up.get("/api/v1/devices?limit=500")["items"]
    return any(item["id"] == device and item["registered"] for item in items)


def test_a_stranger_is_found_charted_and_every_frame_of_it_is_tapped(opens: Opens, up: Up) -> None:
    """By search and by filter; of five frames that come within a second, the page shows five."""
    smoke(up)
    page = opens().sign_in(lang="en").go("/devices?state=low_battery")
    page.click(f"text=nb-{IMEI}")
    page.wait_for_selector("text=Live tap")
    assert "temperature 21.5 °C" in page.inner_text("#sh-main")
    page.wait_for_selector("canvas")
    page.wait_for_timeout(1_500)
    for tenth in range(5):
        smoke(up, temp=30 + tenth / 10)
    for tenth in range(5):
        page.wait_for_selector(f"text=temperature_c={30 + tenth / 10:g},", timeout=10_000)
    assert "5 since this page was opened" in page.inner_text("#sh-main")


def test_devices_are_registered_from_a_file_after_a_look_at_the_changes(
    opens: Opens, up: Up, tmp_path: Path
) -> None:
    """A wrong file names its row; a right one is shown, then written, and in force at once."""
    smoke(up)
    screen = opens().sign_in(lang="en")
    page = screen.go("/devices/unregistered")
    assert f"nb-{IMEI}" in page.inner_text("#sh-main")
    upload(page, tmp_path / "wrong.csv", "id,kind,building\n\nx,smoke_detector,nowhere\n")
    expect(page.locator(".sh-trouble")).to_contain_text("wrong.csv:3: building")
    assert not page.locator("#sh-apply").count()

    known, typo = f"nb-{IMEI}", "gb-9999-1-1-01000000"
    upload(
        page, tmp_path / "new.csv",
        "id 设备编号,kind 类型,building 楼栋,room 房间,name 名称\n"
        f"{known},smoke_detector,c1-b1,105室,<script>window.hacked=1</script>\n"
        "nb-860000000000001,smoke_detector,c1-b1,102室,\n"
        f"{typo},fire_component,c1-b1,106室,\n",
    )  # fmt: skip
    expect(page.locator("#sh-main")).to_contain_text("2 added, 1 changed, 0 as they were")
    rows = page.locator(".sh-trouble").all_inner_texts()
    assert "row 4" in rows[0], "what was never heard comes first"
    assert typo in rows[0]
    assert "never heard" in rows[0]
    assert "row 2" in rows[1]
    assert "never heard" not in rows[1]
    assert "room: 101室 → 102室" in rows[2]
    shot(screen, up.folder, "import-preview-en")
    assert not registered(up, known), "nothing is written before the click"
    file = up.folder / "registry" / "devices.csv"
    assert file.read_text(encoding="utf-8") == DEVICES

    page.click("#sh-apply")
    expect(page.locator("#sh-main")).to_contain_text("Written: 2 added, 1 changed")
    assert registered(up, known), "in force at once"
    assert up.get(f"/api/v1/devices?q={known}")["items"][0]["registered"]
    expect(page.locator("#sh-main table")).to_have_count(0)  # nobody is unregistered any more
    assert "105室" in file.read_text(encoding="utf-8")
    page.click(f"a:has-text('{known}')")
    expect(page.locator("#sh-main")).to_contain_text("1号楼 105室")
    assert page.evaluate("window.hacked") is None
    assert screen.errors == []


def test_an_edit_by_hand_is_said_and_kept(opens: Opens, up: Up, tmp_path: Path) -> None:
    """What, where and the remedy, as soon as the file is chosen."""
    file = up.folder / "registry" / "devices.csv"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace("102室", "103室").replace("101室", "103室"), encoding="utf-8")
    page = opens().sign_in(lang="en").go("/devices/unregistered")
    upload(page, tmp_path / "new.csv", "id,kind,building\nnb-late,door,c1-b1\n")
    said = page.locator(".sh-trouble")
    expect(said).to_contain_text("devices.csv in")
    expect(said).to_contain_text("Restart the hub")
    assert "103室" in file.read_text(encoding="utf-8")
    file.write_text(before, encoding="utf-8")


def test_somebody_limited_to_a_grid_registers_there_only(
    opens: Opens, up: Up, tmp_path: Path
) -> None:
    """A device of another grid is refused by row; one of their own is written."""
    page = opens().sign_in(OURS, PASSWORD, lang="en").go("/devices/unregistered")
    upload(page, tmp_path / "theirs.csv", "id,kind,building\nnb-theirs,door,c2-b1\n")
    expect(page.locator(".sh-trouble")).to_contain_text("theirs.csv:2: building")
    expect(page.locator(".sh-trouble")).to_contain_text("outside your territory")
    assert OTHER_GRID not in page.inner_text("#sh-main")
    upload(page, tmp_path / "ours.csv", "id,kind,building\nnb-ours,door,c1-b1\n")
    page.click("#sh-apply")
    expect(page.locator("#sh-main")).to_contain_text("Written: 1 added")
    assert registered(up, "nb-ours")
    assert not registered(up, "nb-theirs")


def test_somebody_limited_to_a_grid_reads_no_figures_of_the_district(opens: Opens, up: Up) -> None:
    """Neither in the wall's strip nor beside the link to unregistered devices; the district does."""
    smoke(up, "860000000000078")
    for name, password, told in ((OURS, PASSWORD, False), ("admin", "", True)):
        screen = opens().sign_in(name, password, lang="en")
        page = screen.go("/")
        page.wait_for_selector(".sh-kpi:has-text('devices silent')")
        assert (page.locator(".sh-kpi:has-text('devices heard')").count() == 1) is told
        shot(screen, up.folder, f"wall-limited-{not told}")
        link = screen.go("/devices").locator("a[href='/devices/unregistered']")
        assert ("(" in link.first.inner_text()) is told
        assert screen.errors == []


def test_an_odd_id_has_a_page_and_runs_nothing(opens: Opens, up: Up) -> None:
    """`?`, `%`, `=` and a tag in an id: from the list to its page and back in the other language."""
    smoke(up, ODD)
    screen = opens().sign_in(lang="en")
    page = screen.go("/devices?q=7%3F8")
    page.click("table a")
    heading = page.locator("#sh-main h2")
    expect(heading).to_have_text(f"nb-{ODD}")
    page.click("nav a:has-text('7d')")
    page.wait_for_url("**range=7d")
    expect(heading).to_have_text(f"nb-{ODD}")
    page.click("a:has-text('中文')")
    expect(page.locator("text=实时报文").first).to_be_visible()
    expect(heading).to_have_text(f"nb-{ODD}")
    assert page.evaluate("window.hacked") is None
    assert screen.errors == []


def test_a_panel_exports_the_points_that_it_fronts_and_no_others(
    opens: Opens, up: Up, fires: Fires
) -> None:
    """Panel 471 is not 4711; both files hold the same, with the panel's own texts as names."""
    fires(471, 1)
    fires(4711, 2)
    component = "gb-471-1-1-01000000"
    assert until(lambda: up.get("/api/v1/devices?q=gb-4711")["items"])
    page = opens().sign_in(lang="zh").go(device_path(component))
    page.click(
        "#sh-main a[href='/devices/gb-471']"
    )  # it says nothing of itself, and has its points
    points = page.locator("#points")
    expect(points).to_contain_text(component)
    assert "gb-4711" not in points.inner_text()
    texts = []
    for ending in ("csv", "xlsx"):
        with page.expect_download() as waiting:
            points.locator(f"a:has-text('{ending.upper()}')").click()
        content = Path(waiting.value.path()).read_bytes()
        texts.append(as_text(content, f"points.{ending}").splitlines())
        assert len(texts[-1]) == 2
    assert texts[0] == texts[1]
    assert texts[0][1].startswith(f"{component},fire_component")
    assert "3号楼烟感" in texts[0][1]
    title = load_workbook(BytesIO(content)).worksheets[0]["A1"].value
    assert title == "id 设备编号"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_device_pages_are_readable_in_both_languages_and_on_a_phone(
    opens: Opens, up: Up, fires: Fires, size: tuple[int, int], lang: str
) -> None:
    """Axe finds nothing serious; nothing scrolls sideways but the table itself."""
    smoke(up, "860000000000078")
    fires(6001)
    paths = ("/devices", f"/devices/nb-{IMEI}", "/devices/unregistered", "/devices/gb-6001-1-1")
    screen = opens(size).sign_in(lang=lang)
    for number, path in enumerate(paths):
        page = screen.go(path)
        page.wait_for_timeout(800)
        assert screen.violations() == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), path
        shot(screen, up.folder, f"devices{number}-{size[0]}-{lang}")
    assert screen.errors == []
