"""Accounts 账户: who may sign in, what is signed in now; and everybody's own password."""

from collections.abc import Mapping

from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.concurrency import run_in_threadpool

from hub.access import Role, SignInRefused, digest_of
from hub.people import PASSWORD_MIN, People
from model.errors import HubError, Refused

from .accounts_html import add_html, changes_html, looks_html, own_html, tokens_html, users_html
from .case.markup import Markup, tag
from .entrance import refusal
from .fragment import Fragment
from .site import Site, Title, Visit

CHANGES_SHOWN = 50
CLICKS = (
    '(e) => { const b = e.target.closest("[data-deed]");'
    ' if (b) emit({deed: b.dataset.deed, whom: b.dataset.whom || "", typed: {}}); }'
)
SUBMITS = (
    "(e) => { const f = e.target; if (!f.dataset.form) return; e.preventDefault();"
    ' emit({deed: f.dataset.form, whom: f.dataset.whom || "",'
    " typed: Object.fromEntries(new FormData(f))}); }"
)


def register(site: Site) -> None:
    """Serve the page to everybody: each may change their own password."""
    site.page("/accounts", Title("账户", "Accounts"), build)


async def build(visit: Visit) -> None:
    """Draw one's own password, and for administrators all the rest."""
    ui.add_head_html(f'<link rel="stylesheet" href="{visit.site.asset("people.css")}">')
    page = AccountsPage(visit)
    page.draw()
    await page.look()


class AccountsPage:
    """One person's look at the accounts."""

    def __init__(self, visit: Visit) -> None:
        """Take who looks; nothing is drawn yet."""
        self._visit = visit
        self._people = People(visit.site.access, visit.hub.registry())
        self._regions: dict[str, Fragment] = {}
        self._rules = visit.may(Role.ADMINISTRATOR)

    def draw(self) -> None:
        """Draw every region once; afterwards only what changed is sent."""
        say = self._visit.say
        host = ui.element("div").classes("pp-page")
        # Buttons and forms are plain HTML inside the regions: their events rise to here.
        host.on("click", self._asked, js_handler=CLICKS)
        host.on("submit", self._asked, js_handler=SUBMITS)
        with host:
            self._regions["said"] = Fragment().props('role="status"')
            if self._rules:
                self._region("users", say("用户", "People who sign in"))
                self._region("add", say("新建用户", "Add somebody"))
            self._region("own", say("我的密码", "My own password"))
            if self._rules:
                self._region("tokens", say("会话与令牌", "Sessions and tokens"))
                self._region("changes", say("变更记录", "What was changed"))

    def _region(self, name: str, title: str) -> None:
        with ui.element("section").classes("sh-card"):
            ui.label(title).classes("sh-h2").props('role="heading" aria-level="2"')
            self._regions[name] = Fragment()

    async def look(self) -> None:
        """Show everything as it is now."""
        for name, content in (await run_in_threadpool(self._read)).items():
            self._regions[name].set_content(content)

    def _read(self) -> dict[str, str]:
        visit = self._visit
        found: dict[str, str] = {"own": own_html(visit)}
        if self._rules:
            mine = digest_of(visit.token)
            found |= {
                "users": users_html(visit, self._people.users()),
                "add": add_html(visit),
                "tokens": tokens_html(visit, visit.site.access.tokens(), mine),
                "changes": changes_html(visit, self._people.changes(CHANGES_SHOWN))
                + looks_html(
                    visit, visit.hub.store.footage.looks(grid=visit.who.grid, limit=CHANGES_SHOWN)
                ),
            }
        return found

    async def _asked(self, event: GenericEventArguments) -> None:
        """Do what a button or form asks, and say what came of it."""
        args = event.args
        deed, whom, typed = str(args["deed"]), str(args["whom"]), dict(args["typed"])
        if deed == "hide":
            self._regions["said"].set_content("")
            return
        needed = Role.READ if deed == "own" else Role.ADMINISTRATOR
        if not await self._visit.still(needed):
            return
        try:
            said = await run_in_threadpool(self._do, deed, whom, typed)
        except SignInRefused as error:
            said = self._refused(refusal_of_own(error, self._visit))
        except (Refused, LookupError, ValueError) as error:
            said = self._refused(self._why(error))
        except HubError as error:
            said = self._refused(str(error))
        else:
            await self.look()
        self._regions["said"].set_content(said)

    def _do(self, deed: str, whom: str, typed: Mapping[str, str]) -> Markup:
        visit, people, by = self._visit, self._people, self._visit.who.name
        say = visit.say
        if deed == "own":
            return self._own(typed)
        if deed == "add":
            name = typed["name"].strip()
            return self._shown(
                name, people.add(name, Role(typed["role"]), grid=typed["grid"].strip(), by=by)
            )
        if deed == "draw":
            return self._shown(whom, people.draw(whom, by=by))
        if deed == "change":
            people.change(whom, Role(typed["role"]), grid=typed["grid"].strip(), by=by)
            return self._done(say(f"{whom} 已保存", f"{whom}: saved"))
        if deed == "remove":
            people.remove(whom, by=by)
            return self._done(say(f"{whom} 已删除", f"{whom} is removed"))
        if deed == "revoke":
            visit.site.access.remove_token(whom, by=by)
            return self._done(say("已撤销", "Withdrawn"))
        raise LookupError(deed)

    def _own(self, typed: Mapping[str, str]) -> Markup:
        visit = self._visit
        if typed["new"] != typed["again"]:
            raise Refused("the two new passwords differ", missing=("again",))
        self._people.choose(visit.who.name, typed["old"], typed["new"], token=visit.token)
        said = ("密码已修改，您的其他会话已退出", "Changed; your other sessions have ended")
        return self._done(visit.say(*said))

    def _shown(self, name: str, password: str) -> Markup:
        say = self._visit.say
        return tag(
            "div",
            tag("p", say(f"{name} 的密码（仅显示这一次，请当面告知）：",
                         f"Password of {name} (shown only now; hand it over in person):")),
            tag("code", password, id="pp-password"),
            tag("button", say("已记下，隐藏", "Noted, hide it"), type="button",
                class_="sh-button pp-plain", data_deed="hide"),
            class_="pp-said pp-secret",
        )  # fmt: skip

    def _done(self, text: str) -> Markup:
        return tag("p", f"✓ {text}", class_="pp-said")

    def _refused(self, text: str) -> Markup:
        return tag("p", f"✗ {text}", class_="pp-said pp-refused")

    def _why(self, error: Exception) -> str:
        """Say in the visitor's language what was refused."""
        say, text = self._visit.say, str(error.args[0]) if error.args else ""
        known = (
            ("last administrator", "不能删除或降级最后一名管理员"),
            ("exists already", "用户名已存在"),
            ("every territory", "管理员不限辖区，辖区请留空"),
            ("no territory of this hub", "本系统没有该辖区：其人员将看不到任何内容"),
            ("division or grid code", "辖区代码应为不超过 15 位的数字"),
            ("at least", f"新密码至少 {PASSWORD_MIN} 位"),
            ("two new passwords", "两次输入的新密码不一致"),
            ("is the old one", "新密码不能与旧密码或用户名相同"),
            ("no user", "没有这个用户"),
            ("no token", "会话已不存在"),
            ("could be taken for", "用户名与 admin 过于相似"),
            ("visible characters", "用户名应为 1 至 100 个可见字符，不含 /"),
        )
        return say(next((zh for part, zh in known if part in text), text), text)


def refusal_of_own(error: SignInRefused, visit: Visit) -> str:
    """Say why the present password was not taken."""
    if error.wait_s:
        return refusal(error, visit.lang)
    return visit.say("当前密码错误", "The present password is wrong")
