"""The newest pictures in memory: bounded, honest about their age, and only what is a picture."""

import pytest

from hub.cameras import PLAIN, SEEN, CameraBook
from model.camera_messages import (
    PICTURE_BYTES,
    CameraShown,
    PictureSent,
    encode_picture,
    encode_shown,
)
from model.topics import CameraTopics, coded, parse_camera

JPEG = b"\xff\xd8\xff\xe0 a picture"
NAMES = ["cam-1", "东门.1", "a+b", "#1", "a%2Fb", "..", "<script>", "😀" * 64, "a.seen"]


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        """Return it in ms."""
        return self.ms


def topics(camera: str, gateway: str = "gw-1") -> CameraTopics:
    """Name the topics of a camera at the test's site."""
    return CameraTopics.of("s", gateway, camera)


def picture(age_ms: int = 0, jpeg: bytes = JPEG) -> bytes:
    """Return the message of a picture."""
    return encode_picture(PictureSent(age_ms, jpeg))


@pytest.mark.parametrize("name", NAMES)
def test_a_camera_of_any_name_has_one_level_of_a_topic(name: str) -> None:
    """No character of a name is a separator or wildcard for MQTT or NATS; the name comes back."""
    topic = topics(name).picture
    assert not set(coded(name)) & set("/+#. \0")
    assert topic.count("/") == 5
    assert parse_camera(topic) == ("gw-1", "picture", name)


async def test_a_picture_is_as_old_as_its_camera_says() -> None:
    """Its age counts from the hub's clock, so clocks need not agree."""
    clock = Clock()
    book = CameraBook(clock)
    await book.message(topics("c").picture, picture(age_ms=4_000))
    found = book.shot("c")
    assert found is not None
    assert (found.jpeg, found.at) == (JPEG, clock.ms - 4_000)
    assert book.shot("c", SEEN) is None


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("picture", b"not msgpack"),
        ("picture", picture(jpeg=b"<svg onload=x>")),
        ("picture", picture(jpeg=JPEG + bytes(PICTURE_BYTES))),
        ("picture", encode_picture(PictureSent(-1, JPEG))),
        ("camera", b"{}"),
        ("camera", encode_shown(CameraShown("another"))),
        ("camera", b'{"camera": "c", "zones": {"z": [[2, 2]]}}'),
        ("camera", b'{"camera": "c", "host": "\xff\xfe"}'),
        ("camera", b'{"camera": "c", "more": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
        ("picture", b"\x81\xa1\xff\x01"),
        ("picture", b"\x81\xa1x" + b"\x91" * 20_000 + b"\x90"),
        ("elsewhere", picture()),
    ],
)
async def test_what_is_no_picture_is_counted_and_kept_from_people(
    topic: str, payload: bytes
) -> None:
    """Also a gateway may be broken or taken over."""
    book = CameraBook(Clock())
    await book.message(f"smarthub/v1/s/gw-1/{topic}/c", payload)
    assert book.shot("c") is None
    assert book.known("c") is None
    assert sum(book.counters.values()) == 1


HOUSE = ((0.1, 0.1), (0.4, 0.1), (0.4, 0.4))
LARGER = ((0.1, 0.1), (0.6, 0.1), (0.4, 0.4))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (CameraShown("c"), CameraShown("c", masks=(HOUSE,))),
        (CameraShown("c", masks=(HOUSE,)), CameraShown("c", masks=(LARGER,))),
        (CameraShown("c", masks=(HOUSE,)), CameraShown("c", masks=(HOUSE, LARGER))),
        (CameraShown("c"), CameraShown("c", pixelate_persons=True)),
        (None, CameraShown("c", masks=(HOUSE,))),
    ],
    ids=["drawn", "enlarged", "one-more", "persons", "never-told-before"],
)
async def test_what_a_new_mask_hides_is_not_shown_any_more(
    before: CameraShown | None, after: CameraShown
) -> None:
    """At once, and not when the camera sends its next picture: it may be away for ever."""
    book = CameraBook(Clock())
    if before:
        await book.message(topics("c").settings, encode_shown(before))
    for topic in (topics("c").picture, topics("c").seen, topics("other").picture):
        await book.message(topic, picture())
    await book.message(topics("c", "gw-2").picture, picture())
    await book.message(topics("c").settings, encode_shown(after))
    assert book.shot("c") is None
    assert book.shot("c", SEEN) is None
    assert book.wanted()["gw-1"].lacking == ["c"], "and the gateway is asked for a new one"
    assert book.shot("other") is not None
    assert book.shot("c", gateway="gw-2") is not None, "another gateway's camera"
    await book.message(topics("c").picture, picture())
    await book.message(topics("c").settings, encode_shown(after))
    assert book.shot("c") is not None, "told again each minute, the same settings cost nothing"


async def test_settings_that_hide_nothing_else_leave_the_picture() -> None:
    """Also of a camera that is away: it is the last that anybody saw of it."""
    book = CameraBook(Clock())
    await book.message(topics("c").picture, picture())
    for host in ("192.0.2.1", "192.0.2.2"):
        await book.message(topics("c").settings, encode_shown(CameraShown("c", host=host)))
        assert book.shot("c") is not None


async def test_memory_is_bounded_and_the_longest_unheard_goes_first() -> None:
    """A flood of invented cameras costs at most what was allowed."""
    book = CameraBook(Clock(), bytes_max=20_000)
    for number in range(100):
        await book.message(topics(f"c{number}").picture, picture(jpeg=JPEG + bytes(990)))
        await book.message(topics("kept").picture, picture())
    kept = [number for number in range(100) if book.taken_at(f"c{number}") is not None]
    assert kept == list(range(kept[0], 100))
    assert len(kept) == 9
    assert book.taken_at("kept") is not None


async def test_gateways_are_asked_for_what_people_look_at_and_no_longer() -> None:
    """And told of which cameras the hub has nothing at all."""
    clock = Clock()
    book = CameraBook(clock)
    await book.message(topics("a").picture, picture())
    await book.message(topics("b", "gw-2").settings, encode_shown(CameraShown("b")))
    assert book.wanted() == {}
    book.shot("a", PLAIN)
    book.shot("a", SEEN)
    book.shot("b", PLAIN)
    book.shot("nobody's", PLAIN)
    wanted = book.wanted()
    assert wanted.keys() == {"gw-1", "gw-2"}
    assert (wanted["gw-1"].plain, wanted["gw-1"].seen, wanted["gw-1"].lacking) == (
        ["a"],
        ["a"],
        ["a"],
    )
    assert wanted["gw-2"].lacking == ["b"]
    clock.ms += 31_000
    assert book.wanted() == {}


async def test_a_gateways_picture_never_stands_for_another_ones_camera() -> None:
    """The pictures of the gateway that reads the camera are shown, whoever else uses its name."""
    book = CameraBook(Clock())
    await book.message(topics("c", "gw-1").picture, picture())
    await book.message(
        topics("c", "gw-1").settings, encode_shown(CameraShown("c", host="192.0.2.1"))
    )
    await book.message(topics("c", "gw-2").picture, picture(jpeg=JPEG + b" of another place"))
    await book.message(
        topics("c", "gw-2").settings, encode_shown(CameraShown("c", host="192.0.2.2"))
    )
    for gateway in ("gw-1", ""):  # "": no Reading says yet whose it is
        shown = book.shot("c", gateway=gateway)
        known = book.known("c", gateway=gateway)
        assert shown is not None
        assert known is not None
        assert (shown.jpeg, known.settings.host) == (JPEG, "192.0.2.1")
    assert book.wanted().keys() == {"gw-1"}
    moved = book.shot("c", gateway="gw-2")
    assert moved is not None
    assert moved.jpeg != JPEG
    assert book.shot("c", gateway="gw-3") is None
    assert book.wanted()["gw-3"].lacking == ["c"]


async def test_a_gateway_that_floods_drives_out_its_own_pictures_only() -> None:
    """Whoever holds most gives way first; small entries are counted with what they cost in memory."""
    book = CameraBook(Clock(), bytes_max=100_000)
    await book.message(topics("c", "gw-1").picture, picture())
    await book.message(topics("c", "gw-1").settings, encode_shown(CameraShown("c")))
    for number in range(300):
        await book.message(topics(f"x{number}", "gw-2").picture, picture(jpeg=JPEG + bytes(2_000)))
        await book.message(topics(f"y{number}", "gw-2").settings, encode_shown(CameraShown(f"y{number}")))  # fmt: skip
    assert book.taken_at("c", gateway="gw-1") is not None
    assert book.known("c", gateway="gw-1") is not None
    assert book.taken_at("x299", gateway="gw-2") is not None
    assert book.taken_at("x0", gateway="gw-2") is None


async def test_a_gateway_has_so_many_cameras_and_a_hub_so_many_gateways() -> None:
    """Invented names cost no more memory than that, also when their pictures are tiny."""
    book = CameraBook(Clock())
    for number in range(2_000):
        await book.message(topics(f"c{number}").picture, picture())
    kept = [number for number in range(2_000) if book.taken_at(f"c{number}") is not None]
    assert kept == list(range(500, 2_000))
    for number in range(1_001):
        await book.message(topics("c", f"g{number}").picture, picture())
    assert book.taken_at("c", gateway="g0") is None
    assert book.taken_at("c", gateway="g1") is not None
