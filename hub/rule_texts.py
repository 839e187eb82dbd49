"""Finds a rule's text as it was when it fired, also when the log no longer reaches back so far."""

import threading
from collections.abc import Iterator

import msgspec

from model.entry import Entry, EntryKind, Versioned
from model.errors import HubError
from rules.rulefile import RuleSet, load_rules
from rules.specs import Spec, ThresholdSpec

from .case_store.rule_records import Limit, RuleRecords, RuleText
from .log.sqlite import SqliteLog

Rules = dict[tuple[str, str], RuleText]
"""The rules of one version by id and hash."""


class RuleTexts:
    """Every rule by id and hash: of the version in force from the log, of all before it from the case database."""

    def __init__(self, log: SqliteLog, kept: RuleRecords) -> None:
        """Take the log, and where the texts stay when its old parts are removed."""
        self._log, self._kept = log, kept
        self._kept_to = 0
        self._newest: tuple[int, Rules] = (0, {})
        self._one_at_a_time = threading.Lock()

    def find(self, rule: str, rule_hash: str) -> RuleText | None:
        """Return a rule as it was when it had that hash, None when no version that was kept has it.

        Reads log and database: for worker threads.
        """
        with self._one_at_a_time:
            newest = self._log.newest(EntryKind.RULES)
            if newest is not None:
                found = self._rules(newest).get((rule, rule_hash))
                if found is not None:
                    return found
        found = self._kept.find(rule, rule_hash)
        if found is None:
            self.keep()
            found = self._kept.find(rule, rule_hash)
        return found

    def keep(self) -> None:
        """Keep the rules of every version in the log that is not kept yet, the oldest first."""
        with self._one_at_a_time:
            entries = list(self._unkept())
            known = self._kept.versions() if entries else set()
            for entry in reversed(entries):
                version = msgspec.json.decode(entry.payload, type=Versioned)
                rules = {} if version.hash in known else _rules_of(version, entry.logged_at)
                if rules:
                    self._kept.keep(version.hash, rules.values(), logged_at=entry.logged_at)
                    known.add(version.hash)
                self._kept_to = entry.pos

    def _unkept(self) -> Iterator[Entry]:
        before: int | None = None
        while (entry := self._log.newest(EntryKind.RULES, before)) and entry.pos > self._kept_to:
            yield entry
            before = entry.pos - 1

    def _rules(self, entry: Entry) -> Rules:
        if entry.pos != self._newest[0]:
            version = msgspec.json.decode(entry.payload, type=Versioned)
            self._newest = (entry.pos, _rules_of(version, entry.logged_at))
        return self._newest[1]


def _rules_of(version: Versioned, logged_at: int) -> Rules:
    """Read a version's rules; one that can no longer be read has none."""
    try:
        rules = load_rules(version.documents)
    except HubError:
        return {}
    found = {}
    for spec in rules.specs:
        file, _ = rules.lines[spec.id]
        found[spec.id, spec.hash] = RuleText(
            id=spec.id,
            hash=spec.hash,
            file=file.rpartition("/")[2],
            zh=spec.title.zh,
            en=spec.title.en,
            text=written(version.documents[file], spec.id, rules),
            logged_at=logged_at,
            in_force=True,
            limits=limits_of(spec),
        )
    return found


def limits_of(spec: Spec) -> tuple[Limit, ...]:
    """Return the lines that a threshold rule draws."""
    if not isinstance(spec, ThresholdSpec):
        return ()
    lines = (("above", spec.above), ("below", spec.below), ("clear_at", spec.clear_at))
    return tuple(Limit(spec.quantity, at, word) for word, at in lines if at is not None)


def written(document: str, rule: str, rules: RuleSet) -> str:
    """Return the lines of one rule as somebody wrote them, without the tests that it carries."""
    lines = document.split("\n")
    begin, end = block(lines, rules.lines[rule][1])
    depth = depth_of(lines[begin])
    own = lines[begin + 1 : end]
    tests = tests_of(own, depth)
    kept = [line for number, line in enumerate(own) if number not in tests]
    return "\n".join(line[min(depth, depth_of(line)) :] for line in (lines[begin], *kept)).strip()


def block(lines: list[str], line: int) -> tuple[int, int]:
    """Return where the rule whose id stands at a line (from 1) begins and ends (from 0, the end not in it)."""
    begin = line - 1
    depth = depth_of(lines[begin])
    end = begin + 1
    while end < len(lines) and (_is_quiet(lines[end]) or depth_of(lines[end]) > depth):
        end += 1
    while end > begin + 1 and _is_quiet(lines[end - 1]) and depth_of(lines[end - 1]) <= depth:
        end -= 1  # what stands before the next rule is about that one
    return begin, end


def tests_of(lines: list[str], depth: int) -> set[int]:
    """Return which of the lines of a rule at a depth are its tests."""
    found: set[int] = set()
    within = False
    for number, line in enumerate(lines):
        if line.strip() and depth_of(line) == depth + 2:
            within = line.strip().startswith("tests:")
        if within:
            found.add(number)
    return found


def depth_of(line: str) -> int:
    """Return by how much a line is indented."""
    return len(line) - len(line.lstrip())


def _is_quiet(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")
