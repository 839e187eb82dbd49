"""Looks at how things stand for a shift hand-over 交接班, for the page and for the API alike."""

from collections.abc import Sequence

from cases.events import case_json
from hub.access import Principal
from hub.case_store import CaseFilter, CaseStore
from hub.case_store.handovers import Snapshot
from hub.handover import FLAGS, Seen, snapshot_of
from hub.urgency import rank

from .devices import in_territory
from .services import Json, Services
from .silences import scope_name, seen_by
from .walk_tests import concerns, subject_name

PAGE = 500


def read_snapshot(hub: Services, who: Principal, cases: Sequence[Json]) -> Snapshot:
    """Return how things stand in somebody's territory; reads the disk, for worker threads.

    `cases` are those open there, the most urgent first.
    """
    registry, census, now = hub.registry(), hub.census(), hub.now()
    last = hub.store.handovers.last(who.grid)
    since = last.at if last else 0
    silent = census.silent
    if who.grid:
        mine = (c.id for c in registry.compounds.values() if who.sees(c.grid))
        silent = sum(census.silent_in.get(compound, 0) for compound in mine)
    devices: list[Json] = []
    for device in hub.flagged(frozenset(FLAGS)):
        ident, flags = str(device["id"]), device.get("flags")
        if not in_territory(ident, who, registry) or not isinstance(flags, list | tuple):
            continue
        place, known = registry.place_of(ident), registry.device(ident)
        name = " ".join(filter(None, (place.name if place else "", known.name if known else "")))
        told = [flag for flag in flags if flag in FLAGS]
        devices.append({"id": ident, "name": f"{name} {ident}".strip(), "flags": told})
    turnover = hub.store.handovers.turnover(since, who.grid)
    gateways = [] if who.grid else hub.gateways()
    tests: list[Json] = [
        {"id": test.id, "name": subject_name(registry, test), "actor": test.actor,
         "reason": test.reason, "until": test.until}
        for test in hub.running_walk_tests()
        if concerns(test, who, registry)
    ]  # fmt: skip
    seen = Seen(cases, devices, gateways, silent, turnover, since)
    silences: list[Json] = [
        {"id": s.id, "name": scope_name(registry, s.scope), "actor": s.author, "reason": s.reason,
         "until": s.ends_at, "state": s.state, "emergencies": s.emergencies, "count": s.count}
        for s in seen_by(hub.silences(), who, registry)
        if s.ended_at is None
    ]  # fmt: skip
    return snapshot_of(seen, now) | {"walk_tests": tests, "silences": silences}


def open_cases(store: CaseStore, who: Principal) -> list[Json]:
    """Return the open cases of somebody's territory from the store, the most urgent first."""
    found: list[Json] = []
    wanted = CaseFilter(open=True, grid_prefix=who.grid)
    cases, after = store.find(wanted, limit=PAGE)
    while True:
        found += [case_json(case) for case in cases]
        if not after:
            return sorted(found, key=rank)
        cases, after = store.find(wanted, cursor=after, limit=PAGE)
