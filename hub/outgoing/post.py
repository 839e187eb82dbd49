"""Posts to a checked address and reads a bounded answer; follows nothing and writes no URL anywhere."""

import asyncio
import ssl
from collections.abc import Mapping

import httpx
import msgspec

from .address import Target
from .channel import HOUR, SECOND, RetryLater

TIMEOUT_S = 15.0


class Answer(msgspec.Struct, frozen=True):
    """What the receiver answered: the status, how long it asked us to wait (ms), the body."""

    status: int
    retry_after: int = 0
    body: bytes = b""
    cut: bool = False  # the body was longer than what was read


async def post(
    target: Target,
    body: bytes,
    *,
    headers: Mapping[str, str],
    tls: ssl.SSLContext,
    read: int = 0,
    timeout_s: float = TIMEOUT_S,
) -> Answer:
    """Post to the checked address and return the answer with at most `read` bytes of its body.

    Raises RetryLater when there is no whole answer within `timeout_s`.
    """
    url = httpx.URL(target.url)
    request = httpx.Request(
        "POST",
        url.copy_with(host=target.address),
        content=body,
        headers={**headers, "host": url.netloc.decode()},
        extensions={"sni_hostname": url.raw_host.decode()},
    )
    try:
        async with (
            asyncio.timeout(timeout_s),
            # The transport, not the client: it has no redirects, no proxy from the environment
            # (which would resolve the name again), and no log line with the URL, which may be secret.
            httpx.AsyncHTTPTransport(verify=tls, trust_env=False) as transport,
        ):
            response = await transport.handle_async_request(request)
            try:
                taken, cut = await _read(response, read)
            finally:
                await response.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise RetryLater(f"no answer: {error or type(error).__name__}") from error
    wait = _retry_after(response.headers.get("retry-after", ""))
    return Answer(response.status_code, wait, taken, cut)


async def _read(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    """Return at most `limit` bytes of the body, and whether there was more."""
    taken = b""
    if limit:
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - an async transport
        async for part in response.stream:
            taken += part
            if len(taken) > limit:
                return taken[:limit], True
    return taken, False


def _retry_after(text: str) -> int:
    """Return the header's seconds as ms; a date is ignored, our own schedule holds then."""
    return min(int(text[:9]) * SECOND, HOUR) if text.isascii() and text.isdecimal() else 0
