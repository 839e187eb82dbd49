"""The text of a rule of the kind `score`."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Duration, RuleId, Span, Title, Word, Words, Written
from .spec import BaseSpec

Positive = Annotated[float, Field(gt=0, le=1e6)]


class Beyond(Written):
    """A quantity beyond a limit."""

    quantity: Word
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("give exactly one of `above` and `below`")
        return self


class Factor(Written):
    """One kind of evidence: what it is, how much it weighs, how fast it fades."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    title: Title
    weight: Positive  # of one device (or subject) that says it
    half_life: Span
    at_most: Positive | None = None  # of all devices together; left out: no cap
    kinds: tuple[Word, ...] = ()
    says: Words = Words()
    beyond: Beyond | None = None
    categories: tuple[Word, ...] = ()  # anomalies of other rules
    rules: tuple[RuleId, ...] = ()

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        said = bool(self.says.states or self.says.events)
        if sum((said, self.beyond is not None, bool(self.categories or self.rules))) != 1:
            raise ValueError(
                f"factor {self.name}: give exactly one of `says`, `beyond`, or `categories`/`rules`"
            )
        return self


class ScoreSpec(BaseSpec):
    """Evidence of several kinds about one place, weighted and fading."""

    kind: Literal["score"]
    place: Literal["building", "compound", "grid"] = "building"
    factors: Annotated[tuple[Factor, ...], Field(min_length=1, max_length=20)]
    start: Positive
    clear: Positive
    lateness: Duration = 5_000

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.clear >= self.start:
            raise ValueError(f"clear {self.clear:g} must lie below start {self.start:g}")
        names = [factor.name for factor in self.factors]
        if len(set(names)) != len(names):
            raise ValueError("two factors have the same name")
        if all(f.at_most is not None for f in self.factors) and self.start > sum(
            f.at_most or 0 for f in self.factors
        ):
            raise ValueError(f"start {self.start:g} cannot be reached by these factors")
        return self
