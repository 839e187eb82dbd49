"""Sends pictures and clips to the hub, piece by piece, over a connection of its own.

Alarms never wait for them: another connection, at most so many kbit/s, a window of few pieces. The
hub says how much of a file it has, so after a restart of either side only the rest is sent; a file is
forgotten here only when the hub has verified its SHA-256 and has it on disk.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import structlog

from model.codec import CodecError
from model.errors import HubError
from model.footage import (
    PIECE_BYTES,
    VERSION,
    Piece,
    PieceReceipt,
    decode_receipt,
    encode_piece,
)
from model.topics import GatewayTopics
from video.evidence.folder import EvidenceFolder

from .config import Broker
from .connection import client_of, hearing, may_read
from .crash import CrashPoint
from .evidence_shelf import EvidenceShelf, Outgoing

log = structlog.get_logger()
WINDOW_BYTES = 4 * PIECE_BYTES
KBIT_S = 2_000
ANSWER_S = 10.0
LOOK_S = 1.0
FOLDER_LOOK_S = 10.0
UNANSWERED_S = 60.0
RECONNECT_FIRST_S, RECONNECT_LAST_S = 1.0, 60.0


class EvidenceUplink:
    """The way of evidence from a gateway's folder to the hub."""

    def __init__(
        self,
        folder: Path,
        *,
        broker: Broker,
        topics: GatewayTopics,
        client_id: str,
        crash: CrashPoint,
        kbit_s: int = KBIT_S,
    ) -> None:
        """Take the folder `DATA/evidence`, which need not be there, and the most that may be sent."""
        self._path = folder
        self._broker, self._topics, self._client_id = broker, topics, client_id
        self._kbit_s, self._crash = kbit_s, crash
        self._shelf: EvidenceShelf | None = None
        self._answers: asyncio.Queue[PieceReceipt] = asyncio.Queue(256)
        self._unanswered_since: float | None = None
        self._error = ""

    def counters(self) -> dict[str, int]:
        """Return what was sent and refused since the start, and how many files wait now."""
        if self._shelf is None:
            return {}
        return {"evidence_waiting": self._shelf.waiting, **self._shelf.counters}

    def warnings(self) -> list[str]:
        """Return why evidence does not reach the hub, in words; alarms are not concerned."""
        shelf = self._shelf
        if shelf is None or not shelf.waiting:
            return []
        found = [f"evidence: {self._error}"] if self._error else []
        since = self._unanswered_since
        if since is not None and time.monotonic() - since > UNANSWERED_S:
            found.append(
                f"evidence: {shelf.waiting} files wait, and nothing was receipted for"
                f" {time.monotonic() - since:.0f} s; likely the hub is away, or the broker does not"
                f" let this user write {self._topics.evidence}"
            )
        if shelf.given_up:
            found.append(
                f"evidence: {shelf.given_up} files arrive damaged again and again; see the dead letters"
            )
        return found

    async def run(self) -> None:
        """Send what the folder holds, until cancelled; waits for the folder where there is none."""
        while self._shelf is None:
            if self._path.is_dir():
                self._shelf = EvidenceShelf(EvidenceFolder(self._path))
            else:
                await asyncio.sleep(FOLDER_LOOK_S)
        delay = RECONNECT_FIRST_S
        while True:
            started = time.monotonic()
            try:
                await asyncio.to_thread(self._shelf.look)
                async with self._session() as client:
                    await self._send(client, self._shelf)
            except (aiomqtt.MqttError, OSError, TimeoutError, HubError) as error:
                self._error = str(error) or type(error).__name__
                log.warning("evidence_uplink_lost", why=self._error)
            except Exception as error:  # noqa: BLE001 - whatever breaks here costs no alarm
                self._error = repr(error)
                log.error("evidence_uplink_broke", why=self._error)
            lasted = time.monotonic() - started > RECONNECT_LAST_S
            delay = RECONNECT_FIRST_S if lasted else min(delay * 2, RECONNECT_LAST_S)
            await asyncio.sleep(delay)

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[aiomqtt.Client]:
        """Hold a connection on which the hub's answers are heard."""
        async with client_of(self._broker, f"{self._client_id}-evidence") as client:
            if not await may_read(client, self._topics.evidence_receipt):
                raise aiomqtt.MqttError(
                    f"the broker does not let user {self._broker.user} read"
                    f" {self._topics.evidence_receipt}; run `smarthub deploy init` again"
                )
            self._error = ""
            async with hearing(client, self._hear, name="evidence-receipts"):
                yield client

    async def _hear(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            try:
                receipt = decode_receipt(bytes(message.payload))
            except (CodecError, TypeError) as error:
                log.warning("evidence_receipt_not_understood", why=str(error))
                continue
            with contextlib.suppress(asyncio.QueueFull):  # what is not heard is asked again
                self._answers.put_nowait(receipt)

    async def _send(self, client: aiomqtt.Client, shelf: EvidenceShelf) -> None:
        while True:
            file = await asyncio.to_thread(shelf.next_file, time.monotonic())
            if file is None:
                self._unanswered_since = None
                await asyncio.sleep(LOOK_S)
                continue
            answer = await self._transfer(client, file)
            if answer.done:
                shelf.sent(file)
            else:
                shelf.refused(file, answer.refused, time.monotonic(), final=answer.final)

    async def _transfer(self, client: aiomqtt.Client, file: Outgoing) -> PieceReceipt:
        """Send one file until the hub has it or refuses it; raises when nobody answers."""
        await self._publish(client, file, 0, b"")
        answer = await self._answer(file)
        sent = answer.have
        while not (answer.done or answer.refused):
            if answer.have > sent or sent > len(file.data):
                sent = answer.have
            if sent < len(file.data) and sent - answer.have < WINDOW_BYTES:
                piece = file.data[sent : sent + PIECE_BYTES]
                await self._publish(client, file, sent, piece)
                sent += len(piece)
                self._crash("after_evidence_piece")
                await asyncio.sleep(len(piece) * 8 / (self._kbit_s * 1000))
                answer = self._heard(file) or answer
                continue
            try:
                answer = await self._answer(file)
            except TimeoutError:  # a piece was lost: ask, and go on from what the hub has
                await self._publish(client, file, 0, b"")
                answer = await self._answer(file)
                sent = answer.have
        return answer

    async def _publish(self, client: aiomqtt.Client, file: Outgoing, at: int, data: bytes) -> None:
        piece = Piece(VERSION, file.sha256, len(file.data), at, file.card)
        await client.publish(self._topics.evidence, encode_piece(piece, data), qos=0)
        if self._unanswered_since is None:
            self._unanswered_since = time.monotonic()

    async def _answer(self, file: Outgoing) -> PieceReceipt:
        """Return the next answer about this file; raises TimeoutError."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                while True:
                    answer = await self._answers.get()
                    if answer.sha256 == file.sha256:
                        self._unanswered_since = None
                        return answer
        raise TimeoutError(f"the hub said nothing of {file.name} for {ANSWER_S:.0f} s")

    def _heard(self, file: Outgoing) -> PieceReceipt | None:
        """Return the newest answer about this file that is here already."""
        newest = None
        while not self._answers.empty():
            answer = self._answers.get_nowait()
            if answer.sha256 == file.sha256:
                self._unanswered_since, newest = None, answer
                if answer.done or answer.refused:
                    break
        return newest
