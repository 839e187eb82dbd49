"""What may be done to a case in which state, as one table (案件流转表).

A *step* is an action with its outcome: `confirm` with outcome `false` is the step `confirm_false`.
A cell that is absent is refused. Escalation is a level, not a state.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from model.case import State
from model.errors import Refused


class Step(StrEnum):
    """Everything a person (or the hub) can do to a case, with its Chinese word."""

    ACKNOWLEDGE = "acknowledge"  # 接警
    ASSIGN = "assign"  # 派遣
    ACCEPT = "accept"  # 接收
    START = "start"  # 开始处置 (办)
    SUSPEND = "suspend"  # 挂起
    RESUME = "resume"  # 恢复
    CONFIRM_REAL = "confirm_real"  # 确警: 真实
    CONFIRM_FALSE = "confirm_false"  # 确警: 误报
    CONFIRM_UNREACHABLE = "confirm_unreachable"  # 确警: 联系不上
    HANDOVER = "handover"  # 移交 119 / 110
    RESOLVE = "resolve"  # 处置完毕
    VERIFY_OK = "verify_ok"  # 核查通过
    VERIFY_NOT_OK = "verify_not_ok"  # 核查不通过
    CLOSE = "close"  # 结案
    FORCE_CLOSE = "force_close"  # 强制结案
    REWORK = "rework"  # 返工
    ESCALATE = "escalate"  # 升级
    VISIT = "visit"  # 走
    DISCUSS = "discuss"  # 议
    REVISIT = "revisit"  # 回
    RATE_GOOD = "rate_good"  # 评: 满意
    RATE_BAD = "rate_bad"  # 评: 不满意
    NOTE = "note"  # 备注
    ATTACH = "attach"  # 附证据
    LINK = "link"  # 关联外部编号


STATE_WORDS: Mapping[State, str] = MappingProxyType(
    {
        State.FILED: "立案",
        State.DISPATCHED: "派遣",
        State.ACCEPTED: "接收",
        State.HANDLING: "处置中",
        State.SUSPENDED: "挂起",
        State.RESOLVED: "已处置",
        State.VERIFYING: "核查中",
        State.CLOSED: "结案",
        State.REWORK: "返工",
    }
)

_ALWAYS = (Step.NOTE, Step.ATTACH, Step.LINK)
_WHILE_OPEN = (
    *_ALWAYS, Step.ACKNOWLEDGE, Step.ESCALATE, Step.HANDOVER, Step.VISIT, Step.DISCUSS,
    Step.REVISIT, Step.RATE_GOOD,
)  # fmt: skip


def _work(state: State, **moves: State) -> Mapping[Step, State]:
    """A state in which somebody still has to work: nothing is called done yet."""
    cells = dict.fromkeys(_WHILE_OPEN, state)
    cells |= dict.fromkeys((Step.CONFIRM_REAL, Step.CONFIRM_UNREACHABLE, Step.RATE_BAD), state)
    cells |= {Step.CONFIRM_FALSE: State.RESOLVED, Step.RESOLVE: State.RESOLVED}
    cells |= {Step.ASSIGN: State.DISPATCHED}
    # Closing is guarded by proof, not by the state: whoever tries too early is told what is missing.
    cells |= {Step.CLOSE: State.CLOSED, Step.FORCE_CLOSE: State.CLOSED}
    cells |= {Step(name): target for name, target in moves.items()}
    return MappingProxyType(cells)


def _done(state: State) -> Mapping[Step, State]:
    """A state in which somebody says it is done, and somebody else looks."""
    cells = dict.fromkeys(_WHILE_OPEN, state)
    cells |= {Step.VERIFY_OK: State.VERIFYING}
    cells |= dict.fromkeys((Step.VERIFY_NOT_OK, Step.REWORK, Step.RATE_BAD), State.REWORK)
    # "It was real after all" must never need a new alarm.
    cells |= {Step.CONFIRM_REAL: State.HANDLING}
    cells |= {Step.CLOSE: State.CLOSED, Step.FORCE_CLOSE: State.CLOSED}
    return MappingProxyType(cells)


_NEW = {"accept": State.ACCEPTED, "start": State.HANDLING}

TRANSITIONS: Mapping[State, Mapping[Step, State]] = MappingProxyType(
    {
        State.FILED: _work(State.FILED, **_NEW),
        State.DISPATCHED: _work(State.DISPATCHED, **_NEW),
        State.ACCEPTED: _work(State.ACCEPTED, start=State.HANDLING, suspend=State.SUSPENDED),
        State.HANDLING: _work(State.HANDLING, suspend=State.SUSPENDED),
        State.SUSPENDED: _work(State.SUSPENDED, resume=State.HANDLING),
        State.RESOLVED: _done(State.RESOLVED),
        State.VERIFYING: _done(State.VERIFYING),
        State.REWORK: _work(State.REWORK, **_NEW),
        State.CLOSED: MappingProxyType(dict.fromkeys(_ALWAYS, State.CLOSED)),
    }
)


def target(state: State, step: Step) -> State:
    """Return the state that a step leads to; raises Refused when the table has no such cell."""
    after = TRANSITIONS[state].get(step)
    if after is None:
        raise Refused(
            f"{step} is not possible while {state} ({STATE_WORDS[state]}状态下不能{step})"
        )
    return after
