"""The hub's file says who is told; what is wrong is named with file, line and key, without secrets."""

from pathlib import Path

import pytest

import hub
from hub.case_store import CaseStore
from hub.commands.check import checked
from hub.config import Http, load
from hub.outgoing.wiring import dispatcher_of
from model.errors import ConfigError
from tests.case_store.samples import T0

PAGE = Path(hub.__file__).parent.parent / "docs" / "notices.md"
HEAD = "schema: 1\nsite: home\ndata: /tmp/x\nmqtt: {}\nnotices:\n"
WECOM_URL = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=canary-1"
SECRETS = {
    "DINGTALK_URL": "https://oapi.dingtalk.com/robot/send?access_token=canary-2",
    "DINGTALK_SECRET": "SECcanary-3",
    "FEISHU_URL": "https://open.feishu.cn/open-apis/bot/v2/hook/canary-4",
    "FEISHU_SECRET": "canary-5",
    "SMTP_PASSWORD": "canary-6",
    "WECOM_URL": WECOM_URL,
}


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's sample as a file, with its secrets in place."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "wecom-url").write_text(f"{WECOM_URL}\n")
    text = PAGE.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    path = tmp_path / "hub.yaml"
    path.write_text(text.replace("/run/secrets", str(tmp_path)), encoding="utf-8")
    return path


async def nowhere(_topic: str, _payload: bytes) -> None:
    """Publish to nobody."""


def test_the_sample_of_the_page_is_a_file_that_works(sample: Path, store: CaseStore) -> None:
    """Each kind once, each a channel that shows no secret."""
    assert checked([sample]).problems == []
    file = load(sample)
    shown = dispatcher_of(file, store, publish=nowhere, clock=lambda: T0).channels()
    assert [(item.name, item.kind) for item in shown] == [
        ("duty-desk", "dingtalk"), ("fire-station", "wecom"), ("street-office", "feishu"),
        ("contractor", "email"), ("mqtt", "mqtt"),
    ]  # fmt: skip
    assert shown[1].address == "https://qyapi.weixin.qq.com/***"
    assert "canary" not in repr(shown)
    assert file.http.link_base == "https://hub.example.org"


def test_a_secret_that_is_not_there_is_named_with_its_line(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the hub runs, `check` finds what its start would find."""
    monkeypatch.delenv("FEISHU_SECRET")
    monkeypatch.setenv("DINGTALK_URL", "  ")
    lines = sample.read_text(encoding="utf-8").splitlines()
    found = [(problem.line, problem.key) for problem in checked([sample]).problems]
    assert found == [
        (1 + next(n for n, line in enumerate(lines) if "DINGTALK_URL" in line), "notices.0.url_env"),
        (1 + next(n for n, line in enumerate(lines) if "FEISHU_SECRET" in line), "notices.2.secret_env"),
    ]  # fmt: skip
    with pytest.raises(ConfigError, match=r"hub\.yaml"):
        load(sample)


ROBOT = "  - name: a\n    kind: wecom\n    url_env: WECOM_URL\n"
MAIL = "  - {name: m, kind: email, host: h, from: a@b, to: [c@d], "


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("  - name: a\n    kind: pager\n", 7, "'pager' is none of wecom"),
        ("  - name: a\n    kind: wecom\n", 6, "url_env"),
        (ROBOT + "    url_file: /x\n", 6, "one of"),
        (ROBOT + "    secret_env: X\n", 6, "do not sign"),
        (ROBOT + "    url: https://x\n", 9, "unknown key"),
        (ROBOT + "    classes: [fire]\n", 9, "emergency"),
        (ROBOT + "    severity: worst\n", 9, "critical"),
        (ROBOT + "    grid: '15x'\n", 9, "must be digits; at most 15 characters"),
        (ROBOT + "    timezone: Mars/Base\n", 9, "timezone"),
        (ROBOT + "    timezone: ../../etc/passwd\n", 9, "timezone"),
        (ROBOT.replace("WECOM_URL", "NOT_SET"), 8, "NOT_SET"),
        (ROBOT.replace("WECOM_URL", "FEISHU_URL"), 8, "qyapi.weixin.qq.com"),
        (ROBOT.replace("url_env: WECOM_URL", "url_file: /nonexistent"), 8, "nonexistent"),
        (ROBOT + ROBOT, 9, "taken"),
        (ROBOT.replace("name: a", "name: mqtt"), 6, "taken"),
        (ROBOT.replace("name: a", "name: A B"), 6, "small letters, digits and hyphens"),
        (MAIL + "tls: none}\n", 6, "allow_private"),
        (MAIL + "tls: none, allow_private: true, user: u, password_env: P}\n", 6, "without TLS"),
        (MAIL + "user: u}\n", 6, "password_env"),
        (MAIL + "user: u, password_env: NOT_SET}\n", 6, "NOT_SET"),
        (MAIL + "ca_file: /nonexistent}\n", 6, "nonexistent"),
        (MAIL.replace("c@d", '"c@d\\nBcc: x@y"') + "}\n", 6, "match"),
        (MAIL.replace("a@b", '"a@b>, <x@y"') + "}\n", 6, "match"),
    ],
)
def test_each_mistake_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: int, word: str
) -> None:
    """And never with the secret itself."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "hub.yaml"
    path.write_text(HEAD + text)
    problems = checked([path]).problems
    assert problems
    assert [problem.line for problem in problems if word in str(problem)] == [line]
    assert all(problem.file == str(path) and problem.key for problem in problems)
    assert "canary" not in "".join(map(str, problems))


@pytest.mark.parametrize(
    "url",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=canary",
        "https://qyapi.weixin.qq.com.evil.example/?key=canary",
        "https://canary@qyapi.weixin.qq.com/?key=1",
        "https://evil.example/qyapi.weixin.qq.com?key=canary",
        "file:///etc/passwd", "canary", "https://qyapi.weixin.qq.com/?key=ca nary",
        "https://qyapi.weixin.qq.com\\@evil.example/",
    ],
)  # fmt: skip
def test_only_the_official_host_over_https_is_a_robot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Names that look alike, plain http, a name and password, other schemes."""
    monkeypatch.setenv("WECOM_URL", url)
    path = tmp_path / "hub.yaml"
    path.write_text(HEAD + ROBOT)
    (problem,) = checked([path]).problems
    assert problem.key == "notices.0.url_env"
    assert "canary" not in str(problem)


def test_a_gateway_of_ones_own_is_allowed_when_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also over http and in a private network."""
    monkeypatch.setenv("WECOM_URL", "http://10.0.0.5:8000/wecom?key=x")
    path = tmp_path / "hub.yaml"
    path.write_text(HEAD + ROBOT + "    allow_private: true\n")
    assert load(path).notices[0].allow_private


def test_links_begin_with_the_address_that_people_use() -> None:
    """Else with where the hub listens."""
    assert Http().link_base == "http://127.0.0.1:8080"
    assert Http(host="::1", port=80).link_base == "http://[::1]:80"
    assert Http(public_url="https://hub.example/x/").link_base == "https://hub.example/x"
    with pytest.raises(ValueError, match="public_url"):
        Http(public_url="https://hub.example/x) [y](http://evil.example")
