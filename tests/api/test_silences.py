"""Silences over HTTP: who may, where, with what; the second person; and the preview on history."""

import pytest

from hub.access import Role
from model.anomaly import Anomaly, Severity

from .client import Client
from .conftest import WithRole
from .small_hub import GRID_A, GRID_B, MINUTE, REGISTRY, SmallHub

PATH = "/api/v1/silences"
BODY = {"scope": {"compound": "c1"}, "reason": "roof works", "minutes": 60, "id": "s1"}
LOUD = BODY | {
    "scope": {"compound": "c1", "category": "fire"}, "emergencies": True, "patrol": "wang",
}  # fmt: skip


@pytest.mark.parametrize("role", [Role.MAINTENANCE, Role.DISPATCH, Role.ADMINISTRATOR])
def test_it_is_created_and_ended_early(with_role: WithRole, role: Role) -> None:
    """The record names who, what and until when."""
    client = with_role(role, "", "li")
    made = client.post(PATH, json=BODY)
    assert made.status_code == 201
    silence = made.json()
    assert (silence["author"], silence["state"], silence["scope"]) == (
        "li", "active", {"compound": "c1"},
    )  # fmt: skip
    assert silence["starts_at"] < silence["ends_at"]
    assert client.get(PATH, params={"active": "true"}).json()["items"] == [silence]
    over = client.delete(f"{PATH}/s1").json()
    assert (over["state"], over["ended_by"]) == ("ended", "li")
    assert client.get(PATH, params={"active": "true"}).json()["items"] == []
    assert [item["id"] for item in client.get(PATH).json()["items"]] == ["s1"]


def test_a_viewer_sees_them_and_orders_none(admin: Client, with_role: WithRole) -> None:
    """Everybody must be able to tell why it is so quiet."""
    admin.post(PATH, json=BODY)
    viewer = with_role(Role.READ, "", "viewer")
    assert len(viewer.get(PATH).json()["items"]) == 1
    assert viewer.post(PATH, json=BODY | {"id": "s2"}).status_code == 403
    assert viewer.delete(f"{PATH}/s1").status_code == 403
    assert viewer.post(f"{PATH}/s1/approve").status_code == 403
    assert viewer.get(f"{PATH}/preview", params={"compound": "c1"}).status_code == 403


def test_over_emergencies_a_second_dispatcher_approves(with_role: WithRole) -> None:
    """Maintenance may not order it, its author may not approve it."""
    upkeep = with_role(Role.MAINTENANCE, "", "upkeep")
    assert upkeep.post(PATH, json=LOUD).status_code == 409
    author, second = with_role(Role.DISPATCH, "", "li"), with_role(Role.DISPATCH, "", "zhao")
    made = author.post(PATH, json=LOUD)
    assert (made.status_code, made.json()["state"]) == (201, "awaiting_approval")
    refused = author.post(f"{PATH}/s1/approve")
    assert refused.status_code == 409
    assert "second_person" in refused.text
    assert upkeep.post(f"{PATH}/s1/approve").status_code == 403
    approved = second.post(f"{PATH}/s1/approve").json()
    assert (approved["state"], approved["approved_by"]) == ("active", "zhao")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"minutes": 30 * 1440}, 201),
        ({"minutes": 30 * 1440 + 1}, 409),
        ({"minutes": 0}, 422),
        ({"minutes": None}, 422),
        ({"ends": "2030-01-01T00:00:00+08:00"}, 422),
        ({"minutes": None, "ends": "2020-01-01T00:00:00+08:00"}, 409),
        ({"reason": ""}, 422),
        ({"scope": {}}, 409),
        ({"scope": {"device": "nobody"}}, 404),
        ({"scope": {"device": "nb1"}}, 201),
        ({"scope": {"building": "nowhere"}}, 409),
        ({"scope": {"grid": "1503"}}, 201),
        ({"scope": {"grid": "x"}}, 422),
        ({"scope": {"category": "fire"}}, 409),
        ({"scope": {"colour": "red"}}, 422),
    ],
)
def test_what_may_be_asked(admin: Client, more: dict[str, object], status: int) -> None:
    """It ends, has a reason and a scope, and lasts no longer than the site allows."""
    assert admin.post(PATH, json=BODY | more).status_code == status


def test_a_territory_silences_and_sees_its_own(with_role: WithRole) -> None:
    """A scope without a place is its own territory; another's is as if there were none."""
    here, there = with_role(Role.DISPATCH, GRID_A, "a"), with_role(Role.DISPATCH, GRID_B, "b")
    assert there.post(PATH, json=BODY).status_code == 404
    made = here.post(PATH, json=BODY | {"scope": {"category": "device_fault"}})
    assert made.json()["scope"] == {"grid": GRID_A, "category": "device_fault"}
    assert there.get(PATH).json()["items"] == []
    assert there.delete(f"{PATH}/s1").status_code == 404
    assert here.delete(f"{PATH}/s1").status_code == 200


def test_who_is_covered_by_a_wider_silence_sees_it_and_cannot_end_it(
    admin: Client, with_role: WithRole
) -> None:
    """It was ordered for the whole district."""
    admin.post(PATH, json=BODY | {"scope": {"category": "device_fault"}})
    here = with_role(Role.DISPATCH, GRID_A, "a")
    assert len(here.get(PATH).json()["items"]) == 1
    assert here.delete(f"{PATH}/s1").status_code == 404


def test_the_preview_says_what_history_would_have_been(
    admin: Client, hub: SmallHub, with_role: WithRole
) -> None:
    """Cases that would not have been opened, fires that would have been quiet; each territory its own."""
    fault = hub.alarm("nb1", "device_fault")
    fire = hub.alarm("nb1", "fire")
    hub.alarm("nb2", "device_fault")
    hub.clock += 60 * MINUTE
    params = {"compound": "c1", "days": "1"}
    found = admin.get(f"{PATH}/preview", params=params).json()
    assert [(c["id"], c["what"]) for c in found["cases"]] == [(fault.id, "muted")]
    assert (found["counts"]["muted"], found["looked_at"], found["whole"]) == (1, 2, True)
    found = admin.get(f"{PATH}/preview", params=params | {"emergencies": "true"}).json()
    assert {c["id"]: c["what"] for c in found["cases"]} == {fault.id: "muted", fire.id: "quiet"}
    hub.clock += 2 * 1440 * MINUTE
    assert admin.get(f"{PATH}/preview", params=params).json()["cases"] == []
    there = with_role(Role.DISPATCH, GRID_B, "b")
    mine = there.get(f"{PATH}/preview", params={"category": "device_fault", "days": "9"}).json()
    assert [c["place"] for c in mine["cases"]] == ["和平小区 2号楼"]
    assert there.get(f"{PATH}/preview", params=params).status_code == 404


def test_a_territory_sees_only_what_was_muted_there(
    admin: Client, hub: SmallHub, with_role: WithRole
) -> None:
    """A wide silence lists the devices of all; a grid is told of its own."""
    admin.post(PATH, json=BODY | {"scope": {"category": "device_fault"}})
    for device in ("nb1", "nb2"):
        fault = Anomaly(
            key=device, rule="r", rule_hash="", subject=device, category="device_fault",
            severity=Severity.MINOR, started_at=hub.clock, last_at=hub.clock,
        )  # fmt: skip
        assert hub.silencing.sift([fault], REGISTRY, awake=0) == []
    (mine,) = with_role(Role.READ, GRID_A, "a").get(PATH).json()["items"]
    assert [item["subject"] for item in mine["muted"]] == ["nb1"]
    assert (mine["count"], mine["counts"], mine["holds"]) == (1, {"device_fault": 1}, 1)
    (whole,) = admin.get(PATH).json()["items"]
    assert (len(whole["muted"]), whole["count"], whole["holds"]) == (2, 2, 2)


def test_an_id_that_is_taken_answers_with_nobodys_silence(with_role: WithRole) -> None:
    """A repeat is harmless; another person's order under the same id is refused."""
    first, other = with_role(Role.DISPATCH, "", "li"), with_role(Role.DISPATCH, GRID_B, "wu")
    assert first.post(PATH, json=BODY).status_code == 201
    assert first.post(PATH, json=BODY).status_code == 201
    taken = other.post(PATH, json=BODY | {"scope": {"compound": "c2"}})
    assert (taken.status_code, "roof works" in taken.text) == (409, False)
