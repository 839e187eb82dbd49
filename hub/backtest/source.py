"""Where a backtest's entries come from, and how far they can be trusted."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from hub.log.view import LogView
from hub.territory.registry_files import load_registry
from model.case import Case
from model.entry import Entry, EntryKind, Versioned
from model.errors import HubError
from model.place import Registry

from .live_cases import FILE, live_cases

WARM_UP_MS = 24 * 3_600_000
"""As long as closed cases are remembered, and longer than any hold time of the library."""


class Recording(NamedTuple):
    """Entries with what must be known before the first of them."""

    rules: Versioned
    registry: Versioned
    entries: Callable[[], Iterator[Entry]]
    total: int  # how many entries there are, about, for a progress bar
    begins_at: int  # logged_at of the first entry, ms
    exact: bool
    remarks: tuple[str, ...]  # what the reader of the result should know
    places: Registry  # `registry`, read
    known: Callable[[str], Case | None] | None = None  # live cases, where ids here are others


def log_folder(data: Path) -> Path:
    """Return the log of a data folder, or the folder itself when it is a log."""
    for candidate in (data / "log", data / "hub" / "log", data):
        if any(candidate.glob("[0-9]*.db")):
            return candidate
    raise HubError(
        f"{data} holds no log: name the hub's data folder (`--data`, the one that `smarthub up`"
        " uses), or a copy of its folder `log`"
    )


def from_log(folder: Path, *, since: int | None, until: int | None, whole: bool) -> Recording:
    """Take the entries of a log up to `until` (ms), beginning a warm-up before `since`.

    `whole`: from the log's first entry; then, and without `since`, the result is exact.
    """
    view = LogView(folder)
    first = view.start
    remarks: list[str] = []
    if since is not None and not whole:
        first = max(first, view.position_at(since - WARM_UP_MS))
    if first > view.start:
        remarks.append(
            "warm-up of 24 h: what began before it is not known; `--whole` reads the log from its"
            " first entry and is exact"
        )
    if view.start > 1:
        remarks.append(
            f"the log begins at entry {view.start}: older ones were removed (`log.keep_mb`), so cases"
            " that began before may differ from those of the live hub"
        )
    last = view.end if until is None else view.position_at(until) - 1
    if last < first:
        raise HubError("the log holds nothing in this span; see `--from` and `--to`")
    if first > 1 and not (folder.parent / FILE).is_file():
        remarks.append(
            f"no {FILE} beside the log: what people did, and found, is not known in a replay that does"
            " not begin with the log's first entry"
        )
    registry = _version(view, EntryKind.REGISTRY, first)
    return Recording(
        rules=_version(view, EntryKind.RULES, first),
        registry=registry,
        places=load_registry(registry.documents),
        entries=lambda: view.entries(first - 1, last),
        total=last - first + 1,
        begins_at=view.time_of(first),
        exact=first == 1,
        remarks=tuple(remarks),
        known=None if first == 1 else live_cases(folder),
    )


def _version(view: LogView, kind: EntryKind, at: int) -> Versioned:
    entry = view.newest(kind, at) or view.oldest(kind)
    if entry is None:
        raise HubError(f"the log {view.folder} holds no version of the {kind.value}")
    return msgspec.json.decode(entry.payload, type=Versioned)
