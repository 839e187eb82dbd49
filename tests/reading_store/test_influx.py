"""InfluxDB away, busy, misconfigured: always said, never a lost point. Real influxd where marked."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event as Flag
from threading import Thread

import httpx
import pytest

from hub.reading_store.influx import InfluxStore, StoreAway
from hub.reading_store.line_protocol import LineEncoder
from model.errors import Refused, Transient
from model.place import Registry
from model.reading import Reading
from tests.influxd import Influxd, free_port

NOON = 1_764_000_000_000
DAY = 86_400_000


def readings(count: int, *, start: int = NOON) -> list[Reading]:
    """Return Readings one millisecond apart."""
    return [
        Reading("860001", "smoke_detector", start + n, order=n, values={"smoke_db_m": n / 7})
        for n in range(count)
    ]


def connect(url: str, *, token: str = "", bucket: str = "readings/autogen") -> InfluxStore:
    """Return a store that gives up after a short time."""
    encoder = LineEncoder(Registry, "haibowan")
    return InfluxStore(url, token=token, bucket=bucket, encoder=encoder, timeout_s=0.5)


@contextmanager
def answering(
    status: int, body: str = "", headers: dict[str, str] | None = None, *, hang: Flag | None = None
) -> Iterator[str]:
    """Serve one answer to every request: what no influxd can be made to say on demand."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if hang:
                hang.wait(5)
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, args=[0.01], name="answering")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            if hang:
                hang.set()
            server.shutdown()
            thread.join()


def test_nobody_listening_is_transient_and_names_the_url_setting() -> None:
    """A refused connection says which setting or service to look at."""
    store = connect(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Transient, match=r"does not answer.*readings\.url"):
        store.write(readings(1))
    with pytest.raises(Transient, match=r"does not answer"):
        store.query("860001", 0, NOON, 1)


def test_a_slow_server_is_transient() -> None:
    """A write that gets no answer in time is tried again, not forgotten."""
    with (
        answering(204, hang=Flag()) as url,
        pytest.raises(Transient, match="does not answer"),
    ):
        connect(url).write(readings(1))


def test_too_many_requests_says_how_long_to_wait() -> None:
    """Retry-After is passed on to whoever calls again."""
    with answering(429, '{"message": "limit"}', {"Retry-After": "17"}) as url:
        with pytest.raises(StoreAway, match=r"429.*limit.*busy") as raised:
            connect(url).write(readings(1))
        assert raised.value.retry_after_s == 17


@pytest.mark.parametrize("status", [500, 502, 503, 504, 307])
def test_server_errors_and_redirects_are_transient(status: int) -> None:
    """No point is given up because a server or a proxy stumbles."""
    with answering(status, "oops") as url, pytest.raises(Transient, match=str(status)):
        connect(url).write(readings(1))


def test_a_bad_request_that_influxdb_did_not_say_is_transient() -> None:
    """A proxy's 400 in HTML is no judgement on the points."""
    with answering(400, "<html>bad</html>") as url, pytest.raises(Transient, match="400"):
        connect(url).write(readings(2))


def test_a_single_point_over_the_size_limit_is_rejected_with_the_reason() -> None:
    """413 for one point: it will never fit."""
    with answering(413, '{"error": "Request Entity Too Large"}') as url:
        rejected = connect(url).write(readings(3))
    assert len(rejected) == 3
    assert all("limit for one request" in reason for _, reason in rejected)


@pytest.mark.real
def test_a_wrong_token_is_transient_and_names_the_setting(influxd: Influxd) -> None:
    """401 is mended by an operator; Readings wait."""
    store = connect(influxd.url, token="smarthub:wrong")
    with pytest.raises(Transient, match=r"401.*readings\.token_file"):
        store.write(readings(1))
    with pytest.raises(Transient, match=r"401.*readings\.token_file"):
        store.query("860001", 0, NOON, 1)


@pytest.mark.real
def test_a_user_without_rights_is_transient_and_says_grant(influxd: Influxd) -> None:
    """403 names the bucket and what to do."""
    influxd.query("CREATE USER reader WITH PASSWORD 'r'")
    with pytest.raises(Transient, match=r"403.*readings/autogen.*grant"):
        connect(influxd.url, token="reader:r").write(readings(1))


@pytest.mark.real
@pytest.mark.parametrize("bucket", ["nowhere/autogen", "readings/nowhere", "no-slash"])
def test_a_missing_bucket_is_transient_not_a_rejection(influxd: Influxd, bucket: str) -> None:
    """A bucket that somebody has yet to create costs no point."""
    with pytest.raises(Transient, match=r"bucket"):
        connect(influxd.url, token=influxd.token, bucket=bucket).write(readings(2))


@pytest.mark.real
def test_after_an_outage_every_point_is_there(influxd: Influxd, influx_store: InfluxStore) -> None:
    """Stopped between two batches: the first raises, and the same call later stores all."""
    assert influx_store.write(readings(6_000)) == []
    influxd.stop()
    try:
        with pytest.raises(Transient):
            influx_store.write(readings(12_000))
    finally:
        influxd.start()
    assert influx_store.write(readings(12_000)) == []
    assert influxd.count("smoke_db_m") == 12_000


@pytest.mark.real
def test_a_conflict_in_one_shard_does_not_cost_points_of_another(
    influxd: Influxd, influx_store: InfluxStore
) -> None:
    """InfluxDB's partial write over several weeks leaves out good points; ours are sent again."""
    weeks = [readings(10, start=NOON - n * 10 * DAY) for n in range(4)]
    assert influx_store.write(weeks[0]) == []
    wrong = Reading("860001", "smoke_detector", NOON + 50, values={"smoke_db_m": "text"})
    batch = [wrong, *weeks[3], *weeks[2], *weeks[1]]
    assert [reading for reading, _ in influx_store.write(batch)] == [wrong]
    assert influxd.count("smoke_db_m") == 40


@pytest.mark.real
@pytest.mark.usefixtures("influx_store")
def test_points_older_than_the_retention_are_named_and_the_rest_stored(influxd: Influxd) -> None:
    """A backlog that is partly too old keeps its young part."""
    influxd.query('CREATE RETENTION POLICY "hour" ON readings DURATION 1h REPLICATION 1')
    now = _server_ms(influxd)
    encoder = LineEncoder(Registry, "haibowan")
    store = InfluxStore(influxd.url, token=influxd.token, bucket="readings/hour", encoder=encoder)
    old, young = readings(30, start=now - 9 * DAY), readings(30, start=now - 60_000)
    rejected = store.write([*young[:15], *old, *young[15:]])
    assert sorted(reading.received_at for reading, _ in rejected) == [r.received_at for r in old]
    assert all("retention" in reason for _, reason in rejected)
    assert len(store.query("860001", now - DAY, now, 100)) == 30


def _server_ms(influxd: Influxd) -> int:
    """Return influxd's own clock in ms, read from a point that it dated itself."""
    httpx.post(
        f"{influxd.url}/write",
        params={"db": "readings"},
        content="clock v=1",
        auth=tuple(influxd.token.split(":")),  # type: ignore[arg-type] # user and password
    ).raise_for_status()
    series = influxd.query("SELECT v FROM clock ORDER BY time DESC LIMIT 1")
    values = series[0]["values"]
    assert isinstance(values, list)
    return int(values[0][0]) // 1_000_000


@pytest.mark.real
def test_a_device_that_moved_keeps_one_history(influxd: Influxd, influx_store: InfluxStore) -> None:
    """Its two series read as one; a Reading replayed after the move is not read twice."""
    before = readings(10)
    assert influx_store.write(before) == []
    elsewhere = connect(influxd.url, token=influxd.token)
    assert elsewhere.write(readings(12)) == []
    assert influx_store.query("860001", 0, NOON + DAY, 100) == readings(12)[::-1]


@pytest.mark.parametrize(
    "line",
    [
        "smoke_detector_1h,device=d1 mean_smoke_db_m=0.1 1764000000000000000",
        "smoke_detector,device=d1 mean=0.1,max=0.2 1764000000000000000",
    ],
)
def test_rollups_are_refused_as_what_devices_said(
    influxd: Influxd, influx_store: InfluxStore, line: str
) -> None:
    """By the measurement's name, or when all fields are sums over time."""
    influxd.write(line)
    with pytest.raises(Refused, match="roll-ups"):
        influx_store.between(1_764_000_000_000 - 1, 1_764_000_000_000 + 1)
