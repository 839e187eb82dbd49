"""Draws the readings around the event as a chart, with the same in a table beside it."""

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from hub.page.fragment import Fragment
from hub.page.plot import Plot
from hub.page.site import Visit

from .evidence import chart_options, devices_of, height, quantities
from .evidence_html import devices_html, readings_html
from .markup import tag
from .view import View, read_readings

AGAIN_MS = 10_000  # the store is asked at most this often


class Chart:
    """The chart of one device; it is drawn again when the case has new alarms."""

    def __init__(self, visit: Visit) -> None:
        """Take who looks."""
        self._visit = visit
        self._device = ""
        self._asked_at = 0
        self._members = -1
        self._chart: Plot
        self._box: ui.element
        self._table: Fragment

    def draw(self, view: View) -> None:
        """Make room for chart and table."""
        say, lang = self._visit.say, self._visit.lang
        devices = devices_of(view.case)
        asked = self._visit.query.get("device", "")
        self._device = asked if asked in devices else (devices[0] if devices else "")
        with ui.element("section").classes("sh-card cp-r").props('id="evidence"'):
            title = say("事件前后的读数", "Readings around the event")
            Fragment(tag("h2", title, class_="sh-h2"))
            choice = devices_html(devices, self._device, self._visit.path, lang)
            if choice is not None:
                Fragment(choice)
            self._box = ui.element("div").classes("cp-chart").props('role="img"')
            self._box.props["aria-label"] = say(
                f"{self._device} 的读数曲线，数值见下表",
                f"Chart of {self._device}; its values are in the table",
            )
            with self._box:
                self._chart = Plot()
            self._table = Fragment("")
        self._box.set_visibility(False)

    async def show(self, view: View) -> None:
        """Ask for the readings and draw them; seldom, and only while something moves."""
        case, now = view.case, self._visit.hub.now()
        moved = len(case.members) * 1000 + case.active
        if self._asked_at and (now - self._asked_at < AGAIN_MS or moved == self._members):
            return
        self._asked_at, self._members = now, moved
        readings = []
        if self._device:
            found = await run_in_threadpool(read_readings, self._visit, case, self._device)
            if found is None:
                away = self._visit.say("读数库暂时不可用。", "The reading store is away.")
                self._table.set_content(tag("p", away, class_="cp-wrong"))
                return
            readings = found
        say, zone, lang = self._visit.say, self._visit.zone, self._visit.lang
        marks = {say("首报", "first alarm"): case.started_at}
        drawable = bool(quantities(readings, view.limits))
        self._box.set_visibility(drawable)
        if drawable:
            self._box.style(f"height: {height(readings, view.limits)}px")
            self._chart.show(chart_options(readings, view.limits, marks, zone=zone))
        self._table.set_content(readings_html(readings, case, self._device, zone=zone, lang=lang))
