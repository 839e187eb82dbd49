"""One camera: its picture, what the algorithm saw, how it has been, what it noticed, and its settings."""

from functools import partial
from itertools import islice

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from hub.access import Principal, Role
from hub.api.services import Services
from hub.camera_episodes import SeenEpisode, episodes_of
from hub.camera_views import CameraView, camera_view
from hub.case_store.footage import Shown
from hub.evidence.live import LivePurpose
from hub.evidence.looking import may_see
from hub.page.case.markup import Markup, joined, tag
from hub.page.device_charts import options
from hub.page.device_history import Series, history
from hub.page.device_words import name_of
from hub.page.links import device_path
from hub.page.site import Visit
from hub.page.tables import Cell, Row, table
from hub.page.words import span
from model.errors import Transient
from model.reading import Reading

from .editor_html import editor_html, trial_html
from .facts import facts_html, stage_html
from .tiles import Tiles, open_cases
from .wall import head, sees_pictures
from .words import observation

DAY = 86_400_000
EPISODES = 60
CLIPS, CLIPS_ASKED = 20, 200
ASKED = 5_000
CHARTS = {"fps": "#7fc8ff", "cpu_pct": "#ffab4a", "people_count": "#63d897"}


async def build(visit: Visit, tiles: Tiles) -> None:
    """Draw the camera, or say that there is none."""
    hub, name = visit.hub, visit.given["camera"]
    look = partial(camera_view, hub, visit.who.sees, name)
    view = await run_in_threadpool(look)
    if view is None:
        ui.label(visit.say("没有这台摄像机", "No such camera")).classes("sh-empty")
        return
    pictures = sees_pictures(visit.who)
    head(visit.site, "camera.js", "camera_editor.js")
    if pictures:
        note = partial(hub.looks.note, visit.who, name, purpose_of(visit).value, grid=view.grid)
        await run_in_threadpool(note)
    cases = open_cases(tiles.board)
    ui.html(
        tag("div",
            tag("div", stage_html(visit, view, chosen=purpose_of(visit), pictures=pictures)),
            tag("section", facts_html(view, cases.get(name, ""), visit.lang), id="cm-facts", class_="sh-card",
                data_camera=name), class_="cw-one"),
        sanitize=False,
    )  # fmt: skip
    await _past(visit, view)
    if pictures and visit.may(Role.MAINTENANCE):
        clips = await run_in_threadpool(clips_for, hub, visit.who, name)
        ui.html(joined([editor_html(visit, view), trial_html(visit, clips)]), sanitize=False)


def clips_for(hub: Services, who: Principal, camera: str) -> list[Shown]:
    """Return the newest kept clips of a camera that somebody may see; for worker threads."""
    newest = hub.store.footage.clips_of(camera, limit=CLIPS_ASKED)
    return list(islice((clip for clip in newest if may_see(hub, who, clip)), CLIPS))


def purpose_of(visit: Visit) -> LivePurpose:
    """Return what somebody looks for: as the address says, else by their role."""
    given = visit.query.get("purpose", "")
    if given in set(LivePurpose):
        return LivePurpose(given)
    if visit.query.get("case"):
        return LivePurpose.HANDLE
    fixes = visit.who.role is Role.MAINTENANCE
    return LivePurpose.TECHNICAL if fixes else LivePurpose.DUTY


async def _past(visit: Visit, view: CameraView) -> None:
    """Draw the charts and episodes of the last day."""
    now = visit.hub.now()
    zones = [f"{view.id}/{zone}" for zone in view.zones if zone]
    read = partial(_read, visit, [view.id, *zones], now)
    try:
        series, readings = await run_in_threadpool(read)
    except Transient as error:
        said = visit.say(f"读数库暂不可用：{error}", f"The reading store is away: {error}")
        ui.label(said).classes("sh-card sh-major sh-tone")
        return
    with ui.element("div").classes("sh-charts"):
        for colour, one in series:
            with ui.element("section").classes("sh-card"):
                ui.echart(options(visit, one, colour)).style("height:180px")
    found = episodes_of(readings, view.id)
    with ui.element("section").classes("sh-card"):
        ui.html(episodes_html(visit, found), sanitize=False)


def _read(
    visit: Visit, devices: list[str], now: int
) -> tuple[list[tuple[str, Series]], list[Reading]]:
    """Return the charts, each with its colour, and the newest Readings."""
    series: list[tuple[str, Series]] = []
    readings: list[Reading] = []
    for device in devices:
        past = history(visit.hub.readings, device, now - DAY, now + 1, kept=0)
        zone = device.partition("/")[2]
        for one in past.series:
            if one.quantity in CHARTS:
                name = name_of(one.quantity, visit.lang) + (f" · {zone}" if zone else "")
                series.append((CHARTS[one.quantity], Series(name, one.points)))
        readings += visit.hub.readings.query(device, now - DAY, now + 1, ASKED)
    return series, readings


def episodes_html(visit: Visit, episodes: list[SeenEpisode]) -> Markup:
    """Return what the camera noticed in the last day, newest first."""
    say, now = visit.say, visit.hub.now()
    cases = {str(case["subject"]): case for case in reversed(visit.board.ordered(visit.sees))}
    rows: list[Row] = []
    for one in episodes[:EPISODES]:
        word = observation(one.observation)
        case = cases.get(one.device)
        lost = one.ended_by in ("blind", "removed")  # nobody knows whether it is over
        mine = case is not None and (one.ended_at is None or lost)
        until = visit.time(one.ended_at, day=False) if one.ended_at else say("进行中", "goes on")
        rows.append([
            visit.time(one.started_at),
            f"{until} {say('起看不到', 'lost from sight')}" if lost else until,
            span((one.ended_at or now) - one.started_at, visit.lang),
            Cell(word.say(visit.lang), word.tone),
            one.zone or say("整个画面", "whole picture"),
            f"{one.confidence:.2f}",
            Cell(str(case["id"]), link=f"/cases/{case['id']}") if case is not None and mine else "",
        ])  # fmt: skip
    head_row = [
        say("开始", "From"), say("结束", "To"), say("时长", "Length"), say("发现", "What"),
        say("区域", "Zone"), say("置信度", "Confidence"), say("案件", "Case"),
    ]  # fmt: skip
    title = say("最近 24 小时的发现", "What it noticed in the last 24 hours")
    more = ""
    if len(episodes) > EPISODES:
        more = say(f"另有 {len(episodes) - EPISODES} 次", f"and {len(episodes) - EPISODES} more")
    way = tag("p", more, " ", tag("a", say("全部读数", "all readings"),
                                  href=device_path(visit.given["camera"])))  # fmt: skip
    none = say("没有发现", "Nothing was noticed")
    return joined([
        tag("h2", title, class_="sh-h2"),
        Markup(table(title, head_row, rows, empty=none, stacks=True)), way,
    ])  # fmt: skip
