"""What people write about an ONVIF camera, panel gateway or door controller in the gateway's file."""

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from adapters.contract import Settings
from model.reading import Event

Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^\S(.*\S)?$")]
Means = Literal[
    "fire_alarm", "fault", "tamper", "manual_alarm", "panic", "door_open", "motion", "active"
]  # fmt: skip


class Meaning(NamedTuple):
    """What a contact says: a state, the words of its onset and end, and the device's usual kind."""

    state: str
    word: Event
    over: Event
    kind: str


MEANINGS: dict[Means, Meaning] = {
    "fire_alarm": Meaning("fire", Event.FIRE_ALARM, Event.FIRE_CLEARED, "fire_system"),
    "fault": Meaning("fault", Event.FAULT, Event.FAULT_CLEARED, "fire_system"),
    "tamper": Meaning("tamper", Event.TAMPER, Event.TAMPER_CLEARED, "digital_input"),
    "manual_alarm": Meaning(
        "manual_alarm", Event.MANUAL_ALARM, Event.ALARM_CLEARED, "fire_component"
    ),
    "panic": Meaning("panic", Event.PANIC, Event.NONE, "panic_button"),
    "door_open": Meaning("open", Event.NONE, Event.NONE, "door_contact"),
    "motion": Meaning("motion", Event.NONE, Event.NONE, "motion_sensor"),
    "active": Meaning("active", Event.NONE, Event.NONE, "digital_input"),
}


class Login(Settings):
    """The device's user; the password comes from a file or the environment, never from this file."""

    user: str = ""
    password_file: Path | None = None
    password_env: str = ""


class InputSettings(Settings):
    """A contact on the device: what is behind it, and what it means when it leaves its rest.

    `normally: open` is a contact that closes with the alarm (logical state true), `closed` one that opens.
    """

    means: Means
    normally: Literal["open", "closed"] = "open"
    device: str = Field(default="", max_length=128, description="default CAMERA/input-TOKEN")
    kind: str = Field(default="", pattern=r"^([a-z][a-z0-9_]{0,62})?$")


class OnvifSettings(Settings):
    """One device that is asked for its events (ONVIF Core, clause 9: real-time pull-point)."""

    host: str = Field(min_length=1, max_length=253, pattern=r"^[^/\s@]+$")
    port: int = Field(default=80, ge=1, le=65535)
    login: Login = Login()
    camera: str = Field(min_length=1, max_length=64, pattern=r"^[^/\s]+$")
    compound: str = ""
    inputs: dict[Name, InputSettings] = Field(default={}, description="by InputToken")
    doors: dict[Name, Name] = Field(default={}, description="DoorToken to device id")
    access_points: dict[Name, Name] = Field(default={}, description="AccessPointToken to device id")
    zones: dict[Name, Name] = Field(default={}, description="analytics rule to zone of the camera")
    channels: dict[Name, Name] = Field(
        default={}, description="of a recorder: video source token to camera"
    )
    pull_s: float = Field(default=10.0, ge=1, le=60, description="how long the device may hold")
    subscription_s: float = Field(default=120.0, ge=20, le=3600, description="termination time")
    proof_s: float = Field(
        default=60.0, ge=1, le=86_400, description="s without news until states are asked for"
    )
    heartbeat_s: float = Field(default=60.0, ge=1, le=3600)

    @model_validator(mode="after")
    def _devices_once(self) -> "OnvifSettings":
        """Two contacts of one device would overwrite each other only if they mean the same."""
        seen: set[tuple[str, str]] = set()
        for token, wired in self.inputs.items():
            spot = (wired.device or token, wired.means)
            if spot in seen:
                raise ValueError(
                    f"inputs: {token!r} repeats {wired.means} of {spot[0]!r}; give it another device"
                )
            seen.add(spot)
        return self
