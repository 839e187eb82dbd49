"""What is wrong with a list of devices is said in Chinese on the Chinese page, row by row."""

import pytest

from hub.page.import_words import in_chinese, translated
from hub.territory.point_list import as_text
from hub.territory.registry_import import merge_devices
from model.errors import ConfigError
from model.yamlfile import ConfigErrors
from tests.territory.test_registry_files import SITE, site

HEAD = "id,kind,role,building,compound,floor,room,name,silent_after_s,household,parent\n"
LISTS = [
    (HEAD + "a,door,,hbw-01-b9,,,,,,,\n", ["第 2 行 · building 楼栋：没有楼栋 hbw-01-b9；是不是 hbw-01-b2？"]),
    (HEAD + "a,door,,zz,,,,,,,\n", ["第 2 行 · building 楼栋：没有楼栋 zz；请先登记它"]),
    (HEAD + "a,door,,hbw-01-b1,,,,,,,\na,door,,hbw-01-b1,,,,,,,\n", ["第 3 行 · id 设备编号：a 已在第 2 行出现；请删去其中一行"]),
    (HEAD + ",door,,hbw-01-b1,,,,,,,\n", ["第 2 行 · id 设备编号：缺少或为空；请填写"]),
    (HEAD + "a,,,hbw-01-b1,,,,,,,\n", ["第 2 行 · kind 类型：缺少或为空；请填写"]),
    (HEAD + "a,smoke_detectr,,hbw-01-b1,,,,,,,\n", ["第 2 行 · kind 类型：没有这个词 smoke_detectr；是不是 smoke_detector？"]),
    (HEAD + "a,D!,,hbw-01-b1,,,,,,,\n", ["第 2 行 · kind 类型：请用小写字母、数字和下划线，例如 smoke_detector"]),
    (HEAD + "a,door,,,,,,,,,\n", ["第 2 行：请写明位置：填写 building 楼栋；没有楼栋时填写 compound 小区"]),
    (HEAD + "a,door,,hbw-01-b1,hbw-02,,,,,,\n", ["第 2 行 · compound 小区：hbw-01-b1 属于小区 hbw-01，不属于 hbw-02；请把 compound 小区留空"]),
    (HEAD + "a,door,,hbw-01-b1,,,,,x,,\n", ["第 2 行 · silent_after_s 失联秒数：必须是整数，现为 'x'"]),
    (HEAD + "a,door,,hbw-01-b1,,,,,-1,,\n", ["第 2 行 · silent_after_s 失联秒数：不得小于 0，现为 '-1'"]),
    (HEAD + "a,door,,hbw-01-b1,,,,,99999999,,\n", ["第 2 行 · silent_after_s 失联秒数：不得大于 2592000，现为 '99999999'"]),
    (HEAD + f"a,door,,hbw-01-b1,,,{'r' * 41},,,,\n", ["第 2 行 · room 房间：最多 40 个字符；请缩短"]),
    (HEAD + "a,door,,hbw-01-b1,,,\u202ex,,,,\n", ["第 2 行 · room 房间：含有不可见字符 U+202E；请重新输入"]),
    (HEAD + "a,door,,hbw 01,,,,,,,\n", ["第 2 行 · building 楼栋：请用 1–64 个字母、数字、点、短横或下划线，例如 hbw-01"]),
    (HEAD + "a,door,,hbw-01-b1,,,,,,h-9,\n", ["第 2 行 · household 住户：没有住户 h-9；请先登记它"]),
    (HEAD + "a,door,,hbw-01-b1,,,,,,,b\n", ["第 2 行 · parent 上级设备：没有设备 b；请先登记它"]),
    (HEAD + "a,door,,hbw-01-b1,,,,,,,a\n", ["第 2 行 · parent 上级设备：a 经 a 又依附于自身；请删去其中一个关联"]),
    ("id,bilding\na,b\n", ["第 1 行 · bilding：没有这一列；是不是 building？"]),
    ("kind,building\ndoor,b\n", ["第 1 行：设备清单需要 id 设备编号 列"]),
    ("id,kind\na,b,c\n", ["第 2 行：本行有 3 格，而列名只有 2 个；含逗号的名称请加双引号"]),
    ("id;kind\n", ["第 1 行：各列须以逗号分隔"]),
    ("id,id\n", ["第 1 行 · id 设备编号：列名重复"]),
    ("id,\n", ["第 1 行：有一列没有列名"]),
    ("", ["文件为空；第一行应为列名"]),
    ('id\n"a\n', ["第 2 行：不是有效的 CSV；双引号是否没有闭合？"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), LISTS)
def test_a_problem_is_said_in_chinese_with_its_row(text: str, said: list[str]) -> None:
    """Row, column with its title, what is wrong, what to do."""
    with pytest.raises(ConfigError) as caught:
        merge_devices(site(), text, name="p.csv")
    problems = caught.value.problems if isinstance(caught.value, ConfigErrors) else [caught.value]
    assert [in_chinese(problem, "p.csv") for problem in problems] == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\x00\xfe", "不是可读取的工作簿；请打开后另存为 .xlsx 或 CSV，再试"),
        (b"\xd0\xcf\x11\xe0", "是旧的 .xls 或带密码；请另存为无密码的 .xlsx 或 CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_in_chinese(content: bytes, said: str) -> None:
    """A workbook that broke, one of an old program."""
    with pytest.raises(ConfigError) as caught:
        as_text(content, "p.xlsx")
    assert in_chinese(caught.value, "p.xlsx") == said


def test_what_has_no_words_stays_and_another_file_is_named() -> None:
    """A problem of the registry itself names its file."""
    assert translated("something new went wrong") == "something new went wrong"
    yaml = f"{SITE}devices:\n  - id: gb-7\n    kind: fire_transmitter\n    compound: hbw-01\n"
    with pytest.raises(ConfigErrors) as caught:
        merge_devices(site(registry=yaml), "id,name\ngb-7,x\n", name="p.csv")
    (problem,) = caught.value.problems
    assert in_chinese(problem, "p.csv").startswith(
        "第 2 行 · id 设备编号：gb-7 写在 registry.yaml:8"
    )
    assert in_chinese(problem).startswith("p.csv · 第 2 行")
