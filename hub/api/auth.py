"""Asks every request who it is: a bearer token with a role, limited to a territory or not."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from hub.access import Access, Principal, Role

from .services import Services

_bearer = HTTPBearer(auto_error=False, description="a token, or what /api/v1/login returned")


def services_of(request: Request) -> Services:
    """Return the hub behind the app."""
    services: Services = request.app.state.services
    return services


def access_of(request: Request) -> Access:
    """Return who knows the tokens."""
    access: Access = request.app.state.access
    return access


Hub = Annotated[Services, Depends(services_of)]
Accounts = Annotated[Access, Depends(access_of)]


def require(*roles: Role) -> Callable[..., Principal]:
    """Return a dependency that lets a request pass with one of those roles or a higher one."""

    # A plain function: FastAPI runs it in a worker thread, since it reads the database.
    def allowed(
        request: Request,
        access: Accounts,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Principal:
        who = None if credentials is None else access.authenticate(credentials.credentials)
        if who is None:
            headers = {"WWW-Authenticate": "Bearer"}
            raise HTTPException(401, "a valid bearer token is needed", headers=headers)
        if not any(who.role.includes(role) for role in roles):
            needed = " or ".join(roles)
            raise HTTPException(403, f"this needs the role {needed}; the token has {who.role}")
        request.state.principal = who
        return who

    return allowed


Reader = Annotated[Principal, Depends(require(Role.READ))]
Dispatcher = Annotated[Principal, Depends(require(Role.DISPATCH))]
Tester = Annotated[Principal, Depends(require(Role.MAINTENANCE, Role.DISPATCH))]
Administrator = Annotated[Principal, Depends(require(Role.ADMINISTRATOR))]


def unlimited(who: Reader) -> Principal:
    """Let pass who is not limited to a territory: for what belongs to no grid."""
    if who.grid:
        raise HTTPException(403, f"the token is limited to {who.grid}")
    return who


UnlimitedReader = Annotated[Principal, Depends(unlimited)]
