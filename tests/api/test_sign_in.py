"""People sign in with a password, and whoever guesses has to wait."""

from pathlib import Path

import pytest

from hub.access import Access, Role, SignInRefused, add_user, ensure_admin, grid_prefix
from hub.case_store import CaseStore
from model.errors import Refused
from model.place import Level

from .client import Client
from .small_hub import SmallHub


def test_the_first_start_prints_a_password_once(hub: SmallHub, admin: Client) -> None:
    """It signs in as administrator; the second start makes no other."""
    password = ensure_admin(hub.store)
    assert password is not None
    assert ensure_admin(hub.store) is None
    answer = admin.post("/api/v1/login", json={"name": "admin", "password": password})
    assert answer.json()["role"] == "administrator"
    token = {"authorization": f"Bearer {answer.json()['token']}"}
    assert admin.get("/api/v1/tokens", headers=token).status_code == 200
    stored = hub.store.accounts.user("admin")
    assert stored is not None
    assert stored.password_hash.startswith("$argon2id$")


def test_a_locked_name_does_not_learn_whether_the_password_was_right(hub: SmallHub) -> None:
    """While it waits, right and wrong get the same answer; afterwards right is right."""
    add_user(hub.store, "li", "right", role=Role.DISPATCH, grid="150302001000")
    access = Access(hub.store.accounts, clock=hub.now)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            access.sign_in("li", "wrong")
    for password in ("right", "wrong"):
        with pytest.raises(SignInRefused, match="too many") as caught:
            access.sign_in("li", password)
        assert caught.value.wait_s == 1
    hub.clock += 1000
    who, token, _ = access.sign_in("li", "right")
    assert access.authenticate(token) == who
    assert (who.grid, who.level) == ("150302001", Level.STREET)
    with pytest.raises(SignInRefused, match="wrong"):
        access.sign_in("li", "wrong")


def test_the_wait_doubles_up_to_five_minutes(hub: SmallHub) -> None:
    """A guesser gets fewer than 300 guesses a day."""
    add_user(hub.store, "li", "right", role=Role.READ)
    accounts = hub.store.accounts
    access = Access(accounts, clock=hub.now)
    waits = []
    for failures in (4, 5, 6, 9, 30):
        accounts.set_failures("li", failures=failures, locked_until=0)
        with pytest.raises(SignInRefused):
            access.sign_in("li", "wrong")
        user = accounts.user("li")
        assert user is not None
        waits.append((user.locked_until - hub.clock) // 1000)
    assert waits == [1, 2, 4, 32, 300]


def test_an_unknown_name_looks_like_a_wrong_password(admin: Client) -> None:
    """The answers are the same text."""
    answers = [
        admin.post("/api/v1/login", json={"name": name, "password": "x"}) for name in ("a", "b")
    ]
    assert [a.status_code for a in answers] == [401, 401]
    assert answers[0].text == answers[1].text


def test_a_waiting_name_is_told_how_long(hub: SmallHub, admin: Client) -> None:
    """429 with Retry-After."""
    add_user(hub.store, "li", "right", role=Role.READ)
    hub.store.accounts.set_failures("li", failures=9, locked_until=hub.clock + 2500)
    answer = admin.post("/api/v1/login", json={"name": "li", "password": "right"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")


def test_a_token_made_of_anything_is_nobody(tmp_path: Path) -> None:
    """No text can break the comparison, also not an empty one when no master token is set."""
    store = CaseStore(f"sqlite:///{tmp_path / 'c.db'}")
    access = Access(store.accounts, clock=lambda: 0)
    assert [access.authenticate(t) for t in ("", "x", "\ud800", "火" * 999)] == [None] * 4
    store.close()


def test_codes_of_divisions_become_prefixes() -> None:
    """Zeros at the end of a 12-digit code are what it leaves open."""
    codes = ("", "150302", "150302000000", "150302001000", "150302001001", "150302001001001")
    assert [grid_prefix(code) for code in codes] == [
        "", "150302", "150302", "150302001", "150302001001", "150302001001001",
    ]  # fmt: skip
    for wrong in ("15%", "１５", "1" * 16):
        with pytest.raises(Refused):
            grid_prefix(wrong)
