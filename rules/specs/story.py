"""The tests that a rule carries in its own text: what happens, and what must come out."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from model.reading import Event, Mode, Value

from .base import Duration, Span, Written

_REPEATS_MAX = 10_000


class Repeat(Written):
    """Says a step again `every` so long, up to and including `until`."""

    every: Span
    until: Span

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.until // self.every > _REPEATS_MAX:
            raise ValueError(f"repeats more than {_REPEATS_MAX} times: take a longer `every`")
        return self


class Step(Written):
    """One step of a rule's own test: a device, or a gateway, says something `at` a time."""

    at: Duration
    device: str = ""
    kind: str = ""
    values: dict[str, Value] = Field(default={})
    event: Event = Event.NONE
    mode: Mode = Mode.REAL
    role: str = ""
    building: str = "b-1"
    household: str = ""
    source: str = ""
    order: Annotated[int, Field(ge=0)] = 0  # 0: the next one
    historical: bool = False
    observed_at: Duration | None = None
    registered: bool = True
    gateway: str = "gw-1"
    repeat: Repeat | None = None
    state: Literal["", "online", "stopped", "lost", "silent"] = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if bool(self.device) == bool(self.state):
            raise ValueError("a step needs either `device`, or `state` of the gateway")
        return self


class Expectation(Written):
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


class Story(Written):
    """A test that a rule carries: what happens, and exactly what must come out."""

    name: Annotated[str, Field(min_length=1)]
    begins: datetime | None = None  # on the site's clock; a rule with a schedule needs it
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    until: Duration = 0
    consent: bool = True  # of the households, that presence is watched
    expect: tuple[Expectation, ...] | Literal["none"]

    def in_order(self) -> list[Step]:
        """Return the steps in the order of their times, repeated ones as often as they say."""
        return sorted(
            (step for written in self.steps for step in _repeated(written)),
            key=lambda step: step.at,
        )


def _repeated(step: Step) -> list[Step]:
    if step.repeat is None:
        return [step]
    times = range(step.at, step.repeat.until + 1, step.repeat.every)
    return [step.model_copy(update={"at": at, "repeat": None}) for at in times]
