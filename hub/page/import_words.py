"""Says in Chinese what is wrong with a list of devices; the text stays as it is in files and logs."""

import re
from collections.abc import Mapping

from hub.territory.point_list import COLUMN_TITLES
from model.errors import ConfigError

_LINKS: Mapping[str, str] = {
    "household": "住户", "parent": "上级设备", "powered_by": "供电设备", "riser": "立管",
}  # fmt: skip
_TITLES: Mapping[str, str] = {**COLUMN_TITLES, **_LINKS}
_ENDS = (
    (re.compile(r"; did you mean (.+)\?"), "；是不是 {0}？"),
    (re.compile(r"; known: (.+)"), "；可用的有：{0}"),
    (re.compile(r"; add it first"), "；请先登记它"),
    (re.compile(r", not (.+)"), "，现为 {0}"),
    (re.compile(r"; nothing stands there"), "，现为空"),
)
_SAID: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), said)
    for pattern, said in (
        ("unknown column", "没有这一列"),
        ("unknown word (.+)", "没有这个词 {0}"),
        ("is missing or empty; fill it in", "缺少或为空；请填写"),
        ("is empty; write it", "为空；请填写"),
        ("must be a whole number", "必须是整数"),
        ("must be a number", "必须是数字"),
        ("must be at least (.+)", "不得小于 {0}"),
        ("must be at most (.+)", "不得大于 {0}"),
        ("must have at most (.+); shorten it", "最多 {0} 个字符；请缩短"),
        (r"holds the invisible character (\S+); type the text anew", "含有不可见字符 {0}；请重新输入"),
        (
            "use 1-64 letters, digits, dots, dashes or underscores, as in (.+)",
            "请用 1–64 个字母、数字、点、短横或下划线，例如 {0}",
        ),
        (
            "use small letters, digits and underscores, as in (.+)",
            "请用小写字母、数字和下划线，例如 {0}",
        ),
        ("gateway: and place: are kept for.*", "gateway: 和 place: 开头的编号由中枢保留；请换一个"),
        (
            "(.+) is a code that a spreadsheet rounded; format.*",
            "{0} 被表格软件改成了科学计数；请把该列设为文本格式",
        ),
        ("say where it is: .*", "请写明位置：填写 building 楼栋；没有楼栋时填写 compound 小区"),
        ("(.+) is already at .*?:([0-9]+)(?:; .*)?", "{0} 已在第 {1} 行出现；请删去其中一行"),
        ("(.+) is written at (.+); change it there", "{0} 写在 {1}；请在那里修改"),
        (
            r"(\S+) is in compound (\S+), not (\S+); leave compound empty",
            "{0} 属于小区 {1}，不属于 {2}；请把 compound 小区留空",
        ),
        ("no building (.+)", "没有楼栋 {0}"),
        ("no compound (.+)", "没有小区 {0}"),
        ("no household (.+)", "没有住户 {0}"),
        ("no (?:parent|powered_by|riser) (.+)", "没有设备 {0}"),
        (r"household (\S+) is in building (\S+)", "住户 {0} 在楼栋 {1}"),
        (
            "(.+) hangs on itself through (.+); remove one of the links",
            "{0} 经 {1} 又依附于自身；请删去其中一个关联",
        ),
        ("(.+) (?:is registered|would lie) outside your territory; .*", "{0} 不在您的辖区；请由当地负责人导入"),
        ("a list of devices needs the column id", "设备清单需要 id 设备编号 列"),
        ("empty file; .*", "文件为空；第一行应为列名"),
        (
            "([0-9]+) cells under ([0-9]+) columns; .*",
            "本行有 {0} 格，而列名只有 {1} 个；含逗号的名称请加双引号",
        ),
        ("a cell is longer than ([0-9]+) characters; .*", "有一格超过 {0} 个字符；双引号是否没有闭合？"),
        ("not CSV: .*", "不是有效的 CSV；双引号是否没有闭合？"),
        ("columns must be separated by commas", "各列须以逗号分隔"),
        ("a column has no name", "有一列没有列名"),
        ("this column is named twice", "列名重复"),
        ("neither UTF-8 nor GB 18030; .*", "编码既不是 UTF-8 也不是 GB 18030；请另存为“CSV UTF-8”"),
        ("is no workbook that can be read; .*", "不是可读取的工作簿；请打开后另存为 .xlsx 或 CSV，再试"),
        ("is an old .xls, or has a password; .*", "是旧的 .xls 或带密码；请另存为无密码的 .xlsx 或 CSV"),
        ("is empty; its first row names the columns", "为空；第一行应为列名"),
        (r"has data on ([0-9]+) sheets \((.+)\); put it on one", "有 {0} 个工作表含数据（{1}）；请放在一个表内"),
        ("is over ([0-9]+) MiB unpacked; .*", "解压后超过 {0} MiB；请分批导入"),
        ("has more than (.+) rows; .*", "超过 {0} 行；没有读入任何行，请分批导入"),
        ("holds the date (.+); format.*", "被当作日期 {0}；请把该列设为文本格式后重新输入"),
    )
)  # fmt: skip


def in_chinese(problem: ConfigError, name: str = "") -> str:
    """Return a problem with its row, column and remedy; what has no words yet stays as it is.

    `name` is the list's own file, which need not be said.
    """
    title = _TITLES.get(problem.key, "")
    where = [
        "" if problem.file == name else problem.file,
        f"第 {problem.line} 行" if problem.line else "",
        f"{problem.key} {title}".strip(),
    ]
    place = " · ".join(part for part in where if part)
    said = translated(problem.message)
    return f"{place}：{said}" if place else said


def translated(message: str) -> str:
    """Return a message in Chinese, or as it is when nobody put it into words."""
    whole = _matched(message)
    if whole is not None:
        return whole
    for end, said in _ENDS:
        found = end.search(message)
        if found and found.end() == len(message):
            head = _matched(message[: found.start()])
            if head is not None:
                return head + said.format(*found.groups())
    return message


def _matched(message: str) -> str | None:
    for pattern, said in _SAID:
        found = pattern.fullmatch(message)
        # A pattern with a free end must not swallow what an end of its own says.
        if found and not _has_end(found):
            return said.format(*found.groups())
    return None


def _has_end(found: re.Match[str]) -> bool:
    return any(end.search(str(group)) for group in found.groups() for end, _ in _ENDS)
