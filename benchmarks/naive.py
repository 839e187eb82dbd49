"""The pipeline that a competent script would be: aiomqtt → json → Point → InfluxDB, in batches.

The yardstick of the benchmark. It has no outbox, no receipts, no rules and no cases; what it holds
when it dies is gone. `python -m benchmarks.naive --port P --url U --token T --bucket B`.
"""

import argparse
import asyncio
import json
import time

import aiomqtt
from influxdb_client import InfluxDBClient, Point, WritePrecision
from influxdb_client.client.write_api import SYNCHRONOUS, WriteApi

BATCH = 1_000
BATCH_S = 1.0
TOPICS = ("iot/+/nb/+/up", "zigbee2mqtt/#", "iot/+/ac/+/event")


def point_of(topic: str, payload: bytes) -> Point:
    """Turn one device message into a Point, dialect by dialect."""
    data = json.loads(payload)
    parts = topic.split("/")
    if parts[0] == "zigbee2mqtt":
        point = Point("smoke_detector").tag("device", parts[1])
        point = point.field("battery_pct", float(data["battery"]))
        point = point.field("linkquality", float(data["linkquality"])).field("fire", data["smoke"])
        at = time.time_ns() // 1_000_000
    elif parts[2] == "nb":
        point = Point("smoke_detector").tag("device", data["imei"]).tag("compound", parts[1])
        point = point.field("smoke_db_m", data["smoke"] / 100)
        point = point.field("temperature_c", float(data["temp"]))
        point = point.field("battery_pct", float(data["batt"]))
        point = point.field("rssi_dbm", float(data["rssi"])).field("fire", data["alarm"] == 1)
        at = data["ts"]
    else:
        point = Point("door").tag("device", data["door"]).tag("compound", parts[1])
        point = point.field("event", data["event"]).field("result", data["result"])
        at = data["ts"]
    return point.field("n", float(data["n"])).time(at, WritePrecision.MS)


class Batch:
    """Points that wait to be written together."""

    def __init__(self, write: WriteApi, bucket: str) -> None:
        self._write = write
        self._bucket = bucket
        self._points: list[Point] = []

    def add(self, point: Point) -> None:
        """Keep a point, and write when the batch is full."""
        self._points.append(point)
        if len(self._points) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._points:
            self._write.write(bucket=self._bucket, record=self._points)
            self._points = []

    async def flush_often(self) -> None:
        """Write the remainder once a second."""
        while True:
            await asyncio.sleep(BATCH_S)
            self.flush()


async def run(port: int, batch: Batch) -> None:
    """Subscribe and write until stopped; says `ready` when subscribed."""
    flusher = asyncio.create_task(batch.flush_often(), name="flush")
    async with aiomqtt.Client("127.0.0.1", port, identifier="benchmark-naive") as client:
        for topic in TOPICS:
            await client.subscribe(topic, qos=1)
        print("ready", flush=True)
        async for message in client.messages:
            batch.add(point_of(str(message.topic), bytes(message.payload)))
    await flusher


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("port", "url", "token", "bucket"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    with InfluxDBClient(url=given.url, token=given.token, org="-") as client:
        write = client.write_api(write_options=SYNCHRONOUS)
        asyncio.run(run(int(given.port), Batch(write, given.bucket)))


if __name__ == "__main__":
    main()
