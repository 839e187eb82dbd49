"""Tells people which rules are in force, and what each of them holds open."""

from collections import Counter
from collections.abc import Sequence

from rules.rulefile import load_rules
from rules.specs import Spec

from .desk_reader import DeskReader

Json = dict[str, object]


class RulesShown:
    """The rules in force, parsed once a version: a page asks for them every few seconds."""

    def __init__(self) -> None:
        self._hash = ""
        self._specs: Sequence[Spec] = ()

    def of(self, desk: DeskReader) -> list[Json]:
        """Return every rule: what it is, what it holds open, how often it broke."""
        with desk.guard:
            version = desk.core.rules
            opened = Counter(anomaly.rule for anomaly in desk.core.engine.open())
            failures = dict(desk.core.engine.failures)
        if version.hash != self._hash:
            self._hash, self._specs = version.hash, load_rules(version.documents).specs
        return [
            {
                "id": spec.id, "kind": spec.kind, "title_zh": spec.title.zh,
                "title_en": spec.title.en, "category": spec.category,
                "severity": spec.severity.value, "hash": spec.hash,
                "open": opened[spec.id], "failures": failures.get(spec.id, 0),
            }
            for spec in self._specs
        ]  # fmt: skip
