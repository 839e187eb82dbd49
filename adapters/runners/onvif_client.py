"""Asks one ONVIF device over HTTP, with the clock that the device has. Declared I/O."""

import secrets
import uuid
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from adapters.onvif.soap import (
    GET_CAPABILITIES,
    GET_SERVICES,
    GET_TIME,
    Request,
    Token,
    device_time,
    envelope,
    events_address,
    fault_of,
    is_denial,
    reachable,
)
from adapters.onvif.xml import parsed
from model.errors import FrameError, HubError, Transient

ANSWER_BYTES: Final = 4 << 20
ANSWER_S: Final = 10.0
_DENIED: Final = (401, 403)
_FAILED: Final = 400


class Fault(HubError):  # noqa: N818 - SOAP's own word
    """The device answered that it will not do it; `denied`: not for this user."""

    def __init__(self, text: str, *, denied: bool) -> None:
        super().__init__(text)
        self.denied = denied


class OnvifClient:
    """One device: its clock's offset, where its events are, and its answers.

    Logs in by WS-Security with a digest, and by HTTP digest where the device asks for that.
    """

    def __init__(
        self, *, host: str, port: int, user: str, password: str, clock: Callable[[], int]
    ) -> None:
        """Open nothing yet; `clock` is ours in ms."""
        self.dialled = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self.offset_ms = 0  # the device's clock minus ours
        self.events_url = ""
        self._user, self._password, self._clock = user, password, clock
        self._device_url = f"{self.dialled}/onvif/device_service"
        self._http = httpx.AsyncClient(
            trust_env=False,
            auth=httpx.DigestAuth(user, password) if user else None,
            headers={"Content-Type": "application/soap+xml; charset=utf-8"},
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def look(self) -> None:
        """Measure the device's clock and find its event service; raises Transient or Fault."""
        await self._measure_clock()
        try:
            services = await self.call(self._device_url, GET_SERVICES)
        except Fault as fault:
            if fault.denied:
                raise
            services = None  # older devices know only GetCapabilities
        address = "" if services is None else events_address(services)
        if not address:
            address = events_address(await self.call(self._device_url, GET_CAPABILITIES))
        if not address:
            raise Fault("names no event service; is it enabled on the device?", denied=False)
        self.events_url = reachable(address, base=self._device_url, dialled=self.dialled)

    async def call(
        self,
        url: str,
        request: Request,
        *,
        reference: str = "",
        within_s: float = ANSWER_S,
        anonymous: bool = False,
    ) -> Any:
        """Return the answer's root; raises Fault, or Transient when there is no answer that can be read."""
        return (await self._exchange(url, request, reference, within_s, anonymous=anonymous))[0]

    async def _measure_clock(self) -> None:
        """Learn the offset; a device without a time may still send one in HTTP's own header."""
        began = self._clock()
        try:
            root, date = await self._exchange(
                self._device_url, GET_TIME, "", ANSWER_S, anonymous=True
            )
        except Fault:
            self.offset_ms = 0
            return
        middle = (began + self._clock()) // 2
        theirs = device_time(root)
        if theirs is None:
            theirs = _http_date(date)
        self.offset_ms = 0 if theirs is None else theirs - middle

    async def _exchange(
        self, url: str, request: Request, reference: str, within_s: float, *, anonymous: bool
    ) -> tuple[Any, str]:
        token = None
        if self._user and not anonymous:
            created_ms = self._clock() + self.offset_ms
            token = Token(self._user, self._password, created_ms, secrets.token_bytes(16))
        content = envelope(
            request, to=url, message_id=uuid.uuid4().urn, token=token, reference=reference
        )
        try:
            status, date, payload = await self._post(url, content, within_s)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Transient(
                f"no answer to {request.name}: {error or type(error).__name__}"
            ) from None
        return _root(request, status, payload), date

    async def _post(self, url: str, content: bytes, within_s: float) -> tuple[int, str, bytes]:
        payload = bytearray()
        async with self._http.stream("POST", url, content=content, timeout=within_s) as response:
            async for piece in response.aiter_bytes():
                payload += piece
                if len(payload) > ANSWER_BYTES:
                    raise httpx.DecodingError(f"an answer over {ANSWER_BYTES >> 20} MiB")
            return response.status_code, response.headers.get("Date", ""), bytes(payload)


def _root(request: Request, status: int, payload: bytes) -> Any:
    """Return the answer's root; a fault may come with any status, also with 200."""
    try:
        root = parsed(payload, limit=ANSWER_BYTES)
    except FrameError as error:
        if status >= _FAILED:
            raise Fault(f"{request.name}: HTTP {status}", denied=status in _DENIED) from None
        raise Transient(f"{request.name} was answered with no XML: {error}") from None
    fault = fault_of(root)
    if fault or status >= _FAILED:
        text = f"{request.name}: {fault or f'HTTP {status}'}"
        raise Fault(text, denied=status in _DENIED or is_denial(fault))
    return root


def _http_date(text: str) -> int | None:
    try:
        return int(parsedate_to_datetime(text).timestamp() * 1000)
    except (TypeError, ValueError):
        return None
