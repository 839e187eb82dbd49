"""How the work on a case ends: resolved, verified, closed, forced, or begun again (返工)."""

from typing import NamedTuple

import msgspec

from model.case import Case, ChangeKind, EventClass
from model.entry import Action
from model.errors import Refused
from model.place import Level
from model.ports import HealthView

from . import closing, fields
from .deadlines import LEVELS, level_up, resumed, reworked
from .policy import Policy


class Desktop(NamedTuple):
    """What an action may look at besides the case: the time (hub, ms), device health, the policy."""

    now: int
    health: HealthView
    policy: Policy


class Outcome(NamedTuple):
    """What came of an action: the case as it is then, and whether people are told."""

    case: Case
    notice: str = ""
    kind: ChangeKind = ChangeKind.UPDATE


def resolve(case: Case, action: Action, desktop: Desktop) -> Outcome:
    """Somebody says that it is done: with what result, and who did it."""
    fields.text(action, "result")
    by = fields.optional_text(action, "by") or action.actor
    if case.suspended_at is not None:
        case = resumed(case, desktop.now)
    proof = {name: value for name, value in case.proof.items() if name != "verifier"}
    case = msgspec.structs.replace(case, proof=proof, resolved_at=max(desktop.now, case.opened_at))
    if case.cls is EventClass.MAINTENANCE:  # the hub may verify these itself: soon, on a tick
        case = msgspec.structs.replace(case, check_at=desktop.now)
    # Who says so took part as well: naming somebody else must not free them to verify it.
    return Outcome(handled_by(handled_by(case, action.actor), by), "resolved")


def verify(case: Case, action: Action, desktop: Desktop) -> Outcome:
    """Somebody who did not work on it looked, and it is done. Raises Refused."""
    if closing.worked_on(case, action.actor):
        raise closing.refuse(case, ("verifier_is_not_handler",), "be verified")
    proof = {**case.proof, "verifier": action.actor, "verified_at": desktop.now}
    return Outcome(msgspec.structs.replace(case, proof=proof))


def close(case: Case, action: Action, desktop: Desktop) -> Outcome:
    """End the case, if its profile's proof is whole; else Refused names every missing part."""
    parts = closing.missing(case, action, desktop.now, desktop.health, policy=desktop.policy)
    if parts:
        raise closing.refuse(case, parts, "be closed")
    by = fields.optional_text(action, "by")
    case = handled_by(case, by) if by else case
    return Outcome(_closed(case, action, desktop))


def force_close(case: Case, action: Action, desktop: Desktop) -> Outcome:
    """End the case without its proof, by the level above and with a reason; counted apart."""
    reason = fields.text(action, "reason")
    _upper_level(case, action)
    parts = closing.missing(case, action, desktop.now, desktop.health, policy=desktop.policy)
    proof = {**case.proof, "forced_reason": reason, "forced_without": list(parts)}
    flags = (*case.flags, "forced")
    case = msgspec.structs.replace(case, proof=proof, flags=flags)
    return Outcome(_closed(case, action, desktop), "forced")


def may_force(case: Case, actor: str, level: Level) -> bool:
    """Return whether somebody at a level may force a case closed: the level above it may.

    Above the district there is none: there, somebody who did not work on it may (our assumption).
    """
    if LEVELS.index(level) > LEVELS.index(case.level):
        return True
    top = case.level is level is Level.DISTRICT
    return top and not closing.worked_on(case, actor)


def _upper_level(case: Case, action: Action) -> None:
    """Raise Refused unless the actor may force the case closed."""
    try:
        level = Level(action.level)
    except ValueError as error:
        raise Refused(f"unknown level {action.level!r}", missing=("upper_level",)) from error
    if not may_force(case, action.actor, level):
        raise Refused(
            f"case {case.id} is at level {case.level}: only the level above may force it closed"
            " (强制结案须由上一级)",
            missing=("upper_level",),
        )


def _closed(case: Case, action: Action, desktop: Desktop) -> Case:
    proof = {**case.proof, "closed_by": action.actor}
    proof.setdefault("verifier", action.actor)
    return msgspec.structs.replace(
        case,
        proof=proof,
        closing=closing.profile(case).value,
        closed_at=max(desktop.now, case.opened_at),
        resolved_at=case.resolved_at or max(desktop.now, case.opened_at),
        suspended_at=None,
        suspended_until=None,
    )


def asked(case: Case, action: Action, desktop: Desktop) -> Outcome:
    """回 and 评: what the person who raised it says, or that nobody answered."""
    proof = dict(case.proof)
    if fields.optional_flag(action, "reached") is False:
        tried = proof.get("attempts", 0)
        proof["attempts"] = (int(tried) if isinstance(tried, int | float) else 0) + 1
    elif fields.optional_flag(action, "satisfied") is not None:
        fields.text(action, "channel")
        proof["satisfied_at"] = desktop.now
    return Outcome(msgspec.structs.replace(case, proof=proof))


def rework(case: Case, action: Action, _: Desktop) -> Outcome:
    """Somebody says that it is not done; who is not satisfied need not say why."""
    if action.fields.get("satisfied") is not False:
        fields.text(action, "reason")
    return Outcome(case)


def again(case: Case, desktop: Desktop) -> Case:
    """Return a case whose work begins again: one level up, new limits, without the old verdicts."""
    stale = {"verifier", "satisfied", "solved", "repair_note", "attempts"}
    case = msgspec.structs.replace(
        case,
        level=level_up(case.level),
        escalations=case.escalations + 1,
        resolved_at=None,
        check_at=None,
        proof={name: value for name, value in case.proof.items() if name not in stale},
    )
    return reworked(case, desktop.policy.limits[case.cls], desktop.now)


def handled_by(case: Case, person: str) -> Case:
    """Return the case with somebody who worked on it: they will never verify it."""
    handlers = case.handlers if person in case.handlers else (*case.handlers, person)
    return msgspec.structs.replace(case, handler=person, handlers=handlers)
