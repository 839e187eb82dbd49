"""Reports, devices, readings, health and dead letters over HTTP."""

from hub.access import Role
from model.reading import Reading

from .client import Client
from .conftest import WithRole
from .small_hub import T0, SmallHub


def test_a_report_becomes_a_case(hub: SmallHub, with_role: WithRole) -> None:
    """Place, category and text; the reporter is who sends it unless named."""
    client = with_role(Role.DISPATCH, "", "网格员小刘")
    body = {"place": "b1", "category": "matter", "text": "楼道堆物"}
    answer = client.post("/api/v1/reports", json=body)
    assert answer.status_code == 201
    case = answer.json()
    assert (case["class"], case["place"], case["text"]) == ("report", "b1", "楼道堆物")
    assert case["reporter"] == "网格员小刘"
    stored = hub.store.get(case["id"])
    assert stored is not None


def test_a_report_sent_twice_is_one_case(hub: SmallHub, admin: Client) -> None:
    """The second answer says so."""
    body = {"place": "b1", "text": "楼道堆物", "id": "r-1"}
    assert admin.post("/api/v1/reports", json=body).status_code == 201
    assert admin.post("/api/v1/reports", json=body).status_code == 409
    assert len(hub.store.find()[0]) == 1


def test_the_reporters_telephone_stays_inside(admin: Client) -> None:
    """It is kept for the person who asks back, and not shown in the case."""
    body = {"place": "b1", "text": "x", "contact": "13800001111"}
    case = admin.post("/api/v1/reports", json=body).json()
    assert "13800001111" not in admin.get(f"/api/v1/cases/{case['id']}").text


def test_a_case_says_why_it_is_there(hub: SmallHub, admin: Client) -> None:
    """Each rule that fired, its words, what it holds now, and the Readings behind it."""
    case = hub.alarm()
    why = admin.get(f"/api/v1/cases/{case.id}/why").json()
    (rule,) = why["rules"]
    assert rule["rule"] == case.rule
    assert rule["now"][0]["subject"] == case.subject
    assert admin.get("/api/v1/cases/E-00000-00000/why").status_code == 404


def test_the_ledger_counts_what_people_found(hub: SmallHub, admin: Client) -> None:
    """By rule; another territory's cases are not in it."""
    hub.alarm()
    (line,) = admin.get("/api/v1/ledger").json()["items"]
    assert (line["unknown"], line["precision"]) == (1, None)
    assert len(line["hours"]) == 24


def test_strangers_are_listed_for_registration(admin: Client) -> None:
    """`unregistered` and `q` narrow the list."""
    shown = admin.get("/api/v1/devices", params={"unregistered": "true"}).json()["items"]
    assert [device["id"] for device in shown] == ["stranger"]
    shown = admin.get("/api/v1/devices", params={"q": "nb", "limit": "1"}).json()["items"]
    assert [device["id"] for device in shown] == ["nb1"]


def test_devices_are_listed_page_by_page_each_once(admin: Client) -> None:
    """By id; `next` leads on, and is null on the last page. An address that somebody made up is refused."""
    every = [d["id"] for d in admin.get("/api/v1/devices").json()["items"]]
    found: list[str] = []
    cursor: str | None = ""
    for _ in every:
        page = admin.get("/api/v1/devices", params={"limit": "1", "cursor": cursor or ""}).json()
        found += [device["id"] for device in page["items"]]
        cursor = page["next"]
    assert cursor is None
    assert found == sorted(every)
    assert "stranger" in found
    assert admin.get("/api/v1/devices", params={"cursor": "x"}).status_code == 422


def test_readings_of_a_device_are_newest_first(hub: SmallHub, admin: Client) -> None:
    """Without times: the last day."""
    hub.shelf.kept = [
        Reading("nb1", "smoke", received_at=T0 - n, values={"t": 1.0}) for n in range(3)
    ]
    hub.shelf.kept.append(Reading("nb1", "smoke", received_at=T0 - 2 * 86_400_000))
    found = admin.get("/api/v1/readings", params={"device": "nb1"}).json()["items"]
    assert [reading["received_at"] for reading in found] == [T0, T0 - 1, T0 - 2]
    window = {"device": "nb1", "since": str(T0 - 1), "until": str(T0)}
    assert len(admin.get("/api/v1/readings", params=window).json()["items"]) == 1
    wrong = {"device": "nb1", "since": "9", "until": "3"}
    assert admin.get("/api/v1/readings", params=wrong).status_code == 422


def test_an_absent_reading_store_is_503_and_the_hub_stays_ready(
    hub: SmallHub, admin: Client
) -> None:
    """Who asks for readings may try again; alarms do not depend on it."""
    hub.shelf.away = True
    answer = admin.get("/api/v1/readings", params={"device": "nb1"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert admin.get("/readyz").status_code == 200


def test_a_hub_that_is_not_ready_says_why(hub: SmallHub, admin: Client) -> None:
    """503 with the part that is missing; it lives all the same."""
    hub.is_ready = False
    answer = admin.get("/readyz")
    assert (answer.status_code, answer.json()["desk"]) == (503, "starting")
    assert admin.get("/livez").status_code == 200


def test_dead_letters_are_shown_as_hex(hub: SmallHub, admin: Client) -> None:
    """Reason, count and the first bytes."""
    for _ in range(2):
        hub.store.dead_letter(at=T0, source="tcp", reason="checksum", payload=b"@@\x01")
    letter = admin.get("/api/v1/deadletters").json()["items"][0]
    assert (letter["reason"], letter["count"], letter["payload"]) == ("checksum", 2, "404001")


def test_counters_of_every_hop_are_shown(hub: SmallHub, admin: Client) -> None:
    """What the hub counts now, and what survives a restart."""
    hub.store.count({"gateway.rejected": 2})
    assert admin.get("/api/v1/counters").json() == {
        "intake.received": 3,
        "kept.gateway.rejected": 2,
    }


def test_answers_are_not_kept_by_others(admin: Client) -> None:
    """No proxy stores a case, no browser guesses its type."""
    headers = admin.get("/api/v1/cases").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_an_unknown_path_is_a_problem_too(admin: Client) -> None:
    """Also what the framework itself refuses is RFC 9457, in both languages."""
    for method, path, status in (("GET", "/api/v1/x", 404), ("PUT", "/api/v1/cases", 405)):
        answer = admin.request(method, path)
        assert answer.status_code == status
        assert answer.json()["status"] == status
        assert answer.headers["content-type"] == "application/problem+json"
