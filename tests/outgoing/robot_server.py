"""A real HTTP server that answers as the three services do, and checks signatures as they document."""

import asyncio
import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

Body = dict[str, object]

TOKEN = "canary-token-7f3a9c"
SECRET = "SECcanary-secret-51d0b2"
PATHS = {
    "wecom": f"/cgi-bin/webhook/send?key={TOKEN}",
    "dingtalk": f"/robot/send?access_token={TOKEN}",
    "feishu": f"/open-apis/bot/v2/hook/{TOKEN}",
}
HOUR = 3_600_000


@dataclass
class Robot:
    """One group: remembers what it was told and when (by the test's clock)."""

    kind: str
    clock: Callable[[], int]
    port: int = 0
    told: list[tuple[int, str, Body]] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    answers: list[tuple[int, bytes, str]] = field(default_factory=list)
    """What is answered instead of the truth, in turn: status, body, more headers."""
    poison: dict[str, int] = field(default_factory=dict)
    """Codes for messages that hold a text."""
    delay_s: float = 0.0
    per_minute: int = 20

    @property
    def url(self) -> str:
        """The webhook's address, token and all."""
        return f"http://127.0.0.1:{self.port}{PATHS[self.kind]}"

    @property
    def texts(self) -> list[str]:
        """What people read, message by message."""
        return [text for _at, text, _body in self.told]

    def code(self, code: int, reason: str = "no") -> None:
        """Answer the next message with this code."""
        field_names = ("code", "msg") if self.kind == "feishu" else ("errcode", "errmsg")
        body = json.dumps(dict(zip(field_names, (code, reason), strict=True))).encode()
        self.answers.append((200, body, ""))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request and close the line."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
            }
            raw = await reader.readexactly(int(headers["content-length"]))
            status, body, more = self._answer(first.split()[1], json.loads(raw), len(raw))
            await asyncio.sleep(self.delay_s)
            writer.write(
                f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{more}"
                "connection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, target: str, body: Body, size: int) -> tuple[int, bytes, str]:
        now = self.clock()
        self.attempts.append(now)
        if self.answers:
            return self.answers.pop(0)
        code = self._verdict(target, body, size, now)
        if code == 0:
            self.told.append((now, _text(self.kind, body), body))
        if self.kind == "feishu":
            return 200, json.dumps({"code": code, "msg": "x"}).encode(), ""
        return 200, json.dumps({"errcode": code, "errmsg": "x"}).encode(), ""

    def _verdict(self, target: str, body: Body, size: int, now: int) -> int:
        limited = {"wecom": 45009, "dingtalk": 130101, "feishu": 11232}[self.kind]
        if sum(now - at < 60_000 for at in self.attempts) > self.per_minute:
            return limited
        for text, code in self.poison.items():
            if text in _text(self.kind, body):
                return code
        match self.kind:
            case "wecom":
                return _wecom(target, body)
            case "dingtalk":
                return _dingtalk(target, body, size, now)
            case _:
                return _feishu(target, body, size, now)


def _wecom(target: str, body: Body) -> int:
    if target != PATHS["wecom"]:
        return 93000
    kind = str(body["msgtype"])
    content = body[kind]
    assert isinstance(content, dict)
    longest = {"text": 2048, "markdown": 4096}[kind]
    return 45002 if len(str(content["content"]).encode()) > longest else 0


def _dingtalk(target: str, body: Body, size: int, now: int) -> int:
    parts = urlsplit(target)
    query = parse_qs(parts.query)
    if parts.path != "/robot/send" or query.get("access_token") != [TOKEN]:
        return 300001
    stamp = query["timestamp"][0]
    digest = hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest()
    if query["sign"] != [b64encode(digest).decode()] or abs(now - int(stamp)) > HOUR:
        return 310000
    assert body["at"] == {"isAtAll": False, "atMobiles": [], "atUserIds": []}
    return 40035 if size > 20_000 else 0


def _feishu(target: str, body: Body, size: int, now: int) -> int:
    if target != PATHS["feishu"]:
        return 19001
    stamp = body["timestamp"]
    key = f"{stamp}\n{SECRET}".encode()
    sign = b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    if not isinstance(stamp, str) or body["sign"] != sign:
        return 19021
    if abs(now // 1000 - int(stamp)) > HOUR // 1000:
        return 19021
    return 9499 if size > 20_000 else 0


def _text(kind: str, body: Body) -> str:
    """Return what a message shows, whatever its form."""
    match body:
        case {"msgtype": "markdown", "markdown": {"content": str(text)} | {"text": str(text)}}:
            return text
        case {"msgtype": "text", "text": {"content": str(text)}}:
            return text
        case {"msg_type": "text", "content": {"text": str(text)}}:
            return text
        case {
            "msg_type": "interactive",
            "card": {"elements": [{"text": {"content": str(text)}}, *_]},
        }:
            return text
    raise AssertionError(f"no message of {kind}: {body}")


@asynccontextmanager
async def robot(kind: str, clock: Callable[[], int]) -> AsyncIterator[Robot]:
    """Serve a robot on a free port of this machine."""
    group = Robot(kind, clock)
    server = await asyncio.start_server(group.serve, "127.0.0.1", 0)
    group.port = int(server.sockets[0].getsockname()[1])
    async with server:
        yield group
