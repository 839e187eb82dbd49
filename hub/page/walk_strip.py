"""The strips that say on every page what is tried on purpose 巡检测试, and what is silenced 静默, now."""

from collections.abc import Callable

from hub.api.silences import scope_name, touches
from hub.api.walk_tests import concerns, subject_name
from model.silence import Silence
from model.walk_test import WalkTest

from .case.markup import Markup, badge, joined, tag
from .fragment import Fragment
from .site import Visit

LOOK_S = 2.0


def strip(visit: Visit) -> Callable[[], None]:
    """Draw the strips; without a running test or a silence there is nothing to see. Returns what looks again.

    The caller starts the timer once the page is drawn: one that runs before makes the page go out
    without what it still waits for.
    """
    shown = Fragment().classes("sh-walk-host").props('role="status"')
    drawn = Markup("")

    def look() -> None:
        nonlocal drawn
        tests, silences = running(visit), silenced_now(visit)
        content = joined((
            strip_html(visit, tests) if tests else None,
            silences_html(visit, silences) if silences else None,
        ))  # fmt: skip
        if content != drawn:
            drawn = content
            shown.set_content(content)

    look()
    return look


def running(visit: Visit) -> list[WalkTest]:
    """Return the running tests of the visitor's territory, the one that ends first before others."""
    tests = visit.hub.running_walk_tests()
    if not tests:
        return []
    registry = visit.hub.registry()
    mine = (test for test in tests if concerns(test, visit.who, registry))
    return sorted(mine, key=lambda test: (test.until, test.id))


def strip_html(visit: Visit, tests: list[WalkTest]) -> Markup:
    """Return what runs, where, until when and by whom."""
    say, first = visit.say, tests[0]
    return _aside(
        visit, say("巡检测试进行中", "WALK TEST running"),
        where=subject_name(visit.hub.registry(), first), until=first.until, by=first.actor,
        count=len(tests), way=say("查看 / 结束 →", "Show / stop →"), href="/walk-tests", class_="sh-walk",
    )  # fmt: skip


def silenced_now(visit: Visit) -> list[Silence]:
    """Return the silences in force in the visitor's territory: those of emergencies first."""
    running_now = visit.hub.running_silences()
    if not running_now:
        return []
    registry = visit.hub.registry()
    mine = (silence for silence in running_now if touches(silence.scope, visit.who, registry))
    return sorted(mine, key=lambda silence: (not silence.emergencies, silence.ends_at, silence.id))


def silences_html(visit: Visit, silences: list[Silence]) -> Markup:
    """Return what is silenced, until when and by whom; that emergencies are quiet is said loudest."""
    say, first = visit.say, silences[0]
    return _aside(
        visit, say("静默生效中", "SILENCE in force"),
        badge(say("紧急不响铃", "EMERGENCIES QUIET")) if first.emergencies else None,
        where=scope_name(visit.hub.registry(), first.scope), until=first.ends_at, by=first.author,
        count=len(silences), way=say("查看 / 结束 →", "Show / end →"), href="/silences",
        class_="sh-walk sh-silence-strip",
    )  # fmt: skip


def _aside(
    visit: Visit, title: str, mark: Markup | None = None, *,
    where: str, until: int, by: str, count: int, way: str, href: str, class_: str,
) -> Markup:  # fmt: skip
    say, time = visit.say, visit.time(until, day=False, seconds=False)
    more = say(f"，另有 {count - 1} 项", f", and {count - 1} more")
    return tag(
        "aside",
        tag("b", title),
        mark,
        tag(
            "span", tag("bdi", where), say(f"，至 {time}，", f", until {time}, by "), tag("bdi", by),
            more if count > 1 else None,
        ),
        tag("a", way, href=href),
        class_=class_,
    )  # fmt: skip
