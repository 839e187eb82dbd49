"""What the report says, in Chinese and English."""

from collections.abc import Mapping
from types import MappingProxyType

from cases.comparing import Kind, Outcome
from cases.taxonomy import category
from model.case import Case

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        Kind.SAME: ("相同", "same"),
        Kind.NEW: ("新增", "new"),
        Kind.GONE: ("消失", "gone"),
        Kind.EARLIER: ("提前", "earlier"),
        Kind.LATER: ("推迟", "later"),
        Kind.MERGED: ("合并", "merged"),
        Kind.SPLIT: ("拆分", "split"),
        Kind.SEVERITY: ("等级变化", "severity"),
        Kind.CORROBORATION: ("印证变化", "corroboration"),
    }
)

OUTCOMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        Outcome.REAL: ("真实", "real"),
        Outcome.FALSE: ("误报", "false"),
        Outcome.UNKNOWN: ("未定", "unknown"),
    }
)


def both(pair: tuple[str, str]) -> str:
    """Return a word in both languages."""
    return f"{pair[0]} {pair[1]}"


def category_of(case: Case) -> str:
    """Return what a case is about, in both languages."""
    kind = category(case.category, case.severity)
    return f"{kind.zh} {kind.en}"


def shift(ms: int) -> str:
    """Return by how much a case opens earlier (−) or later (+)."""
    if abs(ms) < 1_000:  # noqa: PLR2004 - ms in a second
        return ""
    seconds = ms / 1000
    if abs(seconds) < 120:  # noqa: PLR2004 - two minutes read best in seconds
        return f"{seconds:+.0f} s"
    if abs(seconds) < 7200:  # noqa: PLR2004 - two hours read best in minutes
        return f"{seconds / 60:+.1f} min"
    return f"{seconds / 3600:+.1f} h"


def percent(share: float | None) -> str:
    """Return a share in percent; a dash when there is none."""
    return "–" if share is None else f"{100 * share:.0f} %"
