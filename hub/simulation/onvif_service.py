"""The simulated ONVIF device's HTTP side: checks the login, answers SOAP, and takes orders."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from aiohttp import web

from adapters.onvif.xml import first, local, parsed, text_of
from model.errors import FrameError

from . import onvif_answers as answers
from .onvif_device import OnvifDevice, PullPoint
from .onvif_login import OPEN, Login
from .onvif_snapshot import snapshot

_YOUNG = frozenset({"GetServices", "SetSynchronizationPoint"})
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")
_SUBSCRIPTION = "{urn:smarthub:simulated}SubscriptionId"

Answer: TypeAlias = str | bytes


class _Refusal(Exception):  # noqa: N818 - becomes a SOAP fault
    def __init__(self, subcode: str, reason: str) -> None:
        super().__init__(reason)
        self.subcode = subcode


def application(device: OnvifDevice) -> web.Application:
    """Return the device's web application."""
    service = _Service(device)
    app = web.Application(client_max_size=1 << 20)
    app.router.add_post("/onvif/{service}", service.soap)
    app.router.add_get("/snapshot.jpg", service.picture)
    app.router.add_post("/simulate/input/{token}/{state}", service.order_input)
    app.router.add_post("/simulate/motion/{state}", service.order_motion)
    app.router.add_post("/simulate/notify", service.order_note)
    app.router.add_post("/simulate/forget", service.order_forget)
    app.router.add_post("/simulate/reboot", service.order_reboot)
    return app


class _Service:
    def __init__(self, device: OnvifDevice) -> None:
        self._device = device
        self._login = Login(device)
        self._later: set[asyncio.Task[None]] = set()
        self._operations: Mapping[str, Callable[[web.Request, Any], Awaitable[Answer]]] = {
            "CreatePullPointSubscription": self._subscribe,
            "PullMessages": self._pull,
            "Renew": self._renew,
            "Unsubscribe": self._unsubscribe,
            "SetSynchronizationPoint": self._synchronise,
        }

    async def soap(self, request: web.Request) -> web.Response:
        """Answer one SOAP request."""
        device = self._device
        status, headers = 200, dict[str, str]()
        try:
            body = await self._answer(request, await request.read())
        except ConnectionError:
            return web.Response(status=400)  # the client is gone; nobody reads this
        except _Refusal as refusal:
            status, body = 400, device.dialect.fault(refusal.subcode, str(refusal))
            if refusal.subcode == "NotAuthorized":
                status, headers = self._login.challenge()
        if isinstance(body, str):
            body = device.dialect.envelope(body)
        return web.Response(
            status=status, body=body, headers=headers, content_type="application/soap+xml"
        )

    async def _answer(self, request: web.Request, payload: bytes) -> Answer:
        try:
            root = parsed(payload)
        except FrameError as error:
            raise _Refusal("WellFormed", str(error)) from None
        body = first(root, "Body")
        asked = next((part for part in body if local(part)), None) if body is not None else None
        if asked is None:
            raise _Refusal("WellFormed", "no Body")
        name = local(asked)
        self._device.asked.append(name)
        if name not in OPEN and not self._login.accepts(request, root):
            raise _Refusal("NotAuthorized", "Sender not Authorized")
        if self._device.settings.faults.old_firmware and name in _YOUNG:
            raise _Refusal("ActionNotSupported", f"{name} is not known")
        if name in self._operations:
            return await self._operations[name](request, root)
        return self._plain(name, asked)

    def _plain(self, name: str, asked: Any) -> str:
        """Answer what needs no waiting and changes nothing."""
        device, faults = self._device, self._device.settings.faults
        token = text_of(first(asked, "ProfileToken"))
        plain: dict[str, Callable[[], str]] = {
            "GetSystemDateAndTime": lambda: answers.date_and_time(
                None if faults.no_time else device.now_ms()
            ),
            "GetServices": lambda: answers.services(device.base),
            "GetCapabilities": lambda: answers.capabilities(device.base),
            "GetDeviceInformation": lambda: answers.device_information(device.settings.model),
            "GetScopes": lambda: answers.scopes(device.scopes),
            "GetProfiles": lambda: answers.profiles(device.profiles),
            "GetStreamUri": lambda: answers.media_uri(name, self._stream(token)),
            "GetSnapshotUri": lambda: answers.media_uri(name, f"{device.base}/snapshot.jpg"),
            "GetEventProperties": answers.event_properties,
        }
        if name not in plain:
            raise _Refusal("ActionNotSupported", f"{name} is not simulated")
        return plain[name]()

    def _stream(self, token: str) -> str:
        device = self._device
        known = {profile.token: profile for profile in device.profiles}
        if token not in known:
            raise _Refusal("NoProfile", f"no profile {token!r}")
        if device.settings.faults.sub_profile_fault and token == "SubStream":  # noqa: S105 - a profile
            raise _Refusal("IncompleteConfiguration", "the profile is not configured")
        return known[token].uri

    async def _subscribe(self, _request: web.Request, root: Any) -> str:
        device, faults = self._device, self._device.settings.faults
        asked_s = _seconds(text_of(first(root, "InitialTerminationTime")))
        if asked_s is None:
            raise _Refusal("InvalidArgVal", "InitialTerminationTime is needed")
        name = device.subscribe(asked_s)
        path, reference = f"/onvif/subscription?Idx={name}", ""
        if faults.reference_parameters:
            path = "/onvif/subscription"
            reference = (
                f'<d:SubscriptionId xmlns:d="urn:smarthub:simulated">{name}</d:SubscriptionId>'
            )
        address = path if faults.relative_address else device.base + path
        until_ms = device.until_ms(device.pull_points[name])
        return answers.subscription(address, reference, now_ms=device.now_ms(), until_ms=until_ms)

    def _point(self, request: web.Request, root: Any) -> tuple[str, PullPoint]:
        """Find the subscription that is meant; a lost query or header is a lost subscription."""
        held = root.find(f".//{_SUBSCRIPTION}")
        name = request.query.get("Idx", "") or text_of(held)
        point = self._device.find(name)
        if point is None:
            raise _Refusal("ResourceUnknown", "no such subscription")
        return name, point

    async def _pull(self, request: web.Request, root: Any) -> bytes:
        device, faults = self._device, self._device.settings.faults
        name, point = self._point(request, root)
        limit = int(text_of(first(root, "MessageLimit")) or 1)
        hold_s = (_seconds(text_of(first(root, "Timeout"))) or 0.0) + faults.hold_longer_s
        if not point.waiting and not faults.instant_empty:
            point.news.clear()
            try:
                async with asyncio.timeout(hold_s):
                    await point.news.wait()
            except TimeoutError:
                pass
        if device.find(name) is not point:
            raise _Refusal("ResourceUnknown", "the subscription has ended")
        notes = [point.waiting.popleft() for _ in range(min(limit, len(point.waiting)))]
        return device.dialect.messages(
            notes, now_ms=device.now_ms(), until_ms=device.until_ms(point)
        )

    async def _renew(self, request: web.Request, root: Any) -> str:
        device = self._device
        _, point = self._point(request, root)
        asked_s = _seconds(text_of(first(root, "TerminationTime")))
        if device.settings.faults.refuse_renew or asked_s is None:
            raise _Refusal("InvalidArgVal", "cannot renew")
        point.until = time.monotonic() + device.granted(asked_s)
        return answers.renewed(now_ms=device.now_ms(), until_ms=device.until_ms(point))

    async def _unsubscribe(self, request: web.Request, root: Any) -> str:
        name, _ = self._point(request, root)
        del self._device.pull_points[name]
        return "<{wsnt:UnsubscribeResponse/>"

    async def _synchronise(self, request: web.Request, root: Any) -> str:
        self._device.initialize(self._point(request, root)[1])
        return "<{tev:SetSynchronizationPointResponse/>"

    async def picture(self, _request: web.Request) -> web.Response:
        """Serve a drawn picture with the device's time."""
        text = answers.utc(self._device.now_ms())
        return web.Response(body=snapshot(text), content_type="image/jpeg")

    async def order_input(self, request: web.Request) -> web.Response:
        """Close (`true`) or open (`false`) a contact."""
        self._device.set_input(
            request.match_info["token"], active=request.match_info["state"] == "true"
        )
        return web.Response(status=204)

    async def order_motion(self, request: web.Request) -> web.Response:
        """Start (`true`) or end (`false`) motion."""
        self._device.set_motion(seen=request.match_info["state"] == "true")
        return web.Response(status=204)

    async def order_note(self, request: web.Request) -> web.Response:
        """Send any notification: {"topic", "source": {}, "data": {}, "operation"}."""
        order = await request.json()
        source, data = (tuple(order.get(key, {}).items()) for key in ("source", "data"))
        self._device.tell(answers.Note(order["topic"], source, data, order.get("operation", "")))
        return web.Response(status=204)

    async def order_forget(self, _request: web.Request) -> web.Response:
        """Lose every subscription."""
        self._device.forget_subscriptions()
        return web.Response(status=204)

    async def order_reboot(self, _request: web.Request) -> web.Response:
        """Reboot once this answer is on its way."""
        task = asyncio.create_task(self._device.reboot(), name="reboot")
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        return web.Response(status=204)


def _seconds(text: str) -> float | None:
    """Read an xs:duration of hours, minutes and seconds."""
    found = _DURATION.fullmatch(text)
    if not found or not any(found.groups()):
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds
