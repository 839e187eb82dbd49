"""The text of a rule of the kind `silence`."""

from typing import Literal, Self

from pydantic import model_validator

from .base import Span
from .spec import BaseSpec


class SilenceSpec(BaseSpec):
    """A device, or a gateway, that is late by its own contract.

    With `unlisted_kinds` also a device whose kind `silent_after` does not list, by the registry's word.
    """

    kind: Literal["silence"]
    subject: Literal["device", "gateway"] = "device"
    silent_after: dict[str, Span] | Span
    unlisted_kinds: bool | None = None  # one rule of a hub says true, else two tell of one silence

    @model_validator(mode="after")
    def _fits_subject(self) -> Self:
        if (self.subject == "gateway") == isinstance(self.silent_after, dict):
            raise ValueError("silent_after: one time span for a gateway, one per kind for devices")
        if self.subject == "gateway" and self.unlisted_kinds is not None:
            raise ValueError("unlisted_kinds: for devices only; leave it out for a gateway")
        return self
