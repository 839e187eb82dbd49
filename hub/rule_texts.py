"""Finds a rule's text as it was when it fired: versions of the rules stand in the log."""

import threading
from collections.abc import Iterator

import msgspec

from model.entry import EntryKind, Versioned
from model.errors import HubError
from rules.rulefile import RuleSet, load_rules
from rules.specs import Spec, ThresholdSpec

from .log.sqlite import SqliteLog

VERSIONS = 30  # as many versions are looked through: each is read and checked once


class Limit(msgspec.Struct, frozen=True):
    """A line that a quantity must not cross: the limit itself, or where it counts as normal again."""

    quantity: str
    value: float
    word: str  # above, below, clear_at


class RuleText(msgspec.Struct, frozen=True):
    """A rule as it was written when it had this hash; `in_force` while it still holds."""

    id: str
    hash: str
    file: str
    zh: str
    en: str
    text: str
    logged_at: int
    in_force: bool
    limits: tuple[Limit, ...] = ()


class RuleTexts:
    """Every rule of the newest versions, by id and hash; read from the log when first asked for."""

    def __init__(self, log: SqliteLog) -> None:
        """Take the log."""
        self._log = log
        self._known: dict[str, dict[tuple[str, str], RuleText]] = {}  # by the version's hash
        self._one_at_a_time = threading.Lock()

    def find(self, rule: str, rule_hash: str) -> RuleText | None:
        """Return a rule as it was when it had that hash, None when no kept version has it."""
        with self._one_at_a_time:
            newest = ""
            for version, logged_at in self._versions():
                newest = newest or version.hash
                if version.hash not in self._known:
                    self._known[version.hash] = _rules_of(version, logged_at)
                found = self._known[version.hash].get((rule, rule_hash))
                if found is not None:
                    return msgspec.structs.replace(found, in_force=version.hash == newest)
        return None

    def _versions(self) -> Iterator[tuple[Versioned, int]]:
        before: int | None = None
        for _ in range(VERSIONS):
            entry = self._log.newest(EntryKind.RULES, before)
            if entry is None:
                return
            yield msgspec.json.decode(entry.payload, type=Versioned), entry.logged_at
            before = entry.pos - 1


def _rules_of(version: Versioned, logged_at: int) -> dict[tuple[str, str], RuleText]:
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
