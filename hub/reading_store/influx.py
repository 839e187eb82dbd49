"""Keeps Readings in InfluxDB (1.8 or 2.x) for dashboards; what it refuses is named, one by one.

Writes line protocol text through influxdb-client to `/api/v2/write`; reads InfluxQL from `/query`,
which both versions answer. Against 1.8 the token is `user:password` and the bucket `database/policy`;
against 2.x the bucket needs a DBRP mapping of that name, which 2.x makes by itself.

influxdb-client is imported when a store is made, not before: it costs 14 MB of memory beside the
hub's other libraries (measured), which the embedded store must not pay.
"""

import re
from collections.abc import Iterable, Sequence
from gzip import compress
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from model.errors import Refused, Transient
from model.reading import Reading, Value

from .line_protocol import (
    EARLIEST_MS,
    LATEST_MS,
    NS_PER_MS,
    LineEncoder,
    field_name,
    plain_name,
    reading_of,
    safe_name,
)
from .rollups import refuse_rollup

BATCH_LINES_MAX = 5_000
GZIP_LEVEL = 1
"""Level 6 makes the text 9 % smaller again and costs 1.5 µs more a line (measured)."""

_CONFLICT = re.compile(r'input field "(.+?)" on measurement "(.+?)" is type (\w+), already exists')
_DROPPED = re.compile(r"dropped=(\d+)")
_TYPES = {float: "float", int: "float", str: "string", bool: "boolean"}


class StoreAway(Transient):
    """InfluxDB is away, busy or misconfigured; call again after `retry_after_s`. Nothing is lost."""

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(f"{message}; Readings wait in the log")
        self.retry_after_s = retry_after_s


class _Line(NamedTuple):
    reading: Reading
    text: str


class _Series(msgspec.Struct):
    name: str
    columns: list[str]
    values: list[list[float | int | bool | str | None]]
    tags: dict[str, str] = {}


class _Result(msgspec.Struct):
    series: list[_Series] = []
    error: str = ""


class _Answer(msgspec.Struct):
    results: list[_Result] = []


class InfluxStore:
    """The reading store in InfluxDB; idempotent, because a point's time is made of the Reading."""

    def __init__(
        self,
        url: str,
        *,
        token: str,
        bucket: str,
        encoder: LineEncoder,
        org: str = "-",
        timeout_s: float = 10.0,
    ) -> None:
        """Prepare a connection; nothing is sent yet. InfluxDB 1.8 ignores `org`."""
        # The import is here and not above: see the first lines of this file.
        from influxdb_client import InfluxDBClient, WriteService  # noqa: PLC0415
        from influxdb_client.rest import ApiException  # noqa: PLC0415
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        self._url, self._org, self._bucket = url, org, bucket
        self._encoder = encoder
        self._refusal: type[Exception] = ApiException
        self._silence: tuple[type[Exception], ...] = (HTTPError, OSError)
        self._client: Any = InfluxDBClient(
            url=url, token=token, org=org, timeout=int(timeout_s * 1000)
        )
        self._writer: Any = WriteService(self._client.api_client)

    def write(self, readings: Iterable[Reading]) -> list[tuple[Reading, str]]:
        """Store all; return those that InfluxDB refuses, each with its reason.

        Raises StoreAway (a Transient) when InfluxDB does not take anything now; whoever calls again
        with the same Readings changes nothing that is already stored.
        """
        self._encoder.refresh()
        rejected: list[tuple[Reading, str]] = []
        batch: list[_Line] = []
        for reading in readings:
            try:
                batch.append(_Line(reading, self._encoder.line(reading)))
            except Refused as error:
                rejected.append((reading, str(error)))
            if len(batch) >= BATCH_LINES_MAX:
                rejected += self._store(batch)
                batch = []
        if batch:
            rejected += self._store(batch)
        return rejected

    def _store(self, batch: list[_Line]) -> list[tuple[Reading, str]]:
        """Send a batch, and after a refusal its parts, until every line is stored or named.

        Only a 2xx counts as stored: a "partial write" over several shards has left out good points
        too (seen with 1.8.10).
        """
        rejected = []
        waiting: list[list[_Line]] = [batch]
        while waiting:
            part = waiting.pop()
            complaint = self._post(part)
            if complaint is None:
                continue
            if len(part) == 1 or _dropped(complaint) == len(part):
                rejected += [(line.reading, complaint) for line in part]
            else:
                waiting += _split(part, complaint)
        return rejected

    def _post(self, part: Sequence[_Line]) -> str | None:
        """Send lines; return None when all are stored, or InfluxDB's complaint about some of them."""
        body = "\n".join([line.text for line in part]).encode("utf-8", "replace")
        try:
            self._writer.post_write(
                self._org,
                self._bucket,
                compress(body, GZIP_LEVEL),
                precision="ns",
                content_encoding="gzip",
                content_type="text/plain; charset=utf-8",
            )
        except self._refusal as error:
            complaint = _complaint(error)
            if complaint is None:
                raise self._away(error) from error
            return complaint
        except self._silence as error:
            raise self._away(error) from error
        return None

    def query(self, device: str, since: int, until: int, limit: int) -> list[Reading]:
        """Return a device's Readings with since <= received_at < until (ms), newest first.

        Holds what the store keeps: not `seq`, `epoch`, `gateway`, `source` and `raw`. Raises
        StoreAway.
        """
        name = safe_name(device).replace("'", "\\'")
        first = max(since, EARLIEST_MS) * NS_PER_MS
        last = min(until, LATEST_MS) * NS_PER_MS
        text = (
            "SELECT * FROM /./ "  # noqa: S608 - the name was made inert above, the rest are numbers
            f"WHERE \"device\" = '{name}' AND time >= {first} AND time < {last} "
            f"GROUP BY * ORDER BY time DESC LIMIT {max(limit, 1)}"
        )
        return self._found(text)[::-1][: max(limit, 0)]

    def between(self, since: int, until: int) -> list[Reading]:
        """Return all devices' Readings with since <= received_at < until (ms), oldest first.

        Raises StoreAway, or Refused when the bucket holds roll-ups.
        """
        first = max(since, EARLIEST_MS) * NS_PER_MS
        last = min(until, LATEST_MS) * NS_PER_MS
        where = f"time >= {first} AND time < {last}"
        return self._found(f"SELECT * FROM /./ WHERE {where} GROUP BY *", whole=True)  # noqa: S608 - two numbers

    def _found(self, text: str, *, whole: bool = False) -> list[Reading]:
        """Return what a query finds, oldest first; `whole`: roll-ups among it are refused."""
        found: dict[tuple[str, str, int], Reading] = {}
        for series in self._select(text):
            if whole:
                refuse_rollup(series.name, series.columns)
            device = series.tags.get("device", "")
            for row in series.values:
                fields: dict[str, Value | None] = dict(zip(series.columns, row, strict=True))
                time = int(fields.pop("time") or 0)
                # A device that moved has two series; the same Reading in both is one.
                reading = reading_of(series.name, series.tags, time, fields)
                found[series.name, device, time] = reading
        order = sorted(found.items(), key=lambda item: (item[0][2], item[0][1], item[0][0]))
        return [reading for _, reading in order]

    def _select(self, text: str) -> list[_Series]:
        database, _, policy = self._bucket.partition("/")
        asked = {"db": database, "rp": policy, "epoch": "ns", "q": text}
        try:
            answer = self._client.api_client.call_api(
                "/query",
                "GET",
                query_params=[(key, value) for key, value in asked.items() if value],
                header_params={"Accept": "application/json"},
                _preload_content=False,
                _return_http_data_only=True,
            )
            body = answer.data
        except (self._refusal, *self._silence) as error:
            raise self._away(error) from error
        try:
            results = msgspec.json.decode(body, type=_Answer).results
        except msgspec.DecodeError as error:
            raise StoreAway(f"InfluxDB at {self._url} answered what is not its own") from error
        for result in results:
            if result.error:
                raise StoreAway(f"InfluxDB at {self._url} refused a query: {result.error}")
        return [series for result in results for series in result.series]

    def sync(self) -> None:
        """Do nothing: what InfluxDB answered is its own to keep."""

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _away(self, error: Exception) -> StoreAway:
        """Say what is wrong and which setting or command mends it."""
        status = getattr(error, "status", None)
        said = _said(error)
        if not status:
            return StoreAway(
                f"InfluxDB at {self._url} does not answer ({type(error).__name__}): "
                "start it, or correct `readings.url`"
            )
        remedy = _REMEDIES.get(status, "see its log")
        headers = getattr(error, "headers", None) or {}
        return StoreAway(
            f"InfluxDB at {self._url} answered {status} for bucket {self._bucket!r} "
            f"({said or 'no reason given'}): {remedy}",
            retry_after_s=_retry_after(headers.get("Retry-After")),
        )


_REMEDIES = {
    401: "correct the token of `readings.token_file` or `token_env` (InfluxDB 1.8: user:password)",
    403: "grant the token's owner the right to write and read that bucket",
    404: "create the bucket, or correct `readings.bucket` (InfluxDB 1.8: database/policy)",
    429: "it is busy; tried again later",
    503: "it is busy; tried again later",
}


def _complaint(error: Exception) -> str | None:
    """Return what InfluxDB says of the points themselves, or None if the points are not at fault."""
    status = getattr(error, "status", 0)
    if status == 413:  # noqa: PLR2004 - the HTTP status of RFC 9110
        return "larger than InfluxDB's limit for one request"
    said = _said(error)
    # A proxy's 400 in HTML is no judgement on the points.
    return said if status in {400, 422} and said else None


def _said(error: Exception) -> str:
    """Return the reason in InfluxDB's JSON: `error` in 1.8, `message` in 2.x."""
    try:
        body = msgspec.json.decode(str(getattr(error, "body", "")), type=dict[str, object])
    except msgspec.DecodeError:
        return ""
    return str(body.get("message") or body.get("error") or "").strip()


def _retry_after(text: str | None) -> float:
    """Return the seconds that a Retry-After header asks for; 1 s when it says nothing usable."""
    return float(text) if text and text.isdecimal() else 1.0


def _dropped(complaint: str) -> int:
    found = _DROPPED.search(complaint)
    return int(found[1]) if found else 0


def _split(part: list[_Line], complaint: str) -> list[list[_Line]]:
    """Part the suspects from the rest; else halve by time, as retention cuts off old points."""
    conflict = _CONFLICT.search(complaint)
    if conflict:
        field, measurement, kind = conflict.groups()
        suspects = [line for line in part if _writes(line.reading, measurement, field, kind)]
        if 0 < len(suspects) < len(part):
            chosen = {id(line) for line in suspects}
            return [[line for line in part if id(line) not in chosen], suspects]
    ordered = sorted(part, key=attrgetter("reading.received_at"))
    middle = len(ordered) // 2
    return [ordered[:middle], ordered[middle:]]


def _writes(reading: Reading, measurement: str, field: str, kind: str) -> bool:
    """Return whether a Reading has that field with that InfluxDB type."""
    return plain_name(measurement) == reading.kind and any(
        field_name(name) == field and _TYPES[type(value)] == kind
        for name, value in reading.values.items()
    )
