"""The page of one camera: its picture and past, zones and masks drawn by hand, and trials with a clip."""

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from hub.camera_settings import checked
from tests.trust.stack import Up

from .browsing import DESKTOP, PHONE, Opens, Screen, chromium_path, shot, until
from .camera_world import HOSTILE, Cameras
from .case_world import FIXER, HANDLER, PASSWORD, VIEWER, add_people, serious, write_registry

GATE = "east-gate"
ODD = f"南门{HOSTILE}".replace("/", "|")
MINUTE = 60_000


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A hub with people of every role."""
    chromium_path()
    data = tmp_path_factory.mktemp("camera") / "data"
    write_registry(data)
    with Up(data) as started:
        add_people(started)
        yield started


@pytest.fixture(scope="module")
def cameras(up: Up) -> Cameras:
    """Two cameras with an hour behind them; one has a hostile name."""
    world = Cameras(up)
    for name in (GATE, ODD):
        world.tell(name)
        world.say_all([
            (name, ago * MINUTE, {"online": True, "fps": 4.0 + ago % 3 / 10, "cpu_pct": 10.0 + ago % 7})
            for ago in range(60, 0, -2)
        ])  # fmt: skip
        world.show(name)
    world.say_all([
        (f"{GATE}/gate", 20 * MINUTE, {"motion": True, "episode": "e1", "confidence": 0.5, "seen_s": 0.0}),
        (f"{GATE}/gate", 18 * MINUTE, {"motion": False, "episode": "e1", "confidence": 0.9, "seen_s": 110.0}),
        (f"{GATE}/lane", 5 * MINUTE, {"people_count": 3.0}),
        (f"{GATE}/lane", 4 * MINUTE, {"people_count": 7.0}),
        (f"{GATE}/gate", 2 * MINUTE, {"motion": True, "episode": "e2", "confidence": 0.7, "seen_s": 0.0}),
    ])  # fmt: skip
    assert until(lambda: len(up.get("/api/v1/cameras")["items"]) == 2)
    return world


def stage(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return where a point of the picture (parts of it) is on the screen."""
    page.locator("#ce-stage").scroll_into_view_if_needed()
    box = page.locator("#ce-stage").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def click(page: Page, *points: tuple[float, float]) -> None:
    """Click corners on the picture."""
    for x, y in points:
        page.mouse.click(*stage(page, x, y))


def opened(page: Page) -> None:
    """Wait until the editor is there and its picture has a size."""
    page.wait_for_function("document.getElementById('ce-picture')?.naturalWidth > 0")
    page.wait_for_function("document.getElementById('ce-yaml').textContent.length > 5")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_one_camera_shows_its_picture_load_and_what_it_noticed(
    opens: Opens, up: Up, cameras: Cameras, size: tuple[int, int], lang: str
) -> None:
    """Charts of the last day, episodes with times and confidence, in both languages and on a phone."""
    assert cameras
    screen = opens(size).sign_in(lang=lang)
    page = screen.go(f"/cameras/{GATE}")
    page.wait_for_selector("#cm-facts")
    opened(page)
    text = page.inner_text("#sh-main")
    for said in ("4.", "192.0.2.10", "0.90", "0.70", "gate"):
        assert said in text
    assert ("进行中" if lang == "zh" else "goes on") in text
    assert ("2 分" if lang == "zh" else "2 min") in text
    assert page.locator("canvas").count() >= 3
    assert serious(screen, lambda: None) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    assert screen.errors == []
    shot(screen, up.folder, f"camera-{lang}-{size[0]}")


def test_what_the_algorithm_saw_is_a_click_away(opens: Opens, cameras: Cameras) -> None:
    """The other picture takes the place; asking for it makes the gateway send it."""
    screen = opens().sign_in(HANDLER, PASSWORD, lang="en")
    drawn = screen.page.request.get(f"{screen.base}/cameras/{GATE}").text()
    assert re.search(r"picture: \d+ s ago", drawn), "the age is there from the start"
    page = screen.go(f"/cameras/{GATE}")
    page.wait_for_function("document.getElementById('cm-picture')?.dataset.view === 'plain'")
    assert page.locator("#ce").count() == 0, "zones belong to maintenance"
    page.click("#cm-seen")
    cameras.show(GATE, seen=True)
    page.wait_for_function("document.getElementById('cm-picture').dataset.view === 'seen'")
    assert page.get_attribute("#cm-seen", "aria-pressed") == "true"
    page.select_option("#cm-purpose", "verify")
    accounts = opens().sign_in(lang="en").go("/accounts")
    expect(accounts.locator("#sh-main")).to_contain_text("verify an alarm")
    assert screen.errors == []


def test_a_viewer_gets_neither_picture_nor_editor(opens: Opens, cameras: Cameras) -> None:
    """States and charts only."""
    assert cameras
    page = opens().sign_in(VIEWER, PASSWORD, lang="en").go(f"/cameras/{GATE}")
    expect(page.locator("#sh-main")).to_contain_text("Your role shows no pictures")
    assert page.locator("#sh-main img").count() == 0
    answer = "fetch('/page/cameras/check', {method: 'POST', headers: {'content-type': 'application/json'}, body: '{\"camera\": \"c\", \"text\": \"\"}'}).then(a => a.status)"  # fmt: skip
    assert page.evaluate(answer) == 403


def test_zones_and_masks_are_drawn_moved_named_and_undone_by_hand(
    opens: Opens, up: Up, cameras: Cameras
) -> None:
    """What stands in the text below is what the gateway would read; mistakes are said."""
    cameras.show(GATE)
    screen = opens().sign_in(FIXER, PASSWORD, lang="en")
    page = screen.go(f"/cameras/{GATE}")
    opened(page)
    expect(page.locator("#ce-said")).to_contain_text("valid")
    sizes = "['ce-stage', 'ce-picture'].map(id => document.getElementById(id).offsetHeight)"
    assert len(set(page.evaluate(sizes))) == 1, "a corner is a part of the picture"
    page.click("#ce-mask")
    click(page, (0.7, 0.1), (0.9, 0.1), (0.9, 0.3), (0.7, 0.3), (0.7, 0.1))
    expect(page.locator("#ce-list li")).to_have_count(3)
    page.click("#ce-zone")
    click(page, (0.2, 0.1), (0.4, 0.1), (0.3, 0.3))
    page.keyboard.press("Enter")
    name = page.locator("#ce-list .ce-on input")
    expect(name).to_have_value("zone-1")
    name.fill("Yard")
    expect(page.locator("#ce-errors")).to_contain_text("zones")
    name.fill("yard")
    expect(page.locator("#ce-said")).to_contain_text("valid")
    name.press("Tab")
    # The first corner moves by dragging it.
    page.mouse.move(*stage(page, 0.2, 0.1))
    page.mouse.down()
    page.mouse.move(*stage(page, 0.25, 0.2), steps=4)
    page.mouse.up()
    settings = checked(page.inner_text("#ce-yaml"), GATE)
    assert len(settings.masks) == 1
    assert settings.masks_drawn_on == "640x360", "the picture's, so that another shape is noticed"
    assert [round(n, 1) for corner in settings.masks[0] for n in corner] == [
        0.7, 0.1, 0.9, 0.1, 0.9, 0.3, 0.7, 0.3,
    ]  # fmt: skip
    assert set(settings.zones) == {"gate", "lane", "yard"}
    assert settings.zones["yard"][0] == pytest.approx((0.25, 0.2), abs=0.01)
    assert settings.observations == {"motion": {"zones": ["gate"]}}
    assert len(set(page.evaluate(sizes))) == 1
    shot(screen, up.folder, "camera-editor")
    page.click("#ce-undo")
    back = checked(page.inner_text("#ce-yaml"), GATE)
    assert back.zones["yard"][0] == pytest.approx((0.2, 0.1), abs=0.01)
    page.fill("#ce-observations", "motion: {zones: [nowhere]}")
    expect(page.locator("#ce-errors")).to_contain_text("nowhere")
    assert serious(screen, lambda: None) == []
    assert screen.errors == []


def test_masks_that_nobody_draws_anew_are_not_confirmed_for_another_shape(
    opens: Opens, cameras: Cameras
) -> None:
    """Not by changing a zone, and not by drawing on a picture that is black for it."""
    masks = [[[0.1, 0.1], [0.4, 0.1], [0.4, 0.6]]]
    cameras.tell(GATE, masks=masks, masks_drawn_on="1920x1080")
    cameras.show(GATE)
    for misfit in (False, True):
        cameras.say(GATE, online=True, masks_misfit=misfit)
        page = opens().sign_in(FIXER, PASSWORD, lang="en").go(f"/cameras/{GATE}")
        opened(page)
        page.click("#ce-zone")
        click(page, (0.2, 0.1), (0.4, 0.1), (0.3, 0.3))
        page.keyboard.press("Enter")
        expect(page.locator("#ce-yaml")).to_contain_text("zone-1")
        expect(page.locator("#ce-yaml")).to_contain_text("masks_drawn_on: 1920x1080")
        page.click("#ce-mask")
        click(page, (0.7, 0.1), (0.9, 0.1), (0.9, 0.3), (0.7, 0.1))
        kept = "1920x1080" if misfit else "640x360"
        expect(page.locator("#ce-yaml")).to_contain_text(f"masks_drawn_on: {kept}")
    cameras.say(GATE, online=True, masks_misfit=False)
    cameras.tell(GATE)
    cameras.show(GATE)


def test_zones_are_drawn_without_a_mouse(opens: Opens, cameras: Cameras) -> None:
    """A rectangle by Enter, corners by arrows, Insert and Delete, undo by Ctrl+Z; shown on a phone too."""
    assert cameras
    page = opens(PHONE).sign_in(FIXER, PASSWORD, lang="en").go(f"/cameras/{GATE}")
    opened(page)
    page.focus("#ce-mask")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    corner = page.locator(".ce-handle").first
    corner.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    mask = checked(page.inner_text("#ce-yaml"), GATE).masks[0]
    assert mask[0] == pytest.approx((0.37, 0.375))
    page.keyboard.press("Insert")
    assert len(checked(page.inner_text("#ce-yaml"), GATE).masks[0]) == 5
    page.keyboard.press("Delete")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert checked(page.inner_text("#ce-yaml"), GATE).masks[0] == mask


def test_a_hostile_name_is_inert_on_its_page(opens: Opens, cameras: Cameras) -> None:
    """In title, facts, addresses and the text for the gateway."""
    cameras.say(ODD, online=True)
    screen = opens().sign_in(lang="en")
    page = screen.go("/cameras")
    page.click(f'article[data-camera="{ODD}"] .cw-name a')
    page.wait_for_selector("#cm-facts")
    opened(page)
    assert "window.hacked" in page.inner_text("#cm-facts")
    assert page.evaluate("window.hacked") is None
    assert screen.errors == []
    gone = screen.go("/cameras/nobody")
    expect(gone.locator("#sh-main")).to_contain_text("No such camera")


def test_a_clip_is_tried_with_new_settings_and_the_difference_is_said(
    opens: Opens, up: Up, cameras: Cameras, tmp_path: Path
) -> None:
    """The settings in force look at the left, where something moves; the new ones at the right."""
    cameras.show(GATE)
    clip = tmp_path / "clip.mp4"
    write_clip(clip)
    screen = opens().sign_in(FIXER, PASSWORD, lang="en")
    page = screen.go(f"/cameras/{GATE}")
    opened(page)
    page.fill("#ce-observations", "motion: {zones: [lane]}")
    page.set_input_files("#cr-file", clip)
    page.click("#cr-start")
    result = page.locator("#cr-result")
    expect(result.locator("table")).to_be_visible(timeout=60_000)
    text = result.inner_text()
    assert "- gone" in text
    assert "gate" in text
    assert "Not looked for" in text
    shot(screen, up.folder, "camera-trial")
    assert serious(screen, lambda: None) == []

    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\x00\x00\x00\x18ftypmp42 nothing more")
    page.set_input_files("#cr-file", broken)
    page.click("#cr-start")
    expect(page.locator("#cr-said")).to_contain_text("cannot be read as video", timeout=60_000)
    assert str(up.folder) not in page.inner_text("#cr-said")
    kept = list((up.folder / "hub" / "scratch" / "clips").iterdir())
    assert 0 < len(kept) <= 3


def posts(screen: Screen, path: str, body: bytes = b"x", *, length: int = 0, **headers: str) -> int:
    """Return the status of a request with a window's cookies; `length` is what its head declares."""
    cookies = screen.page.context.cookies()
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    told["cookie"] = "; ".join(f"{c['name']}={c['value']}" for c in cookies)
    told["content-length"] = str(length or len(body))
    told.setdefault("content-type", "application/json")
    connection = http.client.HTTPConnection("127.0.0.1", screen.up.ports.http, timeout=20)
    try:
        connection.request("POST", path, body, told)
        return connection.getresponse().status
    finally:
        connection.close()


def test_clips_and_settings_are_taken_from_maintenance_on_our_own_pages_only(
    opens: Opens, cameras: Cameras
) -> None:
    """Nobody else's request is read; what is larger than a clip may be is refused at its head."""
    assert cameras
    fixer = opens().sign_in(FIXER, PASSWORD, lang="en")
    clip, check, trial = (f"/page/cameras/{name}" for name in ("clip", "check", "trial"))
    body = json.dumps({"camera": GATE, "text": "fps: 3"}).encode()
    wrong = json.dumps({"camera": GATE, "text": "fps: 99"}).encode()
    assert posts(fixer, check, body) == 200
    assert posts(fixer, check, body, sec_fetch_site="cross-site") == 403
    assert posts(fixer, clip, bytes(200_000)) == 200
    assert posts(fixer, clip, origin="https://elsewhere.example") == 403
    assert posts(fixer, clip, length=65 << 20) == 413
    assert posts(fixer, trial, body) == 404
    assert posts(fixer, trial, wrong) == 422
    assert posts(opens().sign_in(VIEWER, PASSWORD), clip) == 403
    assert posts(opens(), clip) == 401
    assert posts(opens(), check, body) == 401


def write_clip(path: Path) -> None:
    """Write 12 s at 10 frames a second: still, then something walks at the lower left."""
    ground = np.random.default_rng(3).integers(80, 120, (180, 320, 3), np.uint8)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 320, 180
        for number in range(120):
            picture = ground.copy()
            if number > 50:
                left = 40 + (number - 50)
                picture[110:160, left : left + 24] = (40, 40, 200)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")):
                file.mux(packet)
        for packet in stream.encode():
            file.mux(packet)
