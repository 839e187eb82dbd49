"""The strip that says on every page what is tried on purpose now 巡检测试."""

from collections.abc import Callable

from hub.api.walk_tests import concerns, subject_name
from model.walk_test import WalkTest

from .case.markup import Markup, tag
from .fragment import Fragment
from .site import Visit

LOOK_S = 2.0


def strip(visit: Visit) -> Callable[[], None]:
    """Draw the strip; without a running test there is nothing to see. Returns what looks again.

    The caller starts the timer once the page is drawn: one that runs before makes the page go out
    without what it still waits for.
    """
    shown = Fragment().classes("sh-walk-host").props('role="status"')
    drawn = ""

    def look() -> None:
        nonlocal drawn
        found = running(visit)
        content = strip_html(visit, found) if found else ""
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
