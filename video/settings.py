"""What people write about cameras under `video:` in the gateway's file; every mistake is named there."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from model.mistakes import Mistake, Within, mistakes
from model.spelling import none_of

from .contract import ObservationSettings, Point, Size
from .discovery import observations

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Part = Annotated[float, Field(ge=0, le=1)]
Corners = Annotated[tuple[tuple[Part, Part], ...], Field(min_length=3, max_length=64)]
"""A polygon: corners as [x, y] in parts of the picture's width and height."""

Class = Literal["security", "fire", "upkeep"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Login(_Strict):
    """A camera's user; the password comes from a file or the environment, never from this file."""

    user: str = ""
    password_file: Path | None = None
    password_env: str = ""


class OnvifSource(_Strict):
    """Ask the camera itself for its stream by ONVIF."""

    host: str
    port: int = Field(default=80, ge=1, le=65535)
    profile: str = Field(default="sub", description="sub, main or a profile's token")


class SourceSettings(_Strict):
    """Where pictures come from: exactly one of url, onvif, file, folder, snapshot."""

    url: str = ""
    onvif: OnvifSource | None = None
    file: Path | None = None
    folder: Path | None = None
    snapshot: str = ""
    login: Login = Login()
    transport: Literal["tcp", "udp"] = "tcp"
    verify: bool = Field(default=True, description="rtsps, https: the camera's certificate")
    ca_file: Path | None = Field(default=None, description="PEM, who else may prove certificates")
    every_s: float = Field(default=1.0, ge=0.2, le=3600, description="between snapshots")
    repeat: bool = Field(default=False, description="file or folder: begin again at the end")
    idle_s: float = Field(
        default=300.0, ge=1, le=86400, description="folder: without a new picture it is offline"
    )
    speed: float = Field(default=1.0, gt=0, le=1000, description="file: times real time")

    @field_validator("url", "snapshot")
    @classmethod
    def _no_password(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.password or parts.username:
            raise ValueError(
                "holds a login; write it under `login:` with password_file or password_env"
            )
        return url

    @field_validator("url")
    @classmethod
    def _rtsp(cls, url: str) -> str:
        if url and urlsplit(url).scheme not in {"rtsp", "rtsps"}:
            raise ValueError("must begin with rtsp:// or rtsps://; use `snapshot:` for http://")
        return url

    @field_validator("snapshot")
    @classmethod
    def _http(cls, url: str) -> str:
        if url and urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError("must begin with http:// or https://")
        return url

    @model_validator(mode="after")
    def _one(self) -> Self:
        ways = (self.url, self.onvif, self.file, self.folder, self.snapshot)
        if sum(bool(way) for way in ways) != 1:
            raise ValueError("write exactly one of url, onvif, file, folder, snapshot")
        return self


class CameraSettings(_Strict):
    """One camera: where its pictures come from, what is hidden, where to look and for what."""

    camera: str = Field(min_length=1, max_length=64, pattern=r"^[^/\s]+$")
    compound: str = ""
    source: SourceSettings
    fps: float = Field(default=5.0, ge=0.1, le=30, description="frames looked at a second, at most")
    keyframes_only: bool = Field(default=False, description="a quarter of the CPU, 0.3-2 frames/s")
    masks: tuple[Corners, ...] = Field(default=(), description="privacy: blanked for good")
    masks_drawn_on: str = Field(
        default="",
        pattern=r"^([1-9][0-9]{0,4}x[1-9][0-9]{0,4})?$",
        description="width x height of the picture that the masks were drawn on: only its shape counts",
    )
    zones: dict[Name, Corners] = {}
    observations: dict[str, dict[str, object]] = {}
    clip: bool = Field(default=True, description="keep a snapshot and a clip of each episode")
    pixelate_persons: bool = Field(default=False, description="in snapshots and clips")
    update_s: float = Field(default=30.0, ge=1, le=3600, description="between an episode's updates")
    heartbeat_s: float = Field(default=30.0, ge=1, le=3600)

    @model_validator(mode="after")
    def _known(self) -> Self:
        _check_observations(self)
        return self

    def wanted(self) -> dict[str, ObservationSettings]:
        """Return the checked settings of each observation that is on; those of the camera itself are."""
        known = observations()
        chosen = {
            name: kind.settings.model_validate(self.observations.get(name, {}))
            for name, kind in known.items()
            if name in self.observations or kind.always
        }
        return {name: settings for name, settings in chosen.items() if settings.enabled}

    def mask_size(self) -> Size | None:
        """Return the size of the picture that the masks were drawn on, if somebody wrote it."""
        width, _, height = self.masks_drawn_on.partition("x")
        return Size(int(width), int(height)) if height else None

    def polygons(self) -> dict[str, tuple[Point, ...]]:
        """Return the zones' corners by name."""
        return {name: points(corners) for name, corners in self.zones.items()}


def points(corners: Corners) -> tuple[Point, ...]:
    """Return written corners as points."""
    return tuple(Point(x, y) for x, y in corners)


def _check_observations(camera: CameraSettings) -> None:
    found = [
        Mistake(("observations", name, *path), said)
        for name, written in camera.observations.items()
        for path, said in _wrong(camera, name, written)
    ]
    if found:
        raise Within(found)


def _wrong(camera: CameraSettings, name: str, written: dict[str, object]) -> list[Mistake]:
    """Return what is wrong in the settings of one observation, at the keys inside it."""
    known = observations()
    if name not in known:
        return [Mistake((), none_of(name, sorted(known)))]
    kind = known[name].settings
    try:
        settings = kind.model_validate(written)
    except ValidationError as error:
        return list(mistakes(error, kind))
    drawn = ", ".join(camera.zones) or "none"
    return [
        Mistake(("zones", number), f"{zone!r} is not drawn under `zones:` ({drawn})")
        for number, zone in enumerate(settings.zones)
        if zone not in camera.zones
    ]


class DetectorSettings(_Strict):
    """An ONNX model that names things; without one, observations by motion still work."""

    type: str = Field(default="centernet", description="how the model's tensors are read")
    model: Path
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    confidence: float = Field(default=0.35, gt=0, le=1)
    threads: int = Field(default=1, ge=1, le=16)


class EvidenceSettings(_Strict):
    """Snapshots and clips of episodes, on the gateway's disk until the hub has them."""

    before_s: float = Field(default=10.0, ge=0, le=60)
    after_s: float = Field(default=10.0, ge=0, le=60)
    max_mb: int = Field(default=2048, ge=16, description="MiB; oldest unpinned go first")
    fps: float = Field(
        default=5.0, ge=0.2, le=30, description="pictures of a clip a second, at most"
    )
    width: int = Field(default=1280, ge=160, le=3840, description="pixels; wider ones are shrunk")
    ring_mb: int = Field(default=32, ge=1, le=1024, description="MiB of memory a camera, at most")
    kbit_s: int = Field(
        default=2000, ge=16, le=1_000_000, description="at most so much of the line to the hub"
    )


class VideoSettings(_Strict):
    """Everything about cameras in a gateway's file."""

    cameras: tuple[CameraSettings, ...] = Field(min_length=1)
    detector: DetectorSettings | None = None
    evidence: EvidenceSettings = EvidenceSettings()
    cameras_a_process: int = Field(default=8, ge=1, le=64, description="one crash costs so many")

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        seen: set[str] = set()
        twice: list[Mistake] = []
        for number, camera in enumerate(self.cameras):
            if camera.camera in seen:
                said = f"{camera.camera!r} is written twice; names are unique"
                twice.append(Mistake(("cameras", number, "camera"), said))
            seen.add(camera.camera)
        if twice:
            raise Within(twice)
        return self


_LOGIN = re.compile(r"(?<=://)[^/\s]*@")
# Some cameras know a login only as a part of the address (…/user=admin&password=…), and vendors give
# it any name: what follows the first sign of a parameter is never shown.
_PARAMETERS = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s?=&;]*)[?=&;]\S*", re.IGNORECASE)
_WRITTEN = re.compile(
    r"((?:[?&;][^=\s]*|(?:pas|pwd|psw|token|auth|key|secret|user|login)[a-z0-9]*)=)[^&;/?\s'\"]+",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """Return a URL or a library's message without user, password and parameters of addresses."""
    plain = _PARAMETERS.sub(r"\1…", _LOGIN.sub("***@", text))
    return _WRITTEN.sub(r"\1***", plain)
