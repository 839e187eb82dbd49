"""Tells roll-ups from Readings: means over an hour are not what a device said."""

import re
from collections.abc import Sequence

from model.errors import Refused

_ROLLED_NAME = re.compile(r".*_(\d+(ms|s|m|h|d|w)|rollup|downsampled|daily|hourly)", re.IGNORECASE)
_ROLLED_FIELD = re.compile(r"(mean|median|min|max|sum|count|first|last|stddev|spread)(_.*)?")


def refuse_rollup(name: str, columns: Sequence[str]) -> None:
    """Raise Refused for a measurement that holds sums over time and not what devices said."""
    fields = [column for column in columns if column != "time" and not column.startswith("_")]
    rolled = [column for column in fields if _ROLLED_FIELD.fullmatch(column)]
    if _ROLLED_NAME.fullmatch(name) or (rolled and len(rolled) == len(fields)):
        raise Refused(
            f"the measurement {name} holds roll-ups ({', '.join(fields[:3])} …), not what devices"
            " said: a rule would see values that never were. Name the bucket of the raw Readings"
        )
