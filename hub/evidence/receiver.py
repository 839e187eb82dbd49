"""Takes the pieces of pictures and clips that gateways send, and answers each with what is here.

A file counts when its SHA-256 is verified, it is on disk under its name, and its record is written:
only then the receipt says `done` and the gateway may forget it. Nothing of it touches the way of
alarms: another connection, another thread, another folder.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.crash import CrashPoint
from hub.case_store.footage import FootageRecords, Shown
from hub.intake import DeadLetter
from model.codec import CodecError
from model.footage import (
    Kind,
    Piece,
    PieceReceipt,
    decode_footage,
    decode_piece,
    encode_receipt,
)
from model.topics import GatewayTopics, parse

from .files import FootageFiles, Part
from .keeping import Keeping

log = structlog.get_logger()
LEAF = "evidence"
LETTER_BYTES = 256  # of a piece that is not understood; the rest is a picture


class EvidenceReceiver:
    """The hub's end of the way of evidence."""

    def __init__(
        self,
        files: FootageFiles,
        records: FootageRecords,
        keeping: Keeping,
        *,
        site: str,
        publish: Callable[[str, bytes], Awaitable[None]],
        dead_letter: DeadLetter,
        clock: Callable[[], int],
        crash: CrashPoint,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._files, self._records, self._keeping = files, records, keeping
        self._site = site
        self._publish = publish
        self._dead_letter = dead_letter
        self._clock = clock
        self._crash = crash
        self._disk = ThreadPoolExecutor(1, "evidence")

    async def message(self, topic: str, payload: bytes) -> None:
        """Take one MQTT message; whatever is wrong with it costs nothing else."""
        named = parse(topic)
        if named is None or named[0] != self._site or named[2] != LEAF:
            self._letter(topic, "topic", payload, "not a topic of evidence of this site")
            return
        gateway = named[1]
        try:
            piece, data = decode_piece(payload)
        except CodecError as error:
            self._letter(f"{gateway}/evidence", "evidence_codec", payload, str(error))
            return
        loop = asyncio.get_running_loop()
        try:
            receipt = await loop.run_in_executor(self._disk, self.take, gateway, piece, data)
        except (OSError, SQLAlchemyError) as error:
            # No answer: the gateway asks again.
            self.counters["pieces_left_for_later"] += 1
            log.error("evidence_not_stored", why=str(error), remedy="look at the data disk")
            return
        try:
            await self._publish(
                GatewayTopics.of(self._site, gateway).evidence_receipt, encode_receipt(receipt)
            )
        except ConnectionError as error:
            log.debug("evidence_receipt_not_sent", why=str(error))

    def take(self, gateway: str, piece: Piece, data: bytes) -> PieceReceipt:
        """Take one piece and return the answer; blocks on the disk, may raise OSError."""
        self.counters["pieces"] += 1
        known = self._records.known(gateway, piece.card)
        if known is not None and known.sha256 != piece.sha256:
            why = f"{piece.card.kind} of episode {piece.card.episode} is here with other content"
            return self._refused(gateway, piece, "conflict", why, final=True)
        if self._has(gateway, piece):
            if known is None:
                self._record(gateway, piece)
            return PieceReceipt(piece.sha256, piece.size, done=True)
        part = self._files.part(gateway, piece.sha256, piece.size)
        if data and piece.offset == part.have:
            if part.have == 0 and not self._keeping.room_for(gateway, piece.size, self._clock()):
                return PieceReceipt(piece.sha256, refused="disk_full")
            part = self._files.append(part, data, gateway=gateway)
        if part.have < piece.size or part.have == 0:
            return PieceReceipt(piece.sha256, part.have)
        return self._completed(gateway, piece, part)

    def close(self) -> None:
        """End the thread that writes."""
        self._disk.shutdown(wait=True, cancel_futures=True)

    def _has(self, gateway: str, piece: Piece) -> bool:
        """Whether the file is here and this gateway has sent it: to know a SHA-256 is not to have the file."""
        if self._files.size(piece.sha256, piece.card.type) != piece.size:
            return False
        return any(shown.gateway == gateway for shown in self._records.by_hash(piece.sha256))

    def _completed(self, gateway: str, piece: Piece, part: Part) -> PieceReceipt:
        wrong = self._wrong(piece, part)
        if wrong:
            self._files.drop(part)
            return self._refused(gateway, piece, "type", wrong, final=True)
        if not self._files.complete(part, piece.sha256, piece.card.type):
            why = f"the bytes that came of {piece.card.kind} {piece.sha256} have another SHA-256"
            return self._refused(gateway, piece, "mismatch", why, final=False)
        self._crash("after_evidence_stored")
        self._record(gateway, piece)
        self._crash("before_evidence_receipt")
        return PieceReceipt(piece.sha256, piece.size, done=True)

    def _wrong(self, piece: Piece, part: Part) -> str:
        """Return why a file is not what it says it is, or an empty text."""
        card = piece.card
        if not card.type.begins(self._files.head(part)):
            return f"a {card.kind} that does not begin as {card.type} does"
        if card.kind is not Kind.MANIFEST:
            return ""
        try:
            named = decode_footage(part.path.read_bytes())
        except CodecError as error:
            return f"a manifest that cannot be read: {error}"
        return "" if named.episode == card.episode else f"a manifest of episode {named.episode}"

    def _record(self, gateway: str, piece: Piece) -> None:
        now = self._clock()
        self._records.add(
            Shown.of(gateway, piece.card, sha256=piece.sha256, size=piece.size, at=now)
        )
        self.counters["files"] += 1
        self.counters["bytes"] += piece.size
        log.info("evidence_received", gateway=gateway, episode=piece.card.episode, kind=piece.card.kind.value)  # fmt: skip

    def _refused(
        self, gateway: str, piece: Piece, reason: str, why: str, *, final: bool
    ) -> PieceReceipt:
        self._letter(f"{gateway}/{piece.card.device}", f"evidence_{reason}", b"", why)
        return PieceReceipt(piece.sha256, refused=reason, final=final)

    def _letter(self, source: str, reason: str, payload: bytes, why: str) -> None:
        self.counters[f"rejected.{reason}"] += 1
        self._dead_letter(source, reason, payload[:LETTER_BYTES], why)
