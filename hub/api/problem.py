"""Says what went wrong as RFC 9457 problem documents, with a title in English and Chinese."""

from collections.abc import Awaitable, Callable, Mapping
from traceback import format_exception
from types import MappingProxyType

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hub.access import SignInRefused
from hub.case_store import BadCursor
from model.errors import HubError, Refused, Transient

from .answer import encode

_log = structlog.get_logger("api")

TITLES: Mapping[int, str] = MappingProxyType(
    {
        400: "Bad request 请求错误",
        401: "Sign in first 请先登录",
        403: "Not allowed 无权限",
        404: "Not found 未找到",
        405: "Method not allowed 方法不允许",
        409: "Not possible now 当前不能执行",
        413: "Body too large 请求体过大",
        422: "Not understood 参数无效",
        429: "Too many attempts 尝试过多",
        500: "Error in the hub 内部错误",
        502: "The other side did not take it 对方未接收",
        503: "Try again later 请稍后重试",
    }
)


def problem(
    status: int,
    detail: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> Response:
    """Return a problem document (application/problem+json); `more` are members of its own."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": TITLES.get(status, TITLES[500 if status >= 500 else 400]),  # noqa: PLR2004 - 5xx
        "status": status,
    }
    if detail:
        body["detail"] = detail
    body.update(more)
    return Response(
        encode(body),
        status_code=status,
        media_type="application/problem+json",
        headers=dict(headers or {}),
    )


def install(app: FastAPI) -> None:
    """Make every error of the app a problem document; no trace leaves the process."""
    answers: dict[type[Exception], Callable[[Exception], Response]] = {
        HTTPException: _http,
        RequestValidationError: _invalid,
        SignInRefused: _sign_in_refused,
        BadCursor: lambda error: problem(422, str(error)),
        Refused: _refused,
        LookupError: lambda error: problem(404, str(error.args[0]) if error.args else ""),
        Transient: lambda error: problem(503, str(error), headers={"Retry-After": "5"}),
        HubError: lambda error: problem(503, str(error), headers={"Retry-After": "5"}),
        SQLAlchemyError: _database_away,
        Exception: _unexpected,
    }
    for kind, answer in answers.items():
        app.add_exception_handler(kind, _taking_request(answer))


def _taking_request(
    answer: Callable[[Exception], Response],
) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handler(_request: Request, error: Exception) -> Response:
        return answer(error)

    return handler


def _http(error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    return problem(error.status_code, str(error.detail), headers=error.headers)


def _invalid(error: Exception) -> Response:
    """Name each wrong field; the value itself is not repeated, it may be a secret."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    found = [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"]}
        for item in error.errors()
    ]
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in found[:5])
    return problem(422, detail, errors=found)


def _refused(error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - registered for this class
    return problem(409, str(error), missing=list(error.missing))


def _sign_in_refused(error: Exception) -> Response:
    assert isinstance(error, SignInRefused)  # noqa: S101 - registered for this class
    if error.wait_s:
        return problem(429, str(error), headers={"Retry-After": str(error.wait_s)})
    return problem(401, str(error))


def _database_away(error: Exception) -> Response:
    _log.error("case_database_away", why=str(getattr(error, "orig", None) or error))
    return problem(503, "the case database is away", headers={"Retry-After": "5"})


def _unexpected(error: Exception) -> Response:
    # As plain text: a renderer that shows variables would write passwords into the log.
    _log.error("request_failed", trace="".join(format_exception(error)))
    return problem(500, "the error is in the hub's log")
