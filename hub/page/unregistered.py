"""Registers devices: what was heard and nobody knows, as a file to fill in and take back."""

from base64 import b64decode
from collections.abc import Sequence
from typing import NamedTuple

from fastapi import APIRouter, HTTPException, Request
from nicegui import events, ui
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub.access import Principal, Role
from hub.api.services import Services
from hub.device_search import Found, Wanted
from hub.territory.point_list import as_csv, as_text, as_xlsx, rows_of
from model.errors import HubError
from rules.views import DeviceView

from .event_words import KINDS
from .fragment import Fragment, link
from .import_html import changes_html, problems_html
from .links import device_path
from .paging import Part, page_of, pager
from .site import SESSION_COOKIE, Site, Title, Visit
from .tables import Cell, Row, inert, table
from .words import age, word

SHOWN = 50
LINKED = 20  # of the devices that an import added
EVERY = 1_000_000  # of a file that is exported: more than a hub has
UPLOAD_MAX = 600 << 10  # of a file: it travels in one message of the page's connection
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
        rows = await run_in_threadpool(_rows, site.hub, who, name, source)
        write = as_csv if ending == "csv" else as_xlsx
        content = await run_in_threadpool(write, rows)
        headers = {"content-disposition": f'attachment; filename="{name}.{ending}"'}
        return Response(content, media_type=_TYPES[ending], headers=headers)

    return router


def _rows(hub: Services, who: Principal, name: str, source: str) -> list[dict[str, object]]:
    compounds = hub.registry().compounds
    if name == "unregistered":
        strangers = (Found(view, None, None) for view in strangers_of(hub, who))
        return rows_of(strangers, compounds=compounds)
    wanted = Wanted(source=source, kind="fire_component", limit=EVERY)
    return rows_of(hub.find_devices(wanted, who.sees).items, compounds=compounds)


def strangers_of(
    hub: Services, who: Principal, limit: int | None = None, *, offset: int = 0
) -> Sequence[DeviceView]:
    """Return the unregistered devices that somebody may see: they lie in no territory."""
    return hub.strangers(limit, offset=offset) if who.sees("") else []


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


class _Places(NamedTuple):
    """Where the page shows what came of an import, and the list that grows shorter by it."""

    shown: ui.element
    listed: Fragment


async def build(visit: Visit) -> None:
    """Draw what nobody knows yet, and the way to make it known."""
    say = visit.say
    with ui.element("section").classes("sh-card").style("margin-bottom:12px"):
        listed = Fragment(await run_in_threadpool(_table, visit))
    if not (visit.may(Role.MAINTENANCE) or visit.may(Role.ADMINISTRATOR)):
        return
    with ui.element("section").classes("sh-card"):
        ui.label(say("登记：导出、填写、导入", "Register: export, fill in, import")).classes(
            "sh-h2"
        ).props('role="heading" aria-level="2"')
        for ending in _TYPES:
            link(
                say(f"导出未登记设备 {ending.upper()}", f"Export unregistered as {ending.upper()}"),
                f"/devices-export/unregistered.{ending}",
            ).classes("sh-navlink")
        ui.label(
            say(
                "填写 building（或 compound）、floor、room、name 后导入；先预览，确认后才写入。点位表也在这里导入。",
                "Fill in building (or compound), floor, room and name, then import; you see the changes before anything is written. Point lists are imported here as well.",
            )
        ).classes("sh-muted")
        label = say("选择 CSV 或 XLSX 文件", "Choose a CSV or XLSX file")
        chosen = Fragment(
            f'<label>{label}<br><input class="sh-input" type="file" accept=".csv,.xlsx"></label>'
        )

        shown = ui.element("div").style("margin-top:12px")

        async def taken(event: events.GenericEventArguments) -> None:
            await _taken(visit, _Places(shown, listed), event.args)

        chosen.on("change", taken, js_handler=_READ_FILE)


async def _taken(visit: Visit, places: _Places, given: object) -> None:
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
    await _preview(visit, places, content, name)


def _table(visit: Visit) -> str:
    say, number = visit.say, page_of(visit.query, "page")
    strangers = strangers_of(visit.hub, visit.who, SHOWN, offset=(number - 1) * SHOWN)
    rows: list[Row] = [
        [
            Cell(view.id, link=device_path(view.id)),
            word(KINDS, view.kind, visit.lang),
            age(view.last_heard, visit.hub.now(), visit.lang),
            view.gateway,
            view.source,
            str(view.values.get("description", "")),
        ]
        for view in strangers
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
    if not visit.who.sees(""):
        empty = say(
            "未登记设备不属于任何辖区，您的账户限于一个辖区",
            "Unregistered devices lie in no territory; your account is limited to one",
        )
    html = table(say("未登记设备", "Unregistered devices"), head, rows, empty=empty, stacks=True)
    total = visit.hub.census().unregistered if visit.who.sees("") else 0
    if total > SHOWN:
        counted = say(f"共 {total:,} 台", f"{total:,} devices")
        part = Part(number, SHOWN, total)
        html += pager(visit, part, counted, lambda to: f"/devices/unregistered?page={to}")
    return html


async def _preview(visit: Visit, places: _Places, content: bytes, name: str) -> None:
    """Show what an import would change, or every problem with line and column."""
    shown = places.shown
    shown.clear()
    try:
        text = await run_in_threadpool(as_text, content, name)
        merge = await visit.hub.import_devices(text, name=name, by=visit.who, apply=False)
    except (HubError, OSError) as error:
        with shown:
            Fragment(problems_html(visit, error, name=name))
        return
    with shown:
        Fragment(changes_html(visit, merge))
        if merge.added or merge.changed:
            button = ui.element("button").classes("sh-button").props('type="button" id="sh-apply"')
            with button:
                ui.label(visit.say("写入登记库", "Write to the registry"))
            button.on("click", lambda: _apply(visit, places, _Upload(name, text)))


async def _apply(visit: Visit, places: _Places, upload: _Upload) -> None:
    if not (await visit.still(Role.MAINTENANCE)):
        return
    said = ""
    try:
        merge = await visit.hub.import_devices(
            upload.text, name=upload.name, by=visit.who, apply=True
        )
    except (HubError, OSError) as error:
        said = problems_html(visit, error, name=upload.name)
    else:
        written = visit.say(
            f"已写入：新增 {len(merge.added)}，修改 {len(merge.changed)}",
            f"Written: {len(merge.added)} added, {len(merge.changed)} changed",
        )
        said = f'<p class="sh-normal sh-tone" role="status">{written}</p>'
        said += "".join(
            f'<a class="sh-navlink" href="{device_path(name)}">{inert(name)}</a>'
            for name in merge.added[:LINKED]
        )
    places.shown.clear()
    with places.shown:
        Fragment(said)
    places.listed.set_content(await run_in_threadpool(_table, visit))
