"""Why a rule fired, in Chinese: every reason that a library rule can give, none left in English."""

import re
import time
from zoneinfo import ZoneInfo

import pytest

from hub.documents import library_rules
from hub.page.case.reason_words import in_words
from hub.page.case.why_html import readable
from hub.page.words import Lang
from rules.engine import Engine
from rules.rulefile import load_rules
from rules.rulestest import run_story
from rules.specs import Spec

ZONE = ZoneInfo("Asia/Shanghai")
LOADED = load_rules(library_rules())
_ENGLISH = re.compile(r"(?<![A-Za-z0-9_-])[a-z_]{2,}(?![A-Za-z0-9_-])")
AUTHORS = {"fire-and-flame": "our assumption", "building-risk": "doors"}
"""Rules whose author wrote English words into what is said; they stay as they were written."""


def reasons(spec: Spec, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return every explanation that a rule gives in its own stories."""
    found: set[str] = set()
    for name in ("observe", "tick", "heartbeat"):
        step = getattr(Engine, name)

        def heard(*given: object, step=step, **named: object):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            anomalies = step(*given, **named)
            found.update(a.explanation for a in anomalies if a.rule == spec.id)
            return anomalies

        monkeypatch.setattr(Engine, name, heard)
    for story in spec.tests:
        run_story(spec, story, set(), LOADED.calendar)
    return found


@pytest.mark.parametrize("spec", LOADED.specs, ids=lambda spec: spec.id)
def test_no_reason_of_the_library_is_left_in_english(
    spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Chinese no English word is left; in English it is as the engine wrote it."""
    title = f"{spec.title.zh} / {spec.title.en}"
    found = reasons(spec, monkeypatch)
    assert found
    for reason in found:
        told = in_words(readable(reason, ZONE), Lang.ZH, title=title)
        left = _ENGLISH.findall(told)
        assert not left or AUTHORS.get(spec.id, "?") in told, (told, left)
        assert in_words(reason, Lang.EN, title=title) == reason.removeprefix(f"{title}: ")


def test_a_reason_is_said_as_people_say_it() -> None:
    """Value, limit, how long, when it ends; moments on the clock of the place."""
    said = "烟雾浓度预警 / Smoke: smoke_db_m=0.12; smoke_db_m above 0.1 for 30 s, ends at 0.05"
    expected = "烟雾=0.12 dB/m；烟雾 高于 0.1 持续 30 秒，回到 0.05 时结束"
    assert in_words(said, Lang.ZH, title="烟雾浓度预警 / Smoke") == expected
    assert in_words(said, Lang.ZH) == f"烟雾浓度预警：{expected}"
    assert in_words(said, Lang.EN).startswith("Smoke: smoke_db_m=0.12")
    silent = readable("失联 / Silent: last heard at 1767225600000, contract 300 s", ZONE)
    assert in_words(silent, Lang.ZH) == (
        "失联：最后一次收到：2026-01-01 08:00:00，约定上报间隔 300 秒"
    )


def test_a_text_without_end_costs_nothing() -> None:
    """People may write 4,000 characters; the expressions would take seconds over digits."""
    for text in ("1" * 4_000, "a" * 4_000, "9 of " * 800, " at 1" * 800):
        before = time.process_time()
        assert in_words(text, Lang.ZH) == text
        assert time.process_time() - before < 1


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("a person wrote this", "a person wrote this"),
        ("", ""),
        ("x / y", "x / y"),
        ("<b> / y: above=<script>", "<b>：above=<script>"),
        ("t / t: fire-1 at 5", "t：fire-1 于 5"),
    ],
)
def test_what_is_not_known_stays_as_it_was_written(said: str, expected: str) -> None:
    """Nothing is lost and nothing is made up."""
    assert in_words(said, Lang.ZH) == expected
