"""Decides who may do what: tokens by role and territory, and people with passwords."""

import hmac
import secrets
import threading
from collections.abc import Callable
from enum import StrEnum
from hashlib import sha256

import msgspec
import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from model.errors import HubError, Refused
from model.place import Level

from .attempts import FREE_BY_ADDRESS, FREE_FAILURES, LOCK_MAX_MS, Attempts, back_off, network_of
from .case_store.accounts import AccountChange, Accounts, Token, User
from .case_store.store import CaseStore

log = structlog.get_logger()
ADMIN = "admin"
SESSION_MS = 12 * 3_600_000
"""How long a sign-in lasts; our assumption: one shift."""

_PREFIX = "shub_"
_VERIFY_WAIT_S = 5.0

# Argon2id with 19 MiB, 2 passes, 1 lane: OWASP's smallest recommended setting, since a hub has
# little memory and verifies one password at a time.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Role(StrEnum):
    """What a token may do. Everybody reads; an administrator may do all."""

    READ = "read"  # 查看
    MAINTENANCE = "maintenance"  # 维护: devices, walk tests, and cases that are no emergency
    DISPATCH = "dispatch"  # 调度: every case
    ADMINISTRATOR = "administrator"  # 管理

    def includes(self, other: "Role") -> bool:
        """Return whether this role may do what `other` may."""
        return other in (self, Role.READ) or self is Role.ADMINISTRATOR


PICTURE_ROLES = (Role.MAINTENANCE, Role.DISPATCH)
"""Who may see pictures; a viewer sees states only. Our assumption: people in pictures are personal data."""


class Principal(msgspec.Struct, frozen=True):
    """Who is asking: a name, a role, and the grid prefix it is limited to (empty: everywhere)."""

    name: str
    role: Role
    grid: str = ""

    def sees(self, grid: str) -> bool:
        """Return whether something in that grid is within the principal's territory."""
        return grid.startswith(self.grid)

    @property
    def level(self) -> Level:
        """The level at which the principal acts, from the length of its territory's code."""
        if not self.grid or len(self.grid) <= 6:  # noqa: PLR2004 - GB/T 2260: 6 digits, a county
            return Level.DISTRICT
        if len(self.grid) <= 9:  # noqa: PLR2004 - GB/T 10114: 9 digits, a street or town
            return Level.STREET
        return Level.COMMUNITY if len(self.grid) <= 12 else Level.GRID  # noqa: PLR2004 - as above


class SignInRefused(HubError):  # noqa: N818 - reads as a word at the raise
    """The name or password is wrong, or there were too many attempts; `wait_s` until the next."""

    def __init__(self, message: str, *, wait_s: int = 0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Access:
    """Knows every token and user of a hub. All methods are for worker threads: they read the disk."""

    def __init__(
        self, accounts: Accounts, *, clock: Callable[[], int], master_token: str = ""
    ) -> None:
        """Take the accounts and a clock in ms; `master_token` is administrator without being stored."""
        self.accounts = accounts
        self.clock = clock
        self._master = digest_of(master_token) if master_token else ""
        self._one_at_a_time = threading.Lock()
        # Verified when a name is unknown, so that the time taken does not tell names.
        self._nobody = ""
        self._strangers = Attempts(free=FREE_FAILURES)  # names that nobody has wait alike
        self._by_address = Attempts(free=FREE_BY_ADDRESS)

    def authenticate(self, token: str) -> Principal | None:
        """Return who a bearer token belongs to, or None."""
        digest = digest_of(token)
        # Digests, in constant time: neither the time nor the length tells about the secret.
        if self._master and hmac.compare_digest(digest, self._master):
            return Principal(ADMIN, Role.ADMINISTRATOR)
        known = self.accounts.token(digest, now=self.clock())
        return None if known is None else Principal(known.name, Role(known.role), known.grid)

    def create_token(
        self,
        name: str,
        role: Role,
        *,
        grid: str = "",
        lifetime_ms: int | None = None,
        by: str = "",
        of: User | None = None,
    ) -> tuple[Token, str]:
        """Return a new token's record and the token itself, which is shown only this once.

        `by` is who made it, for the audit; a sign-in is no change, and has nobody. With `of` it is
        made only while that user is as it was; raises Refused.
        """
        secret = _PREFIX + secrets.token_urlsafe(32)
        now = self.clock()
        expires = None if lifetime_ms is None else now + lifetime_ms
        token = Token(
            secrets.token_hex(8),
            name,
            role.value,
            grid_prefix(grid),
            digest_of(secret),
            now,
            expires,
        )
        change = AccountChange(now, by, "token_added", name, f"{role} {token.grid}".strip())
        self.accounts.add_token(token, change if by else None, of=of)
        if by:
            log.info("account_changed", who=by, what=change.what, whom=name, detail=change.detail)
        return token, secret

    def tokens(self) -> list[Token]:
        """Return what is kept of every token."""
        return self.accounts.tokens()

    def remove_token(self, token: str, *, by: str = "") -> None:
        """Withdraw a token by its id; raises LookupError. `by` is who does it, for the audit."""
        change = AccountChange(self.clock(), by, "token_removed", "")
        self.accounts.remove_token(token, change if by else None)
        log.info("account_changed", who=by, what=change.what, token=token)

    def sign_in(self, name: str, password: str, *, address: str = "") -> tuple[Principal, str, int]:
        """Return (who, a token, until when in ms); raises SignInRefused.

        From the fifth failure in a row a name has to wait, twice as long each time, at most 5 min;
        also a name that nobody has, and from the twentieth an `address`, whatever the names.
        """
        user = self.check_password(name, password, address=address)
        who = Principal(user.name, Role(user.role), user.grid)
        try:
            token, secret = self.create_token(
                who.name, who.role, grid=who.grid, lifetime_ms=SESSION_MS, of=user
            )
        except Refused as error:  # changed or removed while the password was looked at
            raise SignInRefused("the name or the password is wrong") from error
        return who, secret, token.expires_at or self.clock()

    def check_password(self, name: str, password: str, *, address: str = "") -> User:
        """Return whose password it is; raises SignInRefused, and counts a failure as signing in does."""
        user = self.accounts.user(name)
        now, network = self.clock(), network_of(address)
        wait_ms = max(self._locked_ms(name, user, now), self._by_address.wait_ms(network, now))
        if wait_ms:
            raise SignInRefused("too many failed attempts", wait_s=(wait_ms + 999) // 1000)
        if not self._verified(user, password):
            if user is not None:
                self._count_failure(user, now)
            else:
                self._strangers.failed(name, now)
            if network:
                self._by_address.failed(network, now)
            raise SignInRefused("the name or the password is wrong")
        assert user is not None  # noqa: S101 - nobody's password is never right
        if user.failures:
            self.accounts.set_failures(name, failures=0, locked_until=0)
        return user

    def sign_out(self, secret: str) -> None:
        """Withdraw a token by itself; one that is not known is gone already."""
        known = self.accounts.token(digest_of(secret), now=self.clock())
        if known is not None:
            self.accounts.remove_token(known.id)

    def _verified(self, user: User | None, password: str) -> bool:
        if not self._one_at_a_time.acquire(timeout=_VERIFY_WAIT_S):
            raise SignInRefused("too many people sign in at once", wait_s=1)
        try:
            if user is None:
                self._nobody = self._nobody or _HASHER.hash(secrets.token_hex(16))
            known = self._nobody if user is None else user.password_hash
            return _HASHER.verify(known, password) and user is not None
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._one_at_a_time.release()

    def _locked_ms(self, name: str, user: User | None, now: int) -> int:
        if user is None:
            return self._strangers.wait_ms(name, now)
        # A clock that was set back locks nobody for longer than the longest wait.
        return max(0, min(user.locked_until - now, LOCK_MAX_MS))

    def _count_failure(self, user: User, now: int) -> None:
        failures = user.failures + 1
        wait = back_off(failures)
        until = now + wait if wait else 0
        self.accounts.set_failures(user.name, failures=failures, locked_until=until)


def ensure_admin(store: CaseStore, given: str = "") -> str | None:
    """Create the user `admin` on the first start; return its password if it was drawn here.

    A password that was `given` is not returned: who gave it knows it, and logs must not.
    """
    if store.accounts.has_users():
        return None
    password = given or secrets.token_urlsafe(12)
    add_user(store, ADMIN, password, role=Role.ADMINISTRATOR)
    return None if given else password


def add_user(store: CaseStore, name: str, password: str, *, role: Role, grid: str = "") -> None:
    """Add a person who signs in with a password; raises Refused when the name is taken."""
    user = User(name, role.value, grid_prefix(grid), hash_of(password))
    store.accounts.add_user(user)


def hash_of(password: str) -> str:
    """Return what is kept of a password: Argon2id with a salt of its own."""
    return _HASHER.hash(password)


def grid_prefix(code: str) -> str:
    """Return the digits that every grid of a territory begins with; raises Refused.

    A division code of 12 digits ends in zeros for what it leaves open (150302001000 is a street of
    a district), so those are cut; a grid has 15 digits and is kept.
    """
    if not code:
        return ""
    if not (code.isascii() and code.isdecimal() and len(code) <= 15):  # noqa: PLR2004 - see above
        raise Refused(f"{code!r} is not a division or grid code: up to 15 digits")
    if len(code) == 12:  # noqa: PLR2004 - see above
        for _ in range(2):
            code = code.removesuffix("000")
    return code


def digest_of(token: str) -> str:
    """Return the SHA-256 by which a token is kept."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
