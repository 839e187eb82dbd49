"""Who may sign in is the administrators' business, and one's own password is one's own."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from hub.access import Access, Role, SignInRefused, add_user
from hub.case_store import CaseStore
from hub.commands.users import drawn
from hub.installation import Installation, Ports
from hub.people import People
from model.errors import ConfigError, Refused
from model.place import Division, Level, Registry

from .client import Client
from .conftest import WithRole
from .small_hub import SmallHub

USERS = "/api/v1/users"


@pytest.fixture
def people(app: FastAPI) -> People:
    """The users of the app."""
    return People(app.state.access)


@pytest.fixture
def access(app: FastAPI) -> Access:
    """Who may enter the app."""
    found: Access = app.state.access
    return found


def test_a_new_user_signs_in_with_the_drawn_password(admin: Client) -> None:
    """It is in the answer once, and in no list."""
    body = {"name": "李雷", "role": "dispatch", "grid": "150302001000"}
    made = admin.post(USERS, json=body)
    assert made.status_code == 201
    assert (made.json()["role"], made.json()["grid"]) == ("dispatch", "150302001")
    password = made.json()["password"]
    signed = admin.post("/api/v1/login", json={"name": "李雷", "password": password})
    assert signed.json()["grid"] == "150302001"
    assert password not in admin.get(USERS).text
    assert admin.post(USERS, json=body).status_code == 409


@pytest.mark.parametrize("change", [{"role": "read"}, {"grid": "150302"}, {"new_password": True}])
def test_a_changed_user_loses_every_session_at_once(
    admin: Client, access: Access, people: People, change: dict[str, object]
) -> None:
    """Role, territory and password: what was opened before opens nothing."""
    password = people.add("li", Role.DISPATCH, by="admin")
    _, token, _ = access.sign_in("li", password)
    assert access.authenticate(token) is not None
    answer = admin.request("PATCH", f"{USERS}/li", json=change)
    assert answer.status_code == 200
    assert access.authenticate(token) is None
    assert ("password" in answer.json()) == ("new_password" in change)


def test_a_change_to_what_is_already_so_ends_nothing(
    admin: Client, access: Access, people: People
) -> None:
    """Saving a form without a change throws nobody out."""
    _, token, _ = access.sign_in("li", people.add("li", Role.DISPATCH, by="admin"))
    assert admin.request("PATCH", f"{USERS}/li", json={"role": "dispatch"}).status_code == 200
    assert access.authenticate(token) is not None


def test_a_removed_user_is_gone_with_sessions_and_tokens(
    admin: Client, access: Access, people: People
) -> None:
    """Also a token that an administrator made in that name."""
    password = people.add("li", Role.DISPATCH, by="admin")
    tokens = [access.sign_in("li", password)[1], access.create_token("li", Role.READ)[1]]
    assert admin.delete(f"{USERS}/li").status_code == 204
    assert [access.authenticate(token) for token in tokens] == [None, None]
    with pytest.raises(SignInRefused):
        access.sign_in("li", password)
    assert admin.delete(f"{USERS}/li").status_code == 404


def test_the_last_administrator_stays(hub: SmallHub, admin: Client, people: People) -> None:
    """Neither removed nor made less, until there is another."""
    add_user(hub.store, "admin", "password of admin", role=Role.ADMINISTRATOR)
    assert admin.delete(f"{USERS}/admin").status_code == 409
    assert admin.request("PATCH", f"{USERS}/admin", json={"role": "read"}).status_code == 409
    people.add("second", Role.ADMINISTRATOR, by="admin")
    assert admin.delete(f"{USERS}/admin").status_code == 204
    with pytest.raises(Refused, match="last administrator"):
        people.remove("second", by="second")


def test_two_administrators_cannot_remove_each_other_at_once(hub: SmallHub, people: People) -> None:
    """One of the two is refused, whichever comes second."""
    add_user(hub.store, "a", "password of a", role=Role.ADMINISTRATOR)
    add_user(hub.store, "b", "password of b", role=Role.ADMINISTRATOR)
    refused: list[str] = []

    def remove(name: str) -> None:
        try:
            people.remove(name, by="test")
        except Refused:
            refused.append(name)

    threads = [threading.Thread(target=remove, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert [user.name for user in people.users()] == refused


def test_who_is_removed_while_signing_in_is_not_let_in(
    hub: SmallHub, access: Access, people: People
) -> None:
    """The password takes a moment to look at; a session made after it would outlive the user."""
    add_user(hub.store, "li", "right", role=Role.DISPATCH)
    user = access.check_password("li", "right")
    people.remove("li", by="admin")
    with pytest.raises(Refused, match="meanwhile"):
        access.create_token("li", Role.DISPATCH, of=user)
    assert access.tokens() == []


def test_ones_own_password_needs_the_old_one_and_ends_the_other_sessions(
    access: Access, people: People, as_token: Callable[[str], Client]
) -> None:
    """The session that changed it goes on."""
    old = people.add("li", Role.READ, by="admin")
    mine, other = access.sign_in("li", old)[1], access.sign_in("li", old)[1]
    client = as_token(mine)
    wrong = client.post("/api/v1/me/password", json={"old": "wrong", "new": "long enough 1"})
    assert wrong.status_code == 401
    good = client.post("/api/v1/me/password", json={"old": old, "new": "long enough 1"})
    assert good.status_code == 204
    assert access.authenticate(mine) is not None
    assert access.authenticate(other) is None
    assert access.sign_in("li", "long enough 1")[0].name == "li"


def test_guessing_the_old_password_is_slowed_as_signing_in_is(
    access: Access, people: People
) -> None:
    """A stolen session cannot try passwords."""
    people.add("li", Role.READ, by="admin")
    for _ in range(5):
        with pytest.raises(SignInRefused, match="wrong"):
            people.choose("li", "guess", "long enough 1")
    with pytest.raises(SignInRefused, match="too many"):
        people.choose("li", "guess", "long enough 1")
    assert access.accounts.changes(10)[0].what == "user_added"


@pytest.mark.parametrize("new", ["short", "password of li", "1234567890 li"])
def test_a_weak_new_password_is_refused(hub: SmallHub, people: People, new: str) -> None:
    """Too short, the old one again, or the name."""
    add_user(hub.store, "1234567890 li", "password of li", role=Role.READ)
    with pytest.raises(Refused):
        people.choose("1234567890 li", "password of li", new)


def test_every_change_is_kept_with_who_what_and_whom(admin: Client, people: People) -> None:
    """Users, passwords and tokens; never a secret."""
    made = admin.post(USERS, json={"name": "li", "role": "read"}).json()
    admin.request("PATCH", f"{USERS}/li", json={"role": "dispatch", "new_password": True})
    token = admin.post("/api/v1/tokens", json={"name": "screen", "role": "read"}).json()
    admin.delete(f"/api/v1/tokens/{token['id']}")
    people.choose("li", people.draw("li", by="admin"), "long enough 1")
    admin.delete(f"{USERS}/li")
    kept = people.changes()
    assert [(c.actor, c.what, c.whom) for c in reversed(kept)] == [
        ("admin", "user_added", "li"),
        ("admin", "user_changed", "li"),
        ("admin", "password_drawn", "li"),
        ("admin", "token_added", "screen"),
        ("admin", "token_removed", "screen"),
        ("admin", "password_drawn", "li"),
        ("li", "password_changed", "li"),
        ("admin", "user_removed", "li"),
    ]
    assert kept[-2].detail == "read → dispatch"
    assert made["password"] not in str(kept)
    assert token["token"] not in str(kept)


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a\u202eb", "Admin", "x" * 101])
def test_a_name_that_could_deceive_is_refused(people: People, name: str) -> None:
    """Nothing, a path, a mark that turns the text around, the administrator's in other letters."""
    with pytest.raises(Refused):
        people.add(name, Role.READ, by="admin")


def test_an_administrator_has_no_territory(people: People) -> None:
    """Who adds users everywhere cannot be limited to a street."""
    with pytest.raises(Refused, match="every territory"):
        people.add("li", Role.ADMINISTRATOR, grid="150302001", by="admin")


def test_a_territory_that_is_not_here_is_refused(
    hub: SmallHub, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its wall would be empty and look well; a grid of a known division is one, listed or not."""
    here = Registry(divisions=[Division("150302001000", "凤凰岭街道", Level.STREET, "150302")])
    monkeypatch.setattr(hub, "registry", lambda: here)
    body = {"name": "chen", "role": "dispatch"}
    for code in ("110101", "150303", "150302002001001"):
        refused = admin.post(USERS, json=body | {"grid": code})
        assert refused.status_code == 409, code
        assert "no territory of this hub" in refused.text
    assert admin.post(USERS, json=body | {"grid": "150302"}).status_code == 201
    grid = body | {"name": "wu", "grid": "150302001001001"}
    assert admin.post(USERS, json=grid).status_code == 201
    assert admin.request("PATCH", f"{USERS}/chen", json={"grid": "999"}).status_code == 409
    elsewhere = Registry(divisions=[Division("110101001000", "东华门街道", Level.STREET, "110101")])
    monkeypatch.setattr(hub, "registry", lambda: elsewhere)
    lost = admin.request("PATCH", f"{USERS}/chen", json={"new_password": True})
    assert (lost.status_code, lost.json()["grid"]) == (200, "150302"), "only a new one is looked at"


def test_users_are_the_administrators_business(with_role: WithRole) -> None:
    """A dispatcher neither sees nor changes them."""
    client = with_role(Role.DISPATCH, "", "duty desk")
    for method, path in (
        ("GET", USERS), ("POST", USERS), ("PATCH", f"{USERS}/x"), ("DELETE", f"{USERS}/x"),
    ):  # fmt: skip
        assert client.request(method, path, json={}).status_code == 403


def test_a_lost_password_is_drawn_anew_on_a_stopped_hub(tmp_path: Path) -> None:
    """The installation's lock tells; an unknown name and a wrong folder are one clear line."""
    with pytest.raises(ConfigError, match="no data folder"):
        drawn("admin", tmp_path)
    assert list(tmp_path.iterdir()) == []
    installation = Installation(tmp_path)
    installation.write_files(Ports(1, 2, 3), registry=None, mode="real")
    store = CaseStore(f"sqlite:///{tmp_path / 'hub' / 'cases.db'}")
    add_user(store, "admin", "forgotten", role=Role.ADMINISTRATOR)
    with pytest.raises(ConfigError, match="another smarthub runs"):
        drawn("admin", tmp_path)
    installation.close()
    with pytest.raises(ConfigError, match="there are: admin"):
        drawn("nobody", tmp_path)
    password = drawn("admin", tmp_path)
    assert Access(store.accounts, clock=lambda: 0).sign_in("admin", password)[0].name == "admin"
    assert store.accounts.changes(1)[0].actor == "command line"
    store.close()
