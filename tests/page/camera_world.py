"""Cameras without cameras: what a gateway's camera process would say and show, said by a test."""

import asyncio
import itertools
import secrets
import threading
import time

import aiomqtt
import cv2
import msgspec
import numpy as np

from hub.installation import GATEWAY, SITE
from model.camera_messages import CameraShown, PictureSent, encode_picture, encode_shown
from model.codec import Row, Uplink, encode
from model.reading import Lane, Reading, Value
from model.topics import CameraTopics, GatewayTopics
from tests.trust.stack import Up

HOSTILE = "<script>window.hacked=1</script>"
ZONES: dict[str, tuple[tuple[float, float], ...]] = {
    "gate": ((0.1, 0.5), (0.5, 0.5), (0.5, 0.95), (0.1, 0.95)),
    "lane": ((0.55, 0.4), (0.95, 0.4), (0.95, 0.9), (0.55, 0.9)),
}


class Cameras:
    """Says Readings and shows pictures as the gateway of a running hub."""

    def __init__(self, up: Up) -> None:
        """Take the hub; numbers begin anew with an epoch of its own."""
        self._up = up
        self._epoch = secrets.token_hex(16)
        self._numbers = itertools.count(1)

    def say(self, device: str, *, ago_ms: int = 0, **values: Value) -> None:
        """Let a camera, or one of its zones (`CAMERA/ZONE`), say something."""
        self.say_all([(device, ago_ms, values)])

    def say_all(self, said: list[tuple[str, int, dict[str, Value]]]) -> None:
        """Let several say something at once: device, how long ago (ms), values."""
        messages = []
        for device, ago_ms, values in said:
            camera, _, zone = device.partition("/")
            number = next(self._numbers)
            reading = Reading(
                device, "camera_zone" if zone else "camera", now_ms() - ago_ms, values=values,
                compound="c1", source=camera if zone else "", gateway=GATEWAY, epoch=self._epoch,
                seq=number, order=number,
            )  # fmt: skip
            row = Row(number, 1, msgspec.Raw(msgspec.json.encode([reading])))
            messages.append(encode(Uplink(1, GATEWAY, self._epoch, Lane.TELEMETRY, 1, [row])))
        topic = GatewayTopics.of(SITE, GATEWAY).telemetry
        self._publish([(topic, message) for message in messages])

    def show(self, camera: str, *, colour: int = 90, age_ms: int = 0, seen: bool = False) -> None:
        """Let the gateway send a camera's picture."""
        topics = CameraTopics.of(SITE, GATEWAY, camera)
        payload = encode_picture(PictureSent(age_ms, drawn(colour, seen=seen)))
        self._publish([(topics.seen if seen else topics.picture, payload)])

    def show_all(self, cameras: list[str]) -> None:
        """Let the gateway send one picture of each."""
        payload = encode_picture(PictureSent(0, drawn(90)))
        topics = [CameraTopics.of(SITE, GATEWAY, camera).picture for camera in cameras]
        self._publish([(topic, payload) for topic in topics])

    def tell(self, camera: str, **settings: object) -> None:
        """Let the gateway tell a camera's settings."""
        known = {"compound": "c1", "source": "rtsp", "host": "192.0.2.10", "fps": 5.0, "zones": ZONES,
                 "observations": {"motion": {"zones": ["gate"]}}}  # fmt: skip
        shown = msgspec.convert({"camera": camera, **known, **settings}, CameraShown)
        self._publish([(CameraTopics.of(SITE, GATEWAY, camera).settings, encode_shown(shown))])

    def _publish(self, messages: list[tuple[str, bytes]]) -> None:
        password = (self._up.folder / f"{GATEWAY}.password").read_text().strip()

        async def run() -> None:
            async with aiomqtt.Client(
                "127.0.0.1", self._up.ports.mqtt, username=GATEWAY, password=password, timeout=10
            ) as client:
                for topic, payload in messages:
                    await client.publish(topic, payload, qos=1)

        # In a thread: Playwright's own loop runs in this one.
        thread = threading.Thread(target=lambda: asyncio.run(run()))
        thread.start()
        thread.join(30)


def now_ms() -> int:
    """Return the clock in ms."""
    return time.time_ns() // 1_000_000


def drawn(colour: int, *, seen: bool = False) -> bytes:
    """Return a small picture as JPEG: ground, a house, somebody."""
    picture = np.full((360, 640, 3), colour, np.uint8)
    cv2.rectangle(picture, (40, 40), (260, 220), (60, 80, 120), -1)
    cv2.circle(picture, (420, 250), 18, (180, 200, 220), -1)
    cv2.rectangle(picture, (404, 268), (436, 340), (90, 60, 40), -1)
    if seen:
        cv2.rectangle(picture, (395, 225), (445, 345), (60, 60, 255), 3)
        cv2.putText(picture, "motion", (395, 220), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (60, 60, 255), 2)
    done, data = cv2.imencode(".jpg", picture)
    assert done
    return data.tobytes()
