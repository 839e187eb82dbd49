"""Shows on history what a silence would have kept from people, before it starts."""

import msgspec

from cases.taxonomy import category, is_never_hidden
from hub.case_store import CaseStore
from hub.case_store.filters import CaseFilter
from hub.case_store.store import LIMIT_MAX
from model.case import Case, EventClass, Member
from model.place import Registry
from model.reading import Mode
from model.silence import Scope

LISTED = 50
LOOKED_AT = 5_000
"""So many cases of the past are looked at, the newest; a preview says when there were more."""


class Would(msgspec.Struct, frozen=True):
    """A case of the past and what would have become of it: hidden, quiet, or opened with less."""

    id: str
    category: str
    cls: str
    place: str
    opened_at: int
    what: str  # muted: no case; quiet: a case without a sound; partly: a case of other anomalies


class Preview(msgspec.Struct, frozen=True):
    """What the last days would have been like; counts are of all cases, `cases` the newest of them."""

    since: int  # ms
    cases: tuple[Would, ...]
    counts: dict[str, int]  # muted, quiet, partly
    categories: dict[str, int]
    anomalies: int
    looked_at: int
    whole: bool  # everything since then was looked at


def preview(
    store: CaseStore,
    registry: Registry,
    scope: Scope,
    *,
    emergencies: bool,
    since: int,
    grid: str = "",
) -> Preview:
    """Return what a silence of that scope would have done since a time (ms).

    `grid` limits it to a territory. Reads the database: for worker threads.
    """
    wanted = CaseFilter(
        compound=(scope.compound,) if scope.compound else (),
        mode=(Mode.REAL.value,),
        grid_prefix=max(grid, scope.grid, key=len),
    )
    found: list[Would] = []
    counts = dict.fromkeys(("muted", "quiet", "partly"), 0)
    categories: dict[str, int] = {}
    anomalies = looked_at = 0
    cursor, whole = "", False
    while looked_at < LOOKED_AT:
        cases, after = store.find(wanted, cursor=cursor, limit=LIMIT_MAX)
        for case in cases:
            if case.opened_at < since:
                whole = True
                break
            looked_at += 1
            would, number = _would(case, registry, scope, emergencies=emergencies)
            if would is None:
                continue
            counts[would.what] += 1
            categories[case.category] = categories.get(case.category, 0) + 1
            anomalies += number
            found.append(would)
        if whole or not after:
            whole = True
            break
        cursor = after
    return Preview(since, tuple(found[:LISTED]), counts, categories, anomalies, looked_at, whole)


def _would(
    case: Case, registry: Registry, scope: Scope, *, emergencies: bool
) -> tuple[Would | None, int]:
    if case.cls is EventClass.REPORT:
        return None, 0
    covered = [member for member in case.members if _covers(scope, member, case, registry)]
    emergency = is_never_hidden(category(case.category, case.severity), case.severity)
    if not covered or (emergency and not emergencies):
        return None, 0
    what = "partly" if len(covered) < len(case.members) else "quiet" if emergency else "muted"
    # What a person pressed, or a second device said, is never kept quiet.
    if emergency and any(member.manual or member.corroborates for member in case.members):
        what = "partly"
    number = sum(member.count for member in covered)
    place = case.place_name or case.place
    would = Would(case.id, case.category, case.cls.value, place, case.opened_at, what)
    return would, number


def _covers(scope: Scope, member: Member, case: Case, registry: Registry) -> bool:
    place = registry.place_of(member.subject)
    building = place.building if place else case.place
    grid = place.grid if place else case.grid
    word = member.category or case.category
    return (
        scope.device in ("", member.subject, member.source)
        and scope.building in ("", building)
        and scope.compound in ("", place.compound if place else case.compound)
        and grid.startswith(scope.grid)
        and scope.rule in ("", member.rule)
        and scope.category in ("", word)
        and category(word, member.severity).cls is not EventClass.REPORT
    )
