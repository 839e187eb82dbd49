"""Registers devices: what was heard and nobody knows, as a file to fill in and take back."""

from base64 import b64decode
from typing import NamedTuple

from fastapi import APIRouter, HTTPException, Request
from nicegui import events, ui
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub.access import Principal, Role
from hub.device_search import Found, Wanted
from hub.territory.point_list import as_csv, as_text, as_xlsx, rows_of
from hub.territory.registry_import import Merge
from model.errors import ConfigError, HubError
from model.yamlfile import ConfigErrors

from .site import SESSION_COOKIE, Site, Title, Visit
from .tables import Cell, Row, inert, table
from .words import age

SHOWN = 200
EVERY = 1_000_000
UPLOAD_MAX = 600 << 10  # of a file: it travels in one message of the page's connection
CHANGES_SHOWN = 50
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def register(site: Site) -> None:
    """Serve the page."""
    site.page(
        "/devices/unregistered", Title("未登记设备与导入", "Unregistered devices, import"), build
    )


def routes(site: Site) -> APIRouter:
    """Return the files: unregistered devices, and a panel's point list."""
    router = APIRouter(include_in_schema=False)

    async def who_asks(request: Request) -> Principal:
        token = request.cookies.get(SESSION_COOKIE, "")
        who = await run_in_threadpool(site.access.authenticate, token)
        if who is None:
            raise HTTPException(401, "sign in first")
        return who

    @router.get("/devices-export/{name}.{ending}")
    async def export(request: Request, name: str, ending: str, source: str = "") -> Response:
        who = await who_asks(request)
        if ending not in _TYPES or name not in {"points", "unregistered"}:
            raise HTTPException(404, "there are points and unregistered, as csv and xlsx")
        wanted = Wanted(text=source, kind="fire_component", limit=EVERY)
        if name == "unregistered":
            wanted = Wanted(limit=EVERY)
        page = await run_in_threadpool(site.hub.find_devices, wanted, who.sees)
        rows = rows_of(_strangers(page.items) if name == "unregistered" else page.items)
        content = as_csv(rows) if ending == "csv" else await run_in_threadpool(as_xlsx, rows)
        headers = {"content-disposition": f'attachment; filename="{name}.{ending}"'}
        return Response(content, media_type=_TYPES[ending], headers=headers)

    return router


def _strangers(found: list[Found]) -> list[Found]:
    return [item for item in found if not item.view.registered]


_READ_FILE = f"""async (event) => {{
  const file = event.target.files[0];
  if (!file) return;
  if (file.size > {UPLOAD_MAX}) {{ emit(file.name, ""); return; }}
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let n = 0; n < bytes.length; n += 8192) text += String.fromCharCode(...bytes.subarray(n, n + 8192));
  emit(file.name, btoa(text));
  event.target.value = "";
}}"""


class _Upload(NamedTuple):
    name: str
    text: str


async def build(visit: Visit) -> None:
    """Draw what nobody knows yet, and the way to make it known."""
    say = visit.say
    page = await run_in_threadpool(visit.hub.find_devices, Wanted(limit=EVERY), visit.who.sees)
    strangers = _strangers(page.items)
    with ui.element("section").classes("sh-card").style("margin-bottom:12px"):
        ui.html(_table(visit, strangers), sanitize=False)
    if not (visit.may(Role.MAINTENANCE) or visit.may(Role.ADMINISTRATOR)):
        return
    with ui.element("section").classes("sh-card"):
        ui.label(say("登记：导出、填写、导入", "Register: export, fill in, import")).classes(
            "sh-h2"
        ).props('role="heading" aria-level="2"')
        for ending in _TYPES:
            ui.link(
                say(f"导出未登记设备 {ending.upper()}", f"Export unregistered as {ending.upper()}"),
                f"/devices-export/unregistered.{ending}",
            ).classes("sh-navlink")
        ui.label(
            say(
                "填写 building（或 compound）、floor、room、name 后导入；先预览，确认后才写入。点位表也在这里导入。",
                "Fill in building (or compound), floor, room and name, then import; you see the changes before anything is written. Point lists are imported here as well.",
            )
        ).classes("sh-muted")
        shown = ui.element("div")
        label = say("选择 CSV 或 XLSX 文件", "Choose a CSV or XLSX file")
        chosen = ui.html(
            f'<label>{label}<br><input class="sh-input" type="file" accept=".csv,.xlsx"></label>',
            sanitize=False,
        )

        async def taken(event: events.GenericEventArguments) -> None:
            await _taken(visit, shown, event.args)

        chosen.on("change", taken, js_handler=_READ_FILE)


async def _taken(visit: Visit, shown: ui.element, given: object) -> None:
    """Take a file from the browser: its name and content, or its name alone when it is too large."""
    if not isinstance(given, list) or len(given) != len(("name", "content")):
        return
    name, encoded = str(given[0])[:200], str(given[1])
    if not encoded:
        limit = f"{UPLOAD_MAX // 1024} KiB"
        ui.notify(
            visit.say(
                f"{name} 超过 {limit}，请分批导入", f"{name} is over {limit}; import it in parts"
            ),
            type="negative",
        )
        return
    try:
        content = b64decode(encoded, validate=True)
    except ValueError:
        return
    await _preview(visit, shown, content, name)


def _table(visit: Visit, strangers: list[Found]) -> str:
    say = visit.say
    rows: list[Row] = [
        [
            Cell(item.view.id, link=f"/devices/{item.view.id}"),
            item.view.kind,
            age(item.view.last_heard, visit.hub.now(), visit.lang),
            item.view.gateway,
            item.view.source,
            str(item.view.values.get("description", "")),
        ]
        for item in strangers[:SHOWN]
    ]
    head = [
        say("设备", "Device"),
        say("类型", "Kind"),
        say("最近上报", "Heard"),
        say("网关", "Gateway"),
        say("上级", "Fronted by"),
        say("自述", "Says of itself"),
    ]
    empty = say("所有上报的设备都已登记", "Every device that was heard is registered")
    more = ""
    if len(strangers) > SHOWN:
        rest = len(strangers) - SHOWN
        more = f'<p class="sh-muted">{say(f"另有 {rest} 台，见导出文件", f"and {rest} more, in the exported file")}</p>'
    return table(say("未登记设备", "Unregistered devices"), head, rows, empty=empty) + more


async def _preview(visit: Visit, shown: ui.element, content: bytes, name: str) -> None:
    """Show what an import would change, or every problem with line and column."""
    shown.clear()
    try:
        text = await run_in_threadpool(as_text, content, name)
        merge = await visit.hub.import_devices(text, name=name, actor=visit.who.name, apply=False)
    except (ConfigErrors, ConfigError) as error:
        with shown:
            ui.html(_problems(error), sanitize=False)
        return
    with shown:
        ui.html(changes_html(visit, merge), sanitize=False)
        if merge.added or merge.changed:
            button = ui.element("button").classes("sh-button").props('type="button" id="sh-apply"')
            with button:
                ui.label(visit.say("写入登记库", "Write to the registry"))
            button.on("click", lambda: _apply(visit, shown, _Upload(name, text)))


async def _apply(visit: Visit, shown: ui.element, upload: _Upload) -> None:
    if not (await visit.still(Role.MAINTENANCE)):
        return
    try:
        merge = await visit.hub.import_devices(
            upload.text, name=upload.name, actor=visit.who.name, apply=True
        )
    except (HubError, OSError) as error:
        ui.notify(str(error), type="negative")
        return
    shown.clear()
    with shown:
        ui.label(
            visit.say(
                f"已写入：新增 {len(merge.added)}，修改 {len(merge.changed)}",
                f"Written: {len(merge.added)} added, {len(merge.changed)} changed",
            )
        ).classes("sh-normal sh-tone")


def changes_html(visit: Visit, merge: Merge) -> str:
    """Return what an import adds and changes, in words."""
    say = visit.say
    items = [f"<li>+ {inert(name)}</li>" for name in merge.added[:CHANGES_SHOWN]]
    items += [
        f"<li>~ {inert(change.device)}: "
        + ", ".join(f"{inert(k)}: {inert(a)} → {inert(b)}" for k, (a, b) in change.columns.items())
        + "</li>"
        for change in merge.changed[:CHANGES_SHOWN]
    ]
    said = say(
        f"新增 {len(merge.added)}，修改 {len(merge.changed)}，不变 {merge.unchanged}；不会删除任何设备",
        f"{len(merge.added)} added, {len(merge.changed)} changed, {merge.unchanged} as they were; none is removed",
    )
    return f"<p><b>{said}</b></p><ul>{''.join(items)}</ul>"


def _problems(error: Exception) -> str:
    lines = str(error).splitlines()[:CHANGES_SHOWN]
    return (
        '<ul class="sh-troubles">'
        + "".join(f'<li class="sh-trouble sh-critical">{inert(line)}</li>' for line in lines)
        + "</ul>"
    )
