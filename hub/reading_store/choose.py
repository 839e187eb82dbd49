"""Opens the reading store that the hub's file names."""

from collections.abc import Callable

from gateway.secret import given_secret
from hub.config import HubFile, InfluxReadings
from model.place import Registry
from model.ports import ReadingStore

from .embedded import EmbeddedStore
from .influx import InfluxStore
from .line_protocol import LineEncoder


def open_store(file: HubFile, registry: Callable[[], Registry]) -> ReadingStore:
    """Return the store of `readings:` in the hub's file; `registry` returns the one in force.

    Nothing is sent yet: a store that is away stops no hub. Raises ConfigError for a token that
    cannot be read and Refused for a folder that cannot be made.
    """
    readings = file.readings
    if not isinstance(readings, InfluxReadings):
        return EmbeddedStore(file.data / "readings")
    return InfluxStore(
        readings.url,
        token=token_of(readings),
        org=readings.org,
        bucket=readings.bucket,
        encoder=LineEncoder(registry, file.site),
    )


def token_of(readings: InfluxReadings) -> str:
    """Return the token; empty when none is named, for an InfluxDB 1.8 without authentication."""
    return given_secret(env=readings.token_env, file=readings.token_file, key="readings.token")
