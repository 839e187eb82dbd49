"""Proposes another limit for a rule that cries wolf, each candidate tried on the log by its cases.

A proposal is a file to read, never a change: people decide, and the backtest is attached.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cases.comparing import Kind, Outcome
from hub.documents import versioned
from hub.rule_edit import failing_tests
from hub.rule_texts import block, depth_of
from model.entry import Versioned
from model.errors import HubError
from rules.rulefile import RuleSet, load_rules
from rules.specs import ThresholdSpec

from .replay import Side, recorded
from .result import Result
from .source import Recording

STRICTER = (1.1, 1.25, 1.5, 2.0)
"""By so much a limit is moved away from normal values (our assumption)."""

LONGER = (2, 4)
"""So many times as long a value must hold (our assumption)."""


class Candidate(NamedTuple):
    """Other rules: what is changed in words, the texts, and which of the rule's own tests then fail."""

    change: str
    rules: Versioned
    failing: tuple[str, ...]


class Judged(NamedTuple):
    """A candidate with what came of it."""

    candidate: Candidate
    result: Result

    @property
    def fewer_false(self) -> int:
        """Return how many matters that people found false are no more."""
        return sum(
            Kind.GONE in row.kinds and row.outcome is Outcome.FALSE for row in self.result.rows
        )

    @property
    def merit(self) -> tuple[int, int, int]:
        """Return what to prefer: fewer false ones, then fewer changes of the rest."""
        changed = sum(row.changed for row in self.result.rows)
        return (self.fewer_false, -changed, -len(self.candidate.failing))


Compare = Callable[[Recording, list[Side], list[tuple[Side, Side]]], list[Result]]


def judged(
    recording: Recording, rule: str, *, in_force: Versioned | None, compare: Compare
) -> list[Judged]:
    """Try each candidate beside the rules in force, or, without those, beside the recorded ones.

    `compare` replays all sides, the first as it was recorded. Raises HubError for a rule that has no
    limit, or one that cannot be moved.
    """
    tried = candidates(in_force or recording.rules, rule)
    sides = [recorded(recording)]
    if in_force is not None:
        sides.append(Side("in force 现行", in_force, recording))
    others = [Side(one.change, one.rules, recording) for one in tried]
    results = compare(recording, [*sides, *others], [(sides[-1], other) for other in others])
    return [Judged(one, result) for one, result in zip(tried, results, strict=True)]


def candidates(rules: Versioned, rule: str) -> list[Candidate]:
    """Return stricter versions of one threshold rule; raises HubError for another kind."""
    loaded = load_rules(rules.documents)
    spec = next((spec for spec in loaded.specs if spec.id == rule), None)
    if spec is None:
        raise HubError(f"no rule {rule} is in force; see `smarthub rules ledger` for the ids")
    if not isinstance(spec, ThresholdSpec):
        raise HubError(
            f"{rule} is of the kind {spec.kind}: it has no limit that could be moved. Look at the"
            " devices that the ledger names, and at the causes"
        )
    changes: list[tuple[str, str]] = []
    limit, key = (spec.above, "above") if spec.above is not None else (spec.below, "below")
    for factor in STRICTER:
        if limit:
            moved = limit * factor if (key == "above") == (limit > 0) else limit / factor
            changes.append((key, f"{moved:.4g}"))
    changes += [("for", f"{max(spec.hold, 1_000) * factor // 1000}s") for factor in LONGER]
    return [_candidate(rules, loaded, rule, key, value) for key, value in changes]


def best(judged: Sequence[Judged]) -> Judged | None:
    """Return the candidate that spares most false cases and loses nothing it must not; or None."""
    harmless = [one for one in judged if one.result.passes and one.fewer_false]
    return max(harmless, key=lambda one: one.merit, default=None)


def _candidate(rules: Versioned, loaded: RuleSet, rule: str, key: str, value: str) -> Candidate:
    file, line = loaded.lines[rule]
    text = edited(rules.documents[file], line, key, value)
    changed = versioned({**rules.documents, file: text})
    return Candidate(f"{rule}: {key} {value}", changed, tuple(failing_tests({file: text}, rule)))


def edited(document: str, line: int, key: str, value: str) -> str:
    """Return the text of a rule file with one key of the rule at `line` (from 1) set or added."""
    lines = document.splitlines(keepends=True)
    begin, end = block(lines, line)
    inner = " " * (depth_of(lines[begin]) + 2)
    for number in range(begin + 1, end):
        text = lines[number]
        if text.startswith(f"{inner}{key}:"):
            _, hash_, comment = text.rstrip("\n").partition(" #")
            lines[number] = f"{inner}{key}: {value}{'  #' + comment if hash_ else ''}\n"
            return "".join(lines)
    lines.insert(begin + 1, f"{inner}{key}: {value}\n")
    return "".join(lines)
