"""The few SOAP messages that events need, as pure text: what is asked, and what the answers say.

SOAP 1.2, WS-Addressing 1.0, WS-Security UsernameToken Profile 1.0 (password digest), ONVIF Core 7-9.
"""

import base64
import hashlib
import re
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from adapters.json_fields import clean

from .xml import first, local, named, text_of

_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_WSA = "http://www.w3.org/2005/08/addressing"
_SEC = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_DIGEST = f"{_SEC}username-token-profile-1.0#PasswordDigest"
_BASE64 = f"{_SEC}soap-message-security-1.0#Base64Binary"
_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_EVENTS = "http://www.onvif.org/ver10/events/wsdl"
_WSN = "http://docs.oasis-open.org/wsn/b-2"
_WSN_ACTION = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager"
EPOCH_YEAR, LAST_YEAR = 1970, 2200  # a clock beyond is none
_GRANTED_S = (1.0, 86_400.0)
_REFERENCE_CHARS = 16_384  # more is no reference, and would be sent with each request
_DENIALS = ("notauthorized", "failedauthentication", "failedcheck", "sender not authorized")


class Request(NamedTuple):
    """An operation; without an action it is sent without WS-Addressing."""

    name: str
    body: str
    action: str = ""


class Token(NamedTuple):
    """What a UsernameToken is made of; `created_ms` is by the device's clock."""

    user: str
    password: str
    created_ms: int
    nonce: bytes


class Subscription(NamedTuple):
    """A pull point: where it is, what must be sent with each request, and for how long it was granted."""

    address: str
    reference: str  # XML, header blocks
    granted_s: float | None


GET_TIME = Request("GetSystemDateAndTime", f'<GetSystemDateAndTime xmlns="{_DEVICE}"/>')
GET_SERVICES = Request(
    "GetServices",
    f'<GetServices xmlns="{_DEVICE}"><IncludeCapability>false</IncludeCapability></GetServices>',
)
GET_CAPABILITIES = Request(
    "GetCapabilities",
    f'<GetCapabilities xmlns="{_DEVICE}"><Category>All</Category></GetCapabilities>',
)
SYNCHRONISE = Request(
    "SetSynchronizationPoint",
    f'<SetSynchronizationPoint xmlns="{_EVENTS}"/>',
    f"{_EVENTS}/PullPointSubscription/SetSynchronizationPointRequest",
)
UNSUBSCRIBE = Request(
    "Unsubscribe", f'<Unsubscribe xmlns="{_WSN}"/>', f"{_WSN_ACTION}/UnsubscribeRequest"
)


def create_pull_point(seconds: float) -> Request:
    """Ask for a subscription to everything; some devices demand the termination time."""
    return Request(
        "CreatePullPointSubscription",
        f'<CreatePullPointSubscription xmlns="{_EVENTS}"><InitialTerminationTime>PT{seconds:.0f}S'
        "</InitialTerminationTime></CreatePullPointSubscription>",
        f"{_EVENTS}/EventPortType/CreatePullPointSubscriptionRequest",
    )


def pull(seconds: float, limit: int) -> Request:
    """Ask for what is new; the device may hold the answer for so long."""
    return Request(
        "PullMessages",
        f'<PullMessages xmlns="{_EVENTS}"><Timeout>PT{seconds:.0f}S</Timeout>'
        f"<MessageLimit>{limit}</MessageLimit></PullMessages>",
        f"{_EVENTS}/PullPointSubscription/PullMessagesRequest",
    )


def renew(seconds: float) -> Request:
    """Ask for more time."""
    return Request(
        "Renew",
        f'<Renew xmlns="{_WSN}"><TerminationTime>PT{seconds:.0f}S</TerminationTime></Renew>',
        f"{_WSN_ACTION}/RenewRequest",
    )


def digest(nonce: bytes, created: str, password: str) -> str:
    """Return Base64(SHA-1(nonce + created + password)), as the UsernameToken Profile 1.0 has it."""
    # SHA-1 is the profile's; nothing else would be understood.
    made = hashlib.sha1(nonce + created.encode() + password.encode(), usedforsecurity=False)
    return base64.b64encode(made.digest()).decode()


def envelope(
    request: Request, *, to: str, message_id: str, token: Token | None = None, reference: str = ""
) -> bytes:
    """Return the message of a request, with WS-Addressing where it has an action."""
    header = _security(token) if token else ""
    if request.action:
        header += (
            f"<a:Action>{escape(request.action)}</a:Action><a:MessageID>{escape(message_id)}"
            f"</a:MessageID><a:To>{escape(to)}</a:To>"
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_SOAP}" xmlns:a="{_WSA}">'
        f"<s:Header>{header}{reference}</s:Header><s:Body>{request.body}</s:Body></s:Envelope>"
    ).encode()


def _security(token: Token) -> str:
    created = _utc(token.created_ms)
    return (
        f'<w:Security s:mustUnderstand="1" xmlns:w="{_SEC}wssecurity-secext-1.0.xsd"'
        f' xmlns:u="{_SEC}wssecurity-utility-1.0.xsd"><w:UsernameToken>'
        f"<w:Username>{escape(token.user)}</w:Username><w:Password Type={quoteattr(_DIGEST)}>"
        f"{digest(token.nonce, created, token.password)}</w:Password>"
        f"<w:Nonce EncodingType={quoteattr(_BASE64)}>{base64.b64encode(token.nonce).decode()}"
        f"</w:Nonce><u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
    )


def _utc(ms: int) -> str:
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def fault_of(root: Any) -> str:
    """Return a SOAP fault's codes and reason as one line, or "" when the answer is no fault."""
    fault = first(root, "Fault")
    if fault is None:
        return ""
    codes = [text_of(value) for value in named(fault, "Value")]
    reason = next(
        (text for name in ("Text", "faultstring") if (text := text_of(first(fault, name)))), ""
    )
    return clean(" ".join([*codes, reason]).strip() or "SOAP fault")


def is_denial(text: str) -> bool:
    """Return whether a fault's line says that the user is not accepted."""
    plain = text.lower()
    return any(word in plain for word in _DENIALS)


def device_time(root: Any) -> int | None:
    """Return a device's UTC clock in ms, or None: the element may be missing, or hold no date."""
    utc = first(root, "UTCDateTime")
    if utc is None:
        return None
    parts = {local(part): text_of(part) for part in utc.iter()}
    names = ("Year", "Month", "Day", "Hour", "Minute", "Second")
    try:
        numbers = [int(parts[name]) for name in names]
        numbers[5] = min(numbers[5], 59)  # a leap second is no reason to have no clock
        if not EPOCH_YEAR <= numbers[0] < LAST_YEAR:
            return None
        return int(datetime(*numbers, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type, misc]
    except (KeyError, ValueError, OverflowError):
        return None


def events_address(root: Any) -> str:
    """Return where events are asked for, by GetServices or GetCapabilities; "" when they are not named."""
    for service in named(root, "Service"):
        if text_of(first(service, "Namespace")).rstrip("/") == _EVENTS:
            return text_of(first(service, "XAddr"))
    events = first(root, "Events")
    return "" if events is None else text_of(first(events, "XAddr"))


def subscription_of(root: Any) -> Subscription | None:
    """Return the pull point that was made; None when the answer names no address."""
    reference = first(root, "SubscriptionReference")
    address = text_of(first(reference, "Address")) if reference is not None else ""
    if not address:
        return None
    return Subscription(address, _parameters(reference), granted_s(root))


def _parameters(reference: Any) -> str:
    """Return what WS-Addressing wants echoed as headers in every request."""
    blocks = []
    for holder in ("ReferenceParameters", "ReferenceProperties"):
        found = first(reference, holder)
        for block in () if found is None else found:
            if local(block):
                block.set(f"{{{_WSA}}}IsReferenceParameter", "true")
                blocks.append(etree.tostring(block, encoding="unicode", with_tail=False))
    text = "".join(blocks)
    return text if len(text) <= _REFERENCE_CHARS else ""


def granted_s(root: Any) -> float | None:
    """Return for how many seconds a device granted a subscription, by its own two clocks readings."""
    now, until = text_of(first(root, "CurrentTime")), text_of(first(root, "TerminationTime"))
    try:
        seconds = (_instant(until) - _instant(now)).total_seconds()
    except (ValueError, OverflowError):
        return None
    shortest, longest = _GRANTED_S
    return min(seconds, longest) if seconds >= shortest else None


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def reachable(address: str, *, base: str, dialled: str) -> str:
    """Return an address that a device named as one that can be reached.

    Relative ones are relative to `base`. A device with several interfaces, or behind a router, names
    hosts that are not ours to reach: then the dialled host and port, with path and query as named.
    """
    ours = urlsplit(dialled)
    try:
        parts = urlsplit(urljoin(base, address.strip()))
        place = parts.netloc.rpartition("@")[2]
        if re.fullmatch(r"[^:\[\]]+:\d+:\d+", place):
            place = place.rpartition(":")[0]  # host:port:port, seen in the field
        host = urlsplit(f"//{place}").hostname
    except ValueError:
        return dialled + "/onvif/device_service"  # no address at all: asked where everything is
    if parts.scheme not in ("http", "https") or host != ours.hostname:
        return urlunsplit((ours.scheme, ours.netloc, parts.path, parts.query, ""))
    return urlunsplit((parts.scheme, place, parts.path, parts.query, ""))
