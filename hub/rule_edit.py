"""Puts another text of one rule into the rules in force, to be tried: nothing is changed by it."""

from collections.abc import Mapping
from textwrap import dedent

from model.entry import Versioned
from model.errors import ConfigError, HubError
from model.yamlfile import ConfigErrors, YamlText
from rules.rulefile import load_rules
from rules.specs import Spec

from .documents import versioned
from .rule_texts import block, depth_of, tests_of

_HEAD = "schema: 1\nrules:\n"
_HEAD_LINES = _HEAD.count("\n")
TEXT_MAX = 20_000
NODES_MAX = 2_000


def with_text(rules: Versioned, rule: str, text: str) -> Versioned:
    """Return the rules with `text` in place of a rule; it keeps the tests that it carries.

    Raises HubError for a rule that is not in force, ConfigErrors with the lines of `text`.
    """
    loaded = load_rules(rules.documents)
    before = {spec.id: spec for spec in loaded.specs}
    if rule not in before:
        raise HubError(f"no rule {rule} is in force 没有这条现行规则")
    typed = _checked(rule, text)
    file, line = loaded.lines[rule]
    lines = rules.documents[file].split("\n")
    begin, end = block(lines, line)
    depth = depth_of(lines[begin])
    own = lines[begin + 1 : end]
    tests = [own[number] for number in sorted(tests_of(own, depth))]
    written = [" " * depth + row if row.strip() else "" for row in _rows(text)]
    document = "\n".join([*lines[:begin], *written, *tests, *lines[end:]])
    wanted = [
        typed.hash if spec.id == rule else spec.hash
        for spec in loaded.specs
        if loaded.lines[spec.id][0] == file
    ]
    if not _stands(file, document, wanted, rule, len(before[rule].tests)):
        raise ConfigError(
            "this text cannot stand in the rule's file as it is typed: keep the shape that the page showed, a"
            " key a line, without `tests:`",
            file=rule,
        )
    return versioned({**rules.documents, file: document})


def _stands(file: str, document: str, wanted: list[str], rule: str, tests: int) -> bool:
    """Whether a file now holds exactly the rules it should, and the rule the tests that it had."""
    try:
        specs = load_rules({file: document}).specs
    except ConfigError:
        return False
    kept = next((len(spec.tests) for spec in specs if spec.id == rule), -1)
    return [spec.hash for spec in specs] == wanted and kept == tests


def _checked(rule: str, text: str) -> Spec:
    """Return the rule of a text; raises ConfigErrors with the text's own lines, as they were typed."""
    if len(text) > TEXT_MAX:
        raise ConfigError(f"over {TEXT_MAX:,} characters", file=rule)
    body = _HEAD + "\n".join(f"  {row}" for row in _rows(text)) + "\n"
    try:
        YamlText(
            body, rule, nodes_max=NODES_MAX
        )  # first, for what a few lines can be made to stand for
        specs = load_rules({rule: body}).specs
    except ConfigErrors as error:
        raise ConfigErrors([_moved(problem) for problem in error.problems]) from error
    except ConfigError as error:
        raise _moved(error) from error
    if [spec.id for spec in specs] != [rule]:
        names = ", ".join(spec.id for spec in specs) or "none"
        raise ConfigError(f"the text must be the one rule {rule}, not {names}", file=rule)
    if specs[0].tests:
        raise ConfigError("leave `tests:` out: the rule keeps its own", file=rule)
    return specs[0]


def _rows(text: str) -> list[str]:
    return dedent(text.replace("\r\n", "\n").strip("\n")).split("\n")


def _moved(problem: ConfigError) -> ConfigError:
    line = max(0, problem.line - _HEAD_LINES)
    return ConfigError(problem.message, file=problem.file, line=line, key=problem.key)


def failing_tests(rules: Mapping[str, str], rule: str) -> list[str]:
    """Return the names of the rule's own tests that fail."""
    from rules.rulestest import run_story  # noqa: PLC0415 - the hub itself runs no tests

    loaded = load_rules(rules)
    spec = next(spec for spec in loaded.specs if spec.id == rule)
    return [story.name for story in spec.tests if run_story(spec, story, set(), loaded.calendar)]
