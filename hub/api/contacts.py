"""Says whom to call about a case at this hour."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cases.taxonomy import CALLED
from model.case import Case
from model.place import Contact, Registry

QUIET = "quiet_at_compound"
AT_COMPOUND = frozenset({"fire_control_room", "micro_fire_station", "property"})


def whom_to_call(case: Case, registry: Registry, *, now: int, zone: ZoneInfo) -> list[Contact]:
    """Return who answers at this hour, in the order in which to call them; empty: the duty desk.

    Of a duress nobody at the compound is told (design §7).
    """
    hour = datetime.fromtimestamp(now / 1000, tz=UTC).astimezone(zone).hour
    roles = CALLED.get(case.owner, (case.owner,))
    if QUIET in case.flags:
        roles = tuple(role for role in roles if role not in AT_COMPOUND)
    found = registry.contacts_of(case.compound, hour)
    called = (contact for contact in found if contact.role in roles)
    return sorted(called, key=lambda contact: roles.index(contact.role))
