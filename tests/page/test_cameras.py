"""The wall of cameras and the page of one, in a browser, over a real hub and broker."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from hub.page.cameras.wall import WALL
from tests.trust.stack import Up

from .browsing import DESKTOP, PHONE, Opens, chromium_path, shot, until
from .camera_world import HOSTILE, Cameras
from .case_world import (
    ELSEWHERE,
    FIXER,
    HANDLER,
    PASSWORD,
    VIEWER,
    add_people,
    serious,
    write_registry,
)

GATE, OFF, ODD = "east-gate", "west-gate", f"南门{HOSTILE}".replace(" ", "").replace("/", "|")


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A hub with a small registry and people of every role."""
    chromium_path()
    data = tmp_path_factory.mktemp("cameras") / "data"
    write_registry(data)
    file = data / "registry" / "registry.yaml"
    known = file.read_text(encoding="utf-8")
    file.write_text(
        f"{known}  - {{id: {GATE}, kind: camera, building: c1-b1, name: 东门枪机, role: camera}}\n",
        encoding="utf-8",
    )
    with Up(data) as started:
        add_people(started)
        yield started


@pytest.fixture(scope="module")
def cameras(up: Up) -> Cameras:
    """Three cameras: one sees something, one is away, one has a hostile name."""
    world = Cameras(up)
    for name in (GATE, OFF, ODD):
        world.tell(name)
        world.say(name, online=True, fps=4.9, cpu_pct=12.5, look_ms=21.0, frames_skipped=0.0)
        world.show(name)
    world.say(f"{GATE}/gate", motion=True, episode="e1", confidence=0.9, seen_s=4.0)
    world.say(f"{GATE}/lane", people_count=3.0, crowd=False)
    world.say(OFF, online=False, offline_reason="login")
    assert until(lambda: len(up.get("/api/v1/cameras")["items"]) == 3)
    return world


def tile(camera: str) -> str:
    """Return the selector of a camera's tile."""
    return f'article[data-camera="{camera}"]'


def widths(page: Page, camera: str) -> int:
    """Return how wide a tile's picture really is; 0 while it is not loaded."""
    found: int = page.evaluate(
        'name => document.querySelector(`article[data-camera="${name}"] img`)?.naturalWidth || 0', camera
    )  # fmt: skip
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_wall_shows_what_needs_a_look_first(
    opens: Opens, up: Up, cameras: Cameras, size: tuple[int, int], lang: str
) -> None:
    """In words and icons, in both languages, also on a phone; a name is no script."""
    cameras.show(GATE)
    screen = opens(size).sign_in(lang=lang)
    page = screen.go("/cameras")
    page.wait_for_selector(tile(GATE))
    order = page.eval_on_selector_all("#cw-grid > article", "all => all.map(a => a.dataset.camera)")
    assert order == [GATE, OFF, ODD]
    first = page.inner_text(tile(GATE))
    words = {"zh": ["东门枪机", "1号楼", "有发现", "区域移动", "gate", "画面"],
             "en": ["东门枪机", "Sees something", "Motion", "picture"]}  # fmt: skip
    assert all(word in first for word in words[lang]), first
    away = page.inner_text(tile(OFF))
    assert ("用户名或密码被拒绝" if lang == "zh" else "user or password refused") in away
    assert ("password" if lang == "en" else "密码文件") in away
    assert until(lambda: widths(page, GATE) == 640)
    assert serious(screen, lambda: None) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    assert page.evaluate("window.hacked") is None
    assert screen.errors == []
    shot(screen, up.folder, f"cameras-{lang}-{size[0]}")


def test_the_wall_keeps_itself_current_and_nothing_flashes(opens: Opens, cameras: Cameras) -> None:
    """A new picture takes the old one's place in the same element; a state changes in its tile."""
    cameras.say(ODD, online=True)
    cameras.show(ODD, colour=60)
    page = opens().sign_in(lang="en").go("/cameras")
    assert until(lambda: widths(page, ODD) == 640)
    page.evaluate(
        """name => {
      const tile = document.querySelector(`article[data-camera="${name}"]`);
      tile.dataset.same = "1"; tile.querySelector("img").dataset.same = "1"; window.empty = 0;
      const look = () => { if (!tile.querySelector("img").naturalWidth) window.empty += 1; requestAnimationFrame(look); };
      look();
    }""",
        ODD,
    )
    before = page.get_attribute(f"{tile(ODD)} img", "src")
    cameras.show(ODD, colour=200)
    cameras.say(ODD, online=True, covered=True)
    expect(page.locator(tile(ODD))).to_contain_text("Camera covered")
    assert until(lambda: page.get_attribute(f"{tile(ODD)} img", "src") != before)
    page.wait_for_timeout(500)
    assert page.get_attribute(tile(ODD), "data-same") == "1"
    assert page.get_attribute(f"{tile(ODD)} img", "data-same") == "1"
    assert page.evaluate("window.empty") == 0
    cameras.say(ODD, online=True, covered=False)
    expect(page.locator(tile(ODD))).not_to_contain_text("Camera covered")


def test_an_old_picture_is_said_to_be_old(opens: Opens, cameras: Cameras) -> None:
    """Grey, and in words; nobody takes it for what is there now."""
    cameras.show(GATE, age_ms=600_000)
    page = opens().sign_in(lang="en").go("/cameras")
    expect(page.locator(tile(GATE))).to_contain_text("OLD PICTURE")
    expect(page.locator(tile(GATE))).to_contain_text("10 min")
    assert "grayscale" in page.eval_on_selector(f"{tile(GATE)} img", "i => getComputedStyle(i).filter")  # fmt: skip
    cameras.show(GATE)
    expect(page.locator(tile(GATE))).not_to_contain_text("OLD PICTURE")


def test_a_picture_that_does_not_load_keeps_its_age_and_is_tried_again(
    opens: Opens, cameras: Cameras
) -> None:
    """What is said of a newer picture is not said of the old one that is still shown."""
    cameras.show(ODD, colour=60, age_ms=70_000)
    page = opens().sign_in(lang="en").go("/cameras")
    assert until(lambda: widths(page, ODD) == 640)
    since, picture = f"{tile(ODD)} .cw-age time", f"{tile(ODD)} img"
    before = (page.get_attribute(since, "data-since"), page.get_attribute(picture, "src"))
    page.route("**/page/cameras/picture*", lambda route: route.fulfill(status=503))
    cameras.show(ODD, colour=120)
    cameras.say(ODD, online=True, covered=True)
    expect(page.locator(tile(ODD))).to_contain_text("Camera covered")
    page.wait_for_timeout(3_000)
    after = (page.get_attribute(since, "data-since"), page.get_attribute(picture, "src"))
    assert after == before
    page.unroute("**/page/cameras/picture*")
    assert until(lambda: page.get_attribute(picture, "src") != before[1])
    assert until(lambda: page.get_attribute(since, "data-since") != before[0])
    cameras.say(ODD, online=True, covered=False)
    expect(page.locator(tile(ODD))).not_to_contain_text("Camera covered")


def test_the_age_of_a_picture_is_on_the_wall_from_the_start(opens: Opens, cameras: Cameras) -> None:
    """Written by the hub; the browser only counts on."""
    cameras.show(GATE, age_ms=100_000)
    screen = opens().sign_in(lang="en")
    answer = screen.page.request.get(f"{screen.base}/cameras")
    assert re.search(r"1 min \d+ s", answer.text())


def test_a_camera_whose_masks_may_lie_elsewhere_says_so(opens: Opens, cameras: Cameras) -> None:
    """Black without a word looks like a fault; what to do stands beside it."""
    cameras.say(ODD, online=True, masks_misfit=True)
    page = opens().sign_in(lang="en").go("/cameras")
    expect(page.locator(tile(ODD))).to_contain_text("masks may lie elsewhere")
    expect(page.locator(tile(ODD))).to_contain_text("restart the gateway")
    cameras.say(ODD, online=True, masks_misfit=False)
    expect(page.locator(tile(ODD))).not_to_contain_text("masks may lie elsewhere")


def test_the_wall_is_narrowed_by_compound_and_need(opens: Opens, cameras: Cameras) -> None:
    """Each view is an address that can be sent; what is shown stays so while it updates."""
    assert cameras
    page = opens().sign_in(lang="en").go("/cameras")
    page.select_option("select[name=show]", "attention")
    page.click(".cw-filter button[type=submit]")
    assert until(lambda: "show=attention" in page.url), page.url
    page.wait_for_selector(tile(GATE))
    page.wait_for_timeout(2_500)
    assert page.locator("#cw-grid > article").count() == 2
    page = opens().sign_in(lang="en").go("/cameras?q=nothing-like-this")
    expect(page.locator("#cw-nothing")).to_be_visible()


def test_a_viewer_sees_states_and_no_pictures(opens: Opens, cameras: Cameras) -> None:
    """And what is looked at is noted with its purpose; a territory sees its own cameras."""
    assert cameras
    screen = opens().sign_in(VIEWER, PASSWORD, lang="en")
    page = screen.go("/cameras")
    expect(page.locator(tile(GATE))).to_contain_text("Your role shows no pictures")
    assert page.locator("#cw-grid img").count() == 0
    picture = f"{screen.base}/page/cameras/picture?name={GATE}"
    assert page.request.get(f"{picture}&of=wall").status == 403
    elsewhere = opens().sign_in(ELSEWHERE, PASSWORD, lang="en").go("/cameras")
    expect(elsewhere.locator("#sh-main")).to_contain_text("There is no camera yet")
    assert elsewhere.request.get(f"{picture}&of=wall").status == 404
    opens().sign_in(FIXER, PASSWORD, lang="en").go("/cameras").wait_for_selector("#cw-grid")
    accounts = opens().sign_in(lang="zh").go("/accounts")
    expect(accounts.locator("#sh-main")).to_contain_text("摄像机画面查看记录")
    expect(accounts.locator("#sh-main")).to_contain_text(FIXER)
    expect(accounts.locator("#sh-main")).to_contain_text("值班巡看")


def test_a_picture_needs_a_purpose_except_on_the_wall_which_names_the_camera(
    opens: Opens, up: Up, cameras: Cameras
) -> None:
    """Who watches one camera cannot pass for somebody who has the wall open."""
    cameras.show(GATE)
    screen = opens().sign_in(HANDLER, PASSWORD, lang="en")
    ask = screen.page.request.get
    picture = f"{screen.base}/page/cameras/picture?name={GATE}"
    assert until(lambda: ask(f"{picture}&purpose=verify").status == 200)
    assert [ask(f"{picture}{more}").status for more in ("", "&of=page", "&of=wall&view=seen")] == [
        422
    ] * 3
    assert [ask(f"{picture}&of=wall").status for _ in range(5)] == [200] * 4 + [429]
    looks = up.get("/api/v1/evidence/views")["items"]
    mine = [(look["device"], look["purpose"]) for look in looks if look["who"] == HANDLER]
    assert sorted(mine) == [(GATE, "duty_watch"), (GATE, "verify"), (WALL, "duty_watch")]


def test_a_wall_of_two_hundred_costs_what_is_seen_and_what_changes(
    opens: Opens, up: Up, cameras: Cameras
) -> None:
    """Pictures out of sight are not fetched, tiles that did not change are not sent again."""
    many = [f"cam-{number:03d}" for number in range(200)]
    cameras.say_all(
        [(name, 0, {"online": True, "fps": 5.0, "cpu_pct": 9.0, "motion": False}) for name in many]
    )
    cameras.show_all(many)
    assert until(lambda: len(up.get("/api/v1/cameras")["items"]) >= 203)
    assert until(lambda: all(item["picture_at"] for item in up.get("/api/v1/cameras")["items"]))
    screen = opens().sign_in(lang="en")
    fetched: list[str] = []
    screen.page.on("request", lambda request: fetched.append(request.url))
    page = screen.go("/cameras")
    page.wait_for_selector(tile("cam-199"), state="attached")
    page.wait_for_timeout(3_000)
    pictures = [url for url in fetched if "/page/cameras/picture" in url]
    assert 0 < len(pictures) < 100, len(pictures)
    version = page.evaluate("fetch('/page/cameras/tiles').then(a => a.json()).then(a => a.version)")
    said = page.evaluate(
        f"fetch('/page/cameras/tiles?after={version}').then(a => a.json()).then(a => [a.order.length, Object.keys(a.tiles)])"
    )
    assert said[0] >= 203
    assert set(said[1]) <= {GATE, OFF, ODD}


def test_a_picture_that_a_new_mask_hides_leaves_every_screen(
    opens: Opens, cameras: Cameras
) -> None:
    """The wall and the camera's own page, both open, though no newer picture ever comes."""
    name = "a-masked-later"
    cameras.tell(name)
    cameras.say(name, online=False, offline_reason="unreachable")
    cameras.show(name)
    wall = opens().sign_in(lang="en").go("/cameras")
    one = opens().sign_in(lang="en").go(f"/cameras/{name}")
    assert until(lambda: widths(wall, name) == 640)
    one.wait_for_function("document.getElementById('cm-picture')?.naturalWidth === 640")
    cameras.tell(name, masks=[[[0.1, 0.1], [0.4, 0.1], [0.4, 0.6]]])
    expect(wall.locator(f"{tile(name)} img")).to_have_count(0)
    expect(one.locator("#cm-picture")).to_be_hidden()
    expect(one.locator("#cm-none")).to_be_visible()
    assert one.get_attribute("#cm-picture", "src") is None
    expect(one.locator("#cm-age")).to_contain_text("waiting for a picture")
    cameras.show(name, colour=10)
    one.wait_for_function("document.getElementById('cm-picture')?.naturalWidth === 640")
    assert until(lambda: widths(wall, name) == 640)
