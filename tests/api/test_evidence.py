"""Who may look at what a camera saw, and that each look is written down with its purpose."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi import HTTPException

from hub import scratch
from hub.access import Principal, Role
from hub.camera_trials import Trials
from hub.case_store.footage import Shown
from hub.case_store.rule_records import RuleText
from hub.evidence.looking import COMING_MS, PURPOSES, SAME_LOOK_MS, Purpose
from hub.page.cameras.one import clips_for
from hub.page.cameras.trial_routes import Written, clip_for
from model.codec import CodecError
from model.footage import Card, Kind, Type, decode_footage, encode_footage
from tests.hub.footage import CLIP, JPEG, plant

from .client import Client
from .conftest import WithRole
from .small_hub import GRID_A, GRID_B, SmallHub

EPISODE = "0123456789abcdef"
GATEWAY = "g"


@pytest.fixture
def folder(hub: SmallHub, tmp_path: Path) -> Path:
    """Where the hub's files lie."""
    hub.footage_folder = tmp_path / "footage"
    hub.footage_folder.mkdir()
    return hub.footage_folder


def keep(hub: SmallHub, kind: Kind, form: Type, data: bytes, *, episode: str = EPISODE) -> str:
    """Let a file be here whole; return its SHA-256."""
    digest = sha256(data).hexdigest()
    hub.footage_path(digest, form).write_bytes(data)
    card = Card(episode, "cam-1", "nb1", "intrusion", kind, form, hub.clock, hub.clock + 20_000)
    hub.store.footage.add(Shown.of(GATEWAY, card, sha256=digest, size=len(data), at=hub.clock))
    return digest


def look_at(client: Client, digest: str, purpose: str = "verify", **more: str) -> int:
    """Ask for a picture or clip; return the status."""
    answer = client.get(f"/api/v1/evidence/{digest}", params={"purpose": purpose, **more})
    return answer.status_code


def test_each_look_of_those_who_work_on_the_case_is_written_down(hub: SmallHub, folder: Path, with_role: WithRole, admin: Client) -> None:  # fmt: skip
    """Who, when, which, for which case and why."""
    assert folder.exists()
    case = hub.alarm(episode=EPISODE)
    digest = keep(hub, Kind.SNAPSHOT, Type.JPEG, JPEG)
    answer = with_role(Role.DISPATCH, "", "李雷").get(
        f"/api/v1/evidence/{digest}", params={"purpose": "verify"}
    )
    assert answer.status_code == 200
    assert answer.content == JPEG
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store"
    (look,) = admin.get("/api/v1/evidence/views").json()["items"]
    told = (look["who"], look["purpose"], look["case_id"], look["grid"], look["sha256"], look["kind"])  # fmt: skip
    assert told == ("李雷", "verify", case.id, case.grid, digest, "snapshot")


def test_nobody_looks_without_a_purpose_or_right(hub: SmallHub, folder: Path, with_role: WithRole, admin: Client) -> None:  # fmt: skip
    """Readers, other territories and maintenance (of a fire) see nothing; nothing is written down."""
    assert folder.exists()
    case = hub.alarm(episode=EPISODE)
    digest = keep(hub, Kind.SNAPSHOT, Type.JPEG, JPEG)
    dispatcher = with_role(Role.DISPATCH, GRID_A, "duty")
    assert look_at(with_role(Role.READ, "", "reader"), digest) == 403
    assert look_at(with_role(Role.DISPATCH, GRID_B, "elsewhere"), digest) == 403
    assert look_at(with_role(Role.MAINTENANCE, "", "fixer"), digest) == 403
    assert look_at(dispatcher, digest, "curiosity") == 422
    assert look_at(dispatcher, digest, case="another") == 403
    assert look_at(dispatcher, "0" * 64) == 404
    assert look_at(dispatcher, "..%2F..%2Fetc%2Fpasswd") in {404, 422}
    assert admin.get("/api/v1/evidence/views").json()["items"] == []
    assert look_at(dispatcher, digest, case=case.id) == 200


def test_maintenance_sees_the_pictures_of_its_own_work(hub: SmallHub, folder: Path, with_role: WithRole) -> None:  # fmt: skip
    """A covered camera is theirs to mend."""
    assert folder.exists()
    hub.alarm(category="device_fault", episode=EPISODE)
    digest = keep(hub, Kind.SNAPSHOT, Type.JPEG, JPEG)
    assert look_at(with_role(Role.MAINTENANCE, "", "fixer"), digest, "technical") == 200


def test_what_no_case_refers_to_is_for_an_administrator_without_a_territory(hub: SmallHub, folder: Path, with_role: WithRole, admin: Client) -> None:  # fmt: skip
    """Pictures of daily life are nobody's pastime, and the look is written down as well."""
    assert folder.exists()
    digest = keep(hub, Kind.SNAPSHOT, Type.JPEG, JPEG)
    assert look_at(with_role(Role.DISPATCH, "", "duty"), digest) == 403
    assert look_at(with_role(Role.ADMINISTRATOR, GRID_A, "of a street"), digest) == 403
    assert look_at(admin, digest, "technical") == 200
    (look,) = admin.get("/api/v1/evidence/views").json()["items"]
    assert (look["case_id"], look["grid"]) == ("", "")
    limited = with_role(Role.ADMINISTRATOR, GRID_A, "of another street")
    assert limited.get("/api/v1/evidence/views").json()["items"] == []


def test_another_gateways_episode_of_the_same_name_is_not_this_cases(hub: SmallHub, folder: Path, with_role: WithRole) -> None:  # fmt: skip
    """A gateway cannot put pictures into the cases of another one's cameras."""
    assert folder.exists()
    case = hub.alarm(episode=EPISODE)
    digest = sha256(CLIP).hexdigest()
    hub.footage_path(digest, Type.MP4).write_bytes(CLIP)
    card = Card(EPISODE, "cam-1", "nb1", "intrusion", Kind.CLIP, Type.MP4, hub.clock, hub.clock)
    hub.store.footage.add(Shown.of("other", card, sha256=digest, size=len(CLIP), at=hub.clock))
    client = with_role(Role.DISPATCH, "", "duty")
    (episode,) = client.get(f"/api/v1/cases/{case.id}/evidence").json()["episodes"]
    assert episode["files"] == []
    assert look_at(client, digest, case=case.id) == 403


def test_a_clip_can_be_wound_and_is_one_look(hub: SmallHub, folder: Path, with_role: WithRole, admin: Client) -> None:  # fmt: skip
    """Within ten minutes also beginning again is no new look; later is, and for another purpose."""
    assert folder.exists()
    hub.alarm(episode=EPISODE)
    digest = keep(hub, Kind.CLIP, Type.MP4, CLIP)
    client = with_role(Role.DISPATCH, "", "duty")

    def part(span: str) -> int:
        answer = client.get(
            f"/api/v1/evidence/{digest}", params={"purpose": "verify"}, headers={"range": span}
        )
        return answer.status_code

    def looks() -> int:
        return len(admin.get("/api/v1/evidence/views").json()["items"])

    assert part("bytes=100-199") == 206
    assert looks() == 1
    assert [part("bytes=200-"), part("bytes=4000-4999")] == [206, 206]
    assert looks() == 1
    assert [part("bytes=0-"), look_at(client, digest)] == [206, 200]
    assert looks() == 1
    assert look_at(client, digest, "handle") == 200
    assert looks() == 2
    hub.clock += SAME_LOOK_MS
    assert part("bytes=100-199") == 206
    assert looks() == 3


def test_a_case_says_whether_its_clip_is_here_or_on_its_way(hub: SmallHub, folder: Path, tmp_path: Path, with_role: WithRole) -> None:  # fmt: skip
    """On its way, missing, here; and what was masked, once the manifest is here."""
    assert folder.exists()
    case = hub.alarm(episode=EPISODE)
    client = with_role(Role.READ, "", "reader")

    def told() -> dict[str, object]:
        body = client.get(f"/api/v1/cases/{case.id}/evidence").json()
        assert body["may_look"] is False
        return dict(body["episodes"][0])

    assert told()["state"] == "on_its_way"
    keep(hub, Kind.SNAPSHOT, Type.JPEG, JPEG)
    assert told()["state"] == "on_its_way"
    hub.clock += COMING_MS + 1
    assert told()["state"] == "missing"
    footage = plant(tmp_path / "gateway", masks=2)
    keep(hub, Kind.MANIFEST, Type.JSON, encode_footage(footage))
    assert (told()["state"], told()["masks"]) == ("none", 2)
    keep(hub, Kind.CLIP, Type.MP4, CLIP)
    assert told()["state"] == "here"


def test_only_an_administrator_pins(hub: SmallHub, folder: Path, with_role: WithRole, admin: Client) -> None:  # fmt: skip
    """The name of who did it stands in the manifest."""
    assert folder.exists()
    case = hub.alarm(episode=EPISODE)
    digest = keep(hub, Kind.CLIP, Type.MP4, CLIP)
    path = f"/api/v1/evidence/{digest}/pin"
    assert with_role(Role.DISPATCH, "", "duty").request("PUT", path).status_code == 403
    assert with_role(Role.ADMINISTRATOR, GRID_B, "b").request("PUT", path).status_code == 404
    assert with_role(Role.ADMINISTRATOR, GRID_A, "许可").request("PUT", path).status_code == 200
    (episode,) = admin.get(f"/api/v1/cases/{case.id}/evidence").json()["episodes"]
    assert episode["files"][0]["pinned_by"] == "许可"
    assert admin.delete(path).json()["pinned_by"] == ""


def test_every_purpose_has_words_in_both_languages() -> None:
    """What people choose from is what is accepted."""
    assert set(PURPOSES) == set(Purpose)
    assert all(zh and en for zh, en in PURPOSES.values())


def test_a_manifest_of_another_shape_is_not_understood() -> None:
    """Whatever a gateway sends, reading it is a CodecError or a manifest."""
    for text in (b"", b"{}", b"[]", b"\xff", b"[" * 10_000, b'{"episode": 7}'):
        with pytest.raises(CodecError):
            decode_footage(text)


def test_a_pack_needs_the_right_and_a_purpose(hub: SmallHub, folder: Path, with_role: WithRole, as_token: Callable[[str], Client]) -> None:  # fmt: skip
    """Nothing of it is built for anybody else."""
    assert folder.exists()
    case = hub.alarm(episode=EPISODE)
    path = f"/api/v1/cases/{case.id}/evidence/pack"
    assert as_token("").get(path).status_code == 401
    dispatcher = with_role(Role.DISPATCH, "", "duty")
    assert dispatcher.get(path).status_code == 422
    assert dispatcher.get(path, params={"purpose": "review"}).status_code == 200
    fixer = with_role(Role.MAINTENANCE, "", "fixer")
    assert fixer.get(path, params={"purpose": "review"}).status_code == 403


def test_a_pack_is_built_in_the_hubs_folder_while_the_disk_has_room(hub: SmallHub, folder: Path, tmp_path: Path, with_role: WithRole, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Its bytes leave the log of alarms its room; nothing stays behind, also not of a browser that left."""
    assert folder.exists()
    hub.scratch = tmp_path / "scratch"
    left = hub.scratch / "packs" / "left.zip"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x")
    os.utime(left, (1_000_000_000, 1_000_000_000))
    path = f"/api/v1/cases/{hub.alarm(episode=EPISODE).id}/evidence/pack"
    client = with_role(Role.DISPATCH, "", "duty")
    assert client.get(path, params={"purpose": "review"}).status_code == 200
    assert list(left.parent.iterdir()) == []
    monkeypatch.setattr(scratch, "ROOM_BYTES", 1 << 60)
    answer = client.get(path, params={"purpose": "review"})
    assert (answer.status_code, list(left.parent.iterdir())) == (503, [])


def test_a_pack_holds_the_rule_as_it_fired(hub: SmallHub, folder: Path, with_role: WithRole, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """With its SHA-256 in the manifest, as everything in it."""
    assert folder.exists()
    fired = RuleText(
        "fire", "1" * 16, "own.yaml", "火", "Fire", "- id: fire  # 原文", 1, in_force=False
    )
    asked = []

    def rule(name: str, rule_hash: str) -> RuleText:
        asked.append((name, rule_hash))
        return fired

    monkeypatch.setattr(hub, "rule", rule)
    path = f"/api/v1/cases/{hub.alarm(episode=EPISODE).id}/evidence/pack"
    answer = with_role(Role.DISPATCH, "", "duty").get(path, params={"purpose": "review"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as pack:
        text = pack.read(f"rules/fire-{'1' * 16}.yaml")
        contents = json.loads(pack.read("manifest.json"))["contents"]
    assert (text.decode(), asked) == ("- id: fire  # 原文\n", [("fire", "1" * 16)])
    sums = {item["name"]: item["sha256"] for item in contents}
    assert sums[f"rules/fire-{'1' * 16}.yaml"] == sha256(text).hexdigest()


def test_a_trial_with_kept_evidence_is_a_look_at_it(hub: SmallHub, folder: Path, tmp_path: Path) -> None:  # fmt: skip
    """It needs the right to its case and is written down; only such clips are offered."""
    assert folder.exists()
    digest = keep(hub, Kind.CLIP, Type.MP4, CLIP)
    written = Written(camera="cam-1", text="", stored=digest)
    fixer, trials = Principal("fixer", Role.MAINTENANCE), Trials(tmp_path / "clips")
    assert clips_for(hub, fixer, "cam-1") == []
    with pytest.raises(HTTPException) as refused:
        clip_for(hub, trials, fixer, written)
    assert refused.value.status_code == 403
    assert hub.store.footage.looks() == []
    hub.alarm(category="device_fault", episode=EPISODE)
    assert [clip.sha256 for clip in clips_for(hub, fixer, "cam-1")] == [digest]
    assert clip_for(hub, trials, fixer, written).read_bytes() == CLIP
    (look,) = hub.store.footage.looks()
    assert (look.who, look.purpose, look.sha256) == ("fixer", "technical", digest)
    with pytest.raises(LookupError):
        clip_for(hub, trials, fixer, Written(camera="cam-2", text="", stored=digest))
