"""Draws who may sign in, what is signed in now, and what was changed; every datum is inert."""

from collections.abc import Sequence

from hub.access import Role
from hub.case_store import Token, User
from hub.case_store.accounts import AccountChange
from hub.case_store.footage import Look
from hub.evidence.live import LIVE_PURPOSES
from hub.people import PASSWORD_MIN

from .case.markup import Markup, Part, badge, joined, tag
from .site import Visit
from .tables import Cell, Row, table
from .words import ROLE, word

TOKENS_SHOWN = 100
_WHAT = {
    "user_added": ("新建用户", "User added"),
    "user_changed": ("改角色或辖区", "Role or territory changed"),
    "user_removed": ("删除用户", "User removed"),
    "password_drawn": ("重置密码", "New password drawn"),
    "password_changed": ("本人改密码", "Own password changed"),
    "token_added": ("新建令牌", "Token added"),
    "token_removed": ("撤销令牌或会话", "Token or session withdrawn"),
}

_LOOKED = {
    "live": ("实时画面", "live picture"),
    "snapshot": ("抓拍", "snapshot"),
    "clip": ("录像", "clip"),
    "manifest": ("清单", "manifest"),
}


def users_html(visit: Visit, users: Sequence[User]) -> Markup:
    """Return everybody who signs in; opened, a line holds what can be changed."""
    return joined(_user(visit, user, number) for number, user in enumerate(users))


def _user(visit: Visit, user: User, number: int) -> Markup:
    say = visit.say
    me = badge(say("您", "you")) if user.name == visit.who.name else None
    locked = user.locked_until > visit.hub.now()
    wait = badge(say("已锁定", "locked"), "sh-major sh-tone") if locked else None
    remove = tag(
        "details",
        tag("summary", say("删除…", "Remove…")),
        tag("p", say("其会话与令牌立即失效，案件历史保留。",
                     "Sessions and tokens end at once; the history of cases stays.")),
        _button(say(f"删除 {user.name}", f"Remove {user.name}"), "remove", user.name, bad=True),
    )  # fmt: skip
    return tag(
        "details",
        tag(
            "summary", tag("b", tag("bdi", user.name)), badge(word(ROLE, user.role, visit.lang)),
            tag("span", territory(visit, user.grid), class_="sh-muted"), me, wait,
        ),
        tag(
            "form", _role(visit, f"role-{number}", user.role),
            _grid(visit, f"grid-{number}", user.grid),
            tag("button", say("保存", "Save"), type="submit", class_="sh-button"),
            class_="sh-form", data_form="change", data_whom=user.name,
            aria_label=say(f"修改 {user.name}", f"Change {user.name}"),
        ),
        tag("div", _button(say("重置密码", "New password"), "draw", user.name), remove,
            class_="sh-form"),
        class_="pp-user",
    )  # fmt: skip


def add_html(visit: Visit) -> Markup:
    """Return the form that adds somebody."""
    say = visit.say
    return tag(
        "form",
        tag("span", tag("label", say("用户名", "Name"), for_="new-name"),
            tag("input", id="new-name", name="name", required=True, maxlength=100,
                autocomplete="off"), class_="pp-field"),
        _role(visit, "new-role", Role.DISPATCH),
        _grid(visit, "new-grid", ""),
        tag("button", say("新建", "Add"), type="submit", class_="sh-button"),
        class_="sh-form", data_form="add", aria_label=say("新建用户", "Add a user"),
    )  # fmt: skip


def own_html(visit: Visit) -> Markup:
    """Return the form by which everybody changes their own password."""
    say = visit.say
    fields = (
        ("old", say("当前密码", "Present password"), "current-password"),
        ("new", say(f"新密码（至少 {PASSWORD_MIN} 位）", f"New password (at least {PASSWORD_MIN})"),
         "new-password"),
        ("again", say("再输一次", "Once more"), "new-password"),
    )  # fmt: skip
    return tag(
        "form",
        *(
            tag("span", tag("label", label, for_=f"own-{name}"),
                tag("input", id=f"own-{name}", name=name, type="password", required=True,
                    maxlength=200, autocomplete=kind), class_="pp-field")
            for name, label, kind in fields
        ),
        tag("button", say("修改密码", "Change password"), type="submit", class_="sh-button"),
        class_="sh-form", data_form="own", aria_label=say("修改密码", "Change password"),
    )  # fmt: skip


def tokens_html(visit: Visit, tokens: Sequence[Token], mine: str) -> Markup:
    """Return what is signed in, newest first; `mine` is the digest of the session that looks."""
    say = visit.say
    head = (say("谁", "Who"), say("角色", "Role"), say("辖区", "Territory"), say("自", "Since"),
            say("至", "Until"), say("操作", "Action"))  # fmt: skip
    shown = list(reversed(tokens))[:TOKENS_SHOWN]
    rows = [
        tag("tr", *(tag("td", cell, data_label=name)
                    for name, cell in zip(head, _token(visit, token, mine), strict=True)))
        for token in shown
    ]  # fmt: skip
    rest = len(tokens) - len(shown)
    title = say("会话与令牌", "Sessions and tokens")
    return joined((
        tag(
            "div",
            tag("table", tag("thead", tag("tr", *(tag("th", name, scope="col") for name in head))),
                tag("tbody", *rows), class_="sh-table pp-stack"),
            class_="sh-scroll", tabindex="0", role="region", aria_label=title,
        ),
        tag("p", say(f"另有 {rest} 个", f"and {rest} more"), class_="sh-muted") if rest else None,
    ))  # fmt: skip


def _token(visit: Visit, token: Token, mine: str) -> tuple[Part, ...]:
    say = visit.say
    withdraw = _button(
        say("撤销", "Withdraw"), "revoke", token.id,
        label=say(f"撤销 {token.name}", f"Withdraw {token.name}"),
    )  # fmt: skip
    return (
        tag("bdi", token.name),
        word(ROLE, token.role, visit.lang),
        territory(visit, token.grid),
        visit.time(token.created_at),
        visit.time(token.expires_at) if token.expires_at else say("撤销为止", "until withdrawn"),
        badge(say("本次会话", "this session")) if token.digest == mine else withdraw,
    )


def changes_html(visit: Visit, changes: Sequence[AccountChange]) -> str:
    """Return the audit, newest first."""
    say = visit.say
    rows: list[Row] = [
        [
            visit.time(change.at), change.actor, Cell(word(_WHAT, change.what, visit.lang)),
            change.whom, change.detail,
        ]
        for change in changes
    ]  # fmt: skip
    head = [say("时间", "Time"), say("操作人", "By"), say("做了什么", "What"),
            say("对象", "Whom"), say("说明", "Detail")]  # fmt: skip
    return table(say("变更记录", "What was changed"), head, rows, empty=say("尚无", "Nothing yet"))


def looks_html(visit: Visit, looks: Sequence[Look]) -> str:
    """Return who looked at pictures of cameras and what for, newest first."""
    say = visit.say
    rows: list[Row] = [
        [
            visit.time(look.at), look.who, look.device,
            word(_LOOKED, look.kind, visit.lang), purpose_word(visit, look.purpose),
            Cell(look.case_id, link=f"/cases/{look.case_id}") if look.case_id else "",
        ]
        for look in looks
    ]  # fmt: skip
    head = [say("时间", "Time"), say("查看人", "By"), say("摄像机", "Camera"),
            say("内容", "What"), say("目的", "Purpose"), say("案件", "Case")]  # fmt: skip
    title = say("摄像机画面查看记录", "Who looked at cameras")
    return f'<h3 class="sh-h2">{title}</h3>' + table(
        title, head, rows, empty=say("尚无", "Nothing yet"), stacks=True
    )


def purpose_word(visit: Visit, purpose: str) -> str:
    """Return what for, in words; what was written by hand is shown as it is."""
    known = {name.value: words for name, words in LIVE_PURPOSES.items()}
    return word(known, purpose, visit.lang)


def territory(visit: Visit, grid: str) -> str:
    """Return where somebody may look."""
    return grid or visit.say("全部辖区", "everywhere")


def _role(visit: Visit, ident: str, chosen: str) -> Markup:
    options = (
        tag("option", word(ROLE, role, visit.lang), value=role, selected=role == chosen)
        for role in Role
    )
    return tag(
        "span", tag("label", visit.say("角色", "Role"), for_=ident),
        tag("select", *options, id=ident, name="role"), class_="pp-field",
    )  # fmt: skip


def _grid(visit: Visit, ident: str, value: str) -> Markup:
    label = visit.say("辖区代码（空为全部）", "Territory code (empty: everywhere)")
    return tag(
        "span", tag("label", label, for_=ident),
        tag("input", id=ident, name="grid", value=value, inputmode="numeric", pattern="[0-9]*",
            maxlength=15), class_="pp-field",
    )  # fmt: skip


def _button(text: str, deed: str, whom: str, *, bad: bool = False, label: str = "") -> Markup:
    return tag(
        "button", text, type="button", class_="sh-button pp-bad" if bad else "sh-button pp-plain",
        data_deed=deed, data_whom=whom, aria_label=label or None,
    )  # fmt: skip
