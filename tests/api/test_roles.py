"""Every route needs a role, and a territory's token sees its territory."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from hub.access import Role

from .client import Client
from .conftest import WithRole
from .small_hub import GRID_A, GRID_B, MINUTE, SmallHub

OPEN = {("POST", "/api/v1/login"), ("GET", "/livez"), ("GET", "/readyz"), ("GET", "/openapi.json")}
FILLED = dict.fromkeys(("case_id", "token_id", "name", "walk_test", "silence"), "x") | {
    "action": "note",
    "number": "1",
    "sha256": "0" * 64,
}
READ = {
    "/api/v1/cases", "/api/v1/cases/{case_id}", "/api/v1/cases/{case_id}/history",
    "/api/v1/devices", "/api/v1/cameras", "/api/v1/anomalies", "/api/v1/areas",
    "/api/v1/census", "/api/v1/rules",
    "/api/v1/gateways", "/api/v1/readings", "/api/v1/walk-tests", "/api/v1/silences",
    "/api/v1/ledger", "/api/v1/cases/{case_id}/why", "/api/v1/cases/{case_id}/evidence",
    "/api/v1/handovers", "/api/v1/handovers/current", "/api/v1/handovers/{number}",
    "/api/v1/stream", "/api/v1/counters", "/api/v1/channels", "/api/v1/me/password",
}  # fmt: skip


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Return every (method, path) of the app, as its description names them."""
    paths = app.openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def test_the_description_names_every_route(app: FastAPI) -> None:
    """The next tests walk the description, so nothing may be hidden from it."""
    hidden = [r.path for r in app.routes if isinstance(r, APIRoute) and not r.include_in_schema]
    assert hidden == []
    assert len(routes(app)) >= 18


def test_every_route_needs_a_token(app: FastAPI, as_token: Callable[[str], Client]) -> None:
    """Without a token, and with one that nobody issued, there is 401 and nothing else."""
    for method, path in routes(app):
        if (method, path) in OPEN:
            continue
        for token in ("", "forged", "shub_", "é"):
            answer = as_token(token).request(
                method,
                path.format(**FILLED),
            )
            assert answer.status_code == 401, (method, path)
            assert answer.headers["content-type"] == "application/problem+json"


def test_a_read_token_reads_and_does_nothing_else(app: FastAPI, with_role: WithRole) -> None:
    """Every route that changes something, or shows secrets, is closed to it."""
    reader = with_role(Role.READ, "", "viewer")
    for method, path in routes(app):
        if (method, path) in OPEN or path in READ or path == "/metrics":
            continue
        answer = reader.request(
            method,
            path.format(**FILLED),
            json={},
        )
        assert answer.status_code == 403, (method, path)


def test_tokens_and_dead_letters_are_the_administrators(with_role: WithRole) -> None:
    """A dispatcher cannot make itself more tokens."""
    dispatcher = with_role(Role.DISPATCH, "", "duty desk")
    body = {"name": "x", "role": "administrator"}
    assert dispatcher.post("/api/v1/tokens", json=body).status_code == 403
    assert dispatcher.get("/api/v1/tokens").status_code == 403
    assert dispatcher.get("/api/v1/deadletters").status_code == 403


def test_a_dispatcher_of_grid_a_can_neither_read_nor_act_on_grid_b(
    hub: SmallHub, with_role: WithRole
) -> None:
    """Lists are cut, single cases are as if they were not there, and reports are refused."""
    mine, theirs = hub.alarm("nb1"), hub.alarm("nb2")
    client = with_role(Role.DISPATCH, GRID_A, "grid a")
    assert [c["id"] for c in client.get("/api/v1/cases").json()["items"]] == [mine.id]
    assert client.get("/api/v1/cases", params={"grid": GRID_B}).json()["items"] == []
    for path in (f"/api/v1/cases/{theirs.id}", f"/api/v1/cases/{theirs.id}/history"):
        assert client.get(path).status_code == 404
    act = client.post(f"/api/v1/cases/{theirs.id}/actions/acknowledge", json={})
    assert act.status_code == 404
    unchanged = hub.store.get(theirs.id)
    assert unchanged is not None
    assert unchanged.acknowledged_by is None
    report = {"place": "b2", "text": "噪音"}
    assert client.post("/api/v1/reports", json=report).status_code == 403
    assert [d["id"] for d in client.get("/api/v1/devices").json()["items"]] == ["nb1"]
    assert [a["subject"] for a in client.get("/api/v1/anomalies").json()["items"]] == ["nb1"]
    assert client.get("/api/v1/readings", params={"device": "nb2"}).status_code == 404
    assert client.get("/api/v1/gateways").status_code == 403
    assert client.get("/metrics").status_code == 401


def test_maintenance_works_on_maintenance_and_impairment_only(
    hub: SmallHub, with_role: WithRole
) -> None:
    """Its cases are its own; an emergency is as it was, and says who may."""
    client = with_role(Role.MAINTENANCE, "", "维修工")
    for category, status in (
        ("battery_low", 200), ("low_pressure", 200), ("fire", 403), ("duty_unanswered", 403),
    ):  # fmt: skip
        case = hub.alarm(category=category)
        path = f"/api/v1/cases/{case.id}/actions/acknowledge"
        assert client.post(path, json={}).status_code == status, category
        kept = hub.store.get(case.id)
        assert kept is not None
        assert kept.acknowledged_by == ("维修工" if status == 200 else None)


def test_maintenance_keeps_to_its_territory_and_reports_nothing(
    hub: SmallHub, with_role: WithRole
) -> None:
    """Another grid's battery is as if it were not there."""
    client = with_role(Role.MAINTENANCE, GRID_A, "维修工")
    theirs = hub.alarm("nb2", "battery_low")
    path = f"/api/v1/cases/{theirs.id}/actions/note"
    assert client.post(path, json={"text": "x"}).status_code == 404
    assert client.post("/api/v1/reports", json={"place": "b1", "text": "x"}).status_code == 403


def test_a_streets_token_covers_its_grids(hub: SmallHub, with_role: WithRole) -> None:
    """A division code of 12 digits with zeros at its end means everything within."""
    mine = hub.alarm("nb1")
    hub.alarm("nb2")
    client = with_role(Role.READ, "150302001000", "street")
    assert [c["id"] for c in client.get("/api/v1/cases").json()["items"]] == [mine.id]


def test_a_dispatcher_acts_under_the_tokens_name(hub: SmallHub, with_role: WithRole) -> None:
    """Naming somebody else is the administrator's, or "verifier is not the handler" means nothing."""
    case = hub.alarm()
    client = with_role(Role.DISPATCH, "", "李雷")
    path = f"/api/v1/cases/{case.id}/actions/acknowledge"
    assert client.post(path, json={"actor": "韩梅梅"}).status_code == 403
    assert client.post(path, json={"actor": "李雷"}).json()["acknowledged_by"] == "李雷"


def test_an_administrator_may_name_the_actor(hub: SmallHub, admin: Client) -> None:
    """Who really acted is written into the history."""
    case = hub.alarm()
    answer = admin.post(f"/api/v1/cases/{case.id}/actions/acknowledge", json={"actor": "韩梅梅"})
    assert answer.json()["acknowledged_by"] == "韩梅梅"
    assert hub.store.history(case.id)[-1].actor == "韩梅梅"


@pytest.mark.parametrize(
    ("grid", "level", "status"),
    [
        (GRID_A, "community", 403),
        ("150302001001", "community", 409),
        ("150302001", "district", 403),
    ],
)
def test_nobody_acts_above_the_tokens_level(
    hub: SmallHub, with_role: WithRole, grid: str, level: str, status: int
) -> None:
    """A grid's token cannot claim to be the street; at its own level the desk decides."""
    case = hub.alarm()
    client = with_role(Role.DISPATCH, grid, "x")
    # No reason is given, so the desk refuses whoever may ask.
    answer = client.post(f"/api/v1/cases/{case.id}/actions/force_close", json={"level": level})
    assert answer.status_code == status


def test_a_withdrawn_token_stops_at_once(admin: Client, as_token: Callable[[str], Client]) -> None:
    """Also the token that somebody got by signing in."""
    made = admin.post("/api/v1/tokens", json={"name": "tablet", "role": "read", "days": 1})
    assert made.status_code == 201
    client = as_token(made.json()["token"])
    assert client.get("/api/v1/cases").status_code == 200
    assert admin.delete(f"/api/v1/tokens/{made.json()['id']}").status_code == 204
    assert client.get("/api/v1/cases").status_code == 401
    assert admin.delete(f"/api/v1/tokens/{made.json()['id']}").status_code == 404


def test_an_expired_token_stops(
    hub: SmallHub, admin: Client, as_token: Callable[[str], Client]
) -> None:
    """Its time is up by the hub's clock."""
    made = admin.post("/api/v1/tokens", json={"name": "tablet", "role": "read", "days": 1})
    hub.clock += 24 * 60 * MINUTE
    assert as_token(made.json()["token"]).get("/api/v1/cases").status_code == 401


def test_a_token_is_shown_once_and_kept_nowhere(hub: SmallHub, admin: Client) -> None:
    """The list has no secret, and neither has the database."""
    secret = admin.post("/api/v1/tokens", json={"name": "t", "role": "read"}).json()["token"]
    assert secret not in admin.get("/api/v1/tokens").text
    assert secret not in str(hub.store.accounts.tokens())


def test_metrics_are_free_on_this_machine_only(app: FastAPI) -> None:
    """From elsewhere, and through a proxy, a token is needed."""
    here = Client(app, address=("127.0.0.1", 5000))
    assert here.get("/metrics").status_code == 200
    assert here.get("/metrics", headers={"x-forwarded-for": "8.8.8.8"}).status_code == 401
    elsewhere = Client(app, address=("10.0.0.9", 5000))
    assert elsewhere.get("/metrics").status_code == 401
    token = {"authorization": "Bearer master-secret"}
    assert elsewhere.get("/metrics", headers=token).text == "smarthub_ready 1.0\n"
