"""What is special about emergencies: confirming 确警, false alarms, and handing over to 119 or 110.

The hub never dials 119 or 110 itself: it records who did, when, and what was answered.
"""

import msgspec

from model.case import Case, EventClass, Verification
from model.entry import Action
from model.errors import Refused
from model.reading import Mode
from model.walk_test import WALK_TEST

from . import fields
from .closing import refuse
from .deadlines import level_up
from .taxonomy import FALSE_ALARM_CAUSES

CALLED_BEFORE_MS = 24 * 3_600_000
"""Somebody may have called before the hub knew; by more it is a slip of the pen (our assumption)."""

CLOCKS_APART_MS = 60_000
_DECIDED = frozenset({Verification.CONFIRMED, Verification.UNREACHABLE})
_IN_A_WALK_TEST = (
    ". If it burns: stop the walk test, and what still says fire is a real case at once"
    " (如确有火情：请立即结束巡检测试，仍在报警的设备将立即转为真实案件)"
)
_FALSE_PROOF = frozenset({"false_alarm_cause", "checked_by", "checked_how", "confirmed_by"})


def taken_for_real(case: Case, verdict: Verification) -> Case:
    """Return an emergency that a person confirmed, or could not reach anyone about: one level up.

    Unreachable counts as real (design §7). A case that was called false before is real again.
    """
    if case.cls is EventClass.EMERGENCY and case.verification not in _DECIDED:
        case = msgspec.structs.replace(
            case, level=level_up(case.level), escalations=case.escalations + 1
        )
    proof = {name: value for name, value in case.proof.items() if name not in _FALSE_PROOF}
    return msgspec.structs.replace(case, verification=verdict, proof=proof, resolved_at=None)


def found_false(case: Case, action: Action, now: int) -> Case:
    """Return a case that a person found false: cause code, who checked and how. Raises Refused."""
    cause = fields.optional_text(action, "cause")
    checked_by = fields.optional_text(action, "checked_by")
    checked_how = fields.optional_text(action, "checked_how")
    parts = (
        *(() if cause in FALSE_ALARM_CAUSES else ("false_alarm_cause",)),
        *(() if checked_by and checked_how else ("checked_by_and_how",)),
    )
    if parts:
        codes = ", ".join(FALSE_ALARM_CAUSES)
        refusal = refuse(case, parts, "be called a false alarm")
        raise Refused(f"{refusal}. Cause codes: {codes}", missing=parts)
    proof = {
        **case.proof,
        "false_alarm_cause": cause,
        "checked_by": checked_by,
        "checked_how": checked_how,
        "confirmed_by": action.actor,
    }
    return msgspec.structs.replace(
        case,
        verification=Verification.FALSE,
        proof=proof,
        resolved_at=max(now, case.opened_at),
        suspended_at=None,
        suspended_until=None,
    )


def handed_over(case: Case, action: Action, now: int) -> Case:
    """Return a case with the hand-over to 119 (fire) or 110 (police) recorded: who, when, answer.

    Only the real thing is handed over: a test, a drill or a simulation is refused.
    """
    if case.mode is not Mode.REAL:
        remedy = _IN_A_WALK_TEST if WALK_TEST in case.flags else ""
        raise Refused(
            f"case {case.id} is a {case.mode}: it is never handed to 119 or 110"
            f" (测试、演练、模拟不移交){remedy}"
        )
    if case.cls is not EventClass.EMERGENCY:
        raise Refused(f"case {case.id} is no emergency: only those are handed to 119 or 110")
    to = fields.text(action, "to")
    if to not in {"119", "110"}:
        raise Refused("handover needs to: 119 or 110", missing=("to",))
    who, answer = fields.text(action, "who"), fields.text(action, "answer")
    given = action.fields.get("at") is not None
    at = fields.moment(action, "at") if given else now
    if given and not case.opened_at - CALLED_BEFORE_MS <= at <= now + CLOCKS_APART_MS:
        raise Refused(
            "handover: `at` is when the call was made: not in the future, and at most a day before the case"
            " (通话时间不得晚于现在，也不得早于立案前一天)",
            missing=("at",),
        )
    proof = {
        **case.proof,
        f"handover_{to}_by": who,
        f"handover_{to}_at": at,
        f"handover_{to}_answer": answer,
    }
    flag = f"handed_to_{to}"
    flags = case.flags if flag in case.flags else (*case.flags, flag)
    return msgspec.structs.replace(case, proof=proof, flags=flags)
