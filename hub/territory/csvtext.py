"""Reads and writes the CSV that people edit in a spreadsheet, and keeps the line of every row."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import NamedTuple

from model.errors import ConfigError

# A cell that starts with one of these is run as a formula by spreadsheets (CSV injection); those
# of China and Japan take the wide forms for the narrow ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_COMMENT = "#"
# `id 设备编号`: the column's name, and behind it the word for people.
_TITLE = re.compile(r"([a-z][a-z0-9_]*)\s+[^\x00-\x7f].*", re.DOTALL)
_CELL_CHARS_MAX = 4096  # our assumption: no honest cell is longer
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


class CsvRow(NamedTuple):
    """One row: the line it starts on, and its cells by column name, stripped."""

    line: int
    cells: dict[str, str]


class CsvTable(NamedTuple):
    """A parsed CSV: where its header is, what the columns are called, and its rows."""

    header_line: int
    columns: tuple[str, ...]
    rows: list[CsvRow]


def decode_text(data: bytes, name: str) -> str:
    """Turn a file's bytes into text, whichever way a spreadsheet saved it.

    UTF-8 with or without byte order mark, UTF-16 with one ("Unicode text"), else GB 18030, as
    spreadsheets in China save CSV. Raises ConfigError when it is none of them.
    """
    encodings = ["utf-16"] if data.startswith(_UTF16_BOMS) else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigError("neither UTF-8 nor GB 18030; save it as “CSV UTF-8”", file=name)


def read_table(text: str, name: str) -> CsvTable:
    """Parse a CSV with a header; empty rows and rows that start with `#` are skipped.

    Raises ConfigError naming file and line.
    """
    lines = _numbered(text.removeprefix("\ufeff"), name)
    try:
        header_line, header = next(lines)
    except StopIteration:
        raise ConfigError("empty file; its first line names the columns", file=name) from None
    columns = tuple(_column(cell) for cell in header)
    _check_header(columns, name, header_line)
    rows = []
    for line, cells in lines:
        if len(cells) > len(columns):
            raise ConfigError(
                f"{len(cells)} cells under {len(columns)} columns; put names with a comma "
                "in double quotes",
                file=name,
                line=line,
            )
        live = [_live(cell, first=not number) for number, cell in enumerate(cells)]
        rows.append(CsvRow(line, dict(zip(columns, live, strict=False))))
    return CsvTable(header_line, columns, rows)


def write_table(
    columns: Sequence[str],
    rows: Iterable[Mapping[str, object]],
    *,
    titles: Sequence[str] | None = None,
) -> str:
    """Write rows as CSV text; a text that a spreadsheet would run as a formula is made inert.

    `titles` stand in the header instead of the columns' names: `id 设备编号` is read back as `id`.
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(titles or columns)
    for row in rows:
        writer.writerow(inert_cells([row.get(column, "") for column in columns]))
    return out.getvalue()


def inert_cells(values: Iterable[object]) -> list[str]:
    """Return the cells of a row so that no spreadsheet runs one and the reader takes it for a row."""
    return [_inert(value, first=not number) for number, value in enumerate(values)]


def _numbered(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    before = 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in cells) or cells[0].startswith(_COMMENT):
                continue
            if any(len(cell) > _CELL_CHARS_MAX for cell in cells):
                raise ConfigError(
                    f"a cell is longer than {_CELL_CHARS_MAX} characters; "
                    "is a double quote left open?",
                    file=name,
                    line=line,
                )
            yield line, cells
    except csv.Error as error:
        raise ConfigError(f"not CSV: {error}", file=name, line=before + 1) from error


def _check_header(columns: tuple[str, ...], name: str, line: int) -> None:
    if len(columns) == 1 and (";" in columns[0] or "\t" in columns[0]):
        raise ConfigError("columns must be separated by commas", file=name, line=line)
    for column in columns:
        if not column:
            raise ConfigError("a column has no name", file=name, line=line)
        if columns.count(column) > 1:
            raise ConfigError("this column is named twice", file=name, line=line, key=column)


def _column(cell: str) -> str:
    """Return the name of a column from its title."""
    titled = _TITLE.fullmatch(cell.strip())
    return titled[1] if titled else cell.strip()


def _inert(value: object, *, first: bool) -> str:
    if not isinstance(value, str):
        return str(value)
    return f"'{value}" if _must_not_start(value, first=first) else value


def _live(cell: str, *, first: bool) -> str:
    """Undo `_inert`, so that an export read again is the same."""
    cell = cell.strip(" ")
    if cell.startswith("'") and _must_not_start(cell, first=first):
        return cell[1:]
    return cell


def _must_not_start(text: str, *, first: bool) -> bool:
    """Return whether a cell would be run or, as the first of its row, be taken for a comment."""
    bare = text.lstrip("' ")
    return bare.startswith(_FORMULA_STARTS) or (first and bare.startswith(_COMMENT))
