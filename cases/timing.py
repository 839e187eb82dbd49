"""What time does to a case: it escalates, ends suspensions, and lets the hub verify what it may."""

from collections.abc import Sequence

import msgspec

from model.case import Case, Change, Member, State
from model.entry import Action
from model.silence import SILENCED

from . import closing
from .actions import apply
from .deadlines import CHECK, SUSPENSION, Timer, level_up, resumed
from .dossier import Dossier, Line
from .ending import Desktop
from .joining import aloud

__all__ = ["CHECK", "Timer", "due", "split"]


def due(dossier: Dossier, timer: Timer, desktop: Desktop) -> Change:
    """Do what a timer of the case is for; the history carries the timer's own time."""
    if timer.word == SUSPENSION:
        return _resume(dossier, timer.at)
    if timer.word == CHECK:
        return _look(dossier, desktop)
    return _escalate(dossier, timer)


def split(dossier: Dossier, silent: Sequence[Member], at: int) -> Change:
    """Let what outlasted its reason go from the case that held it: each is its own job now."""
    for member in silent:
        dossier.put(msgspec.structs.replace(member, ended_at=at, ended_by="own_case"))
    case = msgspec.structs.replace(dossier.case, check_at=None)
    subjects = [member.subject for member in silent[:100]]
    lines = [Line(at, closing.HUB, "split", {"subjects": subjects})] if silent else []
    return dossier.change(case, lines, now=at)


def _resume(dossier: Dossier, at: int) -> Change:
    case = msgspec.structs.replace(resumed(dossier.case, at), state=State.HANDLING)
    line = Line(at, closing.HUB, "resume", {"state": case.state.value})
    return dossier.change(case, [line], now=at, notice="resumed")


def _escalate(dossier: Dossier, timer: Timer) -> Change:
    before = dossier.case
    case = msgspec.structs.replace(
        before,
        level=level_up(before.level),
        missed=(*before.missed, timer.word),
        escalations=before.escalations + 1,
    )
    lines = [
        Line(timer.at, closing.HUB, "escalate", {"deadline": timer.word, "level": case.level.value})
    ]
    if SILENCED in case.flags:  # nobody looked: it sounds from now on
        case = aloud(case, lines, "silence_broken", now=timer.at)
    return dossier.change(case, lines, now=timer.at, notice="escalated")


def _look(dossier: Dossier, desktop: Desktop) -> Change:
    """Close a maintenance case whose proof is whole; else look again after a while."""
    action = Action(case=dossier.case.id, name="close", actor=closing.HUB)
    case: Case = dossier.snapshot()
    if case.state not in {State.RESOLVED, State.VERIFYING}:
        return dossier.change(_without_check(case), [], now=desktop.now)
    if closing.missing(case, action, desktop.now, desktop.health, policy=desktop.policy):
        later = desktop.now + desktop.policy.normal
        return dossier.change(msgspec.structs.replace(case, check_at=later), [], now=desktop.now)
    done = _without_check(apply(case, action, desktop).case)
    line = Line(desktop.now, closing.HUB, "close", {"state": done.state.value})
    return dossier.change(done, [line], now=desktop.now)


def _without_check(case: Case) -> Case:
    return msgspec.structs.replace(case, check_at=None)
