"""A camera that serves single pictures over HTTP, with the logins and the faults that real ones have."""

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from video.sources import Credentials

REALM, NONCE = "camera", "5f2a"


class SnapshotCamera(ThreadingHTTPServer):
    """Serves `picture` at /picture, and faults at /slow, /silent, /moved, /huge, /busy."""

    daemon_threads = True

    def __init__(self, picture: bytes, login: Credentials | None, scheme: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.picture, self.login, self.scheme = picture, login, scheme
        self.asked: list[str] = []  # the Authorization header of each request, "" without
        self.ended = threading.Event()

    def url(self, path: str = "/picture") -> str:
        """Return where that is served."""
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: SnapshotCamera
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        given = self.headers.get("Authorization", "")
        self.server.asked.append(given)
        if self.server.login is not None and not self._admits(given, self.server.login):
            asked = f'Digest realm="{REALM}", nonce="{NONCE}", qop="auth", algorithm=MD5'
            basic = f'Basic realm="{REALM}"'
            return self._answer(401, b"", asked if self.server.scheme == "digest" else basic)
        match self.path.partition("?")[0]:
            case "/picture":
                return self._answer(200, self.server.picture)
            case "/busy":
                return self._answer(503, b"")
            case "/moved":
                return self._answer(302, b"")
            case "/silent":
                self.server.ended.wait(20)
            case "/slow":
                self._drip()
            case "/huge":
                self._answer(200, b"\xff\xd8" + bytes(17 * 1024 * 1024))
            case _:
                self._answer(404, b"")
        return None

    def _answer(self, status: int, body: bytes, asked: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if asked:
            self.send_header("WWW-Authenticate", asked)
        if status == 302:
            self.send_header("Location", "/picture")
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        until = time.monotonic() + 20
        while time.monotonic() < until and not self.server.ended.wait(0.5):
            self.wfile.write(b"x")

    def _admits(self, given: str, login: Credentials) -> bool:
        """Check a login by RFC 7617 or RFC 7616."""
        if self.server.scheme == "basic":
            import base64

            known = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
            return given == f"Basic {known}"
        if not given.startswith("Digest "):
            return False
        said = dict(part.strip().split("=", 1) for part in given[7:].split(","))
        said = {key: value.strip('"') for key, value in said.items()}

        def digest(*parts: str) -> str:
            return hashlib.md5(":".join(parts).encode()).hexdigest()  # noqa: S324 - the protocol's

        mine = digest(
            digest(login.user, REALM, login.password),
            NONCE, said["nc"], said["cnonce"], "auth", digest("GET", self.path),
        )  # fmt: skip
        return said["response"] == mine


@contextmanager
def snapshot_camera(
    picture: bytes, login: Credentials | None = None, scheme: str = "digest"
) -> Iterator[SnapshotCamera]:
    """Serve until the block ends."""
    with SnapshotCamera(picture, login, scheme) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="snapshots")
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
