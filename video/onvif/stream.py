"""Asks a camera by ONVIF where its stream and its snapshot are, and how far its clock is off. Declared I/O.

By onvif-zeep-async, whose WSDL files are inside it; nothing is fetched from the network but the camera's
answers. Events are another matter and go by `adapters` (docs/decisions/013).
"""

import asyncio
from typing import Any, NamedTuple

import onvif
import zeep.exceptions
from aiohttp import ClientError

from model.errors import Refused, Transient

from .choose import MediaProfile, from_here, in_order

WITHIN_S = 20.0


class OnvifStream(NamedTuple):
    """Where a camera's pictures are; no login is in the addresses."""

    uri: str  # rtsp://
    snapshot_uri: str  # "" when the camera names none; it may be named and not served
    width: int  # 0: not told
    height: int
    encoding: str
    clock_offset_ms: int  # the camera's clock minus ours; 0 when it tells no time
    profile: str
    note: str = ""  # what was not as asked for, in words


async def stream_of(
    host: str, port: int, user: str, password: str, profile: str = "sub"
) -> OnvifStream:
    """Ask for a stream: `profile` is sub, main or a token.

    A profile that is listed and refused is passed over, and `note` says so. Raises Transient when the
    camera does not answer, Refused when it refuses the user or has no such profile; no text holds the
    password.
    """
    where = f"camera at {host}:{port}"
    try:
        async with asyncio.timeout(WITHIN_S):
            return await _ask(host, port, user, password, profile)
    except (onvif.ONVIFError, zeep.exceptions.Error) as error:
        text = _words(error, password)
        if onvif.util.is_auth_error(error) or "not authorized" in text.lower():
            raise Refused(f"{where} refuses user {user!r}: {text}; correct `login`") from None
        raise Transient(f"{where}: {text}") from None
    except (ClientError, OSError, TimeoutError) as error:
        raise Transient(f"{where} does not answer: {_words(error, password)}") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise Transient(f"{where} answers what cannot be read: {_words(error, password)}") from None


def _words(error: Exception, password: str) -> str:
    text = str(error) or type(error).__name__
    return (text.replace(password, "***") if password else text)[:300]


async def _ask(host: str, port: int, user: str, password: str, wanted: str) -> OnvifStream:
    camera = await _connected(host, port, user, password)
    try:
        media = await camera.create_media_service()
        profiles = [_profile(found) for found in await media.GetProfiles() or []]
        choice = in_order(profiles, wanted)
        if not choice:
            known = ", ".join(profile.token for profile in profiles) or "none"
            raise Refused(f"camera at {host}:{port} has no profile {wanted!r}; it has {known}")
        return await _first_served(camera, media, choice, host)
    finally:
        await camera.close()


async def _connected(host: str, port: int, user: str, password: str) -> Any:
    """Return a camera that has told its services, by its own clock if it tells one."""
    camera = onvif.ONVIFCamera(host, port, user or None, password or None, adjust_time=True)
    try:
        try:
            await camera.update_xaddrs()
        except AttributeError:
            camera.adjust_time = False  # it told no time: then ours must do
            await camera.update_xaddrs()
        camera.xaddrs = {
            space: from_here(address, host=host, port=port)
            for space, address in camera.xaddrs.items()
        }
    except BaseException:
        await camera.close()
        raise
    return camera


async def _first_served(
    camera: Any, media: Any, choice: list[MediaProfile], host: str
) -> OnvifStream:
    note = ""
    for number, profile in enumerate(choice):
        try:
            answer = await media.GetStreamUri(
                {
                    "StreamSetup": {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}},
                    "ProfileToken": profile.token,
                }
            )
        except zeep.exceptions.Fault as fault:
            note = f"{note}profile {profile.token} is not served ({fault.message}); "
            if number == len(choice) - 1:
                raise
            continue
        offset = camera.dt_diff
        return OnvifStream(
            from_here(str(answer.Uri), host=host),
            await _snapshot(camera, profile.token, host),
            profile.width,
            profile.height,
            profile.encoding,
            0 if offset is None else round(offset.total_seconds() * 1000),
            profile.token,
            f"{note}{profile.token} instead" if note else "",
        )
    raise AssertionError("unreachable: a choice is never empty")


async def _snapshot(camera: Any, token: str, host: str) -> str:
    """Return the snapshot's address; many cameras have none, which is no error."""
    try:
        uri = await camera.get_snapshot_uri(token)
    except (onvif.ONVIFError, zeep.exceptions.Error):
        return ""
    return from_here(uri, host=host, port=camera.port) if uri else ""


def _profile(found: Any) -> MediaProfile:
    encoder = getattr(found, "VideoEncoderConfiguration", None)
    size = getattr(encoder, "Resolution", None)
    return MediaProfile(
        str(found.token),
        int(getattr(size, "Width", 0) or 0),
        int(getattr(size, "Height", 0) or 0),
        str(getattr(encoder, "Encoding", "") or ""),
    )
