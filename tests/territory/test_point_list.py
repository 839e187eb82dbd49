"""Point lists travel through spreadsheets and come back the same; what is wrong is named by row."""

from datetime import date
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook

from hub.device_search import Found
from hub.territory.csvtext import read_table
from hub.territory.point_list import COLUMNS, as_csv, as_text, as_xlsx, rows_of
from hub.territory.registry_files import load_registry
from hub.territory.registry_import import merge_devices
from hub.territory.workbook import ROWS_MAX
from model.errors import ConfigError
from model.place import Device
from model.yamlfile import ConfigErrors
from rules.views import DeviceView

from .test_registry_files import site

HOSTILE = "=cmd|'/c calc'!A1"
POINTS: list[dict[str, object]] = [
    {
        "id": "gb-471-1-1-01000000", "kind": "fire_component", "role": "detector",
        "building": "hbw-01-b1", "compound": "", "floor": "3层", "room": "301室", "name": "烟感,东",
        "silent_after_s": 0,
    },
    {
        "id": "gb-471-1-1-02000000", "kind": "fire_component", "role": "", "building": "hbw-01-b1",
        "compound": "", "floor": "", "room": "", "name": HOSTILE, "silent_after_s": 300,
    },
]  # fmt: skip


def workbook(*rows: list[object], sheets: int = 1) -> bytes:
    """Return a workbook as somebody fills it in by hand."""
    book = Workbook()
    for number in range(sheets):
        sheet = book.active if number == 0 else book.create_sheet()
        for row in rows:
            sheet.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def cells_of(content: bytes, name: str) -> list[dict[str, str]]:
    """Return what the import reads from a file."""
    return [row.cells for row in read_table(as_text(content, name), name).rows]


def as_saved_by_excel(content: bytes, encoding: str) -> bytes:
    """Return our workbook as a spreadsheet in China saves it as CSV: its titles, its encoding."""
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    lines = [
        ",".join(f'"{cell}"' if "," in str(cell or "") else str(cell or "") for cell in row)
        for row in sheet.iter_rows(values_only=True)
    ]
    return "\r\n".join(lines).encode(encoding)


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_a_list_comes_back_as_it_went_out(write: object) -> None:
    """Both forms have titles in both languages; names that look like formulas are unchanged."""
    assert callable(write)
    content = write(POINTS)
    assert cells_of(content, "points") == [{k: str(v) for k, v in row.items()} for row in POINTS]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_our_workbook_saved_as_csv_by_a_spreadsheet_is_read(encoding: str) -> None:
    """Excel and WPS keep the titles `id 设备编号`, and write GB 18030 in China."""
    content = as_saved_by_excel(as_xlsx(POINTS), encoding)
    assert "id 设备编号,kind 类型".encode(encoding.removesuffix("-sig"))[2:] in content
    assert cells_of(content, "points.csv") == cells_of(as_csv(POINTS), "points.csv")


def test_both_files_have_the_same_titles() -> None:
    """What a column is, for people and for the import."""
    first = as_csv(POINTS).decode("utf-8-sig").splitlines()[0].split(",")
    sheet = load_workbook(BytesIO(as_xlsx(POINTS))).worksheets[0]
    assert first == [cell.value for cell in next(iter(sheet.rows))]
    assert first[0] == "id 设备编号"
    assert [title.split(" ")[0] for title in first] == list(COLUMNS)


def test_a_misspelled_column_is_still_refused() -> None:
    """Only a word for people may stand behind a column's name."""
    for title in ("identity", "id number", "room-no 房间"):
        with pytest.raises(ConfigErrors, match=r"p\.csv:1: .*unknown column"):
            merge_devices(site(), f"id,kind,building,{title}\nx,door,hbw-01-b1,1\n", name="p.csv")


def test_a_problem_names_the_row_that_people_see() -> None:
    """Empty rows above, between, and a line break in a cell move no number."""
    content = workbook(
        [], ["id 设备编号", "kind", "building", "name"], ["a", "door", "hbw-01-b1", "two\nlines"],
        [], [None, " "], ["b", "door", "nowhere"],
    )  # fmt: skip
    with pytest.raises(ConfigErrors) as caught:
        merge_devices(site(), as_text(content, "p.xlsx"), name="p.xlsx")
    assert [(p.line, p.key) for p in caught.value.problems] == [(6, "building")]


def test_no_row_is_dropped_silently() -> None:
    """As many rows as are taken are taken; one more is an error that says so."""
    rows: list[list[object]] = [[f"d{n}"] for n in range(ROWS_MAX)]
    assert len(cells_of(workbook(["id"], *rows), "p.xlsx")) == ROWS_MAX
    with pytest.raises(ConfigError, match=r"20,000 rows; nothing was taken.*parts"):
        as_text(workbook(["id"], *rows, ["one more"]), "p.xlsx")
    with pytest.raises(ConfigError, match=r"data on 2 sheets"):
        as_text(workbook(["id"], ["a"], sheets=2), "p.xlsx")


GOOD = workbook(["id"], ["a"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD[:-30], "no workbook that can be read"),
        (GOOD[:400] + b"\x00" * 60 + GOOD[460:], "no workbook that can be read"),
        (b"PK\x03\x04", "no workbook that can be read"),
        (GOOD[5:200], "no workbook that can be read"),
        (b"\xff\x00\xfe", "no workbook that can be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", r"old \.xls"),
        (workbook(), "is empty"),
    ],
)
def test_a_damaged_workbook_says_so(content: bytes, said: str) -> None:
    """Whatever breaks in it, the name of the file and what to do."""
    with pytest.raises(ConfigError, match=rf"p\.xlsx: .*{said}.*"):
        as_text(content, "p.xlsx")


def test_every_cut_of_a_workbook_is_an_error_of_ours() -> None:
    """An upload that broke off, at any byte."""
    for size in range(2, len(GOOD), 97):
        with pytest.raises(ConfigError):
            as_text(GOOD[:size], "p.xlsx")


def test_a_room_that_became_a_date_is_named() -> None:
    """Spreadsheets take 3-1 for the first of March."""
    book = Workbook()
    book.active.append(["id", "room"])
    book.active.append(["a", "2026-03-01"])
    cell = book.active["B2"]
    cell.value = date(2026, 3, 1)
    out = BytesIO()
    book.save(out)
    with pytest.raises(ConfigError, match=r"p\.xlsx:2: room: holds the date 2026-03-01"):
        as_text(out.getvalue(), "p.xlsx")


def test_hostile_names_run_nowhere_and_hide_nothing() -> None:
    """Formulas, tags, line breaks and marks of direction in what a panel and a registry say."""
    said = "<script>1</script>\n\u202e=cmd()\x00"
    view = DeviceView(
        "=id\u202e\x07", "door", 1, {"description": said}, "", "normal", registered=False
    )
    known = Device("@id", "door", "hbw-01-b1", name="\uff1dcmd()")
    rows = rows_of([Found(view, None, None), Found(view, None, known)])
    assert rows[0]["name"] == "<script>1</script> =cmd()"
    text = as_csv(rows).decode("utf-8-sig")
    book = load_workbook(BytesIO(as_xlsx(rows))).worksheets[0]
    cells = [str(cell.value) for row in book.iter_rows(min_row=2) for cell in row if cell.value]
    assert all(cell.data_type != "f" for row in book.iter_rows() for cell in row), "no formula"
    cells += [cell for line in text.splitlines()[1:] for cell in line.split(",") if cell]
    assert cells
    for cell in cells:
        assert cell.isprintable(), cell
        assert not cell.startswith(("=", "+", "-", "@", "\uff1d")), cell


def test_the_compound_that_a_topic_told_is_filled_in_where_the_registry_has_it() -> None:
    """Of devices that nobody registered; a known one keeps what the registry says."""
    view = DeviceView("x", "door", 1, {}, "", "normal", registered=False, compound="hbw-01")
    other = Device("x", "door", compound="hbw-02")
    found = [Found(view, None, None), Found(view, None, other)]
    assert [row["compound"] for row in rows_of(found, compounds={"hbw-01"})] == ["hbw-01", "hbw-02"]
    assert [row["compound"] for row in rows_of(found)] == ["", "hbw-02"]
    listed = as_csv(rows_of(found[:1], compounds={"hbw-01"})).decode("utf-8-sig")
    assert merge_devices(site(), listed, name="p.csv").added == ("x",)


def test_an_id_that_looks_like_a_comment_is_not_lost() -> None:
    """A row that begins with # is a comment; a device of that name is none."""
    listed: list[dict[str, object]] = [POINTS[0] | {"id": "#7", "name": "#8"}]
    assert cells_of(as_csv(listed), "p.csv")[0]["id"] == "#7"
    assert cells_of(as_csv(listed), "p.csv")[0]["name"] == "#8"
    merge = merge_devices(site(), as_csv(listed).decode("utf-8-sig"), name="p.csv")
    registry = load_registry(site(devices=merge.devices_csv.rstrip()))
    assert "#7" in registry.devices
