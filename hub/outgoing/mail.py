"""Tells people by e-mail: SMTP over TLS, by the standard library in a thread of its own."""

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from hashlib import sha256
from typing import IO
from zoneinfo import ZoneInfo

import structlog

from hub.case_store import OutgoingEvent
from model.errors import Refused, Transient

from .address import Resolve, check_url, resolve_by_system
from .audience import wants
from .channel import MINUTE, SECOND, Away
from .inert import one_line
from .message import Form, Message
from .settings import Email

TIMEOUT_S = 10.0  # for each step
WHOLE_S = 30.0  # for the whole conversation
ANSWERS_MAX = 64 * 1024  # bytes of all the server's answers together
SETUP_WAIT = 5 * MINUTE
_FORM = Form(limit=60_000)
_PERMANENT = 500
_SUBJECT_MAX = 120
_BAD_LOGIN = frozenset({530, 534, 535, 538})

_log = structlog.get_logger("outgoing")


class Mail:
    """A channel to some mailboxes."""

    kind = "email"

    def __init__(
        self,
        settings: Email,
        *,
        password: str,
        clock: Callable[[], int],
        resolve: Resolve = resolve_by_system,
    ) -> None:
        self.name = settings.name
        self.language = settings.language
        self.zone = ZoneInfo(settings.timezone)
        self.address = f"{', '.join(settings.to)} via {settings.host}:{settings.port}"
        known = f"{self.address}\n{settings.user}\n{password}"
        self.fingerprint = sha256(known.encode()).hexdigest()[:16]
        self._settings = settings
        self._password = password
        self._clock = clock
        self._resolve = resolve

    def form(self, *, plain: bool) -> Form:  # noqa: ARG002 - a mail is always plain
        """Return how text must be written: plain, so that nothing in it can act."""
        return _FORM

    def wants(self, event: OutgoingEvent) -> bool:
        """Return whether the event is for these people."""
        return wants(self._settings, event)

    def hide(self, text: str) -> str:
        """Return text without the password."""
        return text.replace(self._password, "***") if self._password else text

    async def tell(self, message: Message) -> None:
        """Send one mail; raises Away, or Refused when no mailbox takes it."""
        host, port = self._settings.host, self._settings.port
        try:
            # The same check as for a webhook: where does the name really lead?
            shown = f"[{host}]" if ":" in host else host
            target = await check_url(
                f"https://{shown}:{port}/",
                allow_private=self._settings.allow_private,
                resolve=self._resolve,
            )
        except (Refused, Transient) as error:
            raise Away(str(error)) from error
        letter = self._letter(message)
        talk = _Conversation(host, target.address)
        try:
            async with asyncio.timeout(WHOLE_S):
                refused = await asyncio.to_thread(self._send, talk, letter)
        except TimeoutError as error:
            talk.end()
            raise Away("the mail server did not answer in time") from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise self._judged(error) from None
        if refused:
            _log.error("mail_partly_refused", channel=self.name, mailboxes=sorted(refused))

    def _send(self, talk: "_Conversation", letter: EmailMessage) -> dict[str, tuple[int, bytes]]:
        """Hold the conversation (in a thread); return the mailboxes that were refused."""
        settings = self._settings
        tls = ssl.create_default_context(cafile=settings.ca_file)
        with talk.begin(settings.port, tls if settings.tls == "implicit" else None) as server:
            if settings.tls == "starttls":
                server.starttls(context=tls)
            if settings.user:
                server.login(settings.user, self._password)
            return server.send_message(letter, settings.sender, list(settings.to))

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage(policy=SMTP)
        letter["From"] = self._settings.sender
        letter["To"] = ", ".join(self._settings.to)
        letter["Subject"] = one_line(message.title, _SUBJECT_MAX)
        letter["Date"] = formatdate(self._clock() / SECOND)
        # The same for a repeat of the same message: mail programs then show it once.
        known = sha256(f"{self.name}\n{message.identity}".encode()).hexdigest()[:32]
        letter["Message-ID"] = f"<{known}@{self._settings.sender.partition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"
        if message.urgent:
            letter["X-Priority"] = "1"
            letter["Importance"] = "high"
        letter.set_content(message.text, cte="base64")
        return letter

    def _judged(self, error: Exception) -> Away | Refused:
        """Return what follows from the server's answer: wait, mend the set-up, or give this up."""
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            codes = {code for code, _text in error.recipients.values()}
            said = f"the mail server refused every mailbox: {sorted(codes)}"
            return Refused(said) if min(codes, default=0) >= _PERMANENT else Away(said)
        if isinstance(error, smtplib.SMTPResponseException):
            said = self.hide(f"the mail server answered {error.smtp_code}: {_text_of(error)}")
            if error.smtp_code in _BAD_LOGIN or isinstance(error, smtplib.SMTPSenderRefused):
                return Away(f"{said}; check user, password and `from`", after=SETUP_WAIT)
            if isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= _PERMANENT:
                return Refused(said)
            return Away(said)
        if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
            said = self.hide(one_line(str(error)))
            return Away(f"no TLS with the mail server: {said}", after=SETUP_WAIT)
        return Away(self.hide(f"no mail: {one_line(str(error)) or type(error).__name__}"))


def _text_of(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    return one_line(text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text))


class _Conversation:
    """One connection to a server, which another thread may cut off."""

    def __init__(self, host: str, address: str) -> None:
        self._host = host
        self._address = address
        self._server: smtplib.SMTP | None = None
        self._ended = False

    def begin(self, port: int, implicit: ssl.SSLContext | None) -> smtplib.SMTP:
        """Connect to the checked address and return the server, greeted as its real name."""
        self._server = _Server(self._host, implicit)
        code, text = self._server.connect(self._address, port)
        if code != 220:  # noqa: PLR2004 - RFC 5321 4.2: service ready
            raise smtplib.SMTPConnectError(code, text)
        return self._server

    def end(self) -> None:
        """Cut the line, so that the thread ends."""
        line = getattr(self._server, "sock", None)
        if isinstance(line, socket.socket):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


class _Server(smtplib.SMTP):
    """SMTP to a given address under another name, with bounded answers."""

    def __init__(self, host: str, implicit: ssl.SSLContext | None) -> None:
        # RFC 5321 lets a client without a name of its own give its address.
        super().__init__(timeout=TIMEOUT_S, local_hostname="[127.0.0.1]")
        self._host = host  # what the certificate must say
        self._implicit = implicit
        self._room = ANSWERS_MAX

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = socket.create_connection((host, port), timeout)
        if self._implicit is None:
            return line
        return self._implicit.wrap_socket(line, server_hostname=self._host)

    def getreply(self) -> tuple[int, bytes]:
        """Return the next answer; raises SMTPServerDisconnected when answers have no end."""
        if self.file is None:
            assert self.sock is not None  # noqa: S101 - connected before anything is read
            self.file = _Bounded(self.sock.makefile("rb"), self)
        return super().getreply()

    def take(self, line: bytes) -> bytes:
        """Count a line of an answer."""
        self._room -= len(line)
        if self._room < 0:
            raise OSError("the mail server's answers have no end")
        return line


class _Bounded:
    """The lines of a connection, counted."""

    def __init__(self, lines: IO[bytes], server: _Server) -> None:
        self._lines = lines
        self._server = server

    def readline(self, limit: int = -1) -> bytes:
        """Return the next line."""
        return self._server.take(self._lines.readline(limit))

    def close(self) -> None:
        """Give the line back."""
        self._lines.close()
