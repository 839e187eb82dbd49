"""Shows what a replay sent and how it was answered."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from .replay import Result

_MEANING_CHARS = 60


def table_of(results: Sequence[Result]) -> Table:
    """Return the results as a table; what was not answered as expected stands out in red."""
    table = Table("id", "meaning", "answer", "expected", title="replay")
    for result in results:
        record = result.record
        meaning = record.meaning
        if len(meaning) > _MEANING_CHARS:
            meaning = f"{meaning[: _MEANING_CHARS - 1]}…"
        answer = f"{result.answer} ({result.reason})" if result.reason else str(result.answer)
        table.add_row(
            escape(record.id),
            escape(meaning),
            escape(answer),
            str(record.expected),
            style="" if result.as_expected else "bold red",
        )
    return table
