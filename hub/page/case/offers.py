"""Says what may be done to a case now, by whom, and what is likely next."""

from typing import NamedTuple

from cases.closing import worked_on
from cases.deadlines import UNDECIDED
from cases.ending import may_force
from cases.transitions import TRANSITIONS
from hub.access import Principal
from hub.api.cases import may_work_on
from model.case import ENDED_STATES, Case, EventClass, State
from model.place import Level
from model.reading import Mode

from .forms import DEEDS, Deed

_NO_BLOCK = ("", "")
_BY_STATE = {
    State.FILED: ("accept", "start"),
    State.DISPATCHED: ("accept", "start"),
    State.REWORK: ("accept", "start"),
    State.ACCEPTED: ("start", "resolve"),
    State.HANDLING: ("resolve", "suspend"),
    State.SUSPENDED: ("resume",),
    State.RESOLVED: ("verify_ok", "verify_not_ok", "close"),
    State.VERIFYING: ("close", "rework"),
    State.CLOSED: (),
}
_CONFIRM = ("confirm_real", "confirm_false", "confirm_unreachable")


class Offer(NamedTuple):
    """A deed that the table of states allows; `blocked` says in both languages why not yet."""

    deed: Deed
    blocked: tuple[str, str] = _NO_BLOCK


def offers(case: Case, who: Principal) -> list[Offer]:
    """Return every deed that the state allows and the visitor's role may do, in the table's order."""
    if not may_work_on(who, case.cls):
        return []
    cells = TRANSITIONS[case.state]
    allowed = [deed for deed in DEEDS.values() if any(step in cells for step in deed.steps)]
    return [
        Offer(deed, _blocked(deed, case, who)) for deed in allowed if _makes_sense(deed, case, who)
    ]


def likely(case: Case) -> list[str]:
    """Return the keys of what comes next, the first thing to do first."""
    if case.state is State.CLOSED:
        return ["note"]
    emergency = case.cls is EventClass.EMERGENCY
    found = ["acknowledge"] if emergency and _unheard(case) else []
    if emergency and case.state not in ENDED_STATES:
        found += _decide(case)
    return [*found, *_BY_STATE[case.state], "note"]


def _decide(case: Case) -> tuple[str, ...]:
    """Return what an emergency asks of a person: is it real, and does the fire brigade know."""
    if case.verification in UNDECIDED:
        return _CONFIRM
    handed = any(flag.startswith("handed_to_") for flag in case.flags)
    return () if handed or case.mode is not Mode.REAL else ("handover",)


def _makes_sense(deed: Deed, case: Case, who: Principal) -> bool:
    """Leave out what the desk refuses whatever is filled in."""
    match deed.key:
        case "acknowledge":
            return _unheard(case)
        case "escalate":
            return case.level is not Level.DISTRICT
        case "force_close":
            return may_force(case, who.name, who.level)
        case "handover":
            return case.cls is EventClass.EMERGENCY
    return True


def _unheard(case: Case) -> bool:
    return case.acknowledged_by is None or case.alarmed_at is not None


def _blocked(deed: Deed, case: Case, who: Principal) -> tuple[str, str]:
    if deed.key == "handover" and case.mode is not Mode.REAL:
        return (
            "测试、演练、模拟案件从不移交 119 或 110。",
            "A test, a drill or a simulation is never handed to 119 or 110.",
        )
    if deed.key == "verify_ok" and worked_on(case, who.name):
        return (
            "您参与了处置，须由其他人核查。",
            "You worked on this case: somebody else must verify it.",
        )
    return _NO_BLOCK
