"""The evidence pack 证据包 of a case: what its sensors said and its cameras saw, each with its SHA-256."""

import tempfile
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from cases.events import case_json, rfc3339
from hub.api.answer import encode
from hub.api.services import Json
from hub.case_store.footage import Shown
from hub.case_store.rule_records import RuleText
from hub.scratch import clear_left, room_for
from model.case import Case, HistoryItem
from model.footage import Kind, Type, file_name

from .looking import PURPOSES, Episode

README = """\
manifest.json  what is in this pack, with the SHA-256 of each file 证据清单（含每个文件的 SHA-256）
case.json      the case 案件
history.json   its history; each line's hash covers the line before 过程记录（哈希链）
rules/         each rule that fired, as it was written then 触发时的规则原文
pictures/      pictures and clips; privacy masks are black in every frame 画面（隐私遮挡区为黑色）
"""


class Seen(NamedTuple):
    """A picture or clip and where its bytes are."""

    shown: Shown
    path: Path


def listed(case: Case, episodes: Sequence[Episode]) -> Json:
    """Return the manifest of a case's evidence: Readings, and episodes with their files."""
    return {
        "case": case.id,
        "key": case.key,
        "history_length": case.history_length,
        "history_hash": case.history_hash,
        "readings": case_json(case)["evidence"],
        "episodes": [_episode(case, episode) for episode in episodes],
    }


def packed(
    case: Case, history: Sequence[HistoryItem], episodes: Sequence[Episode], seen: Sequence[Seen], *,
    rules: Sequence[RuleText], folder: Path,
) -> Path:  # fmt: skip
    """Write the pack into a ZIP file in a folder and return it; the caller removes it.

    Raises OSError, and Transient where it would leave the disk too little room.
    """
    room_for(folder, sum(item.shown.size for item in seen))
    clear_left(folder)
    documents = {
        "case.json": encode(case_json(case)),
        "history.json": encode([msgspec.to_builtins(item) for item in history]),
        "README.txt": README.encode(),
        **{f"rules/{rule.id}-{rule.hash}.yaml": f"{rule.text}\n".encode() for rule in rules},
    }
    contents = [{"name": n, "sha256": sha256(d).hexdigest(), "size": len(d)} for n, d in documents.items()]  # fmt: skip
    contents += [
        {"name": _name(item.shown), "sha256": item.shown.sha256, "size": item.shown.size}
        for item in seen
    ]
    manifest = encode(listed(case, episodes) | {"contents": contents})
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".zip", delete=False) as target:
        path = Path(target.name)
        try:
            # Stored, not deflated: pictures and clips are compressed already.
            with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as pack:
                pack.writestr("manifest.json", manifest)
                for name, document in documents.items():
                    pack.writestr(name, document)
                for item in seen:
                    pack.write(item.path, _name(item.shown))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return path


def purposes() -> list[Json]:
    """Return the purposes for which somebody may look, in both languages."""
    return [
        {"purpose": purpose.value, "zh": zh, "en": en} for purpose, (zh, en) in PURPOSES.items()
    ]


def _episode(case: Case, episode: Episode) -> Json:
    named, manifest = episode.named, episode.manifest
    observation = episode.files[0].observation if episode.files else ""
    return {
        "episode": named.episode,
        "gateway": named.gateway,
        "device": named.device,
        "observation": observation,
        "at": rfc3339(named.at),
        "state": episode.state,
        "masks": None if manifest is None else manifest.masks,
        "pixelated": None if manifest is None else manifest.pixelated,
        "settings": None if manifest is None else manifest.settings,
        "note": "" if manifest is None else manifest.note,
        "files": [_file(case, shown) for shown in episode.files],
    }


def _file(case: Case, shown: Shown) -> Json:
    return {
        "kind": shown.kind,
        "number": shown.number,
        "type": Type(shown.type).media,
        "sha256": shown.sha256,
        "size": shown.size,
        "from": rfc3339(shown.since),
        "to": rfc3339(shown.until),
        "received_at": rfc3339(shown.received_at),
        "pinned_by": shown.pinned_by,
        "url": f"/api/v1/evidence/{shown.sha256}?case={case.id}",
    }


def _name(shown: Shown) -> str:
    name = file_name(shown.episode, Kind(shown.kind), Type(shown.type), shown.number)
    return f"pictures/{name}"
