"""Says what is still missing before a case may be closed: it ends only with proof (销号).

The profiles are design §7. Every missing part has a stable word, so that a page can point at it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from model.case import Case, Member, Verification
from model.entry import Action
from model.errors import Refused
from model.ports import HealthView
from model.reading import Value

from .people import named
from .policy import Policy
from .taxonomy import Closing, category

Fields = Mapping[str, Value | list[str] | None]


class Item(NamedTuple):
    """One part of the proof: its word, and whether it is there (已具备, 缺少)."""

    word: str
    met: bool


HUB = "hub"
_UNSAID = frozenset({"schedule", "rule_changed"})
REPORT_SCOPE = "report"
PROOF_FIELDS = frozenset(
    {
        "result", "cause", "solved", "repair_note", "conflict_settled", "disturbed", "photo",
        "work_order", "satisfied", "channel", "asked", "false_alarm_cause", "checked_by",
        "checked_how",
    }
)  # fmt: skip
"""What people may state, in any action, towards the proof."""

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "result_on_site": "现场处置结果 (result: what was found and done on site)",
        "handler_named": "处置人 (by: who worked on it)",
        "cause": "原因 (cause)",
        "solved": "问题已解决 (solved)",
        "sensor_normal": "传感器恢复正常 (the device still says so, or only its rule or its hours ended)",
        "sensor_healthy": "传感器自身可信 (isolated, removed, silent, offline, tampered with or testing: it proves nothing)",
        "satisfaction": "当事人满意 (satisfied and channel; or three attempts recorded by revisit)",
        "asked_the_reporter": "回访对象须为反映人 (asked: the person who raised it)",
        "conflict_settled": "矛盾已化解 (conflict_settled: how)",
        "verifier_is_not_handler": "核查人不得为处置人 (somebody who did not work on it)",
        "false_alarm_cause": "误报原因代码 (cause: a code of the list)",
        "checked_by_and_how": "核实人及方式 (checked_by, checked_how)",
        "second_person": "第二人结案 (somebody other than who confirmed or checked it)",
        "repair_note": "维修记录 (repair_note)",
    }
)


def profile(case: Case) -> Closing:
    """Return the closing profile that holds now: a case found false closes as a false alarm."""
    if case.verification is Verification.FALSE:
        return Closing.FALSE_ALARM
    return category(case.category, case.severity).closing


def missing(
    case: Case, action: Action, now: int, health: HealthView, *, policy: Policy
) -> tuple[str, ...]:
    """Return the words of what a closing by `action` still lacks, in the order of the profile.

    The action's own fields count. Empty: the case may be closed.
    """
    items = checklist(case, action, now, health, policy=policy)
    return tuple(item.word for item in items if not item.met)


def checklist(
    case: Case, action: Action, now: int, health: HealthView, *, policy: Policy
) -> tuple[Item, ...]:
    """Return every part that a closing by `action` needs, and whether it is there, before one tries."""
    proof: dict[str, Value | list[str] | None] = dict(case.proof)
    proof |= {k: v for k, v in action.fields.items() if k in PROOF_FIELDS and v is not None}
    by = _said(action.fields, "by")
    look = _Look(case, action.actor, by, proof, now, health, policy)
    found: dict[str, bool] = {}
    for check in _PROFILES[profile(case)]:
        lacks = check(look)
        for word in (*_needs(check, look), *lacks):
            found[word] = found.get(word, True) and word not in lacks
    return tuple(Item(word, met) for word, met in found.items())


def refuse(case: Case, parts: tuple[str, ...], what: str) -> Refused:
    """Return the refusal that names every missing part, in Chinese and English."""
    listed = "; ".join(f"{part}: {_described(part)}" for part in parts)
    return Refused(f"case {case.id} cannot {what}, missing 缺少: {listed}", missing=parts)


def worked_on(case: Case, person: str) -> bool:
    """Return whether a person is among those who worked on the case."""
    return named(person) in {named(handler) for handler in case.handlers}


def unnormal(case: Case, now: int, health: HealthView, *, lasting_ms: int) -> list[str]:
    """Return why the devices do not prove that all is normal; empty when they do.

    Every member must have ended, at least `lasting_ms` ago, by a device that is itself healthy; that a
    rule went, or its hours ended, says nothing of the device. A
    picture and a work order prove it as well.
    """
    # What a loss or a fire only holds is looked at in a case of its own.
    sensors = [m for m in case.members if m.scope != REPORT_SCOPE and not m.held_by]
    found = []
    if any(member.ended_at is None or member.ended_by in _UNSAID for member in sensors):
        found.append("sensor_normal")
    if not all(_proves(member, health) for member in sensors):
        found.append("sensor_healthy")
    last = max((member.ended_at or 0 for member in sensors), default=0)
    if not found and now - last < lasting_ms:
        found.append(f"normal_for_{max(1, round(lasting_ms / 60_000))}_minutes")
    return found


class _Look(NamedTuple):
    """What the checks look at."""

    case: Case
    actor: str
    by: str
    proof: Fields
    now: int
    health: HealthView
    policy: Policy

    def has(self, *names: str) -> bool:
        return all(_said(self.proof, name) for name in names)


def _said(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def _result(look: _Look) -> list[str]:
    return [] if look.has("result") else ["result_on_site"]


def _handler(look: _Look) -> list[str]:
    return [] if look.by or look.case.handlers else ["handler_named"]


def _cause(look: _Look) -> list[str]:
    return [] if look.has("cause") else ["cause"]


def _repair_note(look: _Look) -> list[str]:
    return [] if look.has("repair_note") else ["repair_note"]


def _settled(look: _Look) -> list[str]:
    return [] if look.has("conflict_settled") else ["conflict_settled"]


def is_reported(case: Case) -> bool:
    """Return whether only people said it: no device can say that it is over."""
    return all(member.scope == REPORT_SCOPE for member in case.members)


def _stated_solved(look: _Look) -> list[str]:
    return [] if look.proof.get("solved") is True else ["solved"]


def _solved(look: _Look) -> list[str]:
    """(a): normal for N minutes by devices that are themselves healthy, or picture and work order."""
    if look.has("photo", "work_order"):
        return []
    if is_reported(look.case):
        return _stated_solved(look)
    found = unnormal(look.case, look.now, look.health, lasting_ms=look.policy.normal)
    return ["solved", *found] if found else []


def _sensor_normal(look: _Look) -> list[str]:
    if look.has("photo", "work_order"):
        return []
    return unnormal(look.case, look.now, look.health, lasting_ms=0)


def _satisfied(look: _Look) -> list[str]:
    attempts = look.proof.get("attempts", 0)
    unreachable = isinstance(attempts, int | float) and attempts >= look.policy.attempts
    satisfied = look.proof.get("satisfied")
    if satisfied is None and unreachable:
        return []
    if satisfied is not True or not look.has("channel"):
        return ["satisfaction"]
    asked = _said(look.proof, "asked")
    if asked and look.case.reporter and named(asked) != named(look.case.reporter):
        return ["asked_the_reporter"]
    return []


def _satisfied_if_disturbed(look: _Look) -> list[str]:
    return _satisfied(look) if look.proof.get("disturbed") is True else []


def _verifier(look: _Look) -> list[str]:
    verifier = _said(look.proof, "verifier") or look.actor
    handled = worked_on(look.case, verifier) or named(look.by) == named(verifier)
    return ["verifier_is_not_handler"] if handled else []


def _false_cause(look: _Look) -> list[str]:
    return [] if look.has("false_alarm_cause") else ["false_alarm_cause"]


def _checked(look: _Look) -> list[str]:
    return [] if look.has("checked_by", "checked_how") else ["checked_by_and_how"]


def _second_person(look: _Look) -> list[str]:
    if look.case.cause != "fire":
        return []
    first = {named(_said(look.proof, name)) for name in ("confirmed_by", "checked_by")}
    return ["second_person"] if named(look.actor) in first else []


_Check = Callable[[_Look], list[str]]
_PROFILES: Mapping[Closing, tuple[_Check, ...]] = MappingProxyType(
    {
        Closing.DISPUTE: (_stated_solved, _satisfied, _settled, _handler, _verifier),
        Closing.MATTER: (_stated_solved, _satisfied, _handler, _verifier),
        Closing.EMERGENCY: (
            _result,
            _handler,
            _cause,
            _solved,
            _satisfied_if_disturbed,
            _verifier,
        ),
        Closing.MAINTENANCE: (_solved, _repair_note),
        Closing.DUTY: (_result, _handler),  # our assumption: who answered, and what was found
        Closing.FALSE_ALARM: (_false_cause, _checked, _sensor_normal, _second_person),
    }
)


_NEEDS: Mapping[_Check, str] = MappingProxyType(
    {
        _result: "result_on_site",
        _handler: "handler_named",
        _cause: "cause",
        _repair_note: "repair_note",
        _settled: "conflict_settled",
        _stated_solved: "solved",
        _solved: "solved",
        _sensor_normal: "sensor_normal",
        _satisfied: "satisfaction",
        _satisfied_if_disturbed: "satisfaction",
        _verifier: "verifier_is_not_handler",
        _false_cause: "false_alarm_cause",
        _checked: "checked_by_and_how",
        _second_person: "second_person",
    }
)
"""What each check looks for, by its word; some name more when that fails."""


def _needs(check: _Check, look: _Look) -> tuple[str, ...]:
    """Return the part that a check asks of this case: not every case has somebody to satisfy."""
    if check is _satisfied_if_disturbed and look.proof.get("disturbed") is not True:
        return ()
    if check is _second_person and look.case.cause != "fire":
        return ()
    return (_NEEDS[check],)


def _proves(member: Member, health: HealthView) -> bool:
    """Places and gateways have no health of their own: for them the rule's word is all there is."""
    if member.scope in {"place", "gateway"}:
        return True
    return health.health(member.subject).proves


def _described(part: str) -> str:
    return PARTS.get(part, "恢复正常的时间不足 (normal, but not yet for long enough)")
