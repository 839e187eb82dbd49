"""Shows which stricter limits were tried for a rule, what each would spare or miss, and the best of them."""

from collections.abc import Sequence

from hub.trial_process import Json

from .case.markup import Markup, joined, tag
from .site import Visit

USE = "use:"
"""Begins what a button says that puts a candidate's text into the form; its number follows."""


def used(result: object, todo: str) -> str | None:
    """Return the text of the candidate that somebody chose, None when there is none of that number."""
    number = todo.removeprefix(USE)
    found = result.get("candidates") if isinstance(result, dict) else None
    if not number.isdecimal() or not isinstance(found, list) or int(number) >= len(found):
        return None
    return str(found[int(number)]["text"])


def proposal_html(visit: Visit, result: Json) -> Markup:
    """Return the answer in a sentence, and a row for each candidate with a button that takes its text."""
    say = visit.say
    found, best = result["candidates"], result["best"]
    rows = found if isinstance(found, list) else []
    if best is None:
        verdict = tag("p", say(
            "没有既能减少误报、又不漏掉真实案件的限值。请看误报集中的设备与原因。",
            "No limit spares a false alarm without losing a real case. Look at the devices and causes above.",
        ), class_="sh-walk-no")  # fmt: skip
    else:
        one = rows[int(str(best))]
        verdict = tag("p", say(
            f"✓ 建议 {one['change']}：减少误报 {one['fewer_false']} 件，不漏掉任何真实案件和紧急报警",
            f"✓ Proposed: {one['change']} spares {one['fewer_false']} false alarms and misses no real case, no emergency",
        ), class_="sh-good")  # fmt: skip
    begun, ended = (visit.time(result[key], seconds=False) for key in ("since", "until"))
    nothing = say(
        "未生效：须由人员修改规则文件。", "Nothing takes effect: change the rule's file yourself."
    )
    remarks = result["remarks"]
    return joined([
        verdict,
        tag("p", say(f"{begun} 至 {ended}。{nothing}", f"{begun} to {ended}. {nothing}"), class_="sh-muted"),
        _table(visit, rows, best),
        *(tag("p", str(text), class_="sh-muted") for text in (remarks if isinstance(remarks, list) else [])),
    ])  # fmt: skip


def _table(visit: Visit, rows: Sequence[Json], best: object) -> Markup:
    say = visit.say
    caption = say("候选限值", "Candidates")
    head = (
        say("改动", "Change"), say("减少误报", "Fewer false"), say("漏掉", "Missed"),
        say("案件", "Cases"), say("自带测试", "Its own tests"), say("文本", "Text"),
    )  # fmt: skip
    body = [_row(visit, head, row, number, best=number == best) for number, row in enumerate(rows)]
    titles = (tag("th", name, scope="col") for name in head)
    table = tag(
        "table",
        tag("caption", caption, class_="sh-hidden"),
        tag("thead", tag("tr", *titles)),
        tag("tbody", *body),
        class_="sh-table sh-stack",
    )
    scroll = tag("div", table, class_="sh-scroll", tabindex="0", role="region", aria_label=caption)
    return tag("form", scroll, data_form="proposal")


def _row(visit: Visit, head: Sequence[str], row: Json, number: int, *, best: bool) -> Markup:
    say = visit.say
    failing, cases, missed = row["failing_tests"], row["cases"], row["missed"]
    tests = "; ".join(map(str, failing)) if isinstance(failing, list) else ""
    tests = say(f"未通过：{tests}", f"fail: {tests}") if tests else say("通过", "hold")
    before, after = cases if isinstance(cases, list) else ("", "")
    defects = row["defects"]
    broken = say("（规则出错）", " (a rule broke)") if defects else ""
    cells = (
        f"{'✓ ' if best else ''}{row['change']}", str(row["fewer_false"]), f"{missed}{broken}",
        f"{before} → {after}", tests,
    )  # fmt: skip
    take = tag("button", say("填入文本框", "Use this text"), type="submit", value=f"{USE}{number}", class_="sh-button")  # fmt: skip
    tones = (
        "sh-good" if best else None,
        None,
        "sh-walk-no" if missed or defects else None,
        None,
        None,
    )
    named = zip(cells, head, tones, strict=False)
    return tag(
        "tr",
        *(tag("td", cell, data_title=title, class_=tone) for cell, title, tone in named),
        tag("td", take, data_title=head[-1]),
    )  # fmt: skip
