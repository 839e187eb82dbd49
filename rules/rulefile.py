"""The rule files that people write, and every mistake in them with file, line and key."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, JsonValue

from model.calendar import Calendar, is_calendar, load_calendar
from model.errors import ConfigError
from model.yamlfile import ConfigErrors, YamlText

from .specs import Spec
from .specs.base import Written


class RuleFile(Written):
    """A file of rules; `schema: 1`."""

    version: Literal[1] = Field(alias="schema")
    rules: tuple[Annotated[Spec, Field(discriminator="kind")], ...]


class RuleSet(NamedTuple):
    """All rules of one version, in the order of file name and line; `lines` finds them again."""

    specs: tuple[Spec, ...]
    hash: str
    lines: dict[str, tuple[str, int]]  # rule id, or id/number of a test -> file, line
    calendar: Calendar = Calendar()


def load_rules(texts: Mapping[str, str]) -> RuleSet:
    """Read rule files (name -> text); raises ConfigErrors naming every problem of every file.

    `calendar.yaml` among them is no rule file: it says what days the rules' hours are counted by.
    """
    problems: list[ConfigError] = []
    calendar = Calendar()
    try:
        calendar = load_calendar(texts)
    except ConfigErrors as errors:
        problems.extend(errors.problems)
    specs: list[Spec] = []
    lines: dict[str, tuple[str, int]] = {}
    for name in sorted(texts):
        if is_calendar(name):
            continue
        try:
            document = YamlText(texts[name], name)
            parsed = document.check(RuleFile)
        except ConfigErrors as errors:
            problems.extend(errors.problems)
            continue
        except ConfigError as error:
            problems.append(error)
            continue
        for number, spec in enumerate(parsed.rules):
            line = document.line(("rules", number, "id"))
            if spec.id in lines:
                first = ":".join(map(str, lines[spec.id]))
                message = f"the rule id {spec.id!r} is taken: see {first}"
                problems.append(
                    ConfigError(message, file=name, line=line, key=f"rules.{number}.id")
                )
                continue
            lines[spec.id] = (name, line)
            for story in range(len(spec.tests)):
                path = ("rules", number, "tests", story)
                lines[f"{spec.id}/{story}"] = (name, document.line(path))
            specs.append(spec)
    if problems:
        raise ConfigErrors(problems)
    text = "\n".join(f"{spec.id} {spec.hash}" for spec in specs)
    return RuleSet(tuple(specs), sha256(text.encode()).hexdigest()[:16], lines, calendar)


def rule_file_schema() -> dict[str, JsonValue]:
    """Return the JSON Schema of a rule file, for editors."""
    return RuleFile.model_json_schema(by_alias=True)
