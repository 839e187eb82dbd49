"""Writes down which alarms the simulated devices sent, and which were acknowledged to them."""

import json
from typing import TextIO

from .messages import DeviceMessage


class Ledger:
    """One JSON line when an alarm is first sent (`acked` false), one more when it is acknowledged.

    Each line has `at` (device time, ms), `device`, `kind`, `event` and `acked`; the first four name
    the alarm. On MQTT the acknowledgement is the broker's PUBACK, which is no receipt.
    """

    def __init__(self, file: TextIO | None) -> None:
        self._file = file
        self.sent = 0
        self.acked = 0

    def note_sent(self, message: DeviceMessage) -> None:
        """Note that an alarm went out for the first time; normal life is not noted."""
        if message.event:
            self.sent += 1
            self._write(message, acked=False)

    def note_acknowledged(self, message: DeviceMessage) -> None:
        """Note that an alarm was acknowledged; normal life is not noted."""
        if message.event:
            self.acked += 1
            self._write(message, acked=True)

    def _write(self, message: DeviceMessage, *, acked: bool) -> None:
        if self._file is None:
            return
        line = {
            "at": message.at,
            "device": message.device,
            "kind": message.kind,
            "event": str(message.event),
            "acked": acked,
        }
        self._file.write(json.dumps(line) + "\n")
        # A test kills the processes around us and reads what we know at that moment.
        self._file.flush()
