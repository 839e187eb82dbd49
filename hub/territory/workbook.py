"""Reads the workbook (.xlsx) that people fill in, row by row, and drops nothing silently."""

import csv
import re
from collections.abc import Iterable
from datetime import date, time
from io import BytesIO, StringIO
from itertools import zip_longest
from zipfile import ZipFile

from openpyxl import load_workbook

from model.errors import ConfigError

ZIP = b"PK"
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
"""The first bytes of .xls, and of a workbook with a password."""

ROWS_MAX = 20_000
_SHEET_ROWS_MAX = 1_048_576  # as many as a sheet has in Excel
_UNPACKED_MAX = 128 << 20  # our assumption: 20,000 rows of the registry unpack to some 20 MiB
_DAMAGED = "is no workbook that can be read; open it, save it anew as .xlsx or as CSV, try again"


def workbook_text(content: bytes, name: str) -> str:
    """Return the one filled sheet of a workbook as CSV text, a line for each of its rows.

    Empty rows stay, so that a problem names the row that people see. Raises ConfigError when it
    cannot be read, is locked, has more rows than are taken, or a cell that is no text or number.
    """
    if content.startswith(OLD_WORKBOOK):
        raise ConfigError(
            "is an old .xls, or has a password; save it as .xlsx without one, or as CSV", file=name
        )
    try:
        filled = _filled_sheets(content, name)
    except ConfigError:
        raise
    # A damaged workbook breaks its reader in many ways: zip, XML, missing parts, wrong types.
    except Exception as error:
        raise ConfigError(_DAMAGED, file=name) from error
    if not filled:
        raise ConfigError("is empty; its first row names the columns", file=name)
    if len(filled) > 1:
        raise ConfigError(
            f"has data on {len(filled)} sheets ({', '.join(filled)}); put it on one", file=name
        )
    (lines,) = filled.values()
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()


def _filled_sheets(content: bytes, name: str) -> dict[str, list[list[str]]]:
    with ZipFile(BytesIO(content)) as packed:
        if sum(part.file_size for part in packed.infolist()) > _UNPACKED_MAX:
            raise ConfigError(
                f"is over {_UNPACKED_MAX >> 20} MiB unpacked; import it in parts", file=name
            )
    book = load_workbook(BytesIO(content), read_only=True, data_only=True)
    found = {}
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # some programs write wrong ones, and rows would be left out
        lines = _lines(sheet.iter_rows(values_only=True), name)
        if lines:
            found[str(sheet.title)] = lines
    return found


def _lines(rows: Iterable[tuple[object, ...]], name: str) -> list[list[str]]:
    """Return the rows of a sheet up to the last filled one, in text."""
    lines: list[list[str]] = []
    head: list[str] = []
    filled = blank = 0
    for number, row in enumerate(rows, 1):
        if number > _SHEET_ROWS_MAX:
            raise ConfigError(_DAMAGED, file=name)
        cells = _cells(row, head, name=name, line=number)
        if not cells:
            blank += 1
            continue
        filled += 1
        if filled > ROWS_MAX + 1:  # beside its header
            raise ConfigError(
                f"has more than {ROWS_MAX:,} rows; nothing was taken, import it in parts",
                file=name,
                line=number,
            )
        lines += [[""]] * blank
        blank = 0
        head = head or cells
        lines.append(cells)
    return lines


def _cells(row: tuple[object, ...], head: list[str], *, name: str, line: int) -> list[str]:
    cells = [
        _cell(value, name=name, line=line, key=key or "")
        for value, key in zip_longest(row, head[: len(row)])
    ]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _cell(value: object, *, name: str, line: int, key: str) -> str:
    if value is None:
        return ""
    if isinstance(value, (date, time)):
        # Spreadsheets take 3-1 for the first of March.
        raise ConfigError(
            f"holds the date {value}; format the column as text and type it anew",
            file=name,
            line=line,
            key=key,
        )
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return re.sub(r"[\r\n]+", " ", str(value)).strip()
