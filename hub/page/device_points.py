"""What hangs on a panel: its point list 点位表, page by page, and as a file."""

from urllib.parse import quote, urlencode

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from hub.device_search import Wanted

from .fragment import Fragment, link
from .links import device_path
from .paging import Part, page_of, pager
from .site import Visit
from .tables import Cell, Row, table

SHOWN = 100
COMPONENT = "fire_component"


async def fronts(visit: Visit, panel: str) -> bool:
    """Return whether anything that the visitor may see hangs on a panel, heard itself or not."""
    wanted = Wanted(source=panel, kind=COMPONENT, limit=1)
    return (await run_in_threadpool(visit.hub.find_devices, wanted, visit.who.sees)).total > 0


async def points(visit: Visit, panel: str) -> None:
    """List what a panel fronts, whether or not it was heard, and offer it as a file."""
    number, say = page_of(visit.query, "points"), visit.say
    wanted = Wanted(source=panel, kind=COMPONENT, offset=(number - 1) * SHOWN, limit=SHOWN)
    page = await run_in_threadpool(visit.hub.find_devices, wanted, visit.who.sees)
    rows: list[Row] = [
        [
            Cell(item.view.id, link=device_path(item.view.id)),
            str(item.view.values.get("description", "")),
            item.device.room if item.device else "",
            item.place.name if item.place else say("未登记", "unregistered"),
        ]
        for item in page.items
    ]
    head = [
        say("部件", "Component"),
        say("控制器描述", "Panel's text"),
        say("房间", "Room"),
        say("位置", "Place"),
    ]
    html = table(
        say("点位表", "Point list"), head, rows, empty=say("没有部件", "No components"), stacks=True
    )
    if page.total > SHOWN:
        counted = say(f"共 {page.total:,} 个部件", f"{page.total:,} components")
        kept = {k: v for k, v in visit.query.items() if k == "range"}
        html += pager(
            visit,
            Part(number, SHOWN, page.total),
            counted,
            lambda to: f"{device_path(panel)}?{urlencode(kept | {'points': str(to)})}#points",
        )
    with ui.element("section").classes("sh-card").props('id="points"'):
        ui.label(say("点位表", "Point list")).classes("sh-h2").props(
            'role="heading" aria-level="2"'
        )
        for ending in ("csv", "xlsx"):
            link(
                say(f"导出 {ending.upper()}", f"Export {ending.upper()}"),
                f"/devices-export/points.{ending}?source={quote(panel, safe='')}",
            ).classes("sh-navlink")
        link(say("导入", "Import"), "/devices/unregistered").classes("sh-navlink")
        Fragment(html)
