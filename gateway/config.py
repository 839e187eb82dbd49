"""What people write about a gateway, checked before anything starts."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.contract import Adapter, Settings
from adapters.discovery import adapters
from adapters.gb26875.adapter import FirePanelSettings
from adapters.onvif.settings import OnvifSettings
from model.errors import ConfigError
from model.reading import Mode
from model.spelling import none_of
from model.yamlfile import ConfigErrors, YamlText

from .ports import clash, clash_with_broker
from .secret import given_secret
from .variables import filled_in

if TYPE_CHECKING:
    from video.settings import VideoSettings

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
MQTT_ADAPTER_KEYS = ("broker",)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Broker(_Strict):
    """An MQTT broker and the user there; the password comes from a file or the environment."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    user: str = ""
    password_file: Path | None = None
    password_env: str = ""

    def password(self) -> str:
        """Return the password; raises ConfigError when the file or variable is not there."""
        return given_secret(env=self.password_env, file=self.password_file, key="password")


class OutboxLimits(_Strict):
    """How much the outbox may hold; beyond it the oldest telemetry goes, counted by device."""

    max_mb: int = Field(default=1024, ge=8, description="size on disk in MiB")


class GatewayFile(_Strict):
    """The gateway's file: who it is, where it keeps its outbox, whom it tells, whom it hears."""

    schema_version: int = Field(default=1, alias="schema", ge=1, le=1)
    site: Name
    gateway: Name
    data: Path
    mode: Mode = Mode.REAL
    uplink: Broker
    outbox: OutboxLimits = OutboxLimits()
    heartbeat_s: float = Field(default=10.0, ge=1, le=60)
    sources: list[dict[str, object]] = []
    video: dict[str, object] | None = Field(default=None, description="cameras; see docs/video/")


class Source(NamedTuple):
    """One checked source: its adapter, and the broker when it speaks MQTT."""

    adapter: type[Adapter]
    settings: Settings
    broker: Broker | None


class GatewayConfig(NamedTuple):
    """A gateway's file after every check."""

    file: GatewayFile
    sources: tuple[Source, ...]
    video: "VideoSettings | None" = None


def load(path: Path) -> GatewayConfig:
    """Read and check a gateway's file; raises ConfigError naming every file, line and key."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(path)) from error
    return check(text, str(path))


def check(text: str, name: str) -> GatewayConfig:
    """Check the text of a gateway's file; raises ConfigErrors with all problems at once."""
    parsed = YamlText(filled_in(text, os.environ, name=name), name)
    problems: list[ConfigError] = []
    file: GatewayFile | None = None
    try:
        file = parsed.check(GatewayFile)
    except ConfigErrors as error:
        problems.extend(error.problems)
    if file is not None and not file.sources and file.video is None:
        problems.append(
            ConfigError(
                "nothing to hear: write `sources:` or `video:`",
                file=name,
                line=parsed.line(("sources",)),
                key="sources",
            )
        )
    known = adapters()
    sources: dict[int, Source] = {}
    # What is wrong above must not hide what is wrong in a source.
    for index, entry in enumerate(file.sources if file else _entries(parsed)):
        try:
            uplink = file.uplink if file else Broker()
            sources[index] = _source(parsed, index, entry, known, uplink)
        except ConfigErrors as error:
            problems.extend(error.problems)
        except ConfigError as error:
            problems.append(error)
    video: VideoSettings | None = None
    try:
        video = _video(parsed)
    except ConfigErrors as error:
        problems.extend(error.problems)
    if video is not None:
        problems.extend(_named_twice(parsed, sources, video))
    problems.extend(_ports_taken(parsed, sources, file.uplink if file else None))
    if problems or file is None:
        raise ConfigErrors(problems)
    return GatewayConfig(file, tuple(sources.values()), video)


def _video(parsed: YamlText) -> "VideoSettings | None":
    """Return the checked cameras, if the file has any; raises ConfigErrors."""
    data = parsed.plain()
    written = data.get("video") if isinstance(data, dict) else None
    if written is None:
        return None
    from video.settings import VideoSettings  # noqa: PLC0415 - gateways without cameras need no OpenCV

    try:
        return VideoSettings.model_validate(written)
    except ValidationError as error:
        raise ConfigErrors(parsed.problems(error, ("video",), model=VideoSettings)) from error


def _named_twice(
    parsed: YamlText, sources: Mapping[int, Source], video: "VideoSettings"
) -> list[ConfigError]:
    """Return a problem for each name that a source of ONVIF events and a camera of `video` both have."""
    lines = {
        camera.camera: parsed.line(("video", "cameras", number, "camera"))
        for number, camera in enumerate(video.cameras)
    }
    found: list[ConfigError] = []
    for index, source in sources.items():
        if not isinstance(source.settings, OnvifSettings):
            continue
        keys: dict[tuple[str, ...], str] = {("camera",): source.settings.camera}
        keys |= {("channels", token): name for token, name in source.settings.channels.items()}
        found += [
            ConfigError(
                f"{name!r} is a camera under `video:` too (line {lines[name]}); each would take back what the"
                f" other says, so give it a name of its own here, {name}-events for example",
                file=parsed.name,
                line=parsed.line(("sources", index, *key)),
                key=".".join(("sources", str(index), *key)),
            )
            for key, name in keys.items()
            if name in lines
        ]
    return found


def _ports_taken(
    parsed: YamlText, sources: Mapping[int, Source], uplink: Broker | None
) -> list[ConfigError]:
    """Return a problem for each source that listens where another one or the broker does."""
    taken: dict[tuple[str, int], str] = {}
    found: list[ConfigError] = []
    for index, source in sources.items():
        settings = source.settings
        if not isinstance(settings, FirePanelSettings):
            continue
        place, line = (settings.host, settings.port), parsed.line(("sources", index, "listen"))
        owners = [owner for other, owner in taken.items() if clash(place, other)]
        if uplink is not None and clash_with_broker(place, (uplink.host, uplink.port)):
            owners.append(f"the broker (uplink, line {parsed.line(('uplink', 'port'))})")
        if owners:
            said = f"port {place[1]} is taken by {owners[0]}; write another port"
            key = f"sources.{index}.listen"
            found.append(ConfigError(said, file=parsed.name, line=line, key=key))
        taken.setdefault(place, f"sources.{index} (line {line})")
    return found


def _entries(parsed: YamlText) -> list[dict[str, object]]:
    """Return the sources of a file that is wrong elsewhere, as far as they are mappings."""
    data = parsed.plain()
    written = data.get("sources", []) if isinstance(data, dict) else None
    if not isinstance(written, list) or not all(isinstance(entry, dict) for entry in written):
        return []
    return written


def _source(
    parsed: YamlText,
    index: int,
    entry: Mapping[str, object],
    known: Mapping[str, type[Adapter]],
    uplink: Broker,
) -> Source:
    prefix: tuple[int | str, ...] = ("sources", index)
    name = entry.get("adapter")
    if not isinstance(name, str) or name not in known:
        raise ConfigError(
            _unknown_adapter(name, sorted(known)),
            file=parsed.name,
            line=parsed.line((*prefix, "adapter")),
            key=f"sources.{index}.adapter",
        )
    adapter = known[name]
    own = {key: value for key, value in entry.items() if key not in ("adapter", "broker")}
    try:
        settings = adapter.settings.model_validate(own)
    except ValidationError as error:
        others = ["adapter", *(MQTT_ADAPTER_KEYS if adapter.transport == "mqtt" else ())]
        problems = parsed.problems(error, prefix, model=adapter.settings, others=others)
        raise ConfigErrors(problems) from error
    try:
        broker = _broker(adapter, entry, uplink)
    except ValidationError as error:
        raise ConfigErrors(parsed.problems(error, (*prefix, "broker"), model=Broker)) from error
    return Source(adapter, settings, broker)


def _unknown_adapter(name: object, known: Sequence[str]) -> str:
    if name is None:
        return f"is missing; write one of {', '.join(known)}"
    return none_of(str(name), known)


def _broker(adapter: type[Adapter], entry: Mapping[str, object], uplink: Broker) -> Broker | None:
    if adapter.transport != "mqtt":
        return None
    written = entry.get("broker")
    return uplink if written is None else Broker.model_validate(written)


def problems_of(paths: Sequence[Path]) -> list[ConfigError]:
    """Return every problem of several gateway files, for `smarthub check`."""
    found: list[ConfigError] = []
    for path in paths:
        try:
            load(path)
        except ConfigErrors as error:
            found.extend(error.problems)
        except ConfigError as error:
            found.append(error)
    return found
