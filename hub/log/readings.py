"""Turns a log entry into its Readings, with a gateway clock that cannot be right put right."""

from model.codec import CodecError, decode_readings, salvage_readings
from model.entry import Entry
from model.reading import Reading
from rules.arrival import EARLIEST, latest_believed, mended


def readings_of(entry: Entry) -> list[Reading]:
    """Return the Readings of an entry; what could not be decoded was put aside at the intake.

    The same entry always gives the same Readings: only the log's own time is used.
    """
    if entry.row is None:
        return []
    readings = entry.readings
    if readings is None:
        readings = _decoded(entry.payload, entry.row.gateway, entry.row.epoch)
    latest = latest_believed(entry.logged_at)
    if all(EARLIEST <= reading.received_at <= latest for reading in readings):
        return readings
    return [mended(reading, entry.logged_at) for reading in readings]


def _decoded(payload: bytes, gateway: str, epoch: str) -> list[Reading]:
    try:
        return decode_readings(payload, gateway, epoch)
    except CodecError:
        return salvage_readings(payload, gateway, epoch)[0]
