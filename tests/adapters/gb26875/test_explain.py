"""A frame is explained byte by byte, also one that is cut or whose sum is wrong."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import gb26875
from adapters.gb26875.explain import Field, explain

from .frames import BAD_SUM, FIRE, HEARTBEAT, SHANGHAI, component, framed

GOLDEN = [
    case
    for path in sorted((Path(gb26875.__file__).parent / "golden").glob("*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"))
]


def found(raw: bytes) -> dict[str, Field]:
    """Return the fields by their English name."""
    return {field.name.en: field for field in explain(raw, SHANGHAI)}


def covered(raw: bytes) -> bytes:
    """Return the bytes of all fields, one behind the other, checked for their offsets."""
    at = 0
    for field in explain(raw, SHANGHAI):
        assert field.offset == at, field
        at += len(field.raw)
    return b"".join(field.raw for field in explain(raw, SHANGHAI))


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_every_byte_of_a_golden_frame_has_a_name_and_nothing_is_wrong(
    case: dict[str, str],
) -> None:
    """Frames of all types that the standard sends up, with their sums right."""
    raw = bytes.fromhex(case["hex"])
    assert covered(raw) == raw
    wrong = [
        field
        for field in explain(raw, SHANGHAI)
        if field.wrong and field.name.zh not in {"时间标签", "发生时间", "系统时间", "部件说明", "配置说明"}
    ]  # fmt: skip
    assert wrong == []


def test_a_fire_is_read_in_both_languages() -> None:
    """Who, which component, which state, when by its clock."""
    fields = found(FIRE)
    assert fields["source address"].value == "889"
    assert fields["source address"].raw.hex() == "790300000000"
    assert fields["source address"].offset == 12
    assert fields["data type"].meaning.zh == "消防设施部件状态"
    assert fields["system type"].meaning.en == "fire alarm system"
    assert fields["component type"].meaning == ("感烟火灾探测器", "smoke detector")
    assert fields["component address"].value == "0a000200"
    assert fields["state"].meaning == ("测试状态、火警", "in test, fire")
    assert fields["time of the event"].value == "2012-09-26 09:58:02"
    assert fields["checksum"].meaning.en == "right"
    assert not any(field.wrong for field in fields.values())


def test_a_wrong_sum_is_said_with_the_right_one() -> None:
    """Everything else is explained all the same."""
    fields = found(BAD_SUM)
    assert fields["checksum"].wrong
    assert fields["checksum"].meaning == ("错误，应为 46", "wrong, should be 46")
    assert fields["state"].meaning.zh == "测试状态、火警"


def test_a_cut_frame_is_explained_as_far_as_it_goes() -> None:
    """Whatever the place of the cut: the bytes that are there have names, and the cut is said."""
    for size in range(1, len(FIRE)):
        fields = explain(FIRE[:size], SHANGHAI)
        assert covered(FIRE[:size]) == FIRE[:size]
        assert any(field.wrong for field in fields), size
    assert found(FIRE[:40])["length of the data unit"].meaning.en == "there are 10"


def test_a_heartbeat_has_no_data_unit() -> None:
    """It is header and trailer, and both are right."""
    fields = found(HEARTBEAT)
    assert "data type" not in fields
    assert fields["end"].raw == b"##"


def test_a_description_is_text_and_reserved_bits_are_named() -> None:
    """GB 18030 becomes characters; a bit that the standard does not name is not hidden."""
    raw = framed(component(0x8003, description="3号楼2单元".encode("gb18030")))
    fields = found(raw)
    assert fields["description"].value == "3号楼2单元"
    assert fields["state"].meaning.en == "in operation, fire, reserved bits 0x8000"


def test_more_objects_stated_than_sent_are_said() -> None:
    """The count lies; what is there is explained."""
    adu = bytearray(component())
    adu[1] = 3
    fields = explain(framed(bytes(adu)), SHANGHAI)
    assert any(field.wrong and field.value == "2/3" for field in fields)


@given(noise=st.binary(max_size=120), begins_well=st.booleans())
def test_garbage_is_explained_without_an_error(*, noise: bytes, begins_well: bool) -> None:
    """Any bytes: each is in one field, in order."""
    raw = FIRE[:27] + noise if begins_well else noise
    assert covered(raw) == raw
