"""Settings, repeats and answers of the fire panel adapter."""

from typing import cast

import pytest
from pydantic import ValidationError

from adapters.contract import Settings
from adapters.gb26875 import ADAPTER
from adapters.gb26875.adapter import FirePanelSettings
from adapters.gb26875.frame import Command, Denied, Frame, deny, parse
from adapters.gb26875.times import to_label, to_utc

from .frames import AT, FIRE, HEARTBEAT, SHANGHAI, component, framed, panels


def test_the_defaults_are_those_of_the_page() -> None:
    """Nothing need be set: the standard port on this machine, Chinese local time."""
    settings = FirePanelSettings()
    assert (settings.host, settings.port) == ("127.0.0.1", 26875)
    assert settings.timezone == "Asia/Shanghai"
    assert (settings.idle_timeout_s, settings.frame_timeout_s) == (180, 5)
    assert settings.max_connections == 256


def test_an_ipv6_address_is_an_address() -> None:
    """Brackets belong to the notation, not to the host."""
    settings = FirePanelSettings(listen="[::1]:0")
    assert (settings.host, settings.port) == ("::1", 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"listen": "26875"},
        {"listen": "localhost:"},
        {"listen": "localhost:65536"},
        {"listen": ":26875"},
        {"timezone": "Asia/Haibowan"},
        {"timezone": "../etc/passwd"},
        {"timezone": ""},
        {"idle_timeout_s": 0},
        {"idle_timeout_s": float("nan")},
        {"max_connections": 0},
        {"user_analogues": {"12": {"name": "a", "step": 1}}},
        {"user_analogues": {"256": {"name": "a", "step": 1}}},
        {"user_analogues": {"128": {"name": "fire", "step": 1}}},
        {"user_analogues": {"128": {"name": "Residual mA", "step": 1}}},
        {"user_analogues": {"128": {"name": "a", "step": 0}}},
        {"compounds": {"-1": "c"}},
        {"port": 26875},
    ],
)
def test_a_wrong_setting_is_refused(wrong: dict[str, object]) -> None:
    """What cannot work stops the start."""
    with pytest.raises(ValidationError):
        FirePanelSettings.model_validate(wrong)


def test_the_adapter_takes_only_its_own_settings() -> None:
    """Another family's settings are a programming error."""
    with pytest.raises(TypeError, match="gb26875"):
        ADAPTER(Settings(), bytes(32))


def test_a_repeat_is_the_same_source_serial_label_command_and_body() -> None:
    """Changing any one of them makes another message; answers to the centre do not count."""
    frame = parse(framed(component(3)))
    name = panels().fingerprint(frame)
    assert name == panels().fingerprint(parse(framed(component(3))))
    others = [
        frame._replace(source=890),
        frame._replace(serial=8),
        frame._replace(label=to_label(AT + 1000, SHANGHAI)),
        frame._replace(command=128),
        frame._replace(adu=component(1)),
    ]
    assert len({name, *(panels().fingerprint(other) for other in others)}) == 6
    assert panels().fingerprint(frame._replace(destination=1)) == name


def test_a_heartbeat_is_never_a_repeat() -> None:
    """A device with a stopped clock and a constant serial number is not silent."""
    taken = panels().take(parse(HEARTBEAT), AT)
    assert len(taken.readings) == 1
    assert taken.fingerprint == ""
    assert panels().take(parse(FIRE), AT).fingerprint


@pytest.mark.parametrize(
    ("command", "acknowledged", "denied"),
    [
        (Command.SEND, True, True),
        (128, True, True),
        (255, True, True),
        (Command.CONTROL, False, True),
        (Command.REQUEST, False, True),
        (Command.CONFIRM, False, False),
        (Command.RESPOND, False, False),
        (Command.DENY, False, False),
    ],
)
def test_answers_are_never_answered(command: int, acknowledged: bool, denied: bool) -> None:  # noqa: FBT001 - a table's columns
    """Uploads are confirmed; commands 3, 5 and 6 get neither a confirmation nor a denial."""
    frame = parse(framed(component(3), command=command))
    assert bool(panels().acknowledge(frame, AT)) is acknowledged
    assert bool(panels().deny(frame, AT)) is denied


def test_an_acknowledgement_swaps_addresses_and_tells_local_time() -> None:
    """Same serial number and version, the gateway's time in the label."""
    frame = parse(framed(component(3), serial=4711))
    answer = parse(panels().acknowledge(frame, AT))
    assert (answer.command, answer.serial, answer.adu) == (Command.CONFIRM, 4711, b"")
    assert (answer.source, answer.destination) == (88888, 889)
    assert answer.version == frame.version
    assert answer.label == bytes((10, 0, 9, 2, 7, 21))


def test_garbage_without_a_header_is_not_answered() -> None:
    """Nobody can be denied who did not say who he is."""
    piece = Denied("garbage", b"\x00")
    assert panels().deny(piece, AT) == panels().acknowledge(piece, AT) == b""
    assert panels().take(piece, AT).refused == "garbage"


def test_a_denied_frame_names_its_sender_and_is_denied_by_serial() -> None:
    """The deny (6) of a frame with a wrong sum carries its serial number."""
    framer = panels().framer()
    (piece,) = framer.feed(FIRE[:-3] + b"\x00##")
    taken = panels().take(piece, AT)
    assert (taken.refused, taken.source, taken.readings) == ("bad_checksum", "gb-889", ())
    assert panels().deny(piece, AT) == deny(parse(FIRE), to_label(AT, SHANGHAI))


def test_a_body_that_cannot_be_read_is_refused_with_its_reason() -> None:
    """A good frame with a wrong body is denied, too."""
    (piece,) = panels().framer().feed(framed("0201"))
    taken = panels().take(piece, AT)
    assert taken.refused == "object_length"
    assert "type 2" in taken.detail
    assert parse(panels().deny(piece, AT)).command == Command.DENY
    assert cast("Frame", piece).serial == parse(panels().deny(piece, AT)).serial


def test_labels_survive_the_way_there_and_back() -> None:
    """A time in whole seconds is the same after six bytes."""
    assert to_utc(to_label(AT, SHANGHAI), SHANGHAI) == AT
    assert to_utc(bytes((0, 0, 0, 1, 1, 100)), SHANGHAI) is None
