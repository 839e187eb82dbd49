"""What may stand in a row of the registry: one pydantic model a kind of thing.

The models check a row by itself; `references.py` checks it against the others.
"""

import re
from datetime import date
from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from model.place import Building, Compound, Contact, Device, Division, Household

KINDS = (
    "smoke_detector", "door_sensor", "door_contact", "door", "motion_sensor", "zigbee_sensor", "panic_button",
    "fire_component", "fire_system", "fire_transmitter", "camera", "camera_zone", "video_server",
    "digital_input", "relay",
)  # fmt: skip
"""Kinds of devices that the adapters of today emit; a kind of another adapter is welcome."""

ROLES = (
    "detector", "call_point", "panel", "transmitter", "pump", "valve", "door", "camera", "gateway",
    "fire_lane", "night_zone",
)  # fmt: skip
"""What a device is for the rules; others are welcome."""

CONTACT_ROLES = (
    "fire_control_room", "micro_fire_station", "property", "contractor", "grid_worker",
    "grid_police", "duty_desk",
)  # fmt: skip
"""Who may be called: 消防控制室, 微型消防站, 物业, 维保单位, 网格员, 网格警, 值班台."""

SILENT_AFTER_S_MAX = 30 * 86_400  # our assumption: no contract is longer than a month

_NAME_CHARS_MAX = 120
_PLACE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_WORD = re.compile(r"[a-z][a-z0-9_]{1,39}")
_PHONE = re.compile(r"[+*#0-9][0-9*# -]{2,23}")
_GRID = re.compile(r"\d{15}")
_DIVISION = re.compile(r"\d{6}|\d{9}|\d{12}")
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?[eE]\+?\d+")
# Control characters, and marks that turn the reading direction: they hide what a name says.
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _visible(value: str) -> str:
    hidden = HIDDEN.search(value)
    if hidden:
        raise ValueError(
            f"holds the invisible character U+{ord(hidden.group()):04X}; type the text anew"
        )
    return value


def _place_id(value: str) -> str:
    if not _PLACE_ID.fullmatch(value):
        raise ValueError("use 1-64 letters, digits, dots, dashes or underscores, as in hbw-01")
    return value


def _device_id(value: str) -> str:
    if value.startswith(("gateway:", "place:")):
        raise ValueError("gateway: and place: are kept for the hub's own subjects")
    return value


def _code(pattern: re.Pattern[str], shape: str, value: str) -> str:
    if pattern.fullmatch(value):
        return value
    if _SCIENTIFIC.fullmatch(value):
        raise ValueError(f"{value} is a code that a spreadsheet rounded; format the column as text")
    raise ValueError(f"{value} is not {shape}")


def _grid(value: str) -> str:
    return _code(_GRID, "a grid code: 12 digits of a community and 3 of the grid's serial", value)


def _division(value: str) -> str:
    return _code(_DIVISION, "a division code of 6, 9 or 12 digits", value)


def _word(value: str, known: tuple[str, ...]) -> str:
    if not value or value in known:
        return value
    # A near miss is a slip of the pen; a word far from all of ours is another adapter's.
    near = get_close_matches(value, known, n=1, cutoff=0.85)
    if near:
        raise ValueError(f"unknown word {value}; did you mean {near[0]}?")
    if not _WORD.fullmatch(value):
        raise ValueError("use small letters, digits and underscores, as in smoke_detector")
    return value


def _digits(value: object) -> object:
    """Let a code stand in YAML without quotes."""
    is_code = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_code else value


_Name = Annotated[str, Field(max_length=_NAME_CHARS_MAX), AfterValidator(_visible)]
_PlaceId = Annotated[str, BeforeValidator(_digits), AfterValidator(_place_id)]
_OptionalPlaceId = Annotated[
    str, BeforeValidator(_digits), AfterValidator(lambda value: _place_id(value) if value else "")
]
_DeviceId = Annotated[
    str, Field(min_length=1, max_length=128), AfterValidator(_visible), AfterValidator(_device_id)
]
_OptionalDeviceId = Annotated[
    str, Field(max_length=128), AfterValidator(_visible), AfterValidator(_device_id)
]
_GridCode = Annotated[str, BeforeValidator(_digits), AfterValidator(_grid)]
_DivisionCode = Annotated[str, BeforeValidator(_digits), AfterValidator(_division)]
_Kind = Annotated[str, Field(min_length=1), AfterValidator(lambda value: _word(value, KINDS))]
_Role = Annotated[str, AfterValidator(lambda value: _word(value, ROLES))]
_ContactRole = Annotated[
    str, Field(min_length=1), AfterValidator(lambda value: _word(value, CONTACT_ROLES))
]
_Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
_Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
_Room = Annotated[str, Field(max_length=40), BeforeValidator(_digits), AfterValidator(_visible)]


class Row(BaseModel):
    """A row as people write it: unknown columns are errors, spaces around a value are not."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class DivisionRow(Row):
    """A district, street or community; code, name, level and the code above it."""

    code: _DivisionCode
    name: _Name
    level: Annotated[str, Field(pattern="^(district|street|community)$")]
    parent: Annotated[str, BeforeValidator(_digits)] = ""

    def record(self) -> Division:
        """Return it as the hub knows it."""
        return Division(code=self.code, name=self.name, level=self.level, parent=self.parent)


class GridRow(Row):
    """A grid 网格: 15 digits and a name (our reading, as in Beijing practice)."""

    code: _GridCode
    name: _Name = ""

    def record(self) -> Division:
        """Return it as the hub knows it; the first 12 digits are its community."""
        return Division(code=self.code, name=self.name, level="grid", parent=self.code[:12])


class _Located(Row):
    lon: _Longitude = 0.0
    lat: _Latitude = 0.0

    @model_validator(mode="before")
    @classmethod
    def _not_swapped(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        try:
            lon, lat = float(data["lon"]), float(data["lat"])
        except (KeyError, TypeError, ValueError):
            return data
        if abs(lat) > 90 and abs(lon) <= 90:  # noqa: PLR2004 - degrees of a right angle
            raise ValueError("lon and lat have changed places")
        return data


class CompoundRow(_Located):
    """A residential compound 小区; lon and lat in degrees, WGS-84."""

    id: _PlaceId
    name: Annotated[_Name, Field(min_length=1)]
    grid: _GridCode

    def record(self) -> Compound:
        """Return it as the hub knows it."""
        return Compound(id=self.id, name=self.name, grid=self.grid, lon=self.lon, lat=self.lat)


class BuildingRow(_Located):
    """A building and the one grid it lies in; lon and lat in degrees, WGS-84."""

    id: _PlaceId
    name: Annotated[_Name, Field(min_length=1)]
    compound: _PlaceId
    grid: _GridCode

    def record(self) -> Building:
        """Return it as the hub knows it."""
        return Building(
            id=self.id,
            name=self.name,
            compound=self.compound,
            grid=self.grid,
            lon=self.lon,
            lat=self.lat,
        )


class ContactRow(Row):
    """Whom to call, and the local hours 0-24 in which they answer; 20 to 8 goes over midnight."""

    compound: _PlaceId
    role: _ContactRole
    name: Annotated[_Name, Field(min_length=1)]
    phone: Annotated[str, BeforeValidator(_digits)]
    from_hour: Annotated[int, Field(ge=0, le=23)] = 0
    to_hour: Annotated[int, Field(ge=0, le=24)] = 24

    @model_validator(mode="after")
    def _can_be_called(self) -> "ContactRow":
        if not _PHONE.fullmatch(self.phone):
            raise ValueError(f"{self.phone!r} is not a telephone number")
        if self.from_hour == self.to_hour:
            raise ValueError("from_hour equals to_hour, so nobody answers; all day is 0 to 24")
        return self

    def record(self) -> Contact:
        """Return it as the hub knows it."""
        return Contact(
            compound=self.compound,
            role=self.role,
            name=self.name,
            phone=self.phone,
            from_hour=self.from_hour,
            to_hour=self.to_hour,
        )


class HouseholdRow(Row):
    """A dwelling 户 and its consent that presence is watched: who gave it, and on which day."""

    id: _PlaceId
    building: _PlaceId
    room: _Room = ""
    presence_consent: bool = False
    consent_by: _Name = ""
    consent_on: date | None = None

    @model_validator(mode="after")
    def _consent_is_of_somebody(self) -> "HouseholdRow":
        if self.presence_consent and not (self.consent_by and self.consent_on):
            raise ValueError("presence_consent needs consent_by (who) and consent_on (YYYY-MM-DD)")
        return self

    def record(self) -> Household:
        """Return it as the hub knows it."""
        return Household(
            id=self.id,
            building=self.building,
            room=self.room,
            presence_consent=self.presence_consent,
            consent_by=self.consent_by,
            consent_on=self.consent_on.isoformat() if self.consent_on else "",
        )


class DeviceRow(Row):
    """A device and where it is; silent_after_s = 0 means the contract of its kind."""

    id: _DeviceId
    kind: _Kind
    role: _Role = ""
    building: _OptionalPlaceId = ""
    compound: _OptionalPlaceId = ""
    floor: _Room = ""
    room: _Room = ""
    name: _Name = ""
    silent_after_s: Annotated[int, Field(ge=0, le=SILENT_AFTER_S_MAX)] = 0
    household: _OptionalPlaceId = ""
    parent: _OptionalDeviceId = ""
    powered_by: _OptionalDeviceId = ""
    riser: _OptionalDeviceId = ""

    @model_validator(mode="after")
    def _has_a_place(self) -> "DeviceRow":
        if not self.building and not self.compound:
            raise ValueError("say where it is: fill in building, or compound if it has none")
        return self

    def record(self, *, compound: str) -> Device:
        """Return it as the hub knows it; `compound` is that of its building."""
        return Device(
            id=self.id,
            kind=self.kind,
            building=self.building,
            compound=compound,
            floor=self.floor,
            room=self.room,
            name=self.name,
            silent_after_s=self.silent_after_s,
            role=self.role,
            household=self.household,
            parent=self.parent,
            powered_by=self.powered_by,
            riser=self.riser,
        )
