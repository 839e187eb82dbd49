"""What is wrong in a file is said in plain words with the remedy, never in those of a library."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from model.errors import ConfigError
from model.reading import Mode
from model.yamlfile import YamlText


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Robot(_Strict):
    kind: Literal["robot"]
    url: str = ""


class _Mail(_Strict):
    kind: Literal["mail"]
    host: str = ""


class _File(_Strict):
    schema_version: int = Field(default=1, alias="schema")
    port: int = Field(default=1, ge=1, le=65535)
    wait_s: float = Field(default=1.0, gt=0)
    name: str = "x"
    short: Annotated[str, Field(min_length=1, max_length=4)] = "x"
    gateway: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] = "x"
    mode: Mode = Mode.REAL
    way: Literal["tcp", "udp"] = "tcp"
    tls: bool = False
    grids: tuple[str, ...] = ()
    notices: tuple[Annotated[_Robot | _Mail, Field(discriminator="kind")], ...] = ()
    by_name: dict[str, _Robot | None] = {}


SAID = [
    ("port: abc", "port: must be a whole number, not 'abc'"),
    ("port: 1.5", "port: must be a whole number, not 1.5"),
    ("port:", "port: must be a whole number; nothing stands there"),
    ("port: 0", "port: must be at least 1, not 0"),
    ("port: 70000", "port: must be at most 65535, not 70000"),
    ("wait_s: 0", "wait_s: must be more than 0, not 0"),
    ("wait_s: 5s", "wait_s: must be a number, not '5s'"),
    ("wait_s: .nan", "wait_s: must be more than 0, not nan"),
    ("name: 5", 'name: must be a text; put it in quotes: "5"'),
    ("name:", "name: nothing stands there; write a text, or remove the key"),
    ("name: [a]", "name: must be one text"),
    ('short: ""', "short: is empty; write it"),
    ("short: abcdef", "short: must have at most 4; shorten it"),
    (
        "gateway: Gw 1",
        "gateway: must be small letters, digits and hyphens, as in haibowan-2; at most 63 characters",
    ),
    ("mode: rael", "mode: 'rael' is none of real, test, drill, simulated; did you mean real?"),
    ("way: foo", "way: 'foo' is none of tcp, udp"),
    ("tls: maybe", "tls: must be true or false, not 'maybe'"),
    ("grids: 3", "grids: must be a list: each item on a line of its own after `- `, not 3"),
    ("notices: [{kind: robt}]", "notices.0.kind: 'robt' is none of robot, mail; did you mean robot?"),
    ("notices: [{}]", "notices.0.kind: is missing; write one of robot, mail"),
    ("notices: [{kind: mail, hst: a}]", "notices.0.mail.hst: unknown key; did you mean host?"),
    ("by_name: {a: {kind: robot, urll: x}}", "by_name.a.urll: unknown key; did you mean url?"),
    ("by_name: {a: {kind: robot, zz: x}}", "by_name.a.zz: unknown key; known: kind, url"),
    ("by_name: {a: {}}", "by_name.a.kind: is missing; write it"),
    ("by_name: {a: 3}", "by_name.a: must be keys with values, indented below it, not 3"),
    ("shema: 1", "shema: unknown key; did you mean schema?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), SAID)
def test_a_mistake_is_said_in_plain_words_with_its_remedy(text: str, said: str) -> None:
    """With the line, counted from 1."""
    with pytest.raises(ConfigError) as caught:
        YamlText(f"# a file\n{text}\n", "f.yaml").check(_File)
    assert str(caught.value) == f"f.yaml:2: {said}"


def test_a_long_value_is_not_repeated() -> None:
    """What is long enough to be a secret stays in the file."""
    with pytest.raises(ConfigError) as caught:
        YamlText(f"port: {'s3cret' * 9}\n", "f.yaml").check(_File)
    assert str(caught.value) == "f.yaml:1: port: must be a whole number"
