"""The row of a rule that needs to remember no more than the anomaly it opened."""

import msgspec

from model.anomaly import Anomaly


class StillOpen(msgspec.Struct):
    """An anomaly that has started and not ended."""

    anomaly: Anomaly
