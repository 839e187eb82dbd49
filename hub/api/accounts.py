"""Signing in, the people who may, and the tokens by which programs and people come in."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from hub.access import Role
from hub.case_store import Token, User
from hub.people import PASSWORD_MIN, People

from .answer import answer
from .auth import Accounts, Administrator, Hub, Reader
from .words import Name

router = APIRouter(tags=["access"])

DAY_MS = 86_400_000


class LoginBody(BaseModel):
    """A name and a password."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    password: Annotated[str, Field(min_length=1, max_length=200)]


class TokenBody(BaseModel):
    """What a new token may do: its name is the actor under which it acts."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    role: Role
    grid: str = Field(
        default="", pattern=r"^[0-9]{0,15}$", description="division or grid code; empty: everywhere"
    )
    days: int | None = Field(default=None, ge=1, le=3650, description="empty: until withdrawn")


class UserBody(BaseModel):
    """Somebody who will sign in; the password is drawn by the hub."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    role: Role
    grid: str = Field(default="", pattern=r"^[0-9]{0,15}$", description="as for a token")


class UserChange(BaseModel):
    """What is to be another; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    grid: str | None = Field(default=None, pattern=r"^[0-9]{0,15}$")
    new_password: bool = Field(default=False, description="draw one, and end the sessions")


class PasswordBody(BaseModel):
    """The old password and the one to come."""

    model_config = ConfigDict(extra="forbid")

    old: Annotated[str, Field(min_length=1, max_length=200)]
    new: Annotated[str, Field(min_length=PASSWORD_MIN, max_length=200)]


UserName = Annotated[str, Path(min_length=1, max_length=100)]


@router.post("/login", summary="Sign in with a password 登录")
def login(access: Accounts, body: LoginBody, request: Request) -> Response:
    """Return a bearer token for 12 hours; 401 when wrong, 429 with Retry-After after too many."""
    address = "" if request.client is None else request.client.host
    who, token, expires_at = access.sign_in(body.name, body.password, address=address)
    return answer(
        {
            "token": token,
            "name": who.name,
            "role": who.role,
            "grid": who.grid,
            "expires_at": expires_at,
        }
    )


@router.get("/tokens", summary="Every token, without its secret 令牌")
def list_tokens(access: Accounts, _who: Administrator) -> Response:
    """Return what is kept of the tokens; sign-ins are tokens too."""
    return answer({"items": [_shown(token) for token in access.tokens()], "next": None})


@router.post("/tokens", summary="Create a token 新建令牌", status_code=201)
def create_token(access: Accounts, who: Administrator, body: TokenBody) -> Response:
    """Return the new token; it is shown only this once."""
    lifetime = None if body.days is None else body.days * DAY_MS
    token, secret = access.create_token(
        body.name, body.role, grid=body.grid, lifetime_ms=lifetime, by=who.name
    )
    return answer({**_shown(token), "token": secret}, status=201)


@router.delete("/tokens/{token_id}", summary="Withdraw a token 撤销令牌", status_code=204)
def remove_token(
    access: Accounts,
    who: Administrator,
    token_id: Annotated[str, Path(pattern=r"^[0-9a-f]{1,32}$")],
) -> Response:
    """Withdraw a token by its id; it stops working at once."""
    access.remove_token(token_id, by=who.name)
    return Response(status_code=204)


@router.get("/users", summary="Everybody who signs in 用户")
def list_users(access: Accounts, _who: Administrator) -> Response:
    """Return names, roles and territories; nothing of passwords."""
    found = [_person(user) for user in People(access).users()]
    return answer({"items": found, "next": None})


@router.post("/users", summary="Add somebody 新建用户", status_code=201)
def add_user(hub: Hub, access: Accounts, who: Administrator, body: UserBody) -> Response:
    """Return the new user with its password, which is shown only this once; 409 when refused."""
    people = People(access, hub.registry())
    password = people.add(body.name, body.role, grid=body.grid, by=who.name)
    user = access.accounts.user(body.name.strip())
    return answer({**_person(user), "password": password} if user else {}, status=201)


@router.patch("/users/{name}", summary="Change role, territory or password 修改用户")
def change_user(
    hub: Hub, access: Accounts, who: Administrator, name: UserName, body: UserChange
) -> Response:
    """Return the user as it is now, with a drawn password where one was asked for.

    Every session and token of that name ends at once; 409 for the last administrator.
    """
    people, known = People(access, hub.registry()), access.accounts.user(name)
    if known is None:
        raise LookupError(f"no user {name}")
    role = Role(known.role) if body.role is None else body.role
    people.change(name, role, grid=known.grid if body.grid is None else body.grid, by=who.name)
    drawn = {"password": people.draw(name, by=who.name)} if body.new_password else {}
    user = access.accounts.user(name)
    return answer({**_person(user or known), **drawn})


@router.delete("/users/{name}", summary="Remove somebody 删除用户", status_code=204)
def remove_user(access: Accounts, who: Administrator, name: UserName) -> Response:
    """Remove a user with every session and token of that name; 409 for the last administrator."""
    People(access).remove(name, by=who.name)
    return Response(status_code=204)


@router.post("/me/password", summary="Change one's own password 修改密码", status_code=204)
def change_password(
    access: Accounts, who: Reader, request: Request, body: PasswordBody
) -> Response:
    """End every other session of the same person; 401 and lock-out as in signing in."""
    token = request.headers.get("authorization", "").partition(" ")[2]
    People(access).choose(who.name, body.old, body.new, token=token)
    return Response(status_code=204)


def _person(user: User) -> dict[str, object]:
    return {"name": user.name, "role": user.role, "grid": user.grid}


def _shown(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "grid": token.grid,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
    }
