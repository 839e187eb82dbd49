"""Why a case is there, as JSON: the rules that fired with their texts, values and present state."""

import msgspec

from cases.events import rfc3339
from hub.access import Principal
from model.case import Case, Member

from .devices import in_territory
from .services import Json, Services

MEMBERS_SHOWN = 20


def reasons(hub: Services, case: Case, who: Principal) -> Json:
    """Return each rule of a case once, the first that fired first; a report has none.

    What a rule holds now of a place may name devices elsewhere, and what it holds of a device may be of
    later: somebody with a territory is told only of the devices in it.
    """
    members = sorted(case.members, key=lambda member: (member.started_at, member.subject))
    named = dict.fromkeys((m.rule, m.rule_hash) for m in members if m.rule_hash)
    return {
        "id": case.id,
        "category": case.category,
        "place": case.place_name or case.place,
        "text": case.text,
        "rules": [
            _rule(
                hub,
                who,
                (rule, hashed),
                [m for m in members if (m.rule, m.rule_hash) == (rule, hashed)],
            )
            for rule, hashed in named
        ],
        "evidence": [
            {**msgspec.to_builtins(item), "at": rfc3339(item.at)} for item in case.evidence
        ],
    }


def _rule(hub: Services, who: Principal, named: tuple[str, str], members: list[Member]) -> Json:
    rule, hashed = named
    known = hub.rule(rule, hashed)
    shown = members[:MEMBERS_SHOWN]
    registry = hub.registry()
    return {
        "rule": rule,
        "hash": hashed,
        "zh": known.zh if known else rule,
        "en": known.en if known else rule,
        "text": known.text if known else "",
        "in_force": known.in_force if known else False,
        "members": len(members),
        "explained": list(dict.fromkeys(m.explanation for m in shown if m.explanation)),
        "now": [
            {"subject": m.subject, "holds": hub.holds(rule, m.subject)}
            for m in shown
            if not who.grid or (":" not in m.subject and in_territory(m.subject, who, registry))
        ],
    }
