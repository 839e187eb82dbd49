"""What the text of every rule has, whatever its kind."""

from functools import cached_property
from hashlib import sha256
from typing import Annotated

import msgspec
from pydantic import Field, ValidationInfo, field_validator

from model.anomaly import LIFE_SAFETY, Severity, endangers

from .base import Devices, RuleId, Title, Written
from .schedule import Schedule
from .story import Story


class BaseSpec(Written):
    """What every kind of rule says of itself."""

    id: RuleId
    title: Title
    category: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    severity: Severity
    devices: Devices = Devices()
    note: str = ""  # where the figures come from
    schedule: Schedule | None = None  # left out: it always looks
    tests: tuple[Story, ...] = ()

    @field_validator("schedule")
    @classmethod
    def _hides_no_danger(cls, schedule: Schedule | None, info: ValidationInfo) -> Schedule | None:
        word, severity = info.data.get("category", ""), info.data.get("severity", Severity.MINOR)
        if schedule is None or not endangers(word, severity):
            return schedule
        what = f"category {word}" if word in LIFE_SAFETY else "severity critical"
        raise ValueError(
            f"a rule of {what} always looks: outside its hours a danger would stay untold;"
            " leave `schedule` out, or give the hours to a rule of another category and severity"
        )

    @cached_property
    def hash(self) -> str:
        """Name the rule's text, without its tests, in 16 hex digits.

        What is left out is not part of it, so that a new optional key changes no hash.
        """
        plain = self.model_dump(mode="json", exclude={"tests", "note"}, exclude_none=True)
        return sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()[:16]
