"""A matter that somebody reports 上报: a small form on the list of cases becomes a case of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui
from pydantic import ValidationError

from cases.taxonomy import CATEGORIES
from hub.access import Principal, Role
from hub.api.reports import ReportBody, covers
from hub.page.fragment import Fragment
from hub.page.site import Visit
from model.case import EventClass
from model.entry import Report
from model.errors import HubError, Refused
from model.place import Registry

from .form_html import Draft, begun, form_html
from .forms import Deed, Field
from .markup import Markup, joined, tag
from .sending import Problem, problems

PLACES_MAX = 300  # suggestions sent to the browser; any other place may be typed by its id or name
KEY = "new/report"

_KINDS = tuple(
    (row.word, row.zh, row.en[:1].upper() + row.en[1:])
    for row in sorted(CATEGORIES.values(), key=lambda row: row.cls is not EventClass.REPORT)
    if row.cls in {EventClass.REPORT, EventClass.EMERGENCY}
)
_FIELDS = (
    Field("place", "地点", "Place", "place", needed=True,
          hint=("小区、楼栋或设备：名称或编号", "compound, building or device: its name or id")),
    Field("category", "类别", "Category", "choice", needed=True, choices=_KINDS),
    Field("text", "内容", "What is the matter", "text", needed=True),
    Field("reporter", "反映人", "Raised by", hint=("不填则为本人", "empty: you")),
    Field("contact", "联系方式", "Contact", hint=("仅处置人员可见", "seen only by who works on it")),
)  # fmt: skip
REPORT = Deed("report", "report", (), "上报事项", "Report a matter", "add_comment", _FIELDS)


class Reporting:
    """The form; what is typed stays until it has become a case."""

    def __init__(self, visit: Visit) -> None:
        """Take who reports."""
        self._visit = visit
        self._draft: Draft | None = None
        self._sending: set[str] = set()
        self._form: Fragment

    def draw(self) -> None:
        """Draw the button, and room for the form."""
        lang = self._visit.lang
        Fragment(
            tag("button", REPORT.label(lang), type="button", class_="sh-button", data_deed="report")
        )
        self._form = Fragment("").classes("cp-formhost")

    async def clicked(self, args: Mapping[str, Any]) -> None:
        """Open the form, or close it."""
        if args.get("deed") == "cancel":
            self._draft = None
            self._form.set_content(tag("span", data_done=KEY))
        elif args.get("deed") == "report":
            self._draft = begun(REPORT, _FIELDS, {})
            self._show()

    async def submitted(self, args: Mapping[str, Any]) -> None:
        """Make a case of what was typed and go there; or say what is missing."""
        typed = args.get("typed")
        if self._draft is None or not isinstance(typed, dict):
            return
        given = {str(name): str(value) for name, value in typed.items()}
        ident = given.get("id", "")[:64] or self._draft.id
        try:
            await self._send(given, ident)
        except HubError as error:
            lang = self._visit.lang
            found = (
                problems(error, _FIELDS, lang)
                if isinstance(error, Refused)
                else [Problem("", str(error))]
            )
            tries = self._draft.tries + 1
            self._draft = self._draft._replace(typed=given, id=ident, tries=tries, problems=found)
            self._show()

    async def _send(self, typed: Mapping[str, str], ident: str) -> None:
        visit = self._visit
        if ident in self._sending or not await visit.still(Role.DISPATCH):
            return
        self._sending.add(ident)
        try:
            report = reported(typed, ident, visit.who, visit.hub.registry(), now=visit.hub.now())
            case = await visit.hub.submit_report(report)
        finally:
            self._sending.discard(ident)
        self._draft = None
        self._form.set_content(tag("span", data_done=KEY))
        ui.navigate.to(f"/cases/{case.id}")

    def _show(self) -> None:
        if self._draft is None:
            return
        known = places(self._visit.hub.registry(), self._visit.who)
        form = form_html(self._draft, key=KEY, lang=self._visit.lang)
        self._form.set_content(joined((form, _suggestions(known))))


def reported(
    typed: Mapping[str, str], ident: str, who: Principal, registry: Registry, *, now: int
) -> Report:
    """Return the report as the API would take it; raises Refused naming what is missing or wrong."""
    lacking = [f.name for f in _FIELDS if f.needed and not typed.get(f.name, "").strip()]
    place = place_of(typed.get("place", ""), registry, who)
    if place is None and "place" not in lacking:
        lacking.insert(0, "place")
    if lacking or place is None:
        raise Refused("the report is not complete", missing=tuple(lacking))
    sent = {name: typed[name].strip() for name in ("category", "text", "contact", "reporter")
            if typed.get(name, "").strip()}  # fmt: skip
    try:
        body = ReportBody.model_validate({**sent, "place": place, "id": ident})
    except ValidationError as error:
        wrong = tuple(str(item["loc"][0]) for item in error.errors() if item["loc"])
        raise Refused("the report is not understood", missing=wrong) from error
    return Report(
        id=ident,
        place=body.place,
        category=body.category,
        text=body.text,
        reporter=body.reporter or who.name,
        at=now,
        contact=body.contact,
    )


def places(registry: Registry, who: Principal) -> list[tuple[str, str]]:
    """Return (id, name) of the compounds and buildings where the visitor may report."""
    found = [(c.id, c.name) for c in registry.compounds.values() if who.sees(c.grid)]
    for building in registry.buildings.values():
        place = registry.place(building.id)
        if place is not None and who.sees(place.grid):
            found.append((place.id, place.name))
    return found


def place_of(text: str, registry: Registry, who: Principal) -> str | None:
    """Return the id of what somebody typed: an id, or a name that only one place has."""
    text = text.strip()
    if registry.place(text) is not None or registry.place_of(text) is not None:
        return text if covers(who, registry, text) else None
    named = [ident for ident, name in places(registry, who) if name == text]
    return named[0] if len(named) == 1 else None


def _suggestions(known: Sequence[tuple[str, str]]) -> Markup:
    options = [tag("option", name, value=ident) for ident, name in known[:PLACES_MAX]]
    return tag("datalist", *options, id="places")
