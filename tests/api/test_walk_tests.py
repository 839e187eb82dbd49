"""Walk tests over HTTP: who may, for how long, where, and that a repeat is harmless."""

import pytest

from hub.access import Role

from .client import Client
from .conftest import WithRole
from .small_hub import GRID_A, GRID_B, MINUTE, SmallHub

PATH = "/api/v1/walk-tests"
BODY = {"subject": "nb1", "reason": "monthly test", "id": "t1"}


@pytest.mark.parametrize("role", [Role.MAINTENANCE, Role.DISPATCH, Role.ADMINISTRATOR])
def test_maintenance_and_dispatch_start_and_stop_one(with_role: WithRole, role: Role) -> None:
    """Two hours unless told otherwise; the record names who."""
    client = with_role(role, "", "li")
    made = client.post(PATH, json=BODY)
    assert made.status_code == 201
    test = made.json()
    assert (test["actor"], test["scope"], test["ended_at"]) == ("li", "device", None)
    assert test["started_at"] < test["until"]
    assert client.get(PATH, params={"running": "true"}).json()["items"] == [test]
    over = client.delete(f"{PATH}/t1")
    assert (over.status_code, over.json()["ended_by"]) == (200, "li")
    assert client.get(PATH, params={"running": "true"}).json()["items"] == []
    assert [item["id"] for item in client.get(PATH).json()["items"]] == ["t1"]


def test_a_viewer_sees_tests_and_starts_none(admin: Client, with_role: WithRole) -> None:
    """Everybody must be able to tell a test from the real thing."""
    admin.post(PATH, json=BODY)
    viewer = with_role(Role.READ, "", "viewer")
    assert len(viewer.get(PATH).json()["items"]) == 1
    assert viewer.post(PATH, json=BODY | {"id": "t2"}).status_code == 403
    assert viewer.delete(f"{PATH}/t1").status_code == 403


def test_the_same_request_again_starts_no_second_test(admin: Client, hub: SmallHub) -> None:
    """A client that got no answer sends it again, later."""
    first = admin.post(PATH, json=BODY).json()
    hub.clock += MINUTE
    assert admin.post(PATH, json=BODY).json() == first
    refused = admin.post(PATH, json=BODY | {"id": "t2"})
    assert refused.status_code == 409
    assert "already" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"minutes": 480}, 201),
        ({"minutes": 481}, 422),
        ({"minutes": 0}, 422),
        ({"reason": ""}, 422),
        ({"reason": "two\nlines"}, 422),
        ({"subject": "nobody"}, 404),
        ({"subject": "b1", "scope": "compound"}, 404),
        ({"subject": "c1", "scope": "compound"}, 201),
        ({"scope": "district"}, 422),
    ],
)
def test_what_may_be_asked(admin: Client, more: dict[str, object], status: int) -> None:
    """At most eight hours, with a reason, for something that there is."""
    assert admin.post(PATH, json=BODY | more).status_code == status


def test_a_territory_tests_and_sees_its_own(with_role: WithRole) -> None:
    """Elsewhere it is as if there were none."""
    here, there = with_role(Role.DISPATCH, GRID_A, "a"), with_role(Role.DISPATCH, GRID_B, "b")
    assert there.post(PATH, json=BODY).status_code == 404
    assert here.post(PATH, json=BODY).status_code == 201
    assert there.get(PATH).json()["items"] == []
    assert there.delete(f"{PATH}/t1").status_code == 404
    assert here.delete(f"{PATH}/t1").status_code == 200
