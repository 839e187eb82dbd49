"""Opens cameras: the only place of `video` that reads streams, files and snapshots (docs/video/sources.md)."""

from video.settings import SourceSettings

from .by_onvif import OnvifSource
from .clip import ClipSource
from .folder import FolderSource
from .keeper import BackOff, Change, Keeper
from .snapshot import SnapshotSource
from .source import NOBODY, Clock, Credentials, Pace, Reason, Source, SourceLost
from .stream import StreamSource
from .trust import Trust


def open_source(
    settings: SourceSettings,
    login: Credentials = NOBODY,
    *,
    clock: Clock,
    fps: float,
    keyframes_only: bool = False,
    paced: bool = True,
) -> Source:
    """Return the source that settings name; it connects when it is asked for frames.

    `login` is who the camera knows, the password read by the caller. At most `fps` frames a second come,
    of a file's own seconds. A file or folder that is not `paced` comes as fast as it is asked for.
    """
    if settings.file is not None:
        return ClipSource(
            settings.file,
            clock=clock,
            fps=fps,
            keyframes_only=keyframes_only,
            speed=settings.speed,
            repeat=settings.repeat,
            paced=paced,
        )
    if settings.folder is not None:
        return FolderSource(
            settings.folder,
            clock=clock,
            fps=fps,
            repeat=settings.repeat,
            paced=paced,
            idle_s=settings.idle_s,
        )
    trust = Trust(settings.verify, settings.ca_file)
    if settings.snapshot:
        return SnapshotSource(
            settings.snapshot, login, clock=clock, every_s=settings.every_s, fps=fps, trust=trust
        )

    def stream(url: str) -> StreamSource:
        return StreamSource(
            url,
            login,
            clock=clock,
            fps=fps,
            keyframes_only=keyframes_only,
            transport=settings.transport,
            trust=trust,
        )

    if settings.onvif is not None:
        return OnvifSource(settings.onvif, login, opened=stream)
    return stream(settings.url)


__all__ = [
    "NOBODY",
    "BackOff",
    "Change",
    "Clock",
    "Credentials",
    "Keeper",
    "Pace",
    "Reason",
    "Source",
    "SourceLost",
    "open_source",
]
