"""The text of a rule of the kind `release`."""

from typing import Annotated, Literal

from pydantic import Field

from model.reading import Value

from .base import Clearing, Devices, Span, Words
from .spec import BaseSpec


class ReleaseSpec(BaseSpec):
    """Devices of a building that must let go when something happens in it: doors in a fire."""

    kind: Literal["release"]
    onset: Words
    clear: Clearing = Clearing()
    ends_on_reset: bool = False
    within: Span  # so long they have to let go
    released_by: Devices  # which devices of the building must: kinds and roles
    released: Annotated[dict[str, tuple[Value, ...]], Field(min_length=1)]  # any of these says so
