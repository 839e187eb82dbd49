"""A panel's point list 点位表: address → room, as CSV or XLSX, filled in from what is known."""

from collections.abc import Iterable, Sequence
from io import BytesIO

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from hub.device_search import Found
from model.errors import ConfigError

from .csvtext import decode_text, write_table

COLUMNS = ("id", "kind", "role", "building", "compound", "floor", "room", "name", "silent_after_s")
"""Those of devices.csv: a filled-in list is imported as it is."""

SAID = "panel_text"
_ZH = {
    "id": "设备编号", "kind": "类型", "role": "角色", "building": "楼栋", "compound": "小区",
    "floor": "楼层", "room": "房间", "name": "名称", "silent_after_s": "失联秒数", SAID: "控制器描述",
}  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
ROWS_MAX = 20_000


def rows_of(found: Iterable[Found]) -> list[dict[str, object]]:
    """Return a row for each device: what the registry says, else what the device says of itself."""
    rows = []
    for item in found:
        known, view = item.device, item.view
        said = str(view.values.get("description", "") or "")
        rows.append(
            {
                "id": view.id,
                "kind": known.kind if known else view.kind,
                "role": known.role if known else "",
                "building": known.building if known else "",
                "compound": known.compound if known and not known.building else "",
                "floor": known.floor if known else "",
                "room": known.room if known else "",
                "name": known.name if known and known.name else said,
                "silent_after_s": known.silent_after_s if known else 0,
            }
        )
    return rows


def as_csv(rows: Sequence[dict[str, object]]) -> bytes:
    """Return the list as CSV with a byte order mark, which spreadsheets need for Chinese."""
    return write_table(COLUMNS, rows).encode("utf-8-sig")


def as_xlsx(rows: Sequence[dict[str, object]]) -> bytes:
    """Return the list as a workbook; every cell is text, so none is run as a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("points")
    sheet.append([f"{name} {_ZH[name]}" for name in COLUMNS])
    for row in rows:
        sheet.append([_inert(row[name]) for name in COLUMNS])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def as_text(content: bytes, name: str) -> str:
    """Return an uploaded CSV or XLSX as the text of a CSV; raises ConfigError with what to do."""
    if not content.startswith(b"PK"):
        return decode_text(content, name)
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=True)
    except (InvalidFileException, KeyError, ValueError, OSError) as error:
        raise ConfigError(
            "is no workbook that can be read; save it as .xlsx or .csv", file=name
        ) from error
    sheet = book.worksheets[0]
    lines = [
        ["" if cell is None else str(cell) for cell in row]
        for row in sheet.iter_rows(max_row=ROWS_MAX, values_only=True)
    ]
    if not lines:
        raise ConfigError("is empty", file=name)
    head = [cell.split(" ", 1)[0] for cell in lines[0]]
    rows = [dict(zip(head, line, strict=False)) for line in lines[1:] if any(line)]
    return write_table(tuple(head), rows)


def _inert(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
