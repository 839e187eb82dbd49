"""How a simulated ONVIF device checks a login: by WS-Security's digest, or by HTTP's."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from adapters.onvif.soap import digest
from adapters.onvif.xml import first, local, text_of

from .onvif_device import OnvifDevice

CLOCK_S: Final = 60.0  # a login made with a clock further off is refused
OPEN: Final = frozenset(
    {"GetSystemDateAndTime", "GetServices", "GetCapabilities", "GetServiceCapabilities"}
)
"""What anybody may ask before logging in (ONVIF Core, access class PRE_AUTH)."""
_REALM = "simulated"
_PART = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


class Login:
    """Accepts one user; without a password everybody."""

    def __init__(self, device: OnvifDevice) -> None:
        self._device = device
        self._nonce = secrets.token_hex(16)

    def accepts(self, request: web.Request, root: Any) -> bool:
        """Return whether a request may do more than look around."""
        settings = self._device.settings
        if not settings.password:
            return True
        if settings.faults.http_digest:
            return self._http(request)
        return self._token(root)

    def challenge(self) -> tuple[int, dict[str, str]]:
        """Return status and headers of a refusal."""
        if not self._device.settings.faults.http_digest:
            return 400, {}
        said = f'Digest realm="{_REALM}", qop="auth", nonce="{self._nonce}", algorithm=MD5'
        return 401, {"WWW-Authenticate": said}

    def _token(self, root: Any) -> bool:
        """Check a UsernameToken by its digest and its time (UsernameToken Profile 1.0)."""
        token = first(root, "UsernameToken")
        if token is None:
            return False
        said = {local(part): text_of(part) for part in token}
        try:
            nonce = base64.b64decode(said["Nonce"])
            created = datetime.fromisoformat(said["Created"]).timestamp()
        except (KeyError, ValueError, binascii.Error):
            return False
        right = digest(nonce, said["Created"], self._device.settings.password)
        return (
            said.get("Username") == self._device.settings.user
            and hmac.compare_digest(said.get("Password", ""), right)
            and abs(created - self._device.now_ms() / 1000) <= CLOCK_S
        )

    def _http(self, request: web.Request) -> bool:
        """Check HTTP digest authentication, MD5 with qop auth (RFC 7616)."""
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        said = {name: quoted or plain for name, quoted, plain in _PART.findall(rest)}
        settings = self._device.settings
        if scheme.lower() != "digest" or said.get("nonce") != self._nonce:
            return False
        who = _md5(f"{settings.user}:{_REALM}:{settings.password}")
        what = _md5(f"{request.method}:{said.get('uri', '')}")
        parts = (who, self._nonce, said.get("nc", ""), said.get("cnonce", ""), "auth", what)
        right = _md5(":".join(parts))
        same_user = said.get("username") == settings.user
        return same_user and hmac.compare_digest(said.get("response", ""), right)


def _md5(text: str) -> str:
    # MD5 is what RFC 7616 has for the oldest devices, and they are the ones simulated here.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
