"""A real, small SMTP server (RFC 5321) with STARTTLS or TLS from the start, and AUTH."""

import asyncio
import ssl
import subprocess
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

USER, PASSWORD = "hub", "canary-password-93cc"


@dataclass
class SmtpServer:
    """Takes mails; `answers` replaces the answer to a verb, `refuse` mailboxes."""

    tls: ssl.SSLContext | None = None
    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    refuse: set[str] = field(default_factory=set)
    delay_s: float = 0.0
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    mailboxes: list[list[str]] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one conversation."""
        try:
            await _Talk(self, reader, writer).hold()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()


class _Talk:
    def __init__(
        self, server: SmtpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._to: list[str] = []
        self._known = False

    async def hold(self) -> None:
        """Answer until QUIT."""
        await self._say(self._server.answers.get("", "220 test"))
        while True:
            line = (await self._reader.readuntil(b"\r\n")).decode().strip()
            verb = line.partition(" ")[0].upper()
            await asyncio.sleep(self._server.delay_s)
            if verb in self._server.answers:
                await self._say(self._server.answers[verb])
                continue
            if verb == "QUIT":
                await self._say("221 bye")
                return
            await self._do(verb, line)

    async def _do(self, verb: str, line: str) -> None:
        if verb == "EHLO":
            offered = ["250-test"]
            if self._server.tls is not None and not self._secure:
                offered.append("250-STARTTLS")
            await self._say("\r\n".join([*offered, "250-AUTH PLAIN", "250 8BITMIME"]))
        elif verb == "STARTTLS":
            assert self._server.tls is not None
            await self._say("220 go ahead")
            await self._writer.start_tls(self._server.tls)
        elif verb == "AUTH":
            given = b64decode(line.split()[2]).decode().split("\0")
            self._known = given == ["", USER, PASSWORD]
            await self._say("235 welcome" if self._known else f"535 no, not {given[2]}")
        elif verb == "RCPT":
            mailbox = line.partition("<")[2].partition(">")[0]
            self._to += [] if mailbox in self._server.refuse else [mailbox]
            await self._say("550 nobody" if mailbox in self._server.refuse else "250 ok")
        elif verb == "DATA":
            await self._data()
        else:
            await self._say("250 ok")

    async def _data(self) -> None:
        await self._say("354 go on")
        raw = (await self._reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n")
        self._server.raw.append(raw)
        mail = message_from_bytes(raw.replace(b"\r\n..", b"\r\n."), policy=default)
        assert isinstance(mail, EmailMessage)
        self._server.mails.append(mail)
        self._server.mailboxes.append(self._to)
        self._server.secured.append(self._secure)
        await self._say(self._server.answers.get("DATA-END", "250 taken"))

    @property
    def _secure(self) -> bool:
        return self._writer.get_extra_info("ssl_object") is not None

    async def _say(self, text: str) -> None:
        self._writer.write(f"{text}\r\n".encode())
        await self._writer.drain()


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for mail.example, signed by itself; return it and its key."""
    certificate, key = folder / "mail.crt", folder / "mail.key"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=mail.example",
            "-addext", "subjectAltName=DNS:mail.example",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key


@asynccontextmanager
async def smtp_server(
    tls: ssl.SSLContext | None = None, *, implicit: bool = False
) -> AsyncIterator[SmtpServer]:
    """Serve on a free port of this machine."""
    mailbox = SmtpServer(tls)
    server = await asyncio.start_server(
        mailbox.serve, "127.0.0.1", 0, ssl=tls if implicit else None
    )
    mailbox.port = int(server.sockets[0].getsockname()[1])
    async with server:
        yield mailbox
