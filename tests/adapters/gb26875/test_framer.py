"""However the network cuts, glues or dirties the bytes, the same frames come out."""

from itertools import pairwise
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.gb26875.frame import FRAME_MAX, Denied, Frame, encode
from adapters.gb26875.framer import Framer, Piece

from .frames import BAD_SUM, FIRE, HEARTBEAT, MAINS_FAULT, framed, public


def raws(pieces: list[Piece]) -> list[bytes]:
    """Return the good frames."""
    return [piece.raw for piece in pieces if isinstance(piece, Frame)]


def reasons(pieces: list[Piece]) -> list[str]:
    """Return the words of the denials."""
    return [piece.reason for piece in pieces if isinstance(piece, Denied)]


def whole(stream: bytes) -> list[Piece]:
    """Feed a stream in one go, and end it."""
    framer = Framer()
    return framer.feed(stream) + framer.finish()


def derived(name: str) -> bytes:
    """Return the bytes of a derived stream of the shared file."""
    case = next(case for case in public("derived_vectors") if case["id"] == name)
    return bytes.fromhex(case.get("bytes") or "".join(case["chunks"]))


def test_stuck_packets_give_three_frames() -> None:
    """Three frames in one segment come out as three."""
    pieces = Framer().feed(derived("d-sticky"))
    assert [cast("Frame", piece).command for piece in pieces] == [2, 2, 3]


def test_a_split_frame_comes_with_its_last_chunk() -> None:
    """Nothing comes before the frame is whole."""
    case = next(case for case in public("derived_vectors") if case["id"] == "d-split")
    framer = Framer()
    counts = [len(framer.feed(bytes.fromhex(chunk))) for chunk in case["chunks"]]
    assert counts == [0, 0, 1]
    assert framer.pending is None


def test_end_characters_inside_the_body_end_nothing() -> None:
    """The length field cuts, not the 23 23 inside."""
    stream = derived("d-inner-2323")
    assert raws(Framer().feed(stream)) == [stream]


def test_garbage_before_a_frame_costs_nothing_but_a_note() -> None:
    """The stream is found again at 40 40."""
    pieces = Framer().feed(derived("d-garbage-before"))
    assert raws(pieces) == [FIRE]
    assert reasons(pieces) == ["garbage"]
    assert cast("Denied", pieces[0]).raw.hex() == "00ff4012"


def test_a_wrong_end_is_one_denial_with_its_header() -> None:
    """The header is kept so that the deny carries the same serial number."""
    pieces = whole(derived("d-bad-end"))
    assert reasons(pieces) == ["bad_end"]
    header = cast("Denied", pieces[0]).header
    assert header is not None
    assert (header.serial, header.source) == (1, 889)


def test_a_length_of_1025_is_denied_at_the_header() -> None:
    """27 bytes are enough to refuse; the body is not waited for, and said once."""
    stream = derived("d-len-1025")
    framer = Framer()
    assert framer.feed(stream[:26]) == []
    assert reasons(framer.feed(stream[26:27])) == ["oversize"]
    assert reasons(framer.feed(stream[27:]) + framer.finish()) == []


def test_a_reserved_command_is_denied() -> None:
    """Command 7 is no frame of ours, whole as it is."""
    pieces = whole(derived("d-unknown-cmd"))
    assert reasons(pieces) == ["unknown_command"]


def test_vendor_commands_bad_labels_and_bcd_times_are_frames() -> None:
    """Odd contents are not the framer's business."""
    for name in ("d-user-cmd", "d-bad-time", "d-bcd-time"):
        assert raws(whole(derived(name))) == [derived(name)], name


def test_each_damaged_frame_is_denied_once_and_none_beside_it() -> None:
    """Two damaged frames among good ones: two denials, all good ones."""
    pieces = Framer().feed(HEARTBEAT + BAD_SUM + FIRE + BAD_SUM + MAINS_FAULT)
    assert raws(pieces) == [HEARTBEAT, FIRE, MAINS_FAULT]
    assert reasons(pieces) == ["bad_checksum", "bad_checksum"]


def test_a_damaged_frame_with_starts_in_its_body_is_one_denial_and_holds_nothing_back() -> None:
    """`@@` inside a body whose sum is wrong is neither denied again nor waited for."""
    for body in (b"@" * 64, b"\x00" * 60 + b"@@", HEARTBEAT[:24] + b"\x00\x04"):
        good = framed(body)
        framer = Framer()
        pieces = framer.feed(good[:-3] + bytes((good[-3] ^ 1,)) + b"##")
        assert reasons(pieces) == ["bad_checksum"]
        assert framer.pending is None
        assert framer.feed(FIRE)
        pieces = framer.feed(good[:-2] + b"$$") + framer.finish()
        assert reasons(pieces) == ["bad_end"]


def test_a_truncated_frame_takes_no_whole_one_with_it() -> None:
    """A frame cut by 60 bytes ends, by its length, with the second heartbeat behind it."""
    cut = framed(b"\x87" + bytes(99))[:-60]
    pieces = Framer().feed(cut + HEARTBEAT + HEARTBEAT + FIRE)
    assert raws(pieces) == [HEARTBEAT, HEARTBEAT, FIRE]
    assert reasons(pieces) == ["bad_checksum"]


def test_a_false_start_holds_a_fire_back_only_until_it_expires() -> None:
    """A stray header that claims 1024 bytes is given up, and the fire inside it comes out."""
    false_start = HEARTBEAT[:24] + b"\x00\x04"
    framer = Framer()
    assert framer.feed(false_start + FIRE) == []
    assert framer.pending == 0
    pieces = framer.expire()
    assert reasons(pieces) == ["incomplete"]
    assert raws(pieces) == [FIRE]
    assert framer.pending is None
    assert framer.expire() == []


def test_a_connection_that_ends_gives_up_its_last_frame() -> None:
    """The end of the stream is said as incomplete, with what came."""
    framer = Framer()
    assert raws(framer.feed(HEARTBEAT + FIRE[:40])) == [HEARTBEAT]
    pieces = framer.finish()
    assert reasons(pieces) == ["incomplete"]
    assert cast("Denied", pieces[0]).raw == FIRE[:40]


def test_memory_stays_small_under_endless_garbage() -> None:
    """What is no frame is handed over in pieces of at most one frame's size."""
    for stuff in (b"\x00" * 5000, b"@" * 5000, FIRE[:26] * 200, b"@@#" * 2000):
        framer = Framer()
        for _ in range(4):
            for piece in framer.feed(stuff):
                assert len(piece.raw) <= FRAME_MAX
            assert len(framer._buffer) + len(framer._junk) < 2 * FRAME_MAX


bodies = st.one_of(
    st.binary(max_size=40),
    st.lists(st.sampled_from([b"@", b"##", b"@@", b"\x00", FIRE]), max_size=8).map(b"".join),
)
frames = st.builds(
    lambda body, serial, command: encode(
        serial=serial, command=command, source=889, destination=1, label=bytes(6), adu=body
    ),
    bodies,
    st.integers(0, 65535),
    st.sampled_from([2, 3, 128]),
)
damage = st.one_of(
    st.binary(max_size=60),
    st.text("@#", max_size=30).map(str.encode),
    st.sampled_from([BAD_SUM, FIRE[:50], HEARTBEAT[:27], HEARTBEAT[:24] + b"\xff\xff\x02"]),
)


@settings(deadline=None)  # shared machines pause
@given(st.lists(st.one_of(frames, damage), max_size=8), st.lists(st.integers(0, 600), max_size=8))
def test_any_split_or_merge_gives_the_same_pieces(parts: list[bytes], cuts: list[int]) -> None:
    """Good frames and denials alike do not depend on how the bytes arrive."""
    stream = b"".join(parts)
    framer = Framer()
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces: list[Piece] = []
    for begin, end in pairwise(places):
        pieces += framer.feed(stream[begin:end])
    assert pieces + framer.finish() == whole(stream)


@settings(deadline=None)  # shared machines pause
@given(st.lists(frames, min_size=1, max_size=4))
def test_clean_streams_come_out_whole_byte_by_byte(parts: list[bytes]) -> None:
    """Frames without damage are all found, in order, and nothing else is."""
    framer = Framer()
    pieces = [piece for byte in b"".join(parts) for piece in framer.feed(bytes((byte,)))]
    assert [piece.raw for piece in pieces] == parts
    assert framer.pending is None


@settings(deadline=None)  # shared machines pause
@given(damage, st.integers(1, 6))
def test_garbage_costs_at_most_one_frame(garbage: bytes, count: int) -> None:
    """Behind any garbage, at most the first good frame is lost."""
    sent = [framed(b"\x87\x01", serial=number) for number in range(count)]
    found = raws(whole(garbage + b"".join(sent)))
    assert len([frame for frame in sent if frame not in found]) <= 1


@settings(deadline=None)  # shared machines pause
@given(st.binary(max_size=3000))
def test_random_bytes_are_accounted_for(stream: bytes) -> None:
    """No error comes out, and no piece holds what was not sent."""
    for piece in whole(stream):
        assert piece.raw in stream
