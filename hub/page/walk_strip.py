"""The strips that say on every page what is tried on purpose 巡检测试, and what is silenced 静默, now."""

from collections.abc import Callable

from hub.api.silences import scope_name, seen_by
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
    say = visit.say
    first = tests[0]
    until = visit.time(first.until, day=False, seconds=False)
    more = say(f"，另有 {len(tests) - 1} 项", f", and {len(tests) - 1} more")
    return tag(
        "aside",
        tag("b", say("巡检测试进行中", "WALK TEST running")),
        tag(
            "span", tag("bdi", subject_name(visit.hub.registry(), first)),
            say(f"，至 {until}，", f", until {until}, by "), tag("bdi", first.actor),
            more if len(tests) > 1 else None,
        ),
        tag("a", say("查看 / 结束 →", "Show / stop →"), href="/walk-tests"),
        class_="sh-walk",
    )  # fmt: skip


def silenced_now(visit: Visit) -> list[Silence]:
    """Return the silences in force in the visitor's territory: those of emergencies first."""
    found = [silence for silence in visit.hub.silences() if silence.state == "active"]
    if not found:
        return []
    mine = seen_by(found, visit.who, visit.hub.registry())
    return sorted(mine, key=lambda silence: (not silence.emergencies, silence.ends_at, silence.id))


def silences_html(visit: Visit, silences: list[Silence]) -> Markup:
    """Return what is silenced, until when and by whom; that emergencies are quiet is said loudest."""
    say = visit.say
    first = silences[0]
    until = visit.time(first.ends_at, day=False, seconds=False)
    more = say(f"，另有 {len(silences) - 1} 项", f", and {len(silences) - 1} more")
    return tag(
        "aside",
        tag("b", say("静默生效中", "SILENCE in force")),
        badge(say("紧急不响铃", "EMERGENCIES QUIET")) if first.emergencies else None,
        tag(
            "span", tag("bdi", scope_name(visit.hub.registry(), first.scope)),
            say(f"，至 {until}，", f", until {until}, by "), tag("bdi", first.author),
            more if len(silences) > 1 else None,
        ),
        tag("a", say("查看 / 结束 →", "Show / end →"), href="/silences"),
        class_="sh-walk sh-silence-strip",
    )  # fmt: skip
