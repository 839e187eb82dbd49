"""A Reading as a line of text, byte for byte, and names that must stay inert."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.reading_store.line_protocol import (
    LineEncoder,
    field_name,
    plain_name,
    quantity_name,
    safe_name,
)
from model.errors import Refused
from model.place import Building, Device, Place, Registry
from model.reading import Event, Mode, Reading

NOON = 1_764_000_000_000
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)

REGISTRY = Registry(
    buildings=[Building("b3", name="3号楼", compound="c1", grid="150302001001001")],
    devices=[Device("d1", "smoke_detector", building="b3")],
)


def encoder() -> LineEncoder:
    """Return an encoder that knows one device."""
    return LineEncoder(lambda: REGISTRY, "haibowan")


TABLE = [
    pytest.param(
        Reading("d1", "smoke", NOON, order=7, values={"t_c": 21, "x": 0.1, "on": True, "off": False}),
        "smoke,building=b3,compound=c1,device=d1,grid=150302001001001,site=haibowan "
        "t_c=21.0,x=0.1,on=t,off=f,order=7 1764000000000000007",
        id="numbers are float, booleans t and f",
    ),
    pytest.param(
        Reading("new", "door", NOON, compound="c9", event=Event.DOOR_FORCED, mode=Mode.TEST),
        'door,compound=c9,device=new,mode=test,site=haibowan event="door_forced" '
        "1764000000000000000",
        id="unregistered device, mode as a tag, event as text",
    ),
    pytest.param(
        Reading(
            "a b", "k,=", NOON, order=5_000_003, values={"n a": 'q"\\'}, quality=("a", "b,c"),
            observed_at=5, historical=True,
        ),
        'k\\,\\=,device=a\\ b,site=haibowan n\\ a="q\\"\\\\",order=5000003,quality="a,b,c",'
        "observed_at=5,historical=t 1764000000000000003",
        id="escaping, order modulo a million in the time",
    ),
    pytest.param(
        Reading("d", "#k", NOON, values={"x": float("nan")}),
        "%23k,device=d,site=haibowan order=0 1764000000000000000",
        id="no comment line, no NaN, never without a field",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("reading", "line"), TABLE)
def test_a_reading_is_this_line(reading: Reading, line: str) -> None:
    """Golden lines."""
    assert encoder().line(reading) == line


@given(NAMES)
def test_a_name_survives_being_made_safe(name: str) -> None:
    """What is made inert can be read back, for tags and for fields."""
    assert plain_name(safe_name(name)) == name
    assert quantity_name(field_name(name)) == name
    assert not any(char in safe_name(name) for char in "\n\r\\#\x00")


@given(NAMES, NAMES)
def test_two_quantities_never_share_a_field(one: str, other: str) -> None:
    """Prefixing taken names must not make two names one."""
    assert (field_name(one) == field_name(other)) == (one == other)


@given(
    st.builds(
        Reading,
        device=NAMES.filter(bool),
        kind=NAMES.filter(bool),
        received_at=st.integers(0, 2**42),
        order=st.integers(0, 2**60),
        values=st.dictionaries(NAMES, st.one_of(st.floats(), st.booleans(), NAMES), max_size=5),
        compound=NAMES,
    )
)
def test_names_and_text_never_break_out_of_their_line(reading: Reading) -> None:
    """Outside quotes there is no newline; the time is the last word."""
    line = encoder().line(reading)
    assert line.rsplit(" ", 1)[1] == str(reading.received_at * 10**6 + reading.order % 10**6)
    quoted = False
    for index, char in enumerate(line):
        if char == '"' and (len(line[:index]) - len(line[:index].rstrip("\\"))) % 2 == 0:
            quoted = not quoted
        assert quoted or char not in "\n\r"


def test_a_device_is_looked_up_once_until_the_registry_changes() -> None:
    """The prepared tags are used until another registry is in force."""

    class Counted:
        asked = 0

        def place_of(self, device: str) -> Place | None:
            self.asked += 1
            return REGISTRY.place_of(device)

    first, second = Counted(), Counted()
    in_force = [first]
    lines = LineEncoder(lambda: in_force[-1], "haibowan")
    for _ in range(3):
        lines.refresh()
        lines.line(Reading("d1", "smoke", NOON))
    in_force.append(second)
    lines.refresh()
    lines.line(Reading("d1", "smoke", NOON))
    assert (first.asked, second.asked) == (1, 1)


def test_a_reading_without_a_place_in_time_is_refused() -> None:
    """InfluxDB knows times between 1677 and 2262."""
    with pytest.raises(Refused, match="time outside"):
        encoder().line(Reading("d1", "smoke", 10**14))
