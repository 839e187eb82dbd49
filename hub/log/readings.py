"""Turns a log entry into its Readings, with a gateway clock that cannot be right put right."""

from model.codec import salvage_readings
from model.entry import Entry
from model.reading import Reading
from rules.arrival import mended


def readings_of(entry: Entry) -> list[Reading]:
    """Return the Readings of an entry; what could not be decoded was put aside at the intake.

    The same entry always gives the same Readings: only the log's own time is used.
    """
    if entry.row is None:
        return []
    readings = entry.readings
    if readings is None:
        readings, _bad = salvage_readings(entry.payload, entry.row.gateway, entry.row.epoch)
    return [mended(reading, entry.logged_at) for reading in readings]
