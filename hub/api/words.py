"""The kinds of text and numbers that requests may carry, with their limits."""

from typing import Annotated

from fastapi import Query
from pydantic import Field, StringConstraints

_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"

Word = Annotated[str, StringConstraints(max_length=200, pattern=_PRINTABLE)]
"""One line of text: an id, a name, a code. A database may refuse NUL, a log line break lies."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_PRINTABLE)]
Text = Annotated[str, StringConstraints(max_length=4_000, pattern=r"^[^\x00]*$")]
Millis = Annotated[int, Field(ge=0, le=2**53 - 1, description="ms since 1970-01-01 UTC")]
Limit = Annotated[int, Query(ge=1, le=500)]
