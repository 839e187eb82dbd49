"""What a camera saw, on the page of its case: asked why first, then shown, masked, and written down."""

import asyncio
import secrets
import threading
import time
from collections.abc import Iterator

import aiomqtt
import msgspec
import numpy as np
import pytest
from playwright.sync_api import expect

from hub.installation import GATEWAY, SITE
from model.codec import Row, Uplink, encode
from model.reading import Lane, Reading
from model.topics import GatewayTopics
from tests.trust.stack import Up
from video.contract import Frame, Picture, Point
from video.episodes import Episode, News, Stage, episode_id
from video.evidence.keeper import EvidenceKeeper
from video.geometry import PrivacyMask
from video.settings import CameraSettings, EvidenceSettings

from .browsing import PHONE, Opens, chromium_path, shot, until
from .case_world import HANDLER, PASSWORD, VIEWER, add_people, serious, write_registry
from .test_case_page import case_of, opened

MASK = ((0.55, 0.1), (0.95, 0.1), (0.95, 0.5), (0.55, 0.5))
DEVICE = "cam-1/gate"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A hub with people; its only camera looks at a gate."""
    chromium_path()
    data = tmp_path_factory.mktemp("pictures") / "data"
    write_registry(data)
    registry = data / "registry" / "registry.yaml"
    line = f"  - {{id: {DEVICE}, kind: camera_zone, building: c1-b1, name: 大门, role: camera}}\n"
    registry.write_text(registry.read_text(encoding="utf-8") + line, encoding="utf-8")
    with Up(data) as started:
        add_people(started)
        yield started


class Process:
    """A camera's process: a figure walks past a window that is masked."""

    def __init__(self, up: Up, began: int) -> None:
        camera = CameraSettings.model_validate(
            {"camera": "cam-1", "source": {"file": "x.mp4"}, "masks": (MASK,)}
        )
        name = episode_id("cam-1", "intrusion", "gate", began)
        self.episode = Episode(name, "intrusion", "gate", began, began, 0.8, None, {})
        self.keeper = EvidenceKeeper(up.folder / GATEWAY / "evidence", EvidenceSettings(), camera)
        self._shown = 0

    def looks(self, until: int) -> None:
        """Show pictures up to a time (ms) from ten seconds before the episode."""
        began = self.episode.started_at
        while (at := began - 10_000 + self._shown * 200) <= until:
            self.keeper.frame(Frame(at, scene(self._shown)))
            self._shown += 1
            if at == began:
                self.keeper.news([News(Stage.START, self.episode, at)])
        self.keeper.drain()


def scene(number: int) -> Picture:
    """Draw one picture of the gate."""
    picture: Picture = np.full((360, 640, 3), (120, 140, 120), np.uint8)
    picture[240:] = (90, 90, 95)
    picture[60:150, 380:580] = (255, 255, 255)  # a window: private
    left = 40 + number * 5
    picture[170:310, left : left + 50] = (60, 40, 160)
    return PrivacyMask([[Point(x, y) for x, y in MASK]]).blank(picture)


def say(up: Up, episode: Episode) -> None:
    """Let the camera's gateway tell of the episode."""
    reading = Reading(
        DEVICE, "camera_zone", int(time.time() * 1000),
        values={"tamper": True, "episode": episode.id, "confidence": 0.8},
    )  # fmt: skip
    rows = [Row(1, 1, msgspec.Raw(encode([reading])))]
    message = encode(Uplink(1, GATEWAY, secrets.token_hex(16), Lane.ALARM, 1, rows))
    password = (up.folder / f"{GATEWAY}.password").read_text().strip()

    async def publish() -> None:
        async with aiomqtt.Client(
            "127.0.0.1", up.ports.mqtt, username=GATEWAY, password=password
        ) as client:
            await client.publish(GatewayTopics.of(SITE, GATEWAY).alarm, message, qos=1)

    # In a thread: Playwright's own loop runs in this one.
    thread = threading.Thread(target=lambda: asyncio.run(publish()))
    thread.start()
    thread.join(30)


def test_pictures_are_shown_for_a_purpose_and_each_look_is_written_down(
    opens: Opens, up: Up, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """First the picture while the clip is on its way, then the clip; nothing before the purpose."""
    shots = tmp_path_factory.mktemp("shots")
    began = int(time.time() * 1000) - 30_000
    process = Process(up, began)
    process.looks(began)
    say(up, process.episode)
    case = case_of(up, "tamper")
    screen = opens()
    page = opened(screen, case, HANDLER)
    expect(page.locator("#pictures")).to_contain_text("录像上传中", timeout=30_000)
    assert page.locator("#pictures img").count() == 0
    assert up.get(f"/api/v1/evidence/views?case={case}")["items"] == []

    def snapshot() -> bool:
        (found,) = up.get(f"/api/v1/cases/{case}/evidence")["episodes"]
        return [file["kind"] for file in found["files"]] == ["snapshot"]

    assert until(snapshot, 40), up.tails()
    page.reload()
    page.select_option("#f-purpose", "verify")
    page.click("form[data-form=look] [type=submit]")
    picture = page.locator("#pictures img")
    expect(picture).to_be_visible()
    assert until(lambda: picture.evaluate("e => e.naturalWidth") == 640)
    shot(screen, shots, "pictures-clip-on-its-way")
    process.looks(began + 10_000)
    process.keeper.close()
    video = page.locator("#pictures video")
    expect(video).to_be_visible(timeout=60_000)
    expect(page.locator("#pictures")).to_contain_text("隐私遮挡 1 处")
    looked = up.get(f"/api/v1/evidence/views?case={case}")["items"]
    assert {(look["who"], look["kind"], look["purpose"]) for look in looked} == {
        (HANDLER, "snapshot", "verify")
    }
    video.evaluate("e => e.play()")
    assert until(lambda: video.evaluate("e => e.currentTime > 0.5 && e.videoWidth === 640"))
    video.evaluate("e => { e.pause(); e.currentTime = 15; }")
    assert until(lambda: video.evaluate("e => !e.seeking && e.currentTime > 14"))
    shot(screen, shots, "pictures")
    looked = up.get(f"/api/v1/evidence/views?case={case}")["items"]
    assert [look["kind"] for look in looked].count("clip") == 1
    assert serious(screen, lambda: None) == []
    assert screen.errors == []
    phone = opens(PHONE)
    small = opened(phone, case, HANDLER, lang="en")
    small.select_option("#f-purpose", "review")
    small.click("form[data-form=look] [type=submit]")
    expect(small.locator("#pictures video")).to_be_visible()
    small.click("#pictures summary")
    expect(small.locator("#pictures li").first).to_contain_text(HANDLER)
    expect(small.locator("#pictures li").last).to_contain_text("verify an alarm")
    assert small.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    small.locator("#pictures").scroll_into_view_if_needed()
    shot(phone, shots, "pictures-phone")


def test_who_only_reads_sees_that_there_are_pictures_and_none_of_them(opens: Opens, up: Up) -> None:
    """Also not by the address that somebody else was given."""
    case = case_of(up, "tamper")
    digest = up.get(f"/api/v1/cases/{case}/evidence")["episodes"][0]["files"][0]["sha256"]
    screen = opens()
    page = opened(screen, case, VIEWER)
    expect(page.locator("#pictures")).to_contain_text("只供处置")
    assert page.locator("#pictures img, #pictures video, #pictures form").count() == 0
    path = f"{screen.base}/page/evidence/{digest}?case={case}&purpose=verify"
    assert page.request.get(path).status == 403
    assert opens().page.request.get(path).status == 401
    other = opens()
    other.sign_in(HANDLER, PASSWORD)
    assert other.page.request.get(path.replace("verify", "curiosity")).status == 422
    assert other.page.request.get(path).status == 200
