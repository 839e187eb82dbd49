"""Cases over HTTP: found, shown, worked on, and closed only with proof."""

import httpx
import pytest

from hub.api.limits import BODY_MAX

from .client import Client
from .small_hub import GRID_A, MINUTE, SmallHub


def act(client: Client, case: str, action: str, **fields: object) -> httpx.Response:
    """Do something to a case."""
    return client.post(f"/api/v1/cases/{case}/actions/{action}", json=fields)


def test_a_fire_is_listed_with_all_that_design_promises(hub: SmallHub, admin: Client) -> None:
    """The fields of design §9, and the cursor."""
    case = hub.alarm()
    page = admin.get("/api/v1/cases").json()
    assert page["next"] is None
    shown = page["items"][0]
    promised = {
        "id", "key", "class", "category", "severity", "state", "level", "mode", "grid", "place",
        "subject", "rule", "opened_at", "due", "assignee", "evidence",
    }  # fmt: skip
    assert promised <= shown.keys()
    assert (shown["id"], shown["class"], shown["grid"]) == (case.id, "emergency", GRID_A)
    assert shown["evidence"][0]["reading"] == "g/e/alarm/nb1"


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({"class": "emergency"}, 2),
        ({"class": "maintenance"}, 0),
        ({"category": "fire", "severity": "critical", "mode": "real", "level": "grid"}, 2),
        ({"state": "closed"}, 0),
        ({"grid": GRID_A}, 1),
        ({"place": "b2", "open": "true"}, 1),
        ({"subject": "nb1", "rule": "fire"}, 1),
        ({"assignee": "nobody"}, 0),
        ({"open": "false"}, 0),
    ],
)
def test_each_filter_narrows_the_list(
    hub: SmallHub, admin: Client, params: dict[str, str], count: int
) -> None:
    """All filters of design §9."""
    hub.alarm("nb1")
    hub.alarm("nb2")
    assert len(admin.get("/api/v1/cases", params=params).json()["items"]) == count


@pytest.mark.parametrize(
    "params",
    [
        {"clas": "emergency"}, {"class": "x"}, {"limit": "501"}, {"limit": "0"}, {"cursor": "x"},
        {"grid": "a\x00b"}, {"open": "perhaps"}, {"place": "x" * 201},
    ],
)  # fmt: skip
def test_a_filter_that_is_not_understood_is_said(admin: Client, params: dict[str, str]) -> None:
    """A misspelt filter never answers with everything."""
    answer = admin.get("/api/v1/cases", params=params)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_pages_follow_the_cursor(hub: SmallHub, admin: Client) -> None:
    """Two pages of one case each."""
    ids = [hub.alarm("nb1").id, hub.alarm("nb2").id]
    first = admin.get("/api/v1/cases", params={"limit": "1"}).json()
    second = admin.get("/api/v1/cases", params={"limit": "1", "cursor": first["next"]}).json()
    assert {first["items"][0]["id"], second["items"][0]["id"]} == set(ids)
    assert second["next"] is None


def test_one_case_says_whom_to_call_now(hub: SmallHub, admin: Client) -> None:
    """At 22 h the micro fire station answers; at noon it does not; the contractor is not asked."""
    case = hub.alarm()
    shown = admin.get(f"/api/v1/cases/{case.id}").json()
    night = ["fire_control_room", "micro_fire_station", "property"]
    assert [contact["role"] for contact in shown["contacts"]] == night
    assert shown["history"][0]["number"] == 1
    assert shown["history"][0]["hash"]
    hub.clock += 14 * 60 * MINUTE
    shown = admin.get(f"/api/v1/cases/{case.id}").json()
    assert [contact["role"] for contact in shown["contacts"]] == ["fire_control_room", "property"]


def test_of_a_duress_nobody_at_the_compound_is_called(hub: SmallHub, admin: Client) -> None:
    """The one who is threatened stands beside the telephone."""
    case = hub.alarm(category="duress")
    assert admin.get(f"/api/v1/cases/{case.id}").json()["contacts"] == []


def test_a_case_is_not_closed_without_its_proof(hub: SmallHub, admin: Client) -> None:
    """Each missing part is named, in both languages, and the case stays as it is."""
    case = hub.alarm()
    answer = act(admin, case.id, "close", actor="王芳")
    assert answer.status_code == 409
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == 409
    assert problem["title"] == "Not possible now 当前不能执行"
    assert {"cause", "result_on_site"} <= set(problem["missing"])
    assert admin.get(f"/api/v1/cases/{case.id}").json()["state"] == "filed"


def test_a_real_fire_goes_from_alarm_to_proof(hub: SmallHub, admin: Client) -> None:
    """Acknowledge, confirm, hand over, resolve; a second person verifies and closes."""
    case = hub.alarm()
    assert act(admin, case.id, "acknowledge", actor="张伟").status_code == 200
    confirmed = act(admin, case.id, "confirm", actor="张伟", outcome="real", how="camera")
    assert confirmed.json()["verification"] == "confirmed"
    told = act(admin, case.id, "handover", actor="张伟", to="119", who="张伟", answer="出警")
    assert told.status_code == 200
    start = act(admin, case.id, "start", actor="李雷")
    assert start.json()["state"] == "handling"
    assert act(admin, case.id, "resolve", actor="李雷", result="extinguished").status_code == 200
    refused = act(admin, case.id, "verify", actor="李雷", ok=True)
    assert refused.json()["missing"] == ["verifier_is_not_handler"]
    assert act(admin, case.id, "verify", actor="王芳", ok=True).status_code == 200
    proof = {"cause": "cooking", "photo": "p-1", "work_order": "w-1", "disturbed": False}
    closed = act(admin, case.id, "close", actor="王芳", **proof)
    assert closed.json()["state"] == "closed"
    assert admin.get("/api/v1/cases", params={"open": "true"}).json()["items"] == []
    history = [
        line["action"] for line in admin.get(f"/api/v1/cases/{case.id}/history").json()["items"]
    ]
    assert history[1:] == [
        "acknowledge",
        "confirm",
        "handover",
        "start",
        "resolve",
        "verify",
        "close",
    ]


def test_the_same_action_id_is_applied_once(hub: SmallHub, admin: Client) -> None:
    """A page that repeats a request after a lost answer changes nothing."""
    case = hub.alarm()
    for _ in range(2):
        assert act(admin, case.id, "note", text="on the way", id="n-1").status_code == 200
    assert len(hub.store.history(case.id)) == 2


def test_an_unknown_action_is_404_and_names_the_known_ones(hub: SmallHub, admin: Client) -> None:
    """Who misspells an action is helped."""
    case = hub.alarm()
    answer = act(admin, case.id, "clsoe")
    assert answer.status_code == 404
    assert "force_close" in answer.json()["detail"]
    assert act(admin, "nosuch", "note", text="x").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"level": "king"}, {"actor": ""}, {"actor": "a\nb"}, {"id": "a b"}, {"text": {"a": 1}},
        {"text": "x" * 4001}, {"text": "a\x00b"}, {f"f{n}": 1 for n in range(41)}, {"n": 10**400},
        [1], "x", 7,
    ],
)  # fmt: skip
def test_a_body_that_is_not_understood_changes_nothing(
    hub: SmallHub, admin: Client, body: object
) -> None:
    """422 names the field; the history has no new line."""
    case = hub.alarm()
    answer = admin.post(f"/api/v1/cases/{case.id}/actions/note", json=body)
    assert answer.status_code == 422
    assert answer.json()["title"] == "Not understood 参数无效"
    assert len(hub.store.history(case.id)) == 1


@pytest.mark.parametrize(
    "content", [b'{"text": NaN}', b"{", b"\xff\xfe", b"[" * 5000, b'{"n":1e999}']
)
def test_what_is_not_json_is_the_callers_fault(
    hub: SmallHub, admin: Client, content: bytes
) -> None:
    """NaN, half an object, no UTF-8, deep nesting, and a number beyond all numbers."""
    case = hub.alarm()
    path = f"/api/v1/cases/{case.id}/actions/note"
    headers = {"content-type": "application/json"}
    assert admin.request("POST", path, content=content, headers=headers).status_code in {400, 422}
    assert len(hub.store.history(case.id)) == 1


def test_a_problem_never_repeats_a_secret(admin: Client) -> None:
    """What was sent in a wrong field may be a password."""
    answer = admin.post("/api/v1/login", json={"name": "x", "password": ["hunter2"]})
    assert answer.status_code == 422
    assert "hunter2" not in answer.text


def test_a_body_over_64_kib_is_refused(hub: SmallHub, admin: Client) -> None:
    """With a declared length and without; one byte less is read."""
    case = hub.alarm()
    path = f"/api/v1/cases/{case.id}/actions/note"
    headers = {"content-type": "application/json"}
    big = b" " * (BODY_MAX + 1)
    assert admin.request("POST", path, content=big, headers=headers).status_code == 413
    chunked = {**headers, "transfer-encoding": "chunked", "content-length": "0"}
    assert admin.request("POST", path, content=big, headers=chunked).status_code == 413
    fits = b'{"text": "x"}'.ljust(BODY_MAX)
    assert admin.request("POST", path, content=fits, headers=headers).status_code == 200


def test_an_error_in_the_hub_shows_no_trace(hub: SmallHub, admin: Client) -> None:
    """The log has it; the answer has a number and two languages."""

    def broken() -> list[dict[str, object]]:
        raise RuntimeError("secret path /etc/hub")

    hub.gateways = broken  # type: ignore[method-assign]
    answer = admin.get("/api/v1/gateways")
    assert answer.status_code == 500
    assert answer.json()["title"] == "Error in the hub 内部错误"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_case_says_what_proof_a_closing_needs(hub: SmallHub, admin: Client) -> None:
    """Each part with its word, there or missing; a closed case needs nothing."""
    case = hub.alarm()
    parts = admin.get(f"/api/v1/cases/{case.id}").json()["closing_parts"]
    assert {"word": "cause", "met": False} in parts
    act(admin, case.id, "resolve", result="扑灭", cause="烟头", actor="李雷")
    parts = admin.get(f"/api/v1/cases/{case.id}").json()["closing_parts"]
    assert {"word": "cause", "met": True} in parts
    assert {"word": "sensor_normal", "met": False} in parts
    refused = act(admin, case.id, "close").json()["missing"]
    assert refused == [part["word"] for part in parts if not part["met"]]
    hub.clock += MINUTE
    act(admin, case.id, "close", photo="p", work_order="w")
    assert admin.get(f"/api/v1/cases/{case.id}").json()["closing_parts"] == []
