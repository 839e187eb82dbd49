"""What people write about a hub, checked before anything starts."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.config import Broker, Name
from gateway.ports import clash_with_broker
from gateway.secret import given_secret
from gateway.variables import filled_in
from model.case import EventClass
from model.errors import ConfigError
from model.yamlfile import ConfigErrors, YamlText

from .outgoing.settings import Receiver, problems_of


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Http(_Strict):
    """Where the API listens, and the address under which people reach it."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[A-Za-z0-9._~:/\[\]%-]{1,180})?$",
        description="begin of the links in notices; empty: http://host:port",
    )

    @property
    def link_base(self) -> str:
        """Return what the links in notices begin with, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")


class EmbeddedReadings(_Strict):
    """Readings in files of our own: the default, for one machine and a first look."""

    store: Literal["embedded"] = "embedded"
    keep_days: int = Field(default=30, ge=1)


class InfluxReadings(_Strict):
    """Readings in InfluxDB (1.8 or 2.x) by its v2 write API."""

    store: Literal["influxdb"]
    url: str
    org: str = "-"
    bucket: str = Field(description="bucket, or database/retention-policy on 1.8")
    token_file: Path | None = None
    token_env: str = ""


class Webhook(_Strict):
    """A receiver of case events, signed as Standard Webhooks describes."""

    url: str
    secret_env: str = ""
    secret_file: Path | None = None
    allow_private: bool = Field(default=False, description="allow addresses of private networks")


class LogKeep(_Strict):
    """How much of the durable log is kept once every reader has read it."""

    keep_mb: int = Field(default=2048, ge=64)


class EvidenceKeep(_Strict):
    """How long pictures and clips of cameras are kept, and how much room they may take.

    The days are our assumption; the site's own rules go first. What an open case refers to is kept.
    """

    max_mb: int = Field(default=20_480, ge=64, description="MiB; oldest unpinned go first")
    gateway_percent: int = Field(
        default=75,
        ge=1,
        le=100,
        description="% of max_mb that one gateway may have; our assumption",
    )
    days: int = Field(default=7, ge=1, le=3650, description="where no case refers to it")
    days_of: dict[str, Annotated[int, Field(ge=1, le=3650)]] = Field(
        default={}, description="by observation, where no case refers to it"
    )
    case_days: dict[EventClass, Annotated[int, Field(ge=1, le=36_500)]] = Field(
        default={}, description="after closing, by class of case"
    )

    looks_days: int = Field(
        default=1095, ge=180, le=36_500, description="who looked at pictures; our assumption"
    )

    def days_after(self) -> dict[str, int]:
        """Return for each class of case how many days after its closing its evidence is kept."""
        return {cls.value: self.case_days.get(cls, CASE_DAYS[cls]) for cls in EventClass}


CASE_DAYS = {
    EventClass.EMERGENCY: 1095,
    EventClass.IMPAIRMENT: 365,
    EventClass.DUTY: 365,
    EventClass.MAINTENANCE: 90,
    EventClass.REPORT: 365,
}


class SilenceLimits(_Strict):
    """How long people may silence what they expect."""

    longest_days: int = Field(default=30, ge=1, le=366, description="our assumption")


class Demo(_Strict):
    """The hub shows a simulated territory: the page says so and offers to plant incidents."""

    orders: Path = Field(description="folder shared with `smarthub simulate --orders`")


class HubFile(_Strict):
    """The hub's file: broker, folders, stores, listeners."""

    schema_version: int = Field(default=1, alias="schema", ge=1, le=1)
    site: Name
    data: Path
    mqtt: Broker
    http: Http = Http()
    registry: Path | None = Field(default=None, description="folder with registry.yaml and CSVs")
    rules: Path | None = Field(default=None, description="folder with rule files; else the library")
    readings: Annotated[EmbeddedReadings | InfluxReadings, Field(discriminator="store")] = (
        EmbeddedReadings()
    )
    cases_url: str = Field(default="", description="SQLAlchemy URL; else SQLite in the data folder")
    cases_password_file: Path | None = None
    cases_password_env: str = ""
    admin_password_file: Path | None = Field(
        default=None, description="first password of the user admin; else drawn and printed once"
    )
    webhooks: tuple[Webhook, ...] = ()
    notices: tuple[Receiver, ...] = Field(default=(), description="robots and mail, for people")
    log: LogKeep = LogKeep()
    silences: SilenceLimits = SilenceLimits()
    evidence: EvidenceKeep = EvidenceKeep()
    demo: Demo | None = None

    def cases_password(self) -> str:
        """Return the case database's password, "" for none; raises ConfigError."""
        return given_secret(
            env=self.cases_password_env,
            file=self.cases_password_file,
            key="cases_password",
        )

    def admin_password(self) -> str:
        """Return the administrator's first password, "" to draw one; raises ConfigError."""
        return given_secret(env="", file=self.admin_password_file, key="admin_password")


def load(path: Path) -> HubFile:
    """Read and check a hub's file; raises ConfigError naming every file, line and key."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(path)) from error
    parsed = YamlText(filled_in(text, os.environ, name=str(path)), str(path))
    file = parsed.check(HubFile)
    problems = [
        ConfigError(
            problem.message,
            file=parsed.name,
            line=parsed.line(("notices", problem.number, problem.key)),
            key=f"notices.{problem.number}.{problem.key}",
        )
        for problem in problems_of(file.notices)
    ]
    listener, broker = (file.http.host, file.http.port), (file.mqtt.host, file.mqtt.port)
    if clash_with_broker(listener, broker):
        said = f"port {file.http.port} is the broker's (mqtt.port); write another port"
        line = parsed.line(("http", "port"))
        problems.append(ConfigError(said, file=parsed.name, line=line, key="http.port"))
    if problems:
        raise ConfigErrors(problems)
    return file
