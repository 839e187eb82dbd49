"""Evidence leaves the gateway over a real broker: bounded, resumed, and said where it cannot."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from gateway import evidence
from gateway.config import Broker
from gateway.crash import crash_points
from gateway.evidence import EvidenceUplink
from hub.broker import BrokerUser, EmbeddedBroker
from model.footage import Piece, PieceReceipt, decode_piece, encode_receipt
from model.topics import GatewayTopics
from tests.hub.footage import plant
from tests.trust.stack import free_port

TOPICS = GatewayTopics.of("site", "gw-01")
CLIP = b"\x00\x00\x00\x20ftypisom" + bytes(range(256)) * 4_000  # six pieces
Answer = Callable[[Piece, bytes], PieceReceipt | None]


@asynccontextmanager
async def running(
    folder: Path, answer: Answer, *, rights: bool = True, kbit_s: int = 100_000
) -> AsyncIterator[tuple[EvidenceUplink, list[tuple[Piece, int]]]]:
    """Run a broker, a hub that answers as the test says, and a gateway's uplink."""
    port, heard = free_port(), list[tuple[Piece, int]]()
    users = [
        BrokerUser("hub", "h", (TOPICS.evidence_receipt,), (TOPICS.evidence,)),
        BrokerUser("gw-01", "g", TOPICS[:5], (TOPICS.evidence_receipt if rights else TOPICS.receipt,)),
    ]  # fmt: skip
    broker = EmbeddedBroker(folder / "broker", host="127.0.0.1", port=port, users=users)
    await broker.start()
    ready = asyncio.Event()

    async def listen() -> None:
        async with aiomqtt.Client("127.0.0.1", port, username="hub", password="h") as client:
            await client.subscribe(TOPICS.evidence)
            ready.set()
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                piece, data = decode_piece(message.payload)
                heard.append((piece, len(data)))
                receipt = answer(piece, data)
                if receipt is not None:
                    await client.publish(TOPICS.evidence_receipt, encode_receipt(receipt))

    (folder / "password").write_text("g")
    uplink = EvidenceUplink(
        folder / "evidence", broker=Broker(port=port, user="gw-01", password_file=folder / "password"),
        topics=TOPICS, client_id="gw", kbit_s=kbit_s, crash=crash_points({}),
    )  # fmt: skip
    tasks = [asyncio.create_task(listen())]
    await asyncio.wait_for(ready.wait(), 20)
    tasks.append(asyncio.create_task(uplink.run()))
    try:
        yield uplink, heard
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await broker.stop()


class Hub:
    """Answers as a hub that is well, and remembers the bytes."""

    def __init__(self) -> None:
        self.have: dict[str, bytes] = {}
        self.most_ahead = 0
        self.deaf_to = 0  # so many pieces are lost on the way

    def __call__(self, piece: Piece, data: bytes) -> PieceReceipt | None:
        """Take a piece."""
        if data and self.deaf_to:
            self.deaf_to -= 1
            return None
        known = self.have.setdefault(piece.sha256, b"")
        self.most_ahead = max(self.most_ahead, piece.offset + len(data) - len(known))
        if data and piece.offset == len(known):
            known = self.have[piece.sha256] = known + data
        return PieceReceipt(piece.sha256, len(known), done=len(known) == piece.size)


async def becomes(check: Callable[[], object], seconds: float = 30) -> bool:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if check():
            return True
        await asyncio.sleep(0.05)
    return False


async def test_everything_arrives_as_it_was(tmp_path: Path) -> None:
    """Picture, clip, manifest; at most four pieces ahead; then the episode is done."""
    footage, hub = plant(tmp_path / "evidence", clip=CLIP), Hub()
    async with running(tmp_path, hub) as (uplink, _):
        done = tmp_path / "evidence" / f"{footage.episode}.done"
        assert await becomes(lambda: done.exists() and not uplink.counters()["evidence_waiting"])
        assert uplink.counters() == {
            "evidence_waiting": 0,
            "evidence_sent": 3,
            "evidence_bytes_sent": sum(len(data) for data in hub.have.values()),
        }
        assert uplink.warnings() == []
    assert CLIP in hub.have.values()
    assert hub.most_ahead <= evidence.WINDOW_BYTES


async def test_a_lost_piece_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer comes: the gateway asks what the hub has, and goes on from there."""
    monkeypatch.setattr(evidence, "ANSWER_S", 0.5)
    footage, hub = plant(tmp_path / "evidence", clip=CLIP), Hub()
    async with running(tmp_path, hub):
        hub.deaf_to = 2
        assert await becomes((tmp_path / "evidence" / f"{footage.episode}.done").exists)
    assert CLIP in hub.have.values()


async def test_the_line_is_shared_with_others(tmp_path: Path) -> None:
    """1 MiB at 4,000 kbit/s takes two seconds, however fast the broker is."""
    footage, hub = plant(tmp_path / "evidence", clip=CLIP), Hub()
    begun = time.monotonic()
    async with running(tmp_path, hub, kbit_s=4_000):
        assert await becomes((tmp_path / "evidence" / f"{footage.episode}.done").exists)
    assert time.monotonic() - begun >= len(CLIP) * 8 / 4_000_000


async def test_a_broker_without_the_rights_is_named(tmp_path: Path) -> None:
    """An installation from before knows which topic is missing and what to run."""
    plant(tmp_path / "evidence")
    async with running(tmp_path, Hub(), rights=False) as (uplink, heard):
        assert await becomes(lambda: any(TOPICS.evidence_receipt in w for w in uplink.warnings()))
        assert any("deploy init" in warning for warning in uplink.warnings())
        assert heard == []


async def test_a_hub_without_room_is_asked_later(tmp_path: Path) -> None:
    """Nothing is given up, nothing is done; the files wait."""
    plant(tmp_path / "evidence")

    def full(piece: Piece, _: bytes) -> PieceReceipt:
        return PieceReceipt(piece.sha256, refused="disk_full")

    async with running(tmp_path, full) as (uplink, _):
        assert await becomes(lambda: uplink.counters().get("evidence_refused.disk_full", 0) >= 2)
        assert uplink.counters()["evidence_waiting"] >= 2
    assert not list((tmp_path / "evidence").glob("*.done"))


async def test_a_gateway_without_cameras_connects_to_nothing(tmp_path: Path) -> None:
    """No folder, no connection, no counters."""
    async with running(tmp_path, Hub()) as (uplink, heard):
        await asyncio.sleep(0.3)
        assert uplink.counters() == {}
        assert uplink.warnings() == []
        assert heard == []
