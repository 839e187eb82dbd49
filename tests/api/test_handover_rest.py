"""Shift hand-overs over HTTP: the same promises as on the page."""

import pytest

from hub.access import Role, add_user

from .client import Client
from .conftest import WithRole
from .small_hub import GRID_A, GRID_B, SmallHub

PATH = "/api/v1/handovers"
BODY = {"incoming": "han", "password": "right", "notes": "泵房检修"}


@pytest.fixture
def li(hub: SmallHub, with_role: WithRole) -> Client:
    """The outgoing dispatcher; han, a fitter and one of another grid might take over."""
    add_user(hub.store, "han", "right", role=Role.DISPATCH)
    add_user(hub.store, "fitter", "right", role=Role.MAINTENANCE)
    return with_role(Role.DISPATCH, "", "li")


def test_a_shift_is_handed_over_and_read_again(hub: SmallHub, li: Client) -> None:
    """With how things stood, two names, and a record that can be checked."""
    case = hub.alarm("nb1")
    now = li.get(f"{PATH}/current").json()
    assert [item["id"] for item in now["emergencies"]] == [case.id]
    assert now["devices"][0]["id"] == "nb1"
    missing = li.post(PATH, json=BODY)
    assert (missing.status_code, missing.json()["missing"]) == (409, [case.id])
    made = li.post(PATH, json=BODY | {"ticked": [case.id]})
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["outgoing"], told["incoming"], told["notes"]) == ("li", "han", "泵房检修")
    assert told["snapshot"]["ticked"] == [case.id]
    whole = li.get(f"{PATH}/{told['id']}").json()
    assert whole == told | {"intact": True}
    (listed,) = li.get(PATH).json()["items"]
    assert listed == {key: value for key, value in told.items() if key != "snapshot"}
    assert '"right"' not in li.get(f"{PATH}/{told['id']}").text, "no password is kept"


@pytest.mark.parametrize(
    ("more", "status", "missing"),
    [
        ({"password": "guess"}, 409, ["password"]),
        ({"incoming": "li"}, 409, ["incoming"]),
        ({"incoming": "fitter"}, 409, ["incoming_role"]),
        ({"incoming": "nobody"}, 409, ["password"]),
        ({"notes": "x" * 4_001}, 422, None),
        ({"incoming": ""}, 422, None),
        ({"actor": "wang"}, 422, None),
    ],
)
def test_what_is_missing_is_named(
    hub: SmallHub, li: Client, more: dict[str, object], status: int, missing: list[str] | None
) -> None:
    """A wrong password of the incoming person is no reason to throw the asker's token away."""
    answer = li.post(PATH, json=BODY | more)
    assert (answer.status_code, answer.json().get("missing")) == (status, missing)
    assert hub.store.handovers.newest() == []


def test_guessing_the_other_persons_password_waits(li: Client) -> None:
    """As at the sign-in: from the fifth wrong one in a row the name waits."""
    for _ in range(5):
        li.post(PATH, json=BODY | {"password": "guess"})
    answer = li.post(PATH, json=BODY)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


def test_who_may(hub: SmallHub, li: Client, with_role: WithRole) -> None:
    """Everybody of the territory reads; only who dispatches hands over."""
    number = li.post(PATH, json=BODY).json()["id"]
    assert with_role(Role.READ, "", "v").get(f"{PATH}/{number}").status_code == 200
    for role in (Role.READ, Role.MAINTENANCE):
        assert with_role(role, "", "x").post(PATH, json=BODY).status_code == 403
    assert hub.store.handovers.newest()[0].id == number


def test_a_territory_sees_its_own_hand_overs_and_state(
    hub: SmallHub, li: Client, with_role: WithRole
) -> None:
    """The district's is not the grid's; another grid's emergency is not to be ticked."""
    both = [hub.alarm(device).id for device in ("nb1", "nb2")]
    district = li.post(PATH, json=BODY | {"ticked": both})
    assert district.status_code == 201, district.text
    mine = with_role(Role.DISPATCH, GRID_A, "a")
    assert mine.get(PATH).json()["items"] == []
    assert mine.get(f"{PATH}/{district.json()['id']}").status_code == 404
    now = mine.get(f"{PATH}/current").json()
    assert {item["place"] for item in now["emergencies"]} == {"b1"}
    add_user(hub.store, "wu", "right", role=Role.DISPATCH, grid=GRID_A)
    ticked = [item["id"] for item in now["emergencies"]]
    made = mine.post(PATH, json=BODY | {"incoming": "wu", "ticked": ticked})
    assert made.json()["grid"] == GRID_A
    assert with_role(Role.READ, GRID_B, "b").get(PATH).json()["items"] == []
    assert len(li.get(PATH).json()["items"]) == 2


def test_no_such_hand_over(li: Client) -> None:
    """A number that nobody drew, and words that are no number."""
    assert li.get(f"{PATH}/999").status_code == 404
    assert li.get(f"{PATH}/x").status_code == 422
    assert li.get(f"{PATH}/{2**70}").status_code == 422
