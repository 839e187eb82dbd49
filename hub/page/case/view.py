"""Gathers all that the page of one case shows; reads the disk, so it runs in a worker thread."""

from collections.abc import Sequence
from typing import NamedTuple

import structlog

from cases.closing import Item
from hub.api.cases import closing_parts
from hub.api.contacts import whom_to_call
from hub.case_store.footage import Look
from hub.case_store.rule_records import Limit
from hub.evidence.looking import Episode, episodes_of
from hub.page.site import Visit
from model.case import Case
from model.errors import Transient
from model.place import Contact
from model.reading import Reading

from .chain_html import Chain, checked
from .evidence import LIMIT, around
from .why_html import Rules, rules_of

log = structlog.get_logger()
LOOKS = 50


class View(NamedTuple):
    """A case with all that belongs to it, as of one moment."""

    case: Case
    chain: Chain
    parts: Sequence[Item]
    rules: Rules
    contacts: Sequence[Contact]
    episodes: Sequence[Episode] = ()
    looks: Sequence[Look] = ()

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The lines that the rules which fired draw."""
        return tuple(limit for rule in self.rules.values() if rule for limit in rule.limits)


def read_view(visit: Visit, case_id: str) -> View | None:
    """Return the case, None when there is none in the visitor's territory."""
    hub = visit.hub
    case = hub.store.get(case_id)
    if case is None or not visit.who.sees(case.grid):
        return None
    episodes = episodes_of(hub, case)
    return View(
        case,
        checked(case, hub.store.history(case.id)),
        closing_parts(hub, visit.who, case),
        {key: hub.rule(*key) for key in rules_of(case)},
        whom_to_call(case, hub.registry(), now=hub.now(), zone=visit.zone),
        episodes,
        hub.store.footage.looks(case=case.id, limit=LOOKS) if episodes else (),
    )


def read_readings(visit: Visit, case: Case, device: str) -> list[Reading] | None:
    """Return a device's readings around the event, None while their store is away."""
    since, until = around(case, visit.hub.now())
    try:
        return visit.hub.readings.query(device, since, until, LIMIT)
    except Transient as error:
        log.warning("readings_not_shown", device=device, why=str(error))
        return None
