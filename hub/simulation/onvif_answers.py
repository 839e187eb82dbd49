"""What a simulated ONVIF device says, as text: SOAP answers and notifications in its own dialect."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

NAMESPACES: Mapping[str, str] = {
    "soap": "http://www.w3.org/2003/05/soap-envelope",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "wsnt": "http://docs.oasis-open.org/wsn/b-2",
    "tt": "http://www.onvif.org/ver10/schema",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tev": "http://www.onvif.org/ver10/events/wsdl",
    "ter": "http://www.onvif.org/ver10/error",
    "tns1": "http://www.onvif.org/ver10/topics",
}
ODD: Mapping[str, str] = {
    "soap": "SOAP-ENV",
    "wsa": "wsa5",
    "wsnt": "ns7",
    "tt": "x",
    "tns1": "topics",
}
"""Prefixes of a device that follows no custom; the namespaces are the same."""


class Profile(NamedTuple):
    """A media profile of the device."""

    token: str
    width: int
    height: int
    uri: str


class Note(NamedTuple):
    """One notification; `operation` is empty for what is no property."""

    topic: str  # with the prefix tns1
    source: tuple[tuple[str, str], ...]
    data: tuple[tuple[str, str], ...]
    operation: str = ""


class Dialect:
    """Writes XML with a device's own prefixes."""

    def __init__(self, *, odd_prefixes: bool = False, zero_time: bool = False) -> None:
        """Choose the faults that are visible in the text."""
        self._prefixes = ODD if odd_prefixes else {}
        self._zero_time = zero_time

    def envelope(self, body: str, *, header: str = "") -> bytes:
        """Return a whole SOAP message; `{prefix:` in the text stands for a namespace's own prefix."""
        spaces = " ".join(
            f'xmlns:{self._prefixes.get(name, name)}="{uri}"' for name, uri in NAMESPACES.items()
        )
        text = (
            f"<{{soap:Envelope {spaces}><{{soap:Header>{header}</{{soap:Header>"
            f"<{{soap:Body>{body}</{{soap:Body></{{soap:Envelope>"
        )
        for name in NAMESPACES:
            text = text.replace(f"{{{name}:", f"{self._prefixes.get(name, name)}:")
        return b'<?xml version="1.0" encoding="UTF-8"?>' + text.encode()

    def fault(self, subcode: str, reason: str) -> bytes:
        """Return a SOAP 1.2 fault; `subcode` is one of ONVIF's (`ter`)."""
        return self.envelope(
            "<{soap:Fault><{soap:Code><{soap:Value>{soap:Sender</{soap:Value><{soap:Subcode>"
            f"<{{soap:Value>{{ter:{subcode}</{{soap:Value></{{soap:Subcode></{{soap:Code>"
            f'<{{soap:Reason><{{soap:Text xml:lang="en">{escape(reason)}</{{soap:Text>'
            "</{soap:Reason></{soap:Fault>"
        )

    def messages(self, notes: Iterable[Note], *, now_ms: int, until_ms: int) -> bytes:
        """Return a PullMessagesResponse."""
        return self.envelope(
            "<{tev:PullMessagesResponse>"
            f"<{{tev:CurrentTime>{utc(now_ms)}</{{tev:CurrentTime>"
            f"<{{tev:TerminationTime>{utc(until_ms)}</{{tev:TerminationTime>"
            f"{''.join(self._note(note, now_ms) for note in notes)}</{{tev:PullMessagesResponse>"
        )

    def _note(self, note: Note, now_ms: int) -> str:
        at = "0000-00-00T00:00:00Z" if self._zero_time else utc(now_ms)
        operation = f' PropertyOperation="{note.operation}"' if note.operation else ""
        return (
            "<{wsnt:NotificationMessage><{wsnt:Topic "
            'Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">'
            f"{escape(note.topic).replace('tns1:', '{tns1:', 1)}</{{wsnt:Topic><{{wsnt:Message>"
            f'<{{tt:Message UtcTime="{at}"{operation}><{{tt:Source>{_items(note.source)}'
            f"</{{tt:Source><{{tt:Data>{_items(note.data)}</{{tt:Data></{{tt:Message>"
            "</{wsnt:Message></{wsnt:NotificationMessage>"
        )


def utc(ms: int) -> str:
    """Return a time as xs:dateTime."""
    return (
        datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    )


def _items(items: tuple[tuple[str, str], ...]) -> str:
    return "".join(
        f"<{{tt:SimpleItem Name={quoteattr(name)} Value={quoteattr(value)}/>"
        for name, value in items
    )


def date_and_time(now_ms: int | None) -> str:
    """Return the device's clock, or an answer without one."""
    if now_ms is None:
        return (
            "<{tds:GetSystemDateAndTimeResponse><{tds:SystemDateAndTime><{tt:DateTimeType>Manual"
            "</{tt:DateTimeType><{tt:DaylightSavings>false</{tt:DaylightSavings>"
            "</{tds:SystemDateAndTime></{tds:GetSystemDateAndTimeResponse>"
        )
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    return (
        "<{tds:GetSystemDateAndTimeResponse><{tds:SystemDateAndTime><{tt:DateTimeType>Manual"
        "</{tt:DateTimeType><{tt:DaylightSavings>false</{tt:DaylightSavings><{tt:UTCDateTime>"
        f"<{{tt:Time><{{tt:Hour>{now.hour}</{{tt:Hour><{{tt:Minute>{now.minute}</{{tt:Minute>"
        f"<{{tt:Second>{now.second}</{{tt:Second></{{tt:Time><{{tt:Date><{{tt:Year>{now.year}"
        f"</{{tt:Year><{{tt:Month>{now.month}</{{tt:Month><{{tt:Day>{now.day}</{{tt:Day></{{tt:Date>"
        "</{tt:UTCDateTime></{tds:SystemDateAndTime></{tds:GetSystemDateAndTimeResponse>"
    )


def services(base: str) -> str:
    """Return GetServicesResponse: device, media and events under one host."""
    every = "".join(
        f"<{{tds:Service><{{tds:Namespace>{NAMESPACES[name]}</{{tds:Namespace>"
        f"<{{tds:XAddr>{base}/onvif/{path}</{{tds:XAddr><{{tds:Version><{{tt:Major>2</{{tt:Major>"
        "<{tt:Minor>60</{tt:Minor></{tds:Version></{tds:Service>"
        for name, path in (("tds", "device_service"), ("trt", "media"), ("tev", "events"))
    )
    return f"<{{tds:GetServicesResponse>{every}</{{tds:GetServicesResponse>"


def capabilities(base: str) -> str:
    """Return GetCapabilitiesResponse, which older clients ask for."""
    return (
        "<{tds:GetCapabilitiesResponse><{tds:Capabilities>"
        f"<{{tt:Device><{{tt:XAddr>{base}/onvif/device_service</{{tt:XAddr></{{tt:Device>"
        f"<{{tt:Events><{{tt:XAddr>{base}/onvif/events</{{tt:XAddr>"
        "<{tt:WSSubscriptionPolicySupport>true</{tt:WSSubscriptionPolicySupport>"
        "<{tt:WSPullPointSupport>true</{tt:WSPullPointSupport>"
        "<{tt:WSPausableSubscriptionManagerInterfaceSupport>false"
        "</{tt:WSPausableSubscriptionManagerInterfaceSupport></{tt:Events>"
        f"<{{tt:Media><{{tt:XAddr>{base}/onvif/media</{{tt:XAddr><{{tt:StreamingCapabilities/>"
        "</{tt:Media></{tds:Capabilities></{tds:GetCapabilitiesResponse>"
    )


def device_information(model: str) -> str:
    """Return GetDeviceInformationResponse; the maker is nobody's name."""
    return (
        "<{tds:GetDeviceInformationResponse><{tds:Manufacturer>smarthub</{tds:Manufacturer>"
        f"<{{tds:Model>{escape(model)}</{{tds:Model><{{tds:FirmwareVersion>1</{{tds:FirmwareVersion>"
        "<{tds:SerialNumber>simulated</{tds:SerialNumber><{tds:HardwareId>none</{tds:HardwareId>"
        "</{tds:GetDeviceInformationResponse>"
    )


def scopes(every: Iterable[str]) -> str:
    """Return GetScopesResponse."""
    listed = "".join(
        "<{tds:Scopes><{tt:ScopeDef>Fixed</{tt:ScopeDef>"
        f"<{{tt:ScopeItem>{escape(scope)}</{{tt:ScopeItem></{{tds:Scopes>"
        for scope in every
    )
    return f"<{{tds:GetScopesResponse>{listed}</{{tds:GetScopesResponse>"


def profiles(every: Iterable[Profile]) -> str:
    """Return GetProfilesResponse."""
    return f"<{{trt:GetProfilesResponse>{''.join(map(_profile, every))}</{{trt:GetProfilesResponse>"


def _profile(profile: Profile) -> str:
    size = f"<{{tt:Width>{profile.width}</{{tt:Width><{{tt:Height>{profile.height}</{{tt:Height>"
    return (
        f'<{{trt:Profiles token="{profile.token}" fixed="true"><{{tt:Name>{profile.token}</{{tt:Name>'
        f'<{{tt:VideoEncoderConfiguration token="{profile.token}-enc"><{{tt:Name>enc</{{tt:Name>'
        "<{tt:UseCount>1</{tt:UseCount><{tt:Encoding>H264</{tt:Encoding>"
        f"<{{tt:Resolution>{size}</{{tt:Resolution><{{tt:Quality>5</{{tt:Quality>"
        "</{tt:VideoEncoderConfiguration></{trt:Profiles>"
    )


def media_uri(operation: str, uri: str) -> str:
    """Return the answer of GetStreamUri or GetSnapshotUri."""
    return (
        f"<{{trt:{operation}Response><{{trt:MediaUri><{{tt:Uri>{escape(uri)}</{{tt:Uri>"
        "<{tt:InvalidAfterConnect>false</{tt:InvalidAfterConnect>"
        "<{tt:InvalidAfterReboot>false</{tt:InvalidAfterReboot><{tt:Timeout>PT0S</{tt:Timeout>"
        f"</{{trt:MediaUri></{{trt:{operation}Response>"
    )


def subscription(address: str, reference: str, *, now_ms: int, until_ms: int) -> str:
    """Return CreatePullPointSubscriptionResponse."""
    held = (
        f"<{{wsa:ReferenceParameters>{reference}</{{wsa:ReferenceParameters>" if reference else ""
    )
    return (
        "<{tev:CreatePullPointSubscriptionResponse><{tev:SubscriptionReference>"
        f"<{{wsa:Address>{escape(address)}</{{wsa:Address>{held}</{{tev:SubscriptionReference>"
        f"<{{wsnt:CurrentTime>{utc(now_ms)}</{{wsnt:CurrentTime>"
        f"<{{wsnt:TerminationTime>{utc(until_ms)}</{{wsnt:TerminationTime>"
        "</{tev:CreatePullPointSubscriptionResponse>"
    )


def renewed(*, now_ms: int, until_ms: int) -> str:
    """Return RenewResponse."""
    return (
        f"<{{wsnt:RenewResponse><{{wsnt:TerminationTime>{utc(until_ms)}</{{wsnt:TerminationTime>"
        f"<{{wsnt:CurrentTime>{utc(now_ms)}</{{wsnt:CurrentTime></{{wsnt:RenewResponse>"
    )


def event_properties() -> str:
    """Return GetEventPropertiesResponse, as far as clients look at it."""
    return (
        "<{tev:GetEventPropertiesResponse><{wsnt:FixedTopicSet>true</{wsnt:FixedTopicSet>"
        "<{wsnt:TopicExpressionDialect>http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
        "</{wsnt:TopicExpressionDialect></{tev:GetEventPropertiesResponse>"
    )
