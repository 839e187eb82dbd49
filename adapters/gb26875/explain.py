"""Explains a frame byte by byte to people: where, what it is called, what it says, what is wrong.

Nothing is refused here: a frame that is cut, or whose sum is wrong, is explained as far as it goes.
Evidence must be readable most of all when it is odd.
"""

from datetime import tzinfo
from typing import NamedTuple

from .frame import ADU_MAX, END, HEADER_SIZE, OVERHEAD, START, checksum
from .layouts import OBJECTS, TEXT_TYPES, Cell
from .readable import Meant, meaning_of
from .words import COMMANDS, DATA_TYPES, Both

TRAILER = OVERHEAD - HEADER_SIZE


class Field(NamedTuple):
    """Some bytes of a frame: at which offset, their name, what they say, and whether that is wrong."""

    offset: int
    raw: bytes
    name: Both
    value: str = ""
    meaning: Both = Both("", "")
    wrong: bool = False


_HEAD = (
    Cell(2, "start", Both("启动符", "start")),
    Cell(2, "number", Both("业务流水号", "serial number")),
    Cell(2, "version", Both("协议版本号", "protocol version")),
    Cell(6, "time", Both("时间标签", "time label")),
    Cell(6, "number", Both("源地址", "source address")),
    Cell(6, "number", Both("目的地址", "destination address")),
    Cell(2, "length", Both("应用数据单元长度", "length of the data unit")),
    Cell(1, "command", Both("命令字节", "command")),
)
_TYPE = Both("类型标志", "data type")
_COUNT = Both("信息对象数目", "number of objects")
_CUT = Both("报文在此中断", "the frame is cut here")
_LEFT = Both("未解释的数据", "bytes without a meaning here")


def explain(raw: bytes, zone: tzinfo) -> tuple[Field, ...]:
    """Return the fields of a frame in order, every byte in exactly one of them."""
    reader = _Reader(raw, zone)
    for cell in _HEAD:
        reader.take(cell)
    body_end = _end_of_body(raw)
    if len(raw) > HEADER_SIZE:
        _data_unit(reader, body_end)
        reader.rest(body_end, _LEFT)
        _trailer(reader)
    return tuple(reader.fields)


def _end_of_body(raw: bytes) -> int:
    """Return where the data unit ends: as stated if the bytes are there, else before the trailer."""
    if len(raw) < HEADER_SIZE:
        return len(raw)
    stated = HEADER_SIZE + int.from_bytes(raw[24:26], "little")
    if stated + TRAILER <= len(raw):
        return stated
    return max(HEADER_SIZE, len(raw) - TRAILER) if raw.endswith(END) else len(raw)


def _data_unit(reader: "_Reader", end: int) -> None:
    if reader.at >= end:
        return
    data_type = reader.raw[reader.at]
    known = DATA_TYPES.get(data_type)
    reader.put(1, _TYPE, str(data_type), known or Both("自定义或未知", "vendor's own or unknown"))
    if reader.at >= end:
        return
    count = reader.raw[reader.at]
    reader.put(1, _COUNT, str(count))
    if data_type not in OBJECTS and data_type not in TEXT_TYPES:
        return
    for number in range(1, count + 1):
        if reader.at >= end:
            reader.fields.append(Field(reader.at, b"", _CUT, f"{number}/{count}", wrong=True))
            return
        _one_object(reader, data_type, end)


def _one_object(reader: "_Reader", data_type: int, end: int) -> None:
    for cell in OBJECTS.get(data_type) or TEXT_TYPES[data_type]:
        size = cell.size
        if cell.kind == "text" and not size:
            size = reader.raw[reader.at - 1]  # the byte before it says how long it is
        reader.take(cell._replace(size=size), end)


def _trailer(reader: "_Reader") -> None:
    """Explain sum and end; a frame that is cut has none."""
    raw = reader.raw
    if reader.at < len(raw):
        stated, computed = raw[reader.at], checksum(raw[2 : reader.at])
        right = stated == computed
        meaning = Both("正确", "right") if right else Both(
            f"错误，应为 {computed:02x}", f"wrong, should be {computed:02x}"
        )  # fmt: skip
        reader.put(1, Both("校验和", "checksum"), f"{stated:02x}", meaning, wrong=not right)
    ending = raw[reader.at : reader.at + 2]
    if len(ending) < len(END):
        reader.rest(len(raw), _LEFT)
        reader.fields.append(Field(len(raw), b"", _CUT, wrong=True))
        return
    reader.put(2, Both("结束符", "end"), wrong=ending != END)
    reader.rest(len(raw), _LEFT)


class _Reader:
    """Walks over the bytes and keeps what each of them is."""

    def __init__(self, raw: bytes, zone: tzinfo) -> None:
        self.raw = raw
        self.at = 0
        self.fields: list[Field] = []
        self._zone = zone
        self._analogue = 0

    def take(self, cell: Cell, end: int | None = None) -> None:
        """Explain the next field; what is missing of it is said."""
        if self.at >= len(self.raw):
            self._cut()
            return
        end = len(self.raw) if end is None else end
        piece = self.raw[self.at : min(self.at + cell.size, end)]
        if len(piece) < cell.size:
            self.fields.append(Field(self.at, piece, cell.name, "", _CUT, wrong=True))
            self.at += len(piece)
            return
        if cell.kind == "analogue_type":
            self._analogue = piece[0]
        meant = self._meant(cell, piece)
        self.put(cell.size, cell.name, meant.value, meant.meaning, wrong=meant.wrong)

    def put(
        self,
        size: int,
        name: Both,
        value: str = "",
        meaning: Both = Both("", ""),  # noqa: B008 - an immutable record
        *,
        wrong: bool = False,
    ) -> None:
        """Keep the next bytes as one field."""
        piece = self.raw[self.at : self.at + size]
        self.fields.append(Field(self.at, piece, name, value, meaning, wrong))
        self.at += len(piece)

    def rest(self, end: int, name: Both) -> None:
        """Keep what is left before `end`, if anything is."""
        if self.at < end:
            self.put(end - self.at, name)

    def _cut(self) -> None:
        if not self.fields or self.fields[-1].name is not _CUT:
            self.fields.append(Field(self.at, b"", _CUT, wrong=True))

    def _meant(self, cell: Cell, piece: bytes) -> Meant:
        if cell.kind == "start":
            return Meant("@@", wrong=piece != START)
        if cell.kind == "length":
            return self._length(piece)
        if cell.kind == "command":
            code = piece[0]
            own = Both("厂商自定义", "vendor's own") if code > 127 else Both("保留", "reserved")  # noqa: PLR2004 - table 2
            return Meant(str(code), COMMANDS.get(code, own))
        return meaning_of(cell.kind, piece, zone=self._zone, analogue=self._analogue)

    def _length(self, piece: bytes) -> Meant:
        stated = int.from_bytes(piece, "little")
        if stated > ADU_MAX:
            return Meant(str(stated), Both(f"超过 {ADU_MAX}", f"more than {ADU_MAX}"), wrong=True)
        have = max(0, len(self.raw) - OVERHEAD)
        if stated != have:
            return Meant(str(stated), Both(f"实际 {have} 字节", f"there are {have}"), wrong=True)
        return Meant(str(stated), Both("字节", "bytes"))
