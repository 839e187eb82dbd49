"""Signing in, and the tokens by which programs and people come in."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from hub.access import Role
from hub.case_store import Token

from .answer import answer
from .auth import Accounts, Administrator
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


@router.post("/login", summary="Sign in with a password 登录")
def login(access: Accounts, body: LoginBody) -> Response:
    """Return a bearer token for 12 hours; 401 when wrong, 429 with Retry-After after too many."""
    who, token, expires_at = access.sign_in(body.name, body.password)
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
def create_token(access: Accounts, _who: Administrator, body: TokenBody) -> Response:
    """Return the new token; it is shown only this once."""
    lifetime = None if body.days is None else body.days * DAY_MS
    token, secret = access.create_token(body.name, body.role, grid=body.grid, lifetime_ms=lifetime)
    return answer({**_shown(token), "token": secret}, status=201)


@router.delete("/tokens/{token_id}", summary="Withdraw a token 撤销令牌", status_code=204)
def remove_token(
    access: Accounts,
    _who: Administrator,
    token_id: Annotated[str, Path(pattern=r"^[0-9a-f]{1,32}$")],
) -> Response:
    """Withdraw a token by its id; it stops working at once."""
    access.remove_token(token_id)
    return Response(status_code=204)


def _shown(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "grid": token.grid,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
    }
