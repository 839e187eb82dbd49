"""Who may look at pictures of people's homes, and why: each look is written down before it happens.

Pictures and clips of a case are for those who may work on it, in their territory. What no case refers
to is for an administrator without a territory only. Listing what there is shows no picture.
"""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from hub.access import Principal, Role
from hub.api.cases import may_work_on
from hub.api.services import Services
from hub.case_store.footage import CaseEpisode, Look, Shown
from model.case import Case
from model.codec import CodecError
from model.errors import Refused
from model.footage import Footage, Kind, Type, decode_footage

COMING_MS = 30 * 60_000
"""For so long after its Reading an episode's files are on their way; later they are missing."""

SAME_LOOK_MS = 10 * 60_000
"""Within this time the same look of the same person is one: a browser fetches a clip in many parts."""


class Purpose(StrEnum):
    """Why somebody looks; nothing else is accepted."""

    VERIFY = "verify"
    HANDLE = "handle"
    REVIEW = "review"
    RESIDENT = "resident_request"
    AUTHORITY = "authority_request"
    TECHNICAL = "technical"


PURPOSES = {
    Purpose.VERIFY: ("核实警情", "verify an alarm"),
    Purpose.HANDLE: ("处置案件", "work on the case"),
    Purpose.REVIEW: ("复核质检", "review how it was handled"),
    Purpose.RESIDENT: ("居民申请查看", "a resident asked to see it"),
    Purpose.AUTHORITY: ("公安等机关调取", "the police or another authority asked for it"),
    Purpose.TECHNICAL: ("摄像机检修", "repair or adjust the camera"),
}


class Episode(NamedTuple):
    """What a case can show of one episode of a camera."""

    named: CaseEpisode
    files: Sequence[Shown]
    manifest: Footage | None
    state: str  # here, on_its_way, missing, none (nothing more comes; the manifest says why)

    def pictures(self) -> list[Shown]:
        """Return its snapshots, the surest one first."""
        found = [shown for shown in self.files if shown.kind == Kind.SNAPSHOT]
        return sorted(found, key=lambda shown: -shown.number)

    def clip(self) -> Shown | None:
        """Return its clip, None before it is here."""
        return next((shown for shown in self.files if shown.kind == Kind.CLIP), None)


def may_look(who: Principal, case: Case) -> bool:
    """Return whether somebody may look at the pictures of a case: whoever may work on it, there."""
    return who.sees(case.grid) and may_work_on(who, case.cls)


def episodes_of(hub: Services, case: Case) -> list[Episode]:
    """Return the episodes that a case refers to, oldest first; reads the disk, for worker threads."""
    now = hub.now()
    return [_episode(hub, named, files, now) for named, files in hub.store.footage.of_case(case.id)]


def look(
    hub: Services, who: Principal, sha256: str, purpose: Purpose, *, case: str = ""
) -> tuple[Shown, Path]:
    """Write a look down and return what may be seen; raises LookupError or Refused.

    `case` is the one it is looked at for, else any that refers to it.
    """
    alike = hub.store.footage.by_hash(sha256)
    for shown in alike:
        path = hub.footage_path(shown.sha256, Type(shown.type))
        if not path.exists():
            continue
        found = _case_for(hub, who, shown, case)
        if found is None and (case or not _sees_all(who)):
            continue
        hub.store.footage.looked(
            Look(
                hub.now(), who.name, purpose.value, found.id if found else "",
                found.grid if found else "", shown.episode, shown.device, shown.kind, shown.sha256,
            ),
            once_in_ms=SAME_LOOK_MS,
        )  # fmt: skip
        return shown, path
    if alike:
        raise Refused("these pictures are for those who work on their case, in their territory")
    raise LookupError(f"no picture or clip {sha256}")


def may_see(hub: Services, who: Principal, shown: Shown) -> bool:
    """Return whether `look` would let somebody see a file; writes nothing down."""
    return _sees_all(who) or _case_for(hub, who, shown, "") is not None


def _sees_all(who: Principal) -> bool:
    return who.role is Role.ADMINISTRATOR and not who.grid


def _case_for(hub: Services, who: Principal, shown: Shown, wanted: str) -> Case | None:
    for name in hub.store.footage.cases_of(shown):
        case = hub.store.get(name) if wanted in {"", name} else None
        if case is not None and may_look(who, case):
            return case
    return None


def _episode(hub: Services, named: CaseEpisode, files: Sequence[Shown], now: int) -> Episode:
    manifest = _manifest(hub, files)
    if any(shown.kind == Kind.CLIP for shown in files):
        state = "here"
    elif manifest is not None:
        state = "none"
    else:
        state = "on_its_way" if now - named.at < COMING_MS else "missing"
    return Episode(named, files, manifest, state)


def _manifest(hub: Services, files: Sequence[Shown]) -> Footage | None:
    for shown in files:
        if shown.kind == Kind.MANIFEST:
            try:
                return decode_footage(hub.footage_path(shown.sha256, Type.JSON).read_bytes())
            except (OSError, CodecError):
                return None
    return None
