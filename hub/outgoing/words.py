"""The words and signs in which people are told, Chinese and English side by side."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from model.anomaly import Severity
from model.case import Verification
from model.reading import Mode

Language = Literal["zh", "en"]


class Words(NamedTuple):
    """One idea in both languages."""

    zh: str
    en: str

    def shown(self, first: Language) -> str:
        """Return both, `first` first; one of them when they are the same word."""
        if self.zh == self.en:
            return self.zh
        return f"{self.zh} {self.en}" if first == "zh" else f"{self.en} {self.zh}"

    def short(self, first: Language) -> str:
        """Return the words of one language, for lines that must be short."""
        return self.zh if first == "zh" else self.en


SIGNS: Mapping[str, str] = MappingProxyType(
    {
        Severity.CRITICAL: "🔴",
        Severity.MAJOR: "🟠",
        Severity.MINOR: "🟡",
        Severity.WARNING: "🔵",
    }
)

SEVERITIES: Mapping[str, Words] = MappingProxyType(
    {
        Severity.CRITICAL: Words("特别严重", "critical"),
        Severity.MAJOR: Words("严重", "major"),
        Severity.MINOR: Words("一般", "minor"),
        Severity.WARNING: Words("提示", "warning"),
    }
)

MODES: Mapping[str, Words] = MappingProxyType(
    {
        Mode.DRILL: Words("演练", "DRILL"),
        Mode.TEST: Words("测试", "TEST"),
        Mode.SIMULATED: Words("模拟", "SIMULATED"),
    }
)
"""Everything but the real thing is marked at the beginning of every title and line."""

VERIFICATIONS: Mapping[str, Words] = MappingProxyType(
    {
        Verification.UNCONFIRMED: Words("待确认", "unconfirmed"),
        Verification.MACHINE_CORROBORATED: Words("机器印证", "machine-corroborated"),
        Verification.CONFIRMED: Words("已确认属实", "confirmed"),
        Verification.FALSE: Words("误报", "false alarm"),
        Verification.UNREACHABLE: Words("无法联系核实", "unreachable"),
    }
)

REASONS: Mapping[str, Words] = MappingProxyType(
    {
        "opened": Words("新案件", "new"),
        "new_alarm": Words("再次报警", "alarm again"),
        "manual_alarm": Words("人工报警", "manual alarm"),
        "corroborated": Words("机器印证", "corroborated"),
        "located": Words("位置已知", "located"),
        "severity_raised": Words("严重程度上升", "severity raised"),
        "assigned": Words("已派遣", "assigned"),
        "confirmed": Words("确认属实", "confirmed"),
        "unreachable": Words("无法联系核实", "unreachable"),
        "cancelled": Words("解除", "stand down"),
        "handed_over": Words("已移交", "handed over"),
        "resumed": Words("恢复处置", "resumed"),
        "resolved": Words("已处置", "resolved"),
        "rework": Words("返工", "rework"),
        "escalated": Words("逾期升级", "escalated"),
        "forced": Words("强制结案", "closed by force"),
    }
)
"""Why people are told now, by the words of docs/cases.md; an unlisted word is shown as it is."""

PLACE = Words("地点", "Place")
SINCE = Words("自", "Since")
VERIFICATION = Words("核实", "Verification")
HISTORY = Words("经过", "So far")
NEXT = Words("下一步", "Next")
CASE = Words("案件", "Case")
BY = Words("限", "by")

ACKNOWLEDGE = Words("接警", "acknowledge")
CONFIRM = Words("电话或到场确警", "call or go and confirm")
ACCEPT = Words("接收案件", "accept the case")
RESOLVE = Words("处置并反馈结果", "resolve and report the result")
VERIFY = Words("另一人核查后结案", "another person verifies and closes")
NOTHING = Words("无需处置", "nothing to do")
STAND_DOWN = Words("无需处置，停止出动", "stand down, nothing to do")
SUSPENDED = Words("已挂起", "suspended")

NOT_REAL = Words("不是真实警情", "NOT A REAL EVENT")
SILENT = Words(
    "静默警情：不得惊动现场，不得回拨现场电话",
    "silent alarm: make no sound and no call at the compound",
)
MORE = Words("起案件", "more cases")
PAGE = Words("案件页面", "cases")
TEST_TITLE = Words("通道测试", "channel test")
TEST_TEXT = Words(
    "这是一条测试消息，没有警情。", "This is a test of the channel. Nothing has happened."
)
