"""The text of a rule of the kind `silence`."""

from typing import Literal, Self

from pydantic import model_validator

from .base import Span
from .spec import BaseSpec


class SilenceSpec(BaseSpec):
    """A device, or a gateway, that is late by its own contract."""

    kind: Literal["silence"]
    subject: Literal["device", "gateway"] = "device"
    silent_after: dict[str, Span] | Span

    @model_validator(mode="after")
    def _fits_subject(self) -> Self:
        if (self.subject == "gateway") == isinstance(self.silent_after, dict):
            raise ValueError("silent_after: one time span for a gateway, one per kind for devices")
        return self
