"""Tries a changed rule on this hub's history: typed on the rule's page, tried beside the hub, never applied."""

from collections.abc import Mapping

from fastapi import APIRouter, HTTPException, Request
from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from hub.access import Principal, Role
from hub.backtest.words import KINDS
from hub.rule_edit import TEXT_MAX
from hub.trial_process import Json
from model.errors import HubError

from .case.markup import Markup, joined, tag
from .fragment import Fragment
from .rule_proposal import USE, proposal_html, used
from .silences import SUBMIT
from .site import SESSION_COOKIE, Site, Visit
from .words import span

LOOK_S = 0.5
HOUR = 3_600_000
SPANS = (24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR, 365 * 24 * HOUR)
REPORT_PATH = "/page/rules/trial/"


def routes(site: Site) -> APIRouter:
    """Return the route of the reports; each is for whoever ordered it."""
    router = APIRouter(include_in_schema=False)

    @router.get(REPORT_PATH + "{trial}")
    async def report(request: Request, trial: str) -> Response:
        token = request.cookies.get(SESSION_COOKIE, "")
        who = await run_in_threadpool(site.access.authenticate, token)
        if who is None:
            raise HTTPException(401, "sign in first")
        path = site.rule_trials.report(who.name, trial) if may_try(who) else None
        if path is None:
            raise HTTPException(404, "no such report; it is kept for an hour")
        return HTMLResponse(await run_in_threadpool(path.read_text, "utf-8"))

    return router


def may_try(who: Principal) -> bool:
    """Whether somebody may try rules: maintenance of the whole district, whose cases the report names."""
    return who.role.includes(Role.MAINTENANCE) and not who.grid


class TrialPanel:
    """The part of a rule's page where its text is changed and tried."""

    def __init__(self, visit: Visit, rule: str, text: str, *, has_limit: bool) -> None:
        """Take who looks at which rule, its text in force, and whether it has a limit to move."""
        self._visit, self._rule, self._text, self._has_limit = visit, rule, text, has_limit
        self._trial = self._shown = ""
        self._span = SPANS[0]

    def draw(self) -> None:
        """Draw the form, and room for what came of it."""
        host = ui.element("section").classes("sh-card sh-rule-trial")
        host.on("submit", self._submit, js_handler=SUBMIT)
        with host:
            self._form = Fragment(self._form_html(self._text))
            self._said = Fragment().props('role="status" aria-live="polite"')
        self._timer = ui.timer(LOOK_S, self._look, active=False)

    async def _submit(self, event: GenericEventArguments) -> None:
        visit, trials = self._visit, self._visit.site.rule_trials
        if not await visit.still(Role.MAINTENANCE) or not may_try(visit.who):
            return
        todo = str(event.args["todo"])
        if todo == "stop":
            trials.stop(visit.who.name, self._trial)
            return
        if todo.startswith(USE):
            self._use(todo)
            return
        typed: Mapping[str, str] = event.args["typed"]
        text = str(typed.get("text", ""))[: TEXT_MAX + 1].replace("\r\n", "\n")
        chosen = str(typed.get("span", ""))
        self._span = int(chosen) if chosen.isdecimal() and int(chosen) in SPANS else SPANS[0]
        wanted = None if todo == "propose" else text
        # Another text: the answer to the old one is no use.
        trials.stop(visit.who.name, self._trial)
        try:
            self._trial = trials.start(
                visit.who.name, self._rule, wanted, since=visit.hub.now() - self._span
            )
        except (HubError, OSError) as error:
            self._said.set_content(tag("p", str(error), class_="sh-walk-no"))
            return
        self._look()
        self._timer.activate()

    def _use(self, todo: str) -> None:
        """Put a proposed text into the form, to be read, changed and tried."""
        state = self._visit.site.rule_trials.state(self._visit.who.name, self._trial)
        text = used(state.get("result"), todo) if state else None
        if text is not None:
            self._form.set_content(self._form_html(text))

    def _form_html(self, text: str) -> Markup:
        return form_html(self._visit, text, has_limit=self._has_limit, chosen=self._span)

    def _look(self) -> None:
        state = self._visit.site.rule_trials.state(self._visit.who.name, self._trial)
        if state is None or state["state"] != "running":
            self._timer.deactivate()
        if state is None:
            return
        content = state_html(self._visit, state, self._trial)
        if content != self._shown:  # a button under somebody's finger stays
            self._shown = content
            self._said.set_content(content)


def form_html(visit: Visit, text: str, *, has_limit: bool, chosen: int) -> Markup:
    """Return the form: the rule's text, how far to look back, and the buttons."""
    say = visit.say
    hint = say(
        "改动后在本系统的历史记录上试算：与现行规则逐案比较。仅试算，不会生效；生效须修改规则文件。",
        "Change the text and try it on what this hub recorded: its cases beside those of the rule in force."
        " Nothing takes effect; for that, change the rule's file.",
    )
    options = [
        tag("option", span(length, visit.lang), value=length, selected=length == chosen)
        for length in SPANS
    ]
    propose = say("查找更合适的限值", "Look for a better limit")
    label = say("规则文本", "Text of the rule")
    rows = min(24, max(6, text.count("\n") + 2))
    return joined([
        tag("h2", say("在历史上试算改动", "Try a change on history"), class_="sh-h2"),
        tag("p", hint, class_="sh-muted"),
        tag(
            "form",
            tag("label", tag("span", label), tag("textarea", text, name="text", rows=rows, spellcheck="false", maxlength=TEXT_MAX, class_="sh-rule-text"), class_="sh-rule-label"),
            tag("label", tag("span", say("回看", "Look back")), tag("select", *options, name="span", class_="sh-select")),
            tag("button", say("试算", "Try"), type="submit", value="try", class_="sh-button"),
            tag("button", propose, type="submit", value="propose", class_="sh-button") if has_limit else None,
            data_form="rule",
            class_="sh-form",
        ),
    ])  # fmt: skip


def state_html(visit: Visit, state: Json, trial: str) -> Markup:
    """Return how a trial is: a bar, an error with its lines, or what it found."""
    say = visit.say
    if state["state"] == "running":
        done = float(str(state["done"]))
        label = say("试算进度", "Progress of the trial")
        stop = tag("button", say("停止", "Stop"), type="submit", value="stop", class_="sh-button")
        return joined([
            tag("progress", "", value=f"{done:.3f}", max=1, aria_label=label, class_="sh-progress"),
            tag("form", tag("span", f"{done:.0%}" if done else say("准备中…", "Preparing …"), class_="sh-num"), stop, data_form="stop", class_="sh-form"),
        ])  # fmt: skip
    if state["state"] == "failed":
        return tag(
            "pre", str(state["error"]), class_="sh-pre sh-walk-no", tabindex="0", role="alert"
        )
    result = state["result"]
    if not isinstance(result, dict):
        return Markup("")
    if "candidates" not in result:
        return joined([result_html(visit, result), _report_html(visit, trial)])
    return joined([
        proposal_html(visit, result),
        None if result["best"] is None else _report_html(visit, trial),
    ])  # fmt: skip


def _report_html(visit: Visit, trial: str) -> Markup:
    whole = visit.say("完整报告（含图表）↗", "The whole report, with charts ↗")
    link = tag(
        "a", whole, href=REPORT_PATH + trial, target="_blank", rel="noopener", class_="sh-link"
    )
    return tag("p", link)


def result_html(visit: Visit, result: Json) -> Markup:
    """Return the answer in short."""
    say = visit.say
    lines = [_verdict(visit, result)]
    cases, notices, precision = (_pair(result, key) for key in ("cases", "notices", "precision"))
    begun, ended = (visit.time(result[key], seconds=False) for key in ("since", "until"))
    lines.append(tag("p", say(
        f"{begun} 至 {ended}：案件 {cases}，通知 {notices}，准确率 {precision}（现行 → 修改后）",
        f"{begun} to {ended}: cases {cases}, notices {notices}, precision {precision} (in force → changed)",
    ), class_="sh-num"))  # fmt: skip
    kinds = result["kinds"]
    if isinstance(kinds, dict) and kinds:
        words = [f"{say(*KINDS[kind])} {count}" for kind, count in kinds.items() if kind in KINDS]
        lines.append(tag("p", " · ".join(words)))
    else:
        lines.append(tag("p", say("没有任何案件不同。", "No case differs.")))
    failing = result["failing_tests"]
    if isinstance(failing, list) and failing:
        said = say("规则自带的测试未通过", "Tests that the rule carries and that fail now")
        lines.append(tag("p", f"{said}: {'; '.join(map(str, failing))}", class_="sh-walk-no"))
    for key in ("defects", "remarks"):
        found = result[key]
        lines += [tag("p", str(text), class_="sh-muted") for text in found] if isinstance(found, list) else []  # fmt: skip
    return joined(lines)


def _verdict(visit: Visit, result: Json) -> Markup:
    say = visit.say
    if result["passes"]:
        few = int(str(result["judged"])) < int(str(result["matters"]))
        said = say(
            f"（{result['matters']} 件中 {result['judged']} 件经人认定；未认定的，仅紧急报警视为真实）",
            f" ({result['judged']} of {result['matters']} were judged by people; of the others only emergencies count as real)",
        )
        harmless = say(
            "✓ 不会漏掉任何真实案件和紧急报警", "✓ No real case and no emergency would be missed"
        )
        return tag("p", harmless + said if few else harmless, class_="sh-good")
    return tag("p", say(f"✗ 会漏掉 {result['missed']} 件真实案件或紧急报警，见报告", f"✗ {result['missed']} real cases or emergencies would be missed: see the report"), class_="sh-walk-no")  # fmt: skip


def _pair(result: Json, key: str) -> str:
    found = result[key]
    return " → ".join(str(one) for one in found) if isinstance(found, list) else ""
