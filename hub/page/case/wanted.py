"""Which cases a visitor wants to see: what the address says, checked, and how it narrows the list."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

from hub.access import Principal
from hub.case_store import CaseFilter
from hub.page.board import Json
from hub.page.words import LEVEL, MODE, SEVERITY, STATE, Lang, category
from model.case import EventClass
from model.place import Registry

OPEN, CLOSED, ALL = "open", "closed", "all"
TEXT_MAX = 100
_FIELDS = ("severity", "state", "level", "mode")
_CHOICES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"severity": SEVERITY, "state": STATE, "level": LEVEL, "mode": MODE}
)


class Wanted(NamedTuple):
    """A filter: always exactly one class, so that emergencies share a list with nothing else."""

    cls: EventClass = EventClass.EMERGENCY
    shown: str = OPEN
    severity: str = ""
    state: str = ""
    level: str = ""
    mode: str = ""
    place: str = ""
    assignee: str = ""
    text: str = ""
    page: int = 1
    cursor: str = ""

    def address(self, **changes: Any) -> str:
        """Return the address of this list, with changes; a change begins at its first page."""
        new = self._replace(page=1, cursor="")._replace(**changes)
        plain = Wanted()._asdict()
        said = {
            "class" if name == "cls" else name: value
            for name, value in new._asdict().items()
            if value != plain[name] or name == "cls"
        }
        return f"/cases?{urlencode(said)}"


def wanted(query: Mapping[str, str]) -> Wanted:
    """Read the address; a word that no list knows is left out."""
    cls = next((c for c in EventClass if c == query.get("class")), EventClass.EMERGENCY)
    shown = query.get("shown", OPEN)
    fields = {name: query[name] for name in _FIELDS if query.get(name) in _CHOICES[name]}
    texts = {name: query.get(name, "").strip()[:TEXT_MAX] for name in ("place", "assignee", "text")}
    page = query.get("page", "1")
    return Wanted(
        cls=cls,
        shown=shown if shown in {OPEN, CLOSED, ALL} else OPEN,
        page=max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,  # noqa: PLR2004 - a page has few digits
        cursor=query.get("cursor", "")[:200],
        **fields,
        **texts,
    )


def matches(case: Json, want: Wanted, names: Mapping[str, str]) -> bool:
    """Return whether a case belongs on the list; `names` are the compounds' names by id."""
    if case["class"] != want.cls:
        return False
    if any(getattr(want, name) not in {"", case[name]} for name in _FIELDS):
        return False
    if want.assignee and want.assignee.casefold() not in str(case["assignee"] or "").casefold():
        return False
    return _placed(case, want.place, names) and _told(case, want.text)


def store_filter(want: Wanted, who: Principal) -> CaseFilter:
    """Return what the store can narrow by itself; the rest is looked at case by case."""
    return CaseFilter(
        cls=(want.cls.value,),
        severity=(want.severity,) if want.severity else (),
        state=(want.state,) if want.state else (),
        level=(want.level,) if want.level else (),
        mode=(want.mode,) if want.mode else (),
        open=False if want.shown == CLOSED else None,
        grid_prefix=who.grid,
    )


def compound_names(registry: Registry) -> dict[str, str]:
    """Return the compounds' names by id."""
    return {compound.id: compound.name for compound in registry.compounds.values()}


def _placed(case: Json, text: str, names: Mapping[str, str]) -> bool:
    """A place is a grid's or division's code, or a part of a compound's or building's name."""
    if not text:
        return True
    if text.isdecimal() and str(case["grid"]).startswith(text):
        return True
    compound = str(case["compound"])
    said = f"{compound}\n{names.get(compound, '')}\n{case['place']}\n{case['place_name']}"
    return text.casefold() in said.casefold()


def _told(case: Json, text: str) -> bool:
    if not text:
        return True
    kinds = " ".join(category(case["category"], lang) for lang in Lang)
    names = ("id", "subject", "place_name", "text", "assignee", "external_ref", "rule", "reporter")
    said = "\n".join((kinds, *(str(case[name] or "") for name in names)))
    return text.casefold() in said.casefold()
