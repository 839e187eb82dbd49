"""What one does on the page of a case: buttons, the form that is open, and what came of it."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from cases.closing import HUB, is_reported, profile
from hub.access import Role
from hub.api.cases import may_work_on
from hub.page.fragment import Fragment
from hub.page.site import Visit
from hub.page.words import STATE, VERIFICATION, outcome, word
from model.case import Case, HistoryItem, Verification
from model.entry import Action
from model.errors import HubError, Refused
from model.reading import Value

from .form_html import Draft, begun, buttons_html, form_html
from .forms import DEEDS, Deed, Field, fields_for
from .markup import Markup, icon, joined, tag
from .offers import likely, offers
from .sending import Problem, problems, read
from .view import View
from .vocabulary import DONE

ID_MAX = 64
_BY_PEOPLE = frozenset({Verification.CONFIRMED, Verification.FALSE, Verification.UNREACHABLE})


class Desk:
    """The part of the page where a person acts; a form that is open is never redrawn by news."""

    def __init__(self, visit: Visit, view: View) -> None:
        """Take who acts on what."""
        self._visit = visit
        self._view = view
        self._draft: Draft | None = None
        self._verdict = Verification.NONE  # when the form that is open was opened
        self._sending: set[str] = set()
        self._buttons: Fragment
        self._said: Fragment
        self._changed: Fragment
        self._form: Fragment

    def draw(self) -> None:
        """Draw buttons, and room for a form and for what came of it."""
        say = self._visit.say
        with ui.element("section").classes("sh-card cp-now cp-r"):
            title = say("现在要做", "To do now")
            Fragment(tag("h2", title, class_="sh-h2"))
            self._said = Fragment("").props('role="status"')
            self._buttons = Fragment("")
            self._changed = Fragment("").props('role="status"')
            self._form = Fragment("").classes("cp-formhost")
        self._paint()

    def changed(self, view: View) -> None:
        """Take news of the case; what is being typed stays, and is told when it became pointless."""
        before, self._view = self._view.case, view
        self._paint()
        if self._draft is None or before.sequence == view.case.sequence:
            return
        possible = any(o.deed.key == self._draft.deed.key for o in self._offers())
        last = view.chain.items[-1] if view.chain.items else None
        what = self._told(last) if last else ""
        self._changed.set_content(self._news(what, possible=possible))

    async def clicked(self, args: Mapping[str, Any]) -> bool:
        """Open a form, close it, or do at once what needs none; return whether anything was done."""
        key, once = str(args.get("deed", "")), str(args.get("once", ""))[:ID_MAX]
        if key == "cancel":
            self._close_form()
            return False
        deed = DEEDS.get(key)
        if deed is None:
            return False
        if once and deed.at_once:
            return await self._at_once(deed, once)
        case = self._view.case
        fields = fields_for(deed, profile(case), reported=is_reported(case))
        self._verdict = case.verification
        self._draft = begun(deed, fields, _known(self._view.case, fields))
        self._say("")
        self._show_form()
        return False

    async def submitted(self, args: Mapping[str, Any]) -> bool:
        """Send the form that is open; return whether it was done."""
        draft, typed = self._draft, args.get("typed")
        if draft is None or draft.deed.key != args.get("deed") or not isinstance(typed, dict):
            return False
        given = {str(name): str(value) for name, value in typed.items()}
        # The browser may bring the id of a draft from before a reload: the same deed, once.
        ident = given.get("id", "")[:ID_MAX] or draft.id
        if judged := self._overruled(draft.deed):
            self._draft = draft._replace(
                typed=given, id=ident, tries=draft.tries + 1, problems=judged
            )
            self._show_form()
            return False
        try:
            values = read(draft.fields, given, self._visit.zone)
            if not await self._send(draft.deed, values, ident):
                return False
        except HubError as error:
            found = self._problems(error, draft.fields)
            tries = draft.tries + 1
            self._draft = draft._replace(typed=given, id=ident, tries=tries, problems=found)
            self._show_form()
            return False
        self._close_form()
        return True

    def _overruled(self, deed: Deed) -> tuple[Problem, ...]:
        """Say once that somebody else has judged the case since a form was opened that judges it, too."""
        verdict = self._view.case.verification
        if deed.action != "confirm" or verdict is self._verdict or verdict not in _BY_PEOPLE:
            return ()
        self._verdict = verdict
        said = word(VERIFICATION, verdict, self._visit.lang)
        return (
            Problem("", self._visit.say(
                f"填写期间他人已认定：{said}。如仍要改判，请再次提交。",
                f"Somebody judged it meanwhile: {said}. Send again if you want to overrule that.",
            )),
        )  # fmt: skip

    def _told(self, last: HistoryItem) -> str:
        """Return who did what last, and to which end."""
        what = f"{self._who(last.actor)}: {word(DONE, last.action, self._visit.lang)}"
        judged = str(last.detail.get("outcome", ""))
        return f"{what} · {outcome(judged, self._visit.lang)}" if judged else what

    async def _at_once(self, deed: Deed, once: str) -> bool:
        try:
            return await self._send(deed, {}, once)
        except HubError as error:
            text = "; ".join(problem.text for problem in self._problems(error, ()))
            self._say(text, wrong=True)
            return False

    async def _send(self, deed: Deed, values: dict[str, Value], ident: str) -> bool:
        """Submit an action; False when the same one is on its way. Raises HubError."""
        visit, case = self._visit, self._view.case
        if ident in self._sending or not await visit.still(self._role(case)):
            return False
        if not may_work_on(visit.who, case.cls):
            raise Refused(
                visit.say("您的角色不能处置此类案件", "your role does not work on this class")
            )
        self._sending.add(ident)
        try:
            await visit.hub.submit(
                Action(
                    case=case.id,
                    name=deed.action,
                    actor=visit.who.name,
                    at=visit.hub.now(),
                    fields={**values, **deed.fixed},
                    level=visit.who.level.value,
                    id=ident,
                )
            )
        except LookupError as error:
            raise Refused(visit.say("没有这个案件", "there is no such case")) from error
        finally:
            self._sending.discard(ident)
        self._say(visit.say(f"已完成：{deed.zh}", f"Done: {deed.en}"))
        return True

    def _role(self, case: Case) -> Role:
        maintains = self._visit.who.role is Role.MAINTENANCE and may_work_on(
            self._visit.who, case.cls
        )
        return Role.MAINTENANCE if maintains else Role.DISPATCH

    def _problems(self, error: HubError, fields: tuple[Field, ...]) -> list[Problem]:
        if isinstance(error, Refused):
            return problems(error, fields, self._visit.lang)
        say = self._visit.say
        return [
            Problem("", say(f"系统暂时无法执行，请重试：{error}", f"Not now, try again: {error}"))
        ]

    def _offers(self) -> list[Any]:
        return offers(self._view.case, self._visit.who)

    def _paint(self) -> None:
        case = self._view.case
        # Equal until the case changes: the second click of two sends the same id.
        once = f"{case.id}-{case.sequence}"
        content = buttons_html(self._offers(), likely(case), once=once, lang=self._visit.lang)
        if self._buttons.content != content:
            self._buttons.set_content(content)

    def _show_form(self) -> None:
        if self._draft is not None:
            key = f"{self._view.case.id}/{self._draft.deed.key}"
            self._form.set_content(form_html(self._draft, key=key, lang=self._visit.lang))

    def _close_form(self) -> None:
        if self._draft is None:
            return
        key = f"{self._view.case.id}/{self._draft.deed.key}"
        self._draft = None
        self._form.set_content(tag("span", data_done=key))
        self._changed.set_content("")

    def _say(self, text: str, *, wrong: bool = False) -> None:
        mark = icon("error" if wrong else "check_circle")
        line = (
            tag("p", mark, text, class_="cp-wrong" if wrong else "cp-done") if text else joined(())
        )
        self._said.set_content(line)

    def _who(self, actor: str) -> str:
        return self._visit.say("系统", "hub") if actor == HUB else actor

    def _news(self, what: str, *, possible: bool) -> Markup:
        say = self._visit.say
        state = word(STATE, self._view.case.state.value, self._visit.lang)
        text = say(
            f"案件刚有变化（{what}，{state}）。", f"The case has just changed ({what}; {state})."
        )
        if not possible:
            text += say(
                "此操作现已不可能，所填内容仍保留。",
                " This is no longer possible; what you typed stays.",
            )
        return tag("p", icon("sync"), text, class_="cp-changed")


def _known(case: Case, fields: tuple[Field, ...]) -> dict[str, str]:
    """Return what is known already of a form's fields, so that nobody types it twice."""
    found: dict[str, str] = {}
    for field in fields:
        value = case.proof.get(field.name)
        if isinstance(value, bool):
            found[field.name] = "yes" if value else ("" if field.kind == "flag" else "no")
        elif isinstance(value, str):
            found[field.name] = value
    return found
