"""Pictures and clips on the whole chain: gateway, real broker, hub; killed in the middle of a clip."""

import asyncio
import contextlib
import json
import secrets
import time
import urllib.error
import urllib.request
import zipfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec
import pytest

from hub.installation import GATEWAY, SITE
from model.codec import Row, Uplink, encode
from model.footage import Footage
from model.reading import Lane, Reading
from model.topics import GatewayTopics
from tests.hub.footage import EPISODE, plant

from .stack import TOKEN, Stack, eventually, running

pytestmark = [pytest.mark.trust, pytest.mark.timeout(300)]
CLIP = b"\x00\x00\x00\x20ftypisom" + bytes(range(256)) * 5_200  # 7 pieces, 5 s at 2,000 kbit/s


async def say(stack: Stack, **values: Any) -> None:
    """Let a camera's zone say something, as its gateway would tell it."""
    reading = Reading("cam-1/gate", "camera_zone", int(time.time() * 1000), values=values)
    payload = encode([reading])
    message = Uplink(
        1, GATEWAY, secrets.token_hex(16), Lane.ALARM, 1, [Row(1, 1, msgspec.Raw(payload))]
    )
    async with aiomqtt.Client(
        "127.0.0.1", stack.ports.mqtt, username=GATEWAY,
        password=stack.installation.passwords[GATEWAY],
    ) as client:  # fmt: skip
        await client.publish(GatewayTopics.of(SITE, GATEWAY).alarm, encode(message), qos=1)


def planted(stack: Stack, *, episode: str = EPISODE) -> Footage:
    """Leave an episode's files where a camera's process would."""
    return plant(
        stack.folder / GATEWAY / "evidence", episode=episode, clip=CLIP, at=int(time.time() * 1000)
    )


def shown(stack: Stack, case: str) -> dict[str, Any]:
    """Return the only episode of a case's evidence, once everything of it is there."""
    found = stack.get(f"/api/v1/cases/{case}/evidence")["episodes"]
    kinds = {file["kind"] for episode in found for file in episode["files"]}
    # The manifest is sent last.
    return dict(found[0]) if len(found) == 1 and "manifest" in kinds else {}


def bytes_of(stack: Stack, path: str, **headers: str) -> tuple[int, bytes]:
    """Ask for bytes as administrator."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.ports.http}{path}",
        headers={"Authorization": f"Bearer {TOKEN}", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def parts(stack: Stack) -> list[int]:
    """Return how much of each file has come so far."""
    sizes = []
    for path in (stack.folder / "hub" / "evidence" / "incoming").glob("*.part"):
        with contextlib.suppress(FileNotFoundError):  # whole meanwhile, and away
            sizes.append(path.stat().st_size)
    return sizes


@pytest.mark.real
@pytest.mark.parametrize("mosquitto", [False, True], ids=["embedded", "mosquitto"])
async def test_what_a_camera_saw_is_in_its_case(tmp_path: Path, *, mosquitto: bool) -> None:
    """One Reading, one case, its picture and clip with their hashes; each look is written down."""
    with running(tmp_path, mosquitto=mosquitto) as stack:
        await say(stack, tamper=True, episode=EPISODE, confidence=0.9)
        cases = await eventually(lambda: stack.cases(category="tamper"))
        assert len(cases) == 1, stack.tails()
        case = cases[0]["id"]
        (before,) = stack.get(f"/api/v1/cases/{case}/evidence")["episodes"]
        assert (before["state"], before["files"]) == ("on_its_way", [])
        footage = planted(stack)
        episode = await eventually(lambda: shown(stack, case), 60)
        assert episode, stack.tails()
        assert (episode["state"], episode["masks"], episode["device"]) == ("here", 1, "cam-1/gate")
        told = {file["kind"]: file for file in episode["files"]}
        assert {f.sha256 for f in footage.files} <= {file["sha256"] for file in told.values()}
        url = told["clip"]["url"]
        assert bytes_of(stack, url)[0] == 422  # without a purpose nobody sees anything
        assert bytes_of(stack, f"{url}&purpose=curiosity")[0] == 422
        status, clip = bytes_of(stack, f"{url}&purpose=verify")
        assert (status, sha256(clip).hexdigest()) == (200, told["clip"]["sha256"])
        status, part = bytes_of(stack, f"{url}&purpose=verify", Range="bytes=100-199")
        assert (status, part) == (206, CLIP[100:200])
        looks = stack.get(f"/api/v1/evidence/views?case={case}")["items"]
        assert [(look["who"], look["kind"], look["purpose"]) for look in looks] == [
            ("admin", "clip", "verify")
        ]
        check_pack(stack, case)
        await eventually((stack.folder / GATEWAY / "evidence" / f"{EPISODE}.done").exists)
        sent = await eventually(lambda: told_by_gateway(stack, "evidence_sent") == 3)
        assert sent, stack.get("/api/v1/gateways")


def told_by_gateway(stack: Stack, counter: str) -> int:
    """Return a counter as the gateway's heartbeat tells it."""
    (view,) = [g for g in stack.get("/api/v1/gateways")["items"] if g["id"] == GATEWAY]
    return int(view["counters"].get(counter, 0))


def check_pack(stack: Stack, case: str) -> None:
    """The pack holds what its manifest names, each file with the hash that stands there."""
    status, data = bytes_of(stack, f"/api/v1/cases/{case}/evidence/pack?purpose=authority_request")
    assert status == 200
    pack = zipfile.ZipFile(BytesIO(data))
    manifest = json.loads(pack.read("manifest.json"))
    named = {item["name"]: item["sha256"] for item in manifest["contents"]}
    assert set(named) | {"manifest.json"} == set(pack.namelist())
    assert {"case.json", "history.json", f"pictures/{EPISODE}.mp4", f"pictures/{EPISODE}.jpg"} <= set(named)  # fmt: skip
    for name, digest in named.items():
        assert sha256(pack.read(name)).hexdigest() == digest
    looks = stack.get(f"/api/v1/evidence/views?case={case}")["items"]
    assert sum(look["purpose"] == "authority_request" for look in looks) == 3


@pytest.mark.parametrize("victim", ["hub", "gateway", "broker"])
async def test_kill_9_in_the_middle_of_a_clip_costs_only_the_rest(tmp_path: Path, victim: str) -> None:  # fmt: skip
    """What came before is not sent again; the clip arrives whole, once."""
    with running(tmp_path) as stack:
        await say(stack, tamper=True, episode=EPISODE)
        planted(stack)
        assert await eventually(lambda: any(size > 300_000 for size in parts(stack)), 60, 0.05), stack.tails()  # fmt: skip
        await asyncio.to_thread(stack.kill, victim)
        had = max(parts(stack))
        assert 0 < had < len(CLIP)
        stack.start(victim)
        cases = await eventually(lambda: tolerant(stack), 60)
        assert cases, stack.tails()
        episode = await eventually(lambda: shown(stack, cases[0]["id"]), 90)
        assert episode, stack.tails()
        clip = next(file for file in episode["files"] if file["kind"] == "clip")
        assert bytes_of(stack, f"{clip['url']}&purpose=review") == (200, CLIP)
        assert parts(stack) == []
        assert stack.get("/api/v1/deadletters")["items"] == []


def tolerant(stack: Stack) -> list[dict[str, Any]]:
    """Return the cases, none while the hub is away."""
    try:
        return stack.cases(category="tamper")
    except OSError:
        return []


@pytest.mark.parametrize("point", ["after_evidence_stored", "before_evidence_receipt"])
async def test_a_hub_that_dies_between_file_and_receipt_says_it_later(tmp_path: Path, point: str) -> None:  # fmt: skip
    """The file is on disk, the gateway does not know: it asks, and is told; nothing is there twice."""
    stack = Stack(tmp_path)
    stack.extra_env["hub"] = {"SMARTHUB_CRASH_AT": f"{point}:2"}
    try:
        for name in ("broker", "hub", "gateway"):
            stack.start(name)
        stack.wait_ready()
        planted(stack)
        hub = stack.processes["hub"]
        assert await eventually(lambda: hub.poll() is not None, 60), stack.tails()
        del stack.extra_env["hub"]
        stack.start("hub")
        done = stack.folder / GATEWAY / "evidence" / f"{EPISODE}.done"
        assert await eventually(done.exists, 90), stack.tails()
        files = list((tmp_path / "hub" / "evidence" / "files").glob("??/*"))
        assert len(files) == 3
    finally:
        stack.stop()


async def test_a_storm_of_clips_delays_no_alarm(tmp_path: Path) -> None:
    """While ten clips travel, an alarm becomes a case as fast as ever."""
    with running(tmp_path) as stack:
        for number in range(10):
            planted(stack, episode=f"{number:016x}")
        assert await eventually(lambda: bool(parts(stack)), 60, 0.05)
        begun = time.monotonic()
        await say(stack, tamper=True, episode=f"{3:016x}")
        assert await eventually(lambda: stack.cases(category="tamper"), 20, 0.05), stack.tails()
        assert time.monotonic() - begun < 5
