"""Evidence on its way: shelf and receiver speak to each other over a line that a test can break."""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import true, update

from gateway.crash import crash_points
from gateway.evidence_shelf import TRIES_MOST, EvidenceShelf, Outgoing
from hub.case_store import CaseStore
from hub.case_store.footage import DAY_MS, Look
from hub.case_store.tables import cases
from hub.config import EvidenceKeep
from hub.evidence.files import FootageFiles
from hub.evidence.keeping import Keeping
from hub.evidence.receiver import EvidenceReceiver
from model.codec import CodecError
from model.footage import (
    FILE_BYTES,
    MESSAGE_BYTES,
    PIECE_BYTES,
    VERSION,
    Card,
    Kind,
    Piece,
    PieceReceipt,
    Type,
    decode_piece,
    encode_piece,
)
from model.topics import GatewayTopics
from tests.api.small_hub import SmallHub
from tests.case_store.template import copied_store, empty_database
from video.evidence.folder import EvidenceFolder

from .footage import AT, CLIP, EPISODE, plant

BIG = b"\x00\x00\x00\x20ftypisom" + bytes(range(256)) * 4_000  # six pieces


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, built once."""
    return empty_database(tmp_path_factory)


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Iterator[CaseStore]:
    """A case database of its own."""
    with copied_store(template, tmp_path) as opened:
        yield opened


class End:
    """The hub's end, which can be started anew on the same disk."""

    def __init__(self, store: CaseStore, folder: Path, **rules: Any) -> None:
        self.store, self.folder = store, folder
        self.rules = EvidenceKeep(**rules)
        self.now = AT
        self.letters: list[tuple[str, str]] = []
        self.said: list[tuple[str, bytes]] = []
        self.start()

    def start(self) -> None:
        """Start it; what was only in memory is gone."""
        self.files = FootageFiles(self.folder)
        self.keeping = Keeping(self.files, self.store.footage, self.rules)
        self.receiver = EvidenceReceiver(
            self.files, self.store.footage, self.keeping, site="site",
            publish=self._publish, dead_letter=self._letter, clock=lambda: self.now,
            crash=crash_points({}),
        )  # fmt: skip

    def take(self, piece: Piece, data: bytes, gateway: str = "gw-01") -> PieceReceipt:
        """Carry one message as MQTT would."""
        return self.receiver.take(gateway, *decode_piece(encode_piece(piece, data)))

    async def _publish(self, topic: str, payload: bytes) -> None:
        self.said.append((topic, payload))

    def _letter(self, source: str, reason: str, _payload: bytes, _detail: str) -> None:
        self.letters.append((source, reason))


@pytest.fixture
def end(store: CaseStore, tmp_path: Path) -> End:
    """A hub's end with the settings of the box."""
    return End(store, tmp_path / "hub")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A gateway's evidence folder."""
    return tmp_path / "gateway"


def shelf_of(folder: Path) -> EvidenceShelf:
    """Start a gateway's end."""
    return EvidenceShelf(EvidenceFolder(folder))


def send(end: End, file: Outgoing, *, pieces: int = 1_000) -> PieceReceipt:
    """Send a file from where the hub has it, at most so many pieces."""
    answer = end.take(Piece(VERSION, file.sha256, len(file.data), 0, file.card), b"")
    while not (answer.done or answer.refused) and pieces:
        data = file.data[answer.have : answer.have + PIECE_BYTES]
        piece = Piece(VERSION, file.sha256, len(file.data), answer.have, file.card)
        answer = end.take(piece, data)
        pieces -= 1
    return answer


def send_all(end: End, shelf: EvidenceShelf) -> list[str]:
    """Send everything; return the names in their order."""
    names = []
    while (file := shelf.next_file(0.0)) is not None:
        names.append(file.name)
        answer = send(end, file)
        if answer.done:
            shelf.sent(file)
        else:
            shelf.refused(file, answer.refused, 0.0, final=answer.final)
    return names


def test_pictures_come_before_clips_and_the_manifest_ends_an_episode(end: End, folder: Path) -> None:  # fmt: skip
    """Whoever decides whether it burns sees a picture first; then all is done, here and there."""
    plant(folder)
    plant(folder, episode="f" * 16, at=AT + 1)
    shelf = shelf_of(folder)
    names = send_all(end, shelf)
    assert names[:2] == [f"{EPISODE}.jpg", f"{'f' * 16}.jpg"]
    assert names.index(f"{EPISODE}.json") > names.index(f"{EPISODE}.mp4")
    assert shelf.waiting == 0
    assert shelf.counters["evidence_sent"] == 6
    assert (folder / f"{EPISODE}.done").exists()
    clip = end.files.path(sha256(CLIP).hexdigest(), Type.MP4)
    assert clip.read_bytes() == CLIP
    assert shelf_of(folder).next_file(0.0) is None


def test_an_episode_that_is_not_over_is_not_done(end: End, folder: Path) -> None:
    """Its picture is sent; the clip is awaited, and comes when it is there."""
    plant(folder, clip=b"", complete=False)
    shelf = shelf_of(folder)
    assert send_all(end, shelf) == [f"{EPISODE}.jpg"]
    assert not (folder / f"{EPISODE}.done").exists()
    plant(folder)
    assert send_all(end, shelf) == [f"{EPISODE}.mp4", f"{EPISODE}.json"]


def test_either_side_goes_on_where_it_was(end: End, folder: Path) -> None:
    """After a restart of the hub and of the gateway only the rest is sent."""
    plant(folder, clip=BIG)
    shelf = shelf_of(folder)
    send_all_but_clip = shelf.next_file(0.0)
    assert send_all_but_clip is not None
    shelf.sent(send_all_but_clip)
    clip = shelf.next_file(0.0)
    assert clip is not None
    send(end, clip, pieces=3)
    end.start()
    pieces = end.receiver.counters["pieces"]
    assert send(end, clip).done
    assert end.receiver.counters["pieces"] - pieces == 1 + 3
    # The receipt was lost: the gateway asks anew, and is told at once.
    assert send(end, clip, pieces=0).done


def test_a_piece_that_comes_twice_or_out_of_turn_changes_nothing(end: End, folder: Path) -> None:
    """The hub says what it has; bytes are never written over or with a hole."""
    plant(folder, clip=BIG)
    file = next(f for f in files_of(folder) if f.card.kind is Kind.CLIP)
    size = len(BIG)
    assert end.take(Piece(VERSION, file.sha256, size, 0, file.card), BIG[:1000]).have == 1000
    assert end.take(Piece(VERSION, file.sha256, size, 0, file.card), BIG[:1000]).have == 1000
    assert end.take(Piece(VERSION, file.sha256, size, 5000, file.card), BIG[5000:6000]).have == 1000
    assert send(end, file).done


def files_of(folder: Path) -> list[Outgoing]:
    """Return every file that a shelf would send."""
    shelf, found = shelf_of(folder), []
    while (file := shelf.next_file(0.0)) is not None:
        found.append(file)
        shelf.sent(file)
    return found


def test_damage_on_the_way_is_a_dead_letter_and_tried_again_a_bounded_number(end: End, folder: Path) -> None:  # fmt: skip
    """What arrives with another hash is thrown away whole; the gateway gives up in the end, loudly."""
    plant(folder)
    shelf = shelf_of(folder)
    now = 0.0
    for _ in range(TRIES_MOST):
        file = shelf.next_file(now)
        assert file is not None
        bad = file._replace(data=file.data[:-1] + b"!")
        answer = send(end, bad)
        assert (answer.refused, answer.final) == ("mismatch", False)
        assert send(end, bad, pieces=0).have == 0
        shelf.refused(file, answer.refused, now, final=answer.final)
        now += 1_000
    assert shelf.given_up == 1
    assert end.letters == [("gw-01/cam-1/gate", "evidence_mismatch")] * TRIES_MOST
    others = shelf.next_file(now)
    assert others is not None
    assert others.name == f"{EPISODE}.mp4"


def test_a_file_that_changed_on_the_gateways_disk_is_not_sent(end: End, folder: Path) -> None:
    """A card that goes bad is noticed where it is; the rest of the episode goes on."""
    plant(folder)
    (folder / f"{EPISODE}.mp4").write_bytes(CLIP[:-5] + b"xxxxx")
    shelf = shelf_of(folder)
    assert send_all(end, shelf) == [f"{EPISODE}.jpg", f"{EPISODE}.json"]
    assert shelf.counters["evidence_damaged"] == 1


@pytest.mark.parametrize(
    ("kind", "form", "data"),
    [
        (Kind.SNAPSHOT, Type.JPEG, b"<script>alert(1)</script>"),
        (Kind.CLIP, Type.MP4, b"MZ\x90\x00 a program of another kind"),
        (Kind.CLIP, Type.WEBM, b"\x00\x00\x00\x20ftypisom is no webm"),
        (Kind.MANIFEST, Type.JSON, b'{"episode": "../../etc/passwd"}'),
        (Kind.MANIFEST, Type.JSON, b"{not json at all"),
    ],
)
def test_what_is_not_what_it_says_is_refused_for_good(end: End, kind: Kind, form: Type, data: bytes) -> None:  # fmt: skip
    """A page or a program in a picture's name never lies in the folder of evidence."""
    card = Card(EPISODE, "cam-1", "cam-1/gate", "intrusion", kind, form, AT, AT)
    answer = end.take(Piece(VERSION, sha256(data).hexdigest(), len(data), 0, card), data)
    assert (answer.refused, answer.final) == ("type", True)
    assert end.letters[-1][1] == "evidence_type"
    assert [path for path in end.folder.rglob("*") if path.is_file()] == []


HONEST = Piece(
    VERSION, "0" * 64, 100, 0,
    Card(EPISODE, "cam-1", "cam-1/gate", "intrusion", Kind.CLIP, Type.MP4, AT, AT),
)  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "../../../../etc/cron.d/x"},
        {"sha256": "A" * 64},
        {"size": FILE_BYTES + 1},
        {"size": -1},
        {"offset": 99},
        {"v": 2},
        {"card": {"episode": "../x"}},
        {"card": {"kind": "clip", "type": "jpeg"}},
        {"card": {"kind": "firmware"}},
        {"card": {"observation": "a/b"}},
        {"card": {"kind": "manifest", "type": "json"}, "size": 1 << 20},
    ],
)
def test_names_and_sizes_that_nobody_honest_sends_are_not_understood(change: dict[str, Any]) -> None:  # fmt: skip
    """Refused before anything touches the disk."""
    said = msgspec.to_builtins(HONEST)
    said["card"] |= change.pop("card", {})
    message = msgspec.json.encode(said | change) + b"\n" + b"xx"
    with pytest.raises(CodecError):
        decode_piece(message)


def test_a_message_is_bounded() -> None:
    """One that is too long is refused, and so is one without a line of JSON."""
    for message in (encode_piece(HONEST, bytes(MESSAGE_BYTES)), b"{}", b"", b"\xff\n", b"[" * 5000):
        with pytest.raises(CodecError):
            decode_piece(message)
    assert len(encode_piece(HONEST, bytes(PIECE_BYTES))) < MESSAGE_BYTES


async def test_a_gateway_with_a_strange_name_writes_no_strange_path(end: End) -> None:
    """Names of gateways and cameras are hashed or stay in the database."""
    data = CLIP
    card = Card(EPISODE, "../../c", "../../c/z", "intrusion", Kind.CLIP, Type.MP4, AT, AT)
    piece = Piece(VERSION, sha256(data).hexdigest(), len(data), 0, card)
    await end.receiver.message("smarthub/v1/site/../evidence", encode_piece(piece, data[:50]))
    await end.receiver.message("smarthub/v1/site/gw/../evidence", encode_piece(piece, data))
    await end.receiver.message("smarthub/v1/other/gw/evidence", encode_piece(piece, data))
    inside = {path.parent.name for path in end.folder.rglob("*") if path.is_file()}
    assert inside == {"incoming"}
    assert [topic for topic, _ in end.said] == [GatewayTopics.of("site", "..").evidence_receipt]
    assert [reason for _, reason in end.letters] == ["topic", "topic"]


def test_what_is_kept_is_never_replaced(end: End, folder: Path) -> None:
    """The same episode with another clip is somebody's mistake or trick; the first one stays."""
    plant(folder)
    send_all(end, shelf_of(folder))
    other = CLIP + b"another"
    card = Card(EPISODE, "cam-1", "cam-1/gate", "intrusion", Kind.CLIP, Type.MP4, AT, AT)
    piece = Piece(VERSION, sha256(other).hexdigest(), len(other), 0, card)
    answer = end.take(piece, other)
    assert (answer.refused, answer.final) == ("conflict", True)
    assert end.take(piece, other, gateway="gw-02").done


def test_who_knows_the_sha256_of_a_file_does_not_have_the_file(end: End) -> None:
    """Another gateway, or another size: the bytes have to come before it is done and counted."""
    digest, size = sha256(CLIP).hexdigest(), len(CLIP)
    assert end.take(Piece(VERSION, digest, size, 0, clip_of(1)), CLIP).done
    assert not end.take(Piece(VERSION, digest, size, 0, clip_of(2)), b"", gateway="gw-02").done
    assert not end.take(Piece(VERSION, digest, FILE_BYTES, 0, clip_of(3)), b"").done
    assert [shown.gateway for shown in end.store.footage.by_hash(digest)] == ["gw-01"]
    assert end.take(Piece(VERSION, digest, size, 0, clip_of(4)), b"").done
    assert end.take(Piece(VERSION, digest, size, 0, clip_of(2)), CLIP, gateway="gw-02").done
    assert end.store.footage.size() == size
    assert end.store.footage.sizes() == {"gw-01": size, "gw-02": size}


def test_a_file_is_as_large_as_its_first_piece_said(end: End) -> None:
    """Room was made for so much; one that grows on the way begins anew, and is asked for room again."""
    digest = sha256(BIG).hexdigest()
    assert end.take(Piece(VERSION, digest, 1_000, 0, clip_of(1)), BIG[:500]).have == 500
    answer = end.take(Piece(VERSION, digest, len(BIG), 500, clip_of(1)), BIG[500:1_500])
    assert (answer.have, answer.done) == (0, False)


def clip_of(number: int) -> Card:
    """Return the card of an episode's clip."""
    return Card(f"{number:016x}", "c", "c", "motion", Kind.CLIP, Type.MP4, AT, AT)


def test_parts_of_one_gateway_are_bounded(end: End) -> None:
    """Who begins many files and ends none fills no disk."""
    for number in range(20):
        digest = sha256(str(number).encode()).hexdigest()
        card = Card(f"{number:016x}", "c", "c", "motion", Kind.CLIP, Type.MP4, AT, AT)
        end.take(Piece(VERSION, digest, len(CLIP), 0, card), CLIP[:100])
    assert len(list((end.folder / "incoming").iterdir())) == 4


class TestKeeping:
    """How long it stays, and what goes when there is no room."""

    def case(self, store: CaseStore, episode: str) -> tuple[SmallHub, str]:
        """Let a rule open a case about an episode of gateway `g`."""
        hub = SmallHub(store)
        hub.clock = AT
        return hub, hub.alarm(episode=episode).id

    def received(
        self, end: End, folder: Path, episode: str, *, size: int = 0, at: int = AT, gateway: str = "g"
    ) -> None:  # fmt: skip
        """Let an episode arrive whole from a gateway."""
        end.now = at
        clip = CLIP + episode.encode() + bytes(size)
        plant(folder / episode, episode=episode, clip=clip)
        for file in files_of(folder / episode):
            digest = sha256(file.data).hexdigest()
            card, have = file.card, 0
            while have < len(file.data):
                piece = Piece(VERSION, digest, len(file.data), have, card)
                answer = end.take(piece, file.data[have : have + PIECE_BYTES], gateway=gateway)
                if answer.refused or answer.done:
                    break
                have = answer.have

    def kept(self, end: End) -> set[str]:
        """Return the episodes of which files are left, records and files alike."""
        shown = end.store.footage._read(true())
        for item in shown:
            assert end.files.path(item.sha256, Type(item.type)).exists()
        assert len(list(end.files.whole())) == len({item.sha256 for item in shown})
        return {item.episode for item in shown}

    def test_what_no_case_refers_to_goes_after_its_observations_days(
        self, store: CaseStore, tmp_path: Path, folder: Path
    ) -> None:
        """Seven days unless the observation has its own."""
        end = End(store, tmp_path / "hub", days=7, days_of={"intrusion": 2})
        self.received(end, folder, "1" * 16)
        end.keeping.sweep(AT + 2 * DAY_MS - 1)
        assert self.kept(end) == {"1" * 16}
        end.keeping.sweep(AT + 2 * DAY_MS + 1)
        assert self.kept(end) == set()

    def test_what_a_case_refers_to_stays_while_it_is_open_and_its_classs_days_after(
        self, store: CaseStore, tmp_path: Path, folder: Path
    ) -> None:
        """Also when the case came before the clip; afterwards it goes like everything else."""
        end = End(store, tmp_path / "hub", case_days={"emergency": 30})
        _, case = self.case(store, "1" * 16)
        self.received(end, folder, "1" * 16)
        end.keeping.sweep(AT + 4_000 * DAY_MS)
        assert self.kept(end) == {"1" * 16}
        close(store, case, at=AT + DAY_MS)
        end.keeping.sweep(AT + 30 * DAY_MS)
        assert self.kept(end) == {"1" * 16}
        end.keeping.sweep(AT + 31 * DAY_MS + 1)
        assert self.kept(end) == set()

    def test_a_person_may_pin_what_no_case_refers_to(self, end: End, folder: Path) -> None:
        """The police asked for it; it stays until the pin is taken away."""
        self.received(end, folder, "1" * 16)
        for shown in end.store.footage._read(true()):
            end.store.footage.pin(shown.sha256, "管理员")
        end.keeping.sweep(AT + 900 * DAY_MS)
        assert self.kept(end) == {"1" * 16}

    def test_for_room_the_oldest_unpinned_goes_and_pinned_never(
        self, store: CaseStore, tmp_path: Path, folder: Path
    ) -> None:
        """When all that is left is pinned nothing new is taken; the gateway keeps it and asks later."""
        end = End(store, tmp_path / "hub", max_mb=64, gateway_percent=100)
        self.case(store, "1" * 16)
        for number in range(1, 7):
            self.received(end, folder, str(number) * 16, size=12 << 20, at=AT + number)
        assert self.kept(end) == {"1" * 16, "3" * 16, "4" * 16, "5" * 16, "6" * 16}
        for number in range(3, 7):
            self.case(store, str(number) * 16)
        self.received(end, folder, "7" * 16, size=12 << 20, at=AT + 7)
        assert end.keeping.full
        clips = [s.episode for s in end.store.footage._read(true()) if s.kind == Kind.CLIP]
        assert sorted(clips) == [str(n) * 16 for n in (1, 3, 4, 5, 6)]

    def test_a_gateway_drives_out_its_own_and_never_all_of_another_ones(
        self, store: CaseStore, tmp_path: Path, folder: Path
    ) -> None:
        """Who floods the hub with clips makes room from its own older ones."""
        end = End(store, tmp_path / "hub", max_mb=64)
        self.received(end, folder, "a" * 16, size=12 << 20, gateway="quiet")
        for number in range(1, 9):
            self.received(end, folder, str(number) * 16, size=12 << 20, at=AT + number)
        assert self.kept(end) == {"a" * 16, "6" * 16, "7" * 16, "8" * 16}
        self.received(end, folder, "b" * 16, size=12 << 20, at=AT + 9, gateway="quiet")
        self.received(end, folder, "9" * 16, size=12 << 20, at=AT + 10)
        assert self.kept(end) == {"a" * 16, "b" * 16, "7" * 16, "8" * 16, "9" * 16}
        assert not end.keeping.full

    def test_what_cases_pin_of_one_gateway_leaves_room_for_others(
        self, store: CaseStore, tmp_path: Path, folder: Path
    ) -> None:
        """A gateway that says alarms enough could pin the whole disk; it gets three quarters."""
        end = End(store, tmp_path / "hub", max_mb=64)
        for number in range(1, 7):
            self.case(store, str(number) * 16)
            self.received(end, folder, str(number) * 16, size=12 << 20, at=AT + number)
        self.received(end, folder, "a" * 16, size=12 << 20, gateway="quiet")
        clips = [s.episode for s in end.store.footage._read(true()) if s.kind == Kind.CLIP]
        assert sorted(clips) == ["1" * 16, "2" * 16, "3" * 16, "a" * 16]
        assert end.keeping.counters["refused.share"]
        assert not end.keeping.full

    def test_who_looked_is_kept_for_years_and_no_longer(self, store: CaseStore, tmp_path: Path) -> None:  # fmt: skip
        """Three years unless the site says otherwise."""
        end = End(store, tmp_path / "hub")
        for at in (AT, AT + DAY_MS):
            store.footage.looked(Look(at, "li", "verify", "", "", "", "cam-1", "live", ""))
        end.keeping.sweep(AT + 1095 * DAY_MS)
        assert len(store.footage.looks()) == 2
        end.keeping.sweep(AT + 1095 * DAY_MS + 1)
        assert [look.at for look in store.footage.looks()] == [AT + DAY_MS]

    def test_what_a_crash_left_behind_is_cleared(self, end: End, folder: Path) -> None:
        """A file without a record and a part that nobody continues go; what is fresh stays."""
        self.received(end, folder, "1" * 16)
        lost = end.files.path("a" * 64, Type.MP4)
        part = end.folder / "incoming" / "x.part"
        for path in (lost, part):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"x")
        end.keeping.sweep(AT)
        assert lost.exists()
        assert part.exists()
        for path in (lost, part):
            os.utime(path, (1_000_000_000, 1_000_000_000))
        end.keeping.sweep(AT)
        assert not lost.exists()
        assert not part.exists()
        assert self.kept(end) == {"1" * 16}


def close(store: CaseStore, case: str, *, at: int) -> None:
    """Let a case be closed at a time."""
    with store._writer.begin() as connection:
        connection.execute(
            update(cases).where(cases.c.id == case).values(state="closed", closed_at=at)
        )
