"""Puts another text of one rule into the rules in force, to be tried: nothing is changed by it."""

from collections.abc import Mapping

from model.entry import Versioned
from model.errors import ConfigError, HubError
from model.yamlfile import ConfigErrors
from rules.rulefile import load_rules

from .documents import versioned

_HEAD = "schema: 1\nrules:\n"
_HEAD_LINES = _HEAD.count("\n")
TEXT_MAX = 20_000


def with_text(rules: Versioned, rule: str, text: str) -> Versioned:
    """Return the rules with `text` in place of a rule; it keeps the tests that it carries.

    Raises HubError for a rule that is not in force, ConfigErrors with the lines of `text`.
    """
    loaded = load_rules(rules.documents)
    if rule not in loaded.lines:
        raise HubError(f"no rule {rule} is in force 没有这条现行规则")
    _check(rule, text)
    file, line = loaded.lines[rule]
    lines = rules.documents[file].splitlines()
    begin = line - 1
    depth = _depth(lines[begin])
    end = next(
        (n for n in range(begin + 1, len(lines)) if lines[n].strip() and _depth(lines[n]) <= depth),
        len(lines),
    )
    written = [" " * depth + row if row.strip() else "" for row in text.strip("\n").splitlines()]
    changed = [*lines[:begin], *written, *_tests(lines[begin:end], depth), *lines[end:]]
    document = "\n".join(changed) + "\n"
    load_rules({file: document})  # what only shows beside the other rules of the file
    return versioned({**rules.documents, file: document})


def _check(rule: str, text: str) -> None:
    """Raise ConfigErrors with the text's own lines, as somebody sees them who typed it."""
    if len(text) > TEXT_MAX:
        raise ConfigError(f"over {TEXT_MAX:,} characters", file=rule)
    body = "\n".join(f"  {row}" for row in text.strip("\n").splitlines())
    try:
        loaded = load_rules({rule: f"{_HEAD}{body}\n"})
    except ConfigErrors as error:
        raise ConfigErrors([_moved(problem) for problem in error.problems]) from error
    except ConfigError as error:
        raise _moved(error) from error
    ids = list(loaded.lines)
    if ids != [rule]:
        raise ConfigError(f"the text must be the one rule {rule}, not {', '.join(ids) or 'none'}", file=rule)  # fmt: skip


def _moved(problem: ConfigError) -> ConfigError:
    line = max(0, problem.line - _HEAD_LINES)
    return ConfigError(problem.message, file=problem.file, line=line, key=problem.key)


def _tests(lines: list[str], depth: int) -> list[str]:
    """Return the lines of a rule's tests."""
    kept: list[str] = []
    within = False
    for line in lines[1:]:
        if line.strip() and _depth(line) == depth + 2:
            within = line.strip().startswith("tests:")
        if within:
            kept.append(line)
    return kept


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def failing_tests(rules: Mapping[str, str], rule: str) -> list[str]:
    """Return the names of the rule's own tests that fail."""
    from rules.rulestest import run_story  # noqa: PLC0415 - the hub itself runs no tests

    loaded = load_rules(rules)
    spec = next(spec for spec in loaded.specs if spec.id == rule)
    return [story.name for story in spec.tests if run_story(spec, story, set(), loaded.calendar)]
