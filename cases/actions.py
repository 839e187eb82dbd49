"""What each action does to a case, beyond moving it through the table of states."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from model.case import Case, ChangeKind, State, Verification
from model.entry import Action
from model.errors import Refused
from model.place import Level

from . import closing, emergency, ending, fields
from .deadlines import dispatched, level_up, resumed
from .ending import Desktop, Outcome
from .rearming import heard_again
from .transitions import Step, target

_Effect = Callable[[Case, Action, Desktop], Outcome]


def step_of(action: Action) -> Step:
    """Return the step of an action: its name with its outcome; raises Refused."""
    if action.name == "confirm":
        outcome = fields.text(action, "outcome")
        if outcome not in {"real", "false", "unreachable"}:
            raise Refused("confirm needs outcome: real, false or unreachable", missing=("outcome",))
        return Step(f"confirm_{outcome}")
    satisfied = fields.optional_flag(action, "satisfied")
    if action.name == "verify":
        ok = fields.flag(action, "ok") and satisfied is not False
        return Step.VERIFY_OK if ok else Step.VERIFY_NOT_OK
    if action.name == "rate":
        return Step.RATE_GOOD if fields.flag(action, "satisfied") else Step.RATE_BAD
    if action.name == "revisit" and satisfied is not None:
        return Step.RATE_GOOD if satisfied else Step.RATE_BAD
    if action.name not in _NAMES:
        raise Refused(f"unknown action {action.name!r}; known: {', '.join(sorted(_NAMES))}")
    return Step(action.name)


def apply(case: Case, action: Action, desktop: Desktop) -> Outcome:
    """Return what an action makes of a case; raises Refused, and then nothing has happened."""
    if not action.actor.strip():
        raise Refused(f"{action.name} needs an actor: who does it", missing=("actor",))
    step = step_of(action)
    after = target(case.state, step)
    before = case.state
    case = _stated(case, action) if step in _STATING else case
    case = _seen(case, action, desktop) if step in _SEEING else case
    outcome = _EFFECTS[step](msgspec.structs.replace(case, state=after), action, desktop)
    if after is State.REWORK and before is not State.REWORK:
        return outcome._replace(case=ending.again(outcome.case, desktop), notice="rework")
    return outcome


def _stated(case: Case, action: Action) -> Case:
    """Take what was said towards the proof."""
    said = {
        name: value
        for name, value in action.fields.items()
        if name in closing.PROOF_FIELDS and value is not None
    }
    return msgspec.structs.replace(case, proof={**case.proof, **said}) if said else case


def _seen(case: Case, action: Action, desktop: Desktop) -> Case:
    """Whoever works on a case or decides about it has seen it."""
    if action.actor == closing.HUB:
        return case
    if case.acknowledged_by is not None:
        return heard_again(case, desktop.now)
    return msgspec.structs.replace(
        case, acknowledged_by=action.actor, acknowledged_at=max(desktop.now, case.opened_at)
    )


def _kept(case: Case, _: Action, __: Desktop) -> Outcome:
    return Outcome(case)


def _acknowledge(case: Case, action: Action, desktop: Desktop) -> Outcome:
    if case.acknowledged_by is not None and case.alarmed_at is None:
        raise Refused(f"case {case.id} was acknowledged by {case.acknowledged_by} (已接警)")
    return Outcome(_seen(case, action, desktop))


def _assign(case: Case, action: Action, desktop: Desktop) -> Outcome:
    case = msgspec.structs.replace(
        case,
        assignee=fields.text(action, "to"),
        owner=fields.optional_text(action, "role") or case.owner,
        suspended_at=None,
        suspended_until=None,
    )
    return Outcome(dispatched(case, desktop.policy.limits[case.cls], desktop.now), "assigned")


def _accept(case: Case, action: Action, _: Desktop) -> Outcome:
    by = fields.optional_text(action, "by") or action.actor
    return Outcome(msgspec.structs.replace(case, assignee=by))


def _start(case: Case, action: Action, _: Desktop) -> Outcome:
    by = fields.optional_text(action, "by") or action.actor
    case = msgspec.structs.replace(case, assignee=case.assignee or by)
    return Outcome(ending.handled_by(ending.handled_by(case, action.actor), by))


def _suspend(case: Case, action: Action, desktop: Desktop) -> Outcome:
    fields.text(action, "reason")
    until = fields.moment(action, "until")
    if not desktop.now < until <= desktop.now + desktop.policy.suspend:
        raise Refused("suspend needs until: a time ahead, within 30 days", missing=("until",))
    return Outcome(msgspec.structs.replace(case, suspended_at=desktop.now, suspended_until=until))


def _resume(case: Case, _: Action, desktop: Desktop) -> Outcome:
    return Outcome(resumed(case, desktop.now), "resumed")


def _escalate(case: Case, action: Action, _: Desktop) -> Outcome:
    fields.text(action, "reason")
    if case.level is Level.DISTRICT:
        raise Refused(f"case {case.id} is at the district already: there is no level above")
    case = msgspec.structs.replace(
        case, level=level_up(case.level), escalations=case.escalations + 1
    )
    return Outcome(case, "escalated")


def _confirm_false(case: Case, action: Action, desktop: Desktop) -> Outcome:
    case = emergency.found_false(case, action, desktop.now)
    return Outcome(case, "cancelled", ChangeKind.CANCEL)


def _confirm_real(case: Case, action: Action, _: Desktop) -> Outcome:
    verdict = (
        Verification.CONFIRMED if step_of(action) is Step.CONFIRM_REAL else Verification.UNREACHABLE
    )
    return Outcome(emergency.taken_for_real(case, verdict), verdict.value)


def _handover(case: Case, action: Action, desktop: Desktop) -> Outcome:
    return Outcome(emergency.handed_over(case, action, desktop.now), "handed_over")


def _note(case: Case, action: Action, _: Desktop) -> Outcome:
    fields.text(action, "text")
    return Outcome(case)


def _attach(case: Case, action: Action, _: Desktop) -> Outcome:
    kind, reference = fields.text(action, "kind"), fields.text(action, "ref")
    attachment = f"{kind}:{reference}"
    if attachment not in case.attachments:
        case = msgspec.structs.replace(case, attachments=(*case.attachments, attachment))
    if kind in {"photo", "work_order"} and case.state is not State.CLOSED:
        case = msgspec.structs.replace(case, proof={**case.proof, kind: reference})
    return Outcome(case)


def _link(case: Case, action: Action, _: Desktop) -> Outcome:
    return Outcome(msgspec.structs.replace(case, external_ref=fields.text(action, "external_ref")))


_EFFECTS: Mapping[Step, _Effect] = MappingProxyType(
    {
        Step.ACKNOWLEDGE: _acknowledge,
        Step.ASSIGN: _assign,
        Step.ACCEPT: _accept,
        Step.START: _start,
        Step.SUSPEND: _suspend,
        Step.RESUME: _resume,
        Step.CONFIRM_REAL: _confirm_real,
        Step.CONFIRM_UNREACHABLE: _confirm_real,
        Step.CONFIRM_FALSE: _confirm_false,
        Step.HANDOVER: _handover,
        Step.RESOLVE: ending.resolve,
        Step.VERIFY_OK: ending.verify,
        Step.VERIFY_NOT_OK: ending.rework,
        Step.CLOSE: ending.close,
        Step.FORCE_CLOSE: ending.force_close,
        Step.REWORK: ending.rework,
        Step.ESCALATE: _escalate,
        Step.VISIT: _kept,
        Step.DISCUSS: _kept,
        Step.REVISIT: ending.asked,
        Step.RATE_GOOD: ending.asked,
        Step.RATE_BAD: ending.asked,
        Step.NOTE: _note,
        Step.ATTACH: _attach,
        Step.LINK: _link,
    }
)
_NAMES = frozenset(Step) - {
    Step.CONFIRM_REAL, Step.CONFIRM_FALSE, Step.CONFIRM_UNREACHABLE, Step.VERIFY_OK,
    Step.VERIFY_NOT_OK, Step.RATE_GOOD, Step.RATE_BAD,
}  # fmt: skip
_SEEING = frozenset(
    {
        Step.ACCEPT, Step.START, Step.CONFIRM_REAL, Step.CONFIRM_FALSE, Step.CONFIRM_UNREACHABLE,
        Step.HANDOVER, Step.RESOLVE,
    }
)  # fmt: skip
_STATING = frozenset(
    {
        Step.START, Step.RESOLVE, Step.VERIFY_OK, Step.CLOSE, Step.REVISIT, Step.RATE_GOOD,
        Step.RATE_BAD, Step.FORCE_CLOSE,
    }
)  # fmt: skip
ACTIONS = tuple(sorted({"confirm", "verify", "rate", *(str(step) for step in _NAMES)}))
"""The words that an Action's name may be."""
