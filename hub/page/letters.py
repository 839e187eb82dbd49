"""Dead letters 死信: what nobody could understand, by reason, with its bytes made inert."""

from collections.abc import Mapping, Sequence

from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.concurrency import run_in_threadpool

from hub.case_store import DeadLetter

from .case.markup import Markup, tag
from .fragment import Fragment
from .site import Visit
from .tables import Cell, Row, table

SHOWN = 50
BYTES_SHOWN = 256
_CHOSEN = '(e) => { if (e.target.id === "letters-reason") emit(e.target.value); }'


class Letters:
    """The newest dead letters on the system page, for administrators: they may hold personal data."""

    def __init__(self, visit: Visit) -> None:
        """Draw the section, empty as yet."""
        self._visit = visit
        self._reason = ""
        self._drawn: tuple[str, str] = ("", "")
        with ui.element("section").classes("sh-card").style("margin-bottom:12px") as section:
            title = visit.say("死信（无法理解的报文）", "Dead letters (not understood)")
            ui.label(title).classes("sh-h2").props('role="heading" aria-level="2"')
            self._choice, self._table = Fragment(), Fragment()
        section.on("change", self._choose, js_handler=_CHOSEN)

    async def look(self) -> None:
        """Show the letters of the chosen reason as they are now."""
        store = self._visit.hub.store
        reasons = await run_in_threadpool(store.dead_letter_reasons)
        found = await run_in_threadpool(store.dead_letters, SHOWN, self._reason)
        choice = choice_html(self._visit, reasons, self._reason)
        content = letters_html(self._visit, found)
        if choice != self._drawn[0]:
            self._choice.set_content(choice)
        if content != self._drawn[1]:
            self._table.set_content(content)
        self._drawn = (choice, content)

    async def _choose(self, event: GenericEventArguments) -> None:
        self._reason = str(event.args)
        await self.look()


def choice_html(visit: Visit, reasons: Mapping[str, int], chosen: str) -> Markup:
    """Return the choice of a reason, each with how often it happened."""
    every = visit.say(f"全部（{sum(reasons.values()):,}）", f"all ({sum(reasons.values()):,})")
    return tag(
        "p",
        tag("label", visit.say("原因 ", "Reason "), for_="letters-reason"),
        tag(
            "select",
            tag("option", every, value="", selected=not chosen),
            *(
                tag("option", f"{name} ({n:,})", value=name, selected=name == chosen)
                for name, n in reasons.items()
            ),
            id="letters-reason",
            class_="sh-select",
        ),
    )


def letters_html(visit: Visit, letters: Sequence[DeadLetter]) -> str:
    """Return the newest dead letters: reason, source, how often, and the first bytes, inert."""
    say = visit.say
    rows: list[Row] = [
        [
            visit.time(letter.at),
            Cell(letter.reason, "minor"),
            letter.source,
            f"{letter.count:,}",
            letter.detail,
            letter.payload[:BYTES_SHOWN].hex(" "),
            printable(letter.payload[:BYTES_SHOWN]),
        ]
        for letter in letters
    ]
    head = [
        say("时间", "Time"), say("原因", "Reason"), say("来源", "Source"), say("次数", "Times"),
        say("说明", "Detail"), say("字节（十六进制）", "Bytes (hex)"), say("文本", "Text"),
    ]  # fmt: skip
    return table(say("死信", "Dead letters"), head, rows, empty=say("没有死信", "No dead letter"))


def printable(payload: bytes) -> str:
    """Return bytes as text in which nothing acts: no line breaks, no marks of direction."""
    text = payload.decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "·" for char in text)
