"""Pictures asked for one by one over HTTP: cameras without a stream, or where bandwidth is dear."""

import threading
import time
from collections.abc import Generator

import httpx

from video.contract import Frame
from video.settings import masked

from .source import ANSWER_S, Clock, Credentials, Reason, SourceLost
from .stills import MOST_BYTES, picture_of
from .stream import UNPROVEN
from .trust import Trust

WHOLE_S = 10.0
"""A picture that is not there after so long will not come."""
MOST_BAD = 3
"""Damaged pictures in a row before the camera counts as away."""
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _GONE = 401, 403, 404, 410


class CameraAuth(httpx.Auth):
    """Answers whichever of Digest and Basic the camera asks for; Digest if both (RFC 7616, 7617)."""

    def __init__(self, login: Credentials) -> None:
        self._digest = httpx.DigestAuth(login.user, login.password)
        self._basic = httpx.BasicAuth(login.user, login.password)
        self._chosen: httpx.Auth | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Ask without a login first, so that the password is never sent where nobody wants it."""
        if self._chosen is None:
            response = yield request
            if response.status_code != _UNAUTHORIZED:
                return
            asked = ",".join(response.headers.get_list("www-authenticate")).lower()
            self._chosen = self._digest if "digest " in asked else self._basic
        yield from self._chosen.auth_flow(request)


class SnapshotSource:
    """Asks for a picture every `every_s` seconds, at most `fps` a second."""

    left_out = 0

    def __init__(
        self,
        url: str,
        login: Credentials,
        *,
        clock: Clock,
        every_s: float,
        fps: float,
        trust: Trust | None = None,
    ) -> None:
        self._trust = trust or Trust()
        self._url, self._login, self._clock = url, login, clock
        self._every_s = max(every_s, 1 / fps)
        self._where = masked(url)
        self._closed = threading.Event()

    def close(self) -> None:
        """End `frames` at once while it waits, within 10 s while the camera answers."""
        self._closed.set()

    def frames(self) -> Generator[Frame, None, None]:
        """Yield pictures, their time the clock when they were there."""
        auth = CameraAuth(self._login) if self._login.user else None
        secure = self._trust.context() if self._url.lower().startswith("https:") else False
        bad = 0
        # No proxy and no redirect: a camera is asked where people wrote, nowhere else.
        with httpx.Client(auth=auth, verify=secure, timeout=ANSWER_S, trust_env=False) as client:
            due_s = time.monotonic()
            while not self._closed.wait(due_s - time.monotonic()):
                due_s = max(due_s, time.monotonic() - self._every_s) + self._every_s
                data = self._data(client)
                try:
                    picture = picture_of(data, self._where)
                except SourceLost:
                    bad += 1
                    if bad >= MOST_BAD:
                        raise
                else:
                    bad = 0
                    yield Frame(self._clock(), picture)

    def _data(self, client: httpx.Client) -> bytes:
        """Return the body of one answer; raises SourceLost when there is none."""
        until_s = time.monotonic() + WHOLE_S
        data = bytearray()
        try:
            # Not compressed: 16 MiB are 16 MiB.
            with client.stream("GET", self._url, headers={"Accept-Encoding": "identity"}) as answer:
                self._check(answer.status_code)
                for piece in answer.iter_raw():
                    data += piece
                    if len(data) > MOST_BYTES:
                        raise SourceLost(Reason.UNDECODABLE, f"{self._where} sent more than 16 MiB")
                    if time.monotonic() > until_s:
                        raise SourceLost(
                            Reason.STALLED, f"{self._where} sent no whole picture in 10 s"
                        )
                return bytes(data)
        except httpx.HTTPError as error:
            failure = self._lost(error)
        raise failure

    def _check(self, status: int) -> None:
        if status in {_UNAUTHORIZED, _FORBIDDEN}:
            raise SourceLost(Reason.LOGIN, f"{self._where} refused user or password ({status})")
        if status in {_NOT_FOUND, _GONE}:
            raise SourceLost(Reason.NOT_FOUND, f"{self._where} does not exist ({status})")
        if httpx.codes.is_redirect(status):
            raise SourceLost(
                Reason.NOT_FOUND, f"{self._where} sends elsewhere ({status}): write that address"
            )
        if not httpx.codes.is_success(status):
            raise SourceLost(Reason.UNREACHABLE, f"{self._where} answered {status}")

    def _lost(self, error: httpx.HTTPError) -> SourceLost:
        silent = f"{self._where} said nothing for {ANSWER_S:.0f} s"
        match error:
            case httpx.ConnectTimeout():
                return SourceLost(Reason.UNREACHABLE, silent)
            case httpx.TimeoutException():
                return SourceLost(Reason.STALLED, silent)
            case httpx.ConnectError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return SourceLost(Reason.CERTIFICATE, f"{self._where} {UNPROVEN}")
            case httpx.ConnectError():
                reason = Reason.UNREACHABLE
            case _:
                reason = Reason.ENDED
        said = str(error) or type(error).__name__
        return SourceLost(reason, self._login.clean(f"{self._where}: {said}"))
