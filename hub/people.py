"""Changes who may sign in: every change ends the sessions of whom it concerns, and is kept."""

import secrets

import structlog

from model.errors import Refused
from model.place import Registry

from .access import ADMIN, Access, Role, digest_of, grid_prefix, hash_of
from .case_store.accounts import AccountChange, User

log = structlog.get_logger()

PASSWORD_MIN = 10
"""Characters of a password that a person chooses; our assumption, above the 8 of NIST SP 800-63B."""

NAME_MAX = 100


class People:
    """The users of a hub, for administrators and for everybody's own password.

    All methods are for worker threads: they read the disk, and a password takes its time.
    """

    def __init__(self, access: Access, registry: Registry | None = None) -> None:
        """Take who may enter, and the places that a territory must be one of (None: any)."""
        self._access = access
        self._accounts = access.accounts
        self._registry = registry

    def users(self) -> list[User]:
        """Return everybody who signs in with a password, by name."""
        return self._accounts.users()

    def changes(self, limit: int = 100) -> list[AccountChange]:
        """Return what was changed, newest first."""
        return self._accounts.changes(limit)

    def add(self, name: str, role: Role, *, grid: str = "", by: str) -> str:
        """Add somebody; return the drawn password, which is shown only this once. Raises Refused."""
        name = clean_name(name)
        prefix = self._territory(role, grid)
        password = draw_password()
        user = User(name, role.value, prefix, hash_of(password))
        change = self._change(by, "user_added", name, f"{role} {prefix}".strip())
        self._accounts.add_user(user, change)
        _log(change)
        return password

    def change(self, name: str, role: Role, *, grid: str = "", by: str) -> None:
        """Give somebody another role and territory; raises LookupError and Refused."""
        user = self._user(name)
        # Who has a territory that left the registry keeps it, and can still get another role or password.
        same = role is not Role.ADMINISTRATOR and grid_prefix(grid) == user.grid
        prefix = user.grid if same else self._territory(role, grid)
        if (user.role, user.grid) == (role.value, prefix):
            return
        before, after = f"{user.role} {user.grid}".strip(), f"{role} {prefix}".strip()
        change = self._change(by, "user_changed", name, f"{before} → {after}")
        self._accounts.change_user(name, change, role=role.value, grid=prefix)
        _log(change)

    def draw(self, name: str, *, by: str) -> str:
        """Draw a new password for somebody who lost it; return it. Raises LookupError."""
        password = draw_password()
        change = self._change(by, "password_drawn", name)
        self._accounts.set_password(name, hash_of(password), change)
        _log(change)
        return password

    def remove(self, name: str, *, by: str) -> None:
        """Remove somebody; raises LookupError, and Refused for the last administrator."""
        change = self._change(by, "user_removed", name)
        self._accounts.remove_user(name, change)
        _log(change)

    def choose(self, name: str, old: str, new: str, *, token: str = "") -> None:
        """Change one's own password; every other session ends, that of `token` goes on.

        Raises SignInRefused when the old one is wrong, and Refused when the new one is too weak.
        """
        if len(new) < PASSWORD_MIN:
            raise Refused(f"a password has at least {PASSWORD_MIN} characters", missing=("length",))
        if new in (old, name):
            raise Refused("the new password is the old one, or the name", missing=("new",))
        self._access.check_password(name, old)
        change = self._change(name, "password_changed", name)
        keep = digest_of(token) if token else ""
        self._accounts.set_password(name, hash_of(new), change, keep=keep)
        _log(change)

    def _territory(self, role: Role, grid: str) -> str:
        prefix = grid_prefix(grid)
        if role is Role.ADMINISTRATOR and prefix:
            raise Refused(
                "an administrator is for every territory: leave it empty", missing=("grid",)
            )
        if prefix and not _is_here(prefix, self._registry):
            raise Refused(
                f"{grid} is no territory of this hub: it would show nothing, and all would look well"
                " (本系统没有该辖区)",
                missing=("grid",),
            )
        return prefix

    def _user(self, name: str) -> User:
        user = self._accounts.user(name)
        if user is None:
            raise LookupError(f"no user {name}")
        return user

    def _change(self, by: str, what: str, whom: str, detail: str = "") -> AccountChange:
        return AccountChange(self._access.clock(), by, what, whom, detail)


def draw_password() -> str:
    """Return a password of 96 bits, to be shown once."""
    return secrets.token_urlsafe(12)


def clean_name(name: str) -> str:
    """Return a name without spaces around it; raises Refused for what could be taken for another."""
    name = name.strip()
    if not name or len(name) > NAME_MAX or not name.isprintable() or "/" in name:
        raise Refused("a name has 1 to 100 visible characters, and no /", missing=("name",))
    if name.lower() == ADMIN and name != ADMIN:
        raise Refused(f"{name!r} could be taken for {ADMIN}", missing=("name",))
    return name


def _is_here(prefix: str, registry: Registry | None) -> bool:
    """Return whether a territory holds a division of the registry, or lies in one; without any, all do."""
    if registry is None or not registry.divisions:
        return True
    codes = (grid_prefix(code) for code in registry.divisions)
    return any(code and (code.startswith(prefix) or prefix.startswith(code)) for code in codes)


def _log(change: AccountChange) -> None:
    log.info(
        "account_changed", who=change.actor, what=change.what, whom=change.whom,
        detail=change.detail,
    )  # fmt: skip
