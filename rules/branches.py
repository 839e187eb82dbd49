"""What can happen in a rule, as far as its text says: `smarthub rules test` names what no test reached."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from .specs import (
    ConfirmSpec,
    CorrelateSpec,
    EventSpec,
    RateSpec,
    SequenceSpec,
    SilenceSpec,
    Spec,
    ThresholdSpec,
    WindowSpec,
)

BRANCHES: Mapping[str, str] = MappingProxyType(
    {
        "started": "starts 开始",
        "ended": "ends 结束",
        "normal": "back to normal 恢复正常",
        "cleared": "taken back 被撤销",
        "reset": "ended by a reset 复位结束",
        "elapsed": "its time is over 到时结束",
        "heard_again": "heard again 重新上线",
        "held_but_cleared": "over before the hold time 未满持续时间即恢复",
        "hysteresis_kept": "kept by hysteresis 回差保持",
        "unless": "passed over by `unless` 被 unless 跳过",
        "when_false": "`when` is not true 条件不成立",
        "kept_in_doubt": "a clearing in doubt keeps it open 存疑的恢复不结束",
        "not_judged": "not judged while the gateway is away 网关离线时不判断",
        "too_few_samples": "too few samples 样本不足",
        "followed": "what must follow came in time 按时到达",
        "broken": "taken back by `broken_by` 被 broken_by 取消",
        "too_old": "a word became too old 数据过期",
    }
)
"""A branch and what it is called."""


def branches_of(spec: Spec) -> tuple[str, ...]:
    """Return the branches that tests of the rule can reach, in the order of `BRANCHES`."""
    chosen = _BRANCHES.get(type(spec), _of_any)(spec)
    return tuple(branch for branch in BRANCHES if branch in chosen)


def _of_any(spec: Spec) -> set[str]:
    del spec
    return {"started", "ended"}


def _of_threshold(spec: ThresholdSpec) -> set[str]:
    named = {
        "held_but_cleared": spec.hold > 0,
        "hysteresis_kept": spec.clear_at not in {None, spec.above, spec.below},
        "unless": bool(spec.unless),
        "when_false": spec.when is not None,
    }
    return {"started", "normal"} | {branch for branch, there in named.items() if there}


def _of_event(spec: EventSpec) -> set[str]:
    named = {
        "cleared": bool(spec.clear.states_false or spec.clear.events),
        "kept_in_doubt": bool(spec.clear.unless),
        "reset": spec.ends_on_reset,
        "elapsed": spec.ends_after is not None,
        "when_false": spec.when is not None,
    }
    return {"started"} | {branch for branch, there in named.items() if there}


def _of_silence(spec: SilenceSpec) -> set[str]:
    found = {"started", "heard_again"}
    return found | {"not_judged"} if spec.subject == "device" else found


def _of_confirm(spec: ConfirmSpec) -> set[str]:
    found = {"started", "cleared"}
    return found | {"reset"} if spec.ends_on_reset else found


def _of_rate(spec: RateSpec) -> set[str]:
    found = {"started", "normal"}
    return found | {"held_but_cleared"} if spec.hold else found


def _of_window(spec: WindowSpec) -> set[str]:
    named = {
        "hysteresis_kept": spec.clear_at not in {None, spec.above, spec.below},
        "too_few_samples": spec.aggregate != "count" and spec.at_least > 1,
    }
    return {"started", "normal"} | {branch for branch, there in named.items() if there}


def _of_sequence(spec: SequenceSpec) -> set[str]:
    named = {
        "followed": spec.without is not None,
        "cleared": spec.without is not None,
        "elapsed": spec.lasts is not None,
        "broken": spec.broken_by is not None,
    }
    return {"started"} | {branch for branch, there in named.items() if there}


def _of_correlate(spec: CorrelateSpec) -> set[str]:
    found = {"started", "normal"}
    return found | {"held_but_cleared"} if spec.hold else found


_BRANCHES: Mapping[type[Spec], Callable[[Any], set[str]]] = MappingProxyType(
    {
        ThresholdSpec: _of_threshold,
        EventSpec: _of_event,
        SilenceSpec: _of_silence,
        ConfirmSpec: _of_confirm,
        RateSpec: _of_rate,
        WindowSpec: _of_window,
        SequenceSpec: _of_sequence,
        CorrelateSpec: _of_correlate,
    }
)
