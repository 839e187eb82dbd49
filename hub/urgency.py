"""Says which of two cases a person must look at first."""

from model.anomaly import Severity
from model.case import EventClass

Json = dict[str, object]
SEVERITIES = tuple(severity.value for severity in sorted(Severity, key=lambda s: -s.rank))
_CLASSES = tuple(EventClass)


def unheard(case: Json) -> bool:
    """Return whether an emergency waits for 接警: nobody has yet, or not since it alarmed again."""
    heard = case["acknowledged_by"] and not case.get("alarmed_at")
    return case["class"] == EventClass.EMERGENCY and not heard


def rank(case: Json) -> tuple[int, bool, int, str]:
    """Return where a case stands in a list: class, unacknowledged, severity, oldest first."""
    return (
        _CLASSES.index(EventClass(str(case["class"]))),
        bool(case["acknowledged_by"]) and not case.get("alarmed_at"),
        SEVERITIES.index(str(case["severity"])),
        str(case["opened_at"]),
    )
