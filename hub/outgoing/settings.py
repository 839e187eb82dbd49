"""What people write about notices: who is told, of what, and where the secrets are kept."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from gateway.config import Name
from model.anomaly import Severity
from model.case import EventClass
from model.errors import ConfigError, Refused

from .address import parse_url
from .words import Language

OFFICIAL_HOSTS = {
    "wecom": ("qyapi.weixin.qq.com",),
    "dingtalk": ("oapi.dingtalk.com",),
    "feishu": ("open.feishu.cn", "open.larksuite.com"),
}
"""Where the robots of each service live; anything else needs `allow_private`."""

RESERVED = frozenset({"mqtt"})
_ADDRESS = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}$"
MailAddress = Annotated[str, Field(pattern=_ADDRESS)]


class _Receiver(BaseModel):
    """What every receiver of notices has: a name, a language, and what it wants to hear."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    language: Language = Field(default="zh", description="which language comes first")
    reaches_compound: bool = Field(
        default=False, description="people at the compound read it: silent alarms are not told"
    )
    classes: tuple[EventClass, ...] = Field(default=(), description="empty: all")
    severity: Severity = Field(default=Severity.WARNING, description="this bad or worse")
    compounds: tuple[str, ...] = Field(default=(), description="ids of compounds; empty: all")
    grid: str = Field(default="", pattern=r"^[0-9]{0,15}$", description="begin of the grid code")
    timezone: str = "Asia/Shanghai"
    allow_private: bool = Field(
        default=False, description="allow other hosts than the official ones, and private networks"
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"no such timezone: {name!r}; for example Asia/Shanghai") from error
        return name


class Robot(_Receiver):
    """A group robot of WeCom 企业微信, DingTalk 钉钉 or Feishu 飞书. Its URL is a secret."""

    kind: Literal["wecom", "dingtalk", "feishu"]
    url_env: str = ""
    url_file: Path | None = None
    secret_env: str = Field(default="", description="signing secret 加签密钥; WeCom has none")
    secret_file: Path | None = None

    @model_validator(mode="after")
    def _sources(self) -> "Robot":
        if bool(self.url_env) == (self.url_file is not None):
            raise ValueError("name one of url_env and url_file: the robot's URL is a secret")
        if self.secret_env and self.secret_file is not None:
            raise ValueError("name one of secret_env and secret_file, not both")
        if self.kind == "wecom" and self.signs:
            raise ValueError("WeCom robots do not sign: leave secret_env and secret_file out")
        return self

    @property
    def signs(self) -> bool:
        """Return whether a signing secret is named."""
        return bool(self.secret_env) or self.secret_file is not None


class Email(_Receiver):
    """A mail to one or more people, over TLS."""

    kind: Literal["email"]
    host: str = Field(pattern=r"^[A-Za-z0-9._:-]{1,253}$")
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "implicit", "none"] = Field(
        default="starttls", description="implicit is port 465; none only with allow_private"
    )
    ca_file: Path | None = Field(default=None, description="certificates of a server of your own")
    user: str = Field(default="", pattern=r"^[^\x00-\x1f\x7f]*$")
    password_env: str = ""
    password_file: Path | None = None
    sender: MailAddress = Field(alias="from")
    to: tuple[MailAddress, ...] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _sources(self) -> "Email":
        if self.tls == "none" and not self.allow_private:
            raise ValueError("tls: none is allowed only with allow_private: mail would be readable")
        if self.tls == "none" and self.user:
            raise ValueError("a password is never sent without TLS; use starttls or implicit")
        if self.user and bool(self.password_env) == (self.password_file is not None):
            raise ValueError("name one of password_env and password_file for the user")
        return self


Receiver = Annotated[Robot | Email, Field(discriminator="kind")]


class Problem(NamedTuple):
    """What is wrong with one receiver: its number in the list, the key and the message."""

    number: int
    key: str
    message: str


def problems_of(receivers: Sequence[Robot | Email]) -> list[Problem]:
    """Return what only the whole list, the environment and the secret files can tell."""
    found = [Problem(n, key, text) for n, item in enumerate(receivers) for key, text in _of(item)]
    names: set[str] = set()
    for number, item in enumerate(receivers):
        if item.name in names or item.name in RESERVED:
            message = f"the name {item.name!r} is taken; each channel needs one of its own"
            found.append(Problem(number, "name", message))
        names.add(item.name)
    return sorted(found)


def _of(item: Robot | Email) -> Iterable[tuple[str, str]]:
    if isinstance(item, Email):
        for source in _sources(item, "password") if item.user else ():
            if problem := _unreadable(source, item):
                yield source, problem
        if item.ca_file is not None and not item.ca_file.is_file():
            yield "ca_file", f"the file {item.ca_file} cannot be read"
        return
    for source in (*_sources(item, "url"), *_sources(item, "secret")):
        problem = _unreadable(source, item)
        if not problem and source.startswith("url"):
            problem = _bad_url(item)
        if problem:
            yield source, problem


def _sources(item: Robot | Email, what: str) -> list[str]:
    return [key for key in (f"{what}_env", f"{what}_file") if getattr(item, key)]


def _unreadable(source: str, item: Robot | Email) -> str:
    try:
        read_secret(item, source.partition("_")[0])
    except ConfigError as error:
        return str(error)
    return ""


def _bad_url(item: Robot) -> str:
    """Return what is wrong with a robot's URL, without saying any of it."""
    url = read_secret(item, "url")
    try:
        host, _port = parse_url(url)
    except Refused:
        return "what it holds is not a URL that may be used: https://, a host, no name or password"
    if any(sign.isspace() or not sign.isprintable() for sign in url) or not url.isascii():
        return "the URL holds blanks or signs that no URL has"
    if item.allow_private:
        return ""
    official = OFFICIAL_HOSTS[item.kind]
    if host not in official or not url.startswith("https://"):
        return (
            f"the URL does not lead to https://{' or '.join(official)}; copy the robot's webhook"
            " anew, or set allow_private: true for a gateway of your own"
        )
    return ""


def read_secret(item: Robot | Email, what: str) -> str:
    """Return the url, secret or password of a receiver; empty if none is named.

    Raises ConfigError, which never holds the value.
    """
    variable: str = getattr(item, f"{what}_env")
    path: Path | None = getattr(item, f"{what}_file")
    if variable:
        value = os.environ.get(variable, "")
        if not value.strip():
            raise ConfigError(f"set the environment variable {variable}: it is empty")
        return value.strip()
    if path is None:
        return ""
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise ConfigError(f"the file {path} cannot be read: {reason}") from error
    if not value:
        raise ConfigError(f"the file {path} is empty")
    return value
