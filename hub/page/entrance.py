"""Lets people in and out: sign-in, sign-out, and the language they read."""

from functools import partial
from html import escape
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.access import SESSION_MS, SignInRefused

from .site import LANGUAGE_COOKIE, SESSION_COOKIE, Site, language_of
from .words import Lang

YEAR_S = 365 * 86_400
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
"""The sign-in needs no script at all, so that none can be planted where passwords are typed."""


def routes(site: Site) -> APIRouter:
    """Return the routes of the entrance; plain HTML, so that signing in needs no script."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    async def show(request: Request) -> HTMLResponse:
        return _page(login_html(site, request, said=_ended(request)))

    @router.post("/login")
    async def sign_in(
        request: Request,
        name: Annotated[str, Form(max_length=100)] = "",
        password: Annotated[str, Form(max_length=200)] = "",
    ) -> Response:
        lang = language_of(request)
        if not from_here(request):
            return _elsewhere(lang)
        try:
            address = "" if request.client is None else request.client.host
            enter = partial(site.access.sign_in, name, password, address=address)
            _, token, _ = await run_in_threadpool(enter)
        except SignInRefused as error:
            said = refusal(error, lang)
            status = 429 if error.wait_s else 401
            return _page(login_html(site, request, said=said, name=name), status)
        answer = RedirectResponse(local_path(request.query_params.get("next", "/")), 303)
        answer.set_cookie(
            SESSION_COOKIE, token, max_age=SESSION_MS // 1000, httponly=True, samesite="strict",
            secure=site.secure,
        )  # fmt: skip
        return answer

    @router.post("/logout")
    async def sign_out(request: Request) -> Response:
        if not from_here(request):
            return _elsewhere(language_of(request))
        await run_in_threadpool(site.access.sign_out, request.cookies.get(SESSION_COOKIE, ""))
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(SESSION_COOKIE)
        return answer

    @router.get("/language/{lang}")
    async def choose(lang: Lang, request: Request) -> Response:
        answer = RedirectResponse(local_path(request.query_params.get("next", "/")), 303)
        answer.set_cookie(LANGUAGE_COOKIE, lang, max_age=YEAR_S, samesite="strict")
        return answer

    return router


def from_here(request: HTTPConnection) -> bool:
    """Return whether a form was sent from a page of this hub: no other site signs people in or out.

    Browsers say so by `Sec-Fetch-Site`, older ones and those without TLS by `Origin`; a program
    says neither, and has no cookie that could be abused.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    # Behind a proxy our own name is in the header that it adds; another site cannot send that.
    names = {request.headers.get("host"), request.headers.get("x-forwarded-host")}
    return urlsplit(origin).netloc in names - {None, ""}


def _elsewhere(lang: Lang) -> Response:
    said = (
        "请从本系统的页面登录或退出。"
        if lang is Lang.ZH
        else "Sign in and out on this hub's own page."
    )
    return HTMLResponse(f"<!doctype html><title>403</title><p>{said}</p>", 403)


def _page(content: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(content, status, {"content-security-policy": POLICY})


def _ended(request: Request) -> str:
    """Say why somebody is here who did not sign out: a screen on a wall has gone blind and mute."""
    if "ended" not in request.query_params:
        return ""
    return (
        "登录已失效：此屏幕不再显示和响铃。请重新登录。"
        if language_of(request) is Lang.ZH
        else "The session has ended: this screen shows and sounds nothing any more. Sign in again."
    )


def local_path(path: str) -> str:
    """Return a path of this page, `/` for anything that leads elsewhere."""
    good = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if good else "/"


def refusal(error: SignInRefused, lang: Lang) -> str:
    """Say why somebody was not let in."""
    if error.wait_s:
        return (
            f"尝试次数过多，请 {error.wait_s} 秒后再试。"
            if lang is Lang.ZH
            else f"Too many attempts; try again in {error.wait_s} s."
        )
    return "用户名或密码错误。" if lang is Lang.ZH else "The name or the password is wrong."


def login_html(site: Site, request: Request, *, said: str = "", name: str = "") -> str:
    """Return the sign-in page."""
    lang = language_of(request)

    def say(zh: str, en: str) -> str:
        return zh if lang is Lang.ZH else en

    where = quote(local_path(request.query_params.get("next", "/")))
    other, other_name = (Lang.EN, "English") if lang is Lang.ZH else (Lang.ZH, "中文")
    alert = f'<p class="sh-said" role="alert">{escape(said)}</p>' if said else ""
    return f"""<!doctype html>
<html lang="{"zh-CN" if lang is Lang.ZH else "en"}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{say("登录", "Sign in")} · smarthub</title>
<link rel="stylesheet" href="{site.asset("page.css")}"></head>
<body class="sh-login"><main>
<h1>smarthub 智慧社区</h1>
<p>{say("火灾与安防报警 · 事件处置", "Fire and security alarms, and the work that follows")}</p>
<form method="post" action="/login?next={where}">{alert}
<label for="name">{say("用户名", "Name")}</label>
<input id="name" name="name" value="{escape(name)}" autocomplete="username" required autofocus>
<label for="password">{say("密码", "Password")}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">{say("登录", "Sign in")}</button></form>
<p class="sh-hint">{say("首次启动时终端会显示一次管理员（admin）密码。", "The first start prints the password of “admin” once, in the terminal.")}</p>
<p><a href="/language/{other}?next=/login" lang="{other}">{other_name}</a></p>
</main></body></html>"""
