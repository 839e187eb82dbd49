"""The rule files that people write: their shape, and every mistake with file, line and key."""

import re
from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Literal, NamedTuple, Self

import msgspec
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    model_validator,
)

from model.anomaly import Severity
from model.errors import ConfigError
from model.reading import Event, Mode, Value
from model.yamlfile import ConfigErrors, YamlText

_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def duration_ms(text: object) -> int:
    """Read a time span as people write it: 500ms, 90s, 5m, 26h, 2d. Raises ValueError."""
    match = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a time span needs a number and a unit: 500ms, 90s, 5m, 26h or 2d")
    return round(float(match[1]) * _UNITS_MS[match[2]])


Duration = Annotated[int, BeforeValidator(duration_ms)]
Span = Annotated[Duration, Field(gt=0)]
Word = Annotated[str, Field(min_length=1, max_length=64)]
RuleId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(_Written):
    """What the rule is called on the page, in Chinese and English."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Devices(_Written):
    """Which devices a rule watches: their kinds, what the registry calls them, what they say they are."""

    kinds: tuple[Word, ...] = ()
    roles: tuple[str, ...] = ()
    except_roles: tuple[str, ...] = ()
    values: dict[str, tuple[Value, ...]] = {}  # component_type: [96, 99]


class Words(_Written):
    """What a device says: an alarm state that is true, or an event word."""

    states: tuple[Word, ...] = ()
    events: tuple[Event, ...] = ()


class Clearing(_Written):
    """What takes it back: an alarm state that is false, or an event word, unless in doubt.

    A device that is isolated or faulty says nothing about a fire by "not fire"; `unless` names the
    states whose truth makes a clearing worthless (design: panel semantics).
    """

    states_false: tuple[Word, ...] = ()
    events: tuple[Event, ...] = ()
    unless: tuple[Word, ...] = ()


class ByHand(_Written):
    """How a person's hand is told from a detector: event word, registered role, or a value."""

    events: tuple[Event, ...] = ()
    roles: tuple[str, ...] = ()
    values: dict[str, tuple[Value, ...]] = {}


class Step(_Written):
    """One step of a rule's own test: a device, or a gateway, says something `at` a time."""

    at: Duration
    device: str = ""
    kind: str = ""
    values: dict[str, Value] = {}
    event: Event = Event.NONE
    mode: Mode = Mode.REAL
    role: str = ""
    building: str = "b-1"
    source: str = ""
    order: Annotated[int, Field(ge=0)] = 0  # 0: the next one
    historical: bool = False
    observed_at: Duration | None = None
    registered: bool = True
    gateway: str = "gw-1"
    state: Literal["", "online", "stopped", "lost", "silent"] = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if bool(self.device) == bool(self.state):
            raise ValueError("a step needs either `device`, or `state` of the gateway")
        return self


class Expectation(_Written):
    """What must have come out: a rule id or category that started, continued or ended."""

    started: str = ""
    continued: str = ""
    ended: str = ""
    subject: str = ""
    at: Duration | None = None
    by: str = ""
    manual: bool | None = None

    @model_validator(mode="after")
    def _one_phase(self) -> Self:
        if sum(map(bool, (self.started, self.continued, self.ended))) != 1:
            raise ValueError("expect exactly one of started, continued, ended")
        return self


class Story(_Written):
    """A test that a rule carries: what happens, and exactly what must come out."""

    name: Annotated[str, Field(min_length=1)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    until: Duration = 0
    expect: tuple[Expectation, ...] | Literal["none"]


class _Spec(_Written):
    id: RuleId
    title: Title
    category: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    severity: Severity
    devices: Devices = Devices()
    note: str = ""  # where the figures come from
    tests: tuple[Story, ...] = ()

    @cached_property
    def hash(self) -> str:
        """Name the rule's text, without its tests, in 16 hex digits."""
        plain = self.model_dump(mode="json", exclude={"tests", "note"})
        return sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()[:16]


class ThresholdSpec(_Spec):
    """A quantity beyond a limit, held for a time, ended beyond `clear_at`."""

    kind: Literal["threshold"]
    quantity: Word
    above: float | None = None
    below: float | None = None
    clear_at: float | None = None
    hold: Duration = Field(default=0, alias="for")
    unless: tuple[Word, ...] = ()  # a device that says one of these says something worse itself

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("give exactly one of `above` and `below`")
        if self.clear_at is None:
            return self
        if self.above is not None and self.clear_at > self.above:
            raise ValueError(f"clear_at {self.clear_at} must not lie above {self.above}")
        if self.below is not None and self.clear_at < self.below:
            raise ValueError(f"clear_at {self.clear_at} must not lie below {self.below}")
        return self


class EventSpec(_Spec):
    """What a device says of itself: fire, forced, tamper, fault."""

    kind: Literal["event"]
    onset: Words
    clear: Clearing = Clearing()
    ends_on_reset: bool = False
    ends_after: Span | None = None  # for words that no device ever takes back
    manual: ByHand = ByHand()

    @model_validator(mode="after")
    def _has_onset(self) -> Self:
        if not (self.onset.states or self.onset.events):
            raise ValueError("onset needs `states` or `events`")
        return self


class SilenceSpec(_Spec):
    """A device, or a gateway, that is late by its own contract."""

    kind: Literal["silence"]
    subject: Literal["device", "gateway"] = "device"
    silent_after: dict[str, Span] | Span

    @model_validator(mode="after")
    def _fits_subject(self) -> Self:
        if (self.subject == "gateway") == isinstance(self.silent_after, dict):
            raise ValueError("silent_after: one time span for a gateway, one per kind for devices")
        return self


class ConfirmSpec(_Spec):
    """Several devices in one place that say the same within a time."""

    kind: Literal["confirm"]
    onset: Words
    clear: Clearing = Clearing()
    at_least: Annotated[int, Field(ge=2, le=100)] = 2
    within: Span
    detector_and_call_point: bool = True
    call_point: ByHand = ByHand()
    ends_on_reset: bool = True


Spec = ThresholdSpec | EventSpec | SilenceSpec | ConfirmSpec


class RuleFile(_Written):
    """A file of rules; `schema: 1`."""

    version: Literal[1] = Field(alias="schema")
    rules: tuple[Annotated[Spec, Field(discriminator="kind")], ...]


class RuleSet(NamedTuple):
    """All rules of one version, in the order of file name and line; `lines` finds them again."""

    specs: tuple[Spec, ...]
    hash: str
    lines: dict[str, tuple[str, int]]  # rule id, or id/number of a test -> file, line


def load_rules(texts: Mapping[str, str]) -> RuleSet:
    """Read rule files (name -> text); raises ConfigErrors naming every problem of every file."""
    problems: list[ConfigError] = []
    specs: list[Spec] = []
    lines: dict[str, tuple[str, int]] = {}
    for name in sorted(texts):
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
    return RuleSet(tuple(specs), sha256(text.encode()).hexdigest()[:16], lines)


def rule_file_schema() -> dict[str, JsonValue]:
    """Return the JSON Schema of a rule file, for editors."""
    return RuleFile.model_json_schema(by_alias=True)
