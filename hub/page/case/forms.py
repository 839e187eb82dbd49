"""What can be done to a case, as one table: each deed with its words and the fields of its form."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from cases.taxonomy import FALSE_ALARM_CAUSES, Closing
from cases.transitions import Step
from hub.page.words import OWNER, Lang
from model.reading import Value

from .vocabulary import FALSE_CAUSES_EN

Choices = tuple[tuple[str, str, str], ...]  # value, zh, en


class Field(NamedTuple):
    """One field of a form; `only` names the closing profiles that ask for it, empty: all."""

    name: str
    zh: str
    en: str
    kind: str = "line"  # line, text, choice, time, flag
    needed: bool = False
    choices: Choices = ()
    only: tuple[Closing, ...] = ()
    hint: tuple[str, str] = ("", "")

    def label(self, lang: Lang) -> str:
        """Return its name."""
        return self.zh if lang is Lang.ZH else self.en


class Deed(NamedTuple):
    """Something a person can do; `at_once` needs no field, so one touch is enough."""

    key: str
    action: str
    steps: tuple[Step, ...]  # allowed while the table of states has one of them
    zh: str
    en: str
    icon: str
    fields: tuple[Field, ...] = ()
    fixed: Mapping[str, Value] = MappingProxyType({})
    at_once: bool = False
    hint: tuple[str, str] = ("", "")

    def label(self, lang: Lang) -> str:
        """Return its name."""
        return self.zh if lang is Lang.ZH else self.en


_YES_NO: Choices = (("yes", "是", "Yes"), ("no", "否", "No"))
_FALSE_CAUSES: Choices = tuple(
    (code, zh, FALSE_CAUSES_EN[code]) for code, zh in FALSE_ALARM_CAUSES.items()
)
_ROLES: Choices = tuple((role, *names) for role, names in OWNER.items())
_KINDS: Choices = (
    ("photo", "照片", "Photo"),
    ("work_order", "工单", "Work order"),
    ("document", "文件", "Document"),
    ("recording", "录音录像", "Recording"),
)
_TO: Choices = (("119", "119 消防", "119 fire brigade"), ("110", "110 公安", "110 police"))

_E, _M, _F = Closing.EMERGENCY, Closing.MAINTENANCE, Closing.FALSE_ALARM
_D, _R, _DUTY = Closing.DISPUTE, Closing.MATTER, Closing.DUTY
_REPORTS = (_D, _R)

_BY = Field("by", "处置人", "Handler", hint=("不填则为本人", "empty: you"))
_REASON = Field("reason", "理由", "Reason", "text", needed=True)
_RESULT = Field("result", "现场处置结果", "Result on site", "text", needed=True)
_CAUSE = Field("cause", "原因", "Cause", only=(_E,))
_SOLVED = Field("solved", "问题已解决", "It is solved", "flag", only=_REPORTS)
_NOTE = Field("repair_note", "维修记录", "Repair note", "text", only=(_M,))
_PHOTO = Field("photo", "照片编号或链接", "Photo (number or link)")
_ORDER = Field("work_order", "工单号", "Work order")
_DISTURBED = Field("disturbed", "居民受到影响", "Residents were disturbed", "flag", only=(_E,))
_SATISFIED = Field("satisfied", "当事人满意", "The person is satisfied", "choice", choices=_YES_NO)
_CHANNEL = Field("channel", "回访渠道", "Channel", hint=("电话、上门…", "telephone, visit …"))
_ASKED = Field("asked", "回访对象", "Who was asked")
_CHECKED_BY = Field("checked_by", "核实人", "Checked by", needed=True)
_CHECKED_HOW = Field(
    "checked_how", "核实方式", "Checked how", needed=True,
    hint=("现场、电话、视频…", "on site, by telephone, by camera …"),
)  # fmt: skip
_TEXT = Field("text", "内容", "Text", "text")


def _optional(field: Field, *only: Closing) -> Field:
    return field._replace(needed=False, only=only or field.only)


_CLOSING = (
    _optional(_RESULT, _E, _DUTY),
    _CAUSE,
    _SOLVED,
    Field("conflict_settled", "矛盾如何化解", "How it was settled", "text", only=(_D,)),
    _NOTE,
    Field("false_alarm_cause", "误报原因", "Cause", "choice", choices=_FALSE_CAUSES, only=(_F,)),
    _optional(_CHECKED_BY, _F),
    _optional(_CHECKED_HOW, _F),
    _SATISFIED._replace(only=(_E, *_REPORTS)),
    _CHANNEL._replace(only=(_E, *_REPORTS)),
    _ASKED._replace(only=_REPORTS),
    _BY._replace(only=(_E, _DUTY, *_REPORTS), hint=("", "")),
    _PHOTO,
    _ORDER,
)

_DEEDS = (
    Deed("acknowledge", "acknowledge", (Step.ACKNOWLEDGE,), "接警", "Acknowledge",
         "notifications_active", at_once=True),
    Deed("confirm_real", "confirm", (Step.CONFIRM_REAL,), "确警：真实", "Confirm: real",
         "local_fire_department",
         (_optional(_CHECKED_BY), _optional(_CHECKED_HOW)), {"outcome": "real"},
         hint=("案件将上升一级。", "The case goes one level up.")),
    Deed("confirm_false", "confirm", (Step.CONFIRM_FALSE,), "确警：误报", "Confirm: false alarm",
         "check_circle",
         (Field("cause", "误报原因", "Cause", "choice", needed=True, choices=_FALSE_CAUSES),
          _CHECKED_BY, _CHECKED_HOW), {"outcome": "false"},
         hint=("火警误报须由第二人结案。", "A false fire is closed by a second person.")),
    Deed("confirm_unreachable", "confirm", (Step.CONFIRM_UNREACHABLE,), "确警：联系不上",
         "Confirm: nobody reachable", "phone_missed",
         (_optional(_CHECKED_HOW)._replace(hint=("联系过谁", "who was tried")),),
         {"outcome": "unreachable"},
         hint=("按真实处理，上升一级。", "It counts as real and goes one level up.")),
    Deed("handover", "handover", (Step.HANDOVER,), "移交 119 / 110", "Hand over to 119 / 110",
         "local_phone",
         (Field("to", "移交给", "To", "choice", needed=True, choices=_TO),
          Field("who", "谁打的电话", "Who called", needed=True),
          Field("answer", "对方答复", "Their answer", "text", needed=True),
          Field("at", "何时", "When", "time", hint=("不填则为现在", "empty: now"))),
         hint=("系统从不自行拨打 119 或 110；此处只作记录。",
               "The hub never dials 119 or 110; this records that you did.")),
    Deed("assign", "assign", (Step.ASSIGN,), "派遣", "Assign", "assignment_ind",
         (Field("to", "派给谁", "To whom", needed=True),
          Field("role", "责任角色", "Role", "choice", choices=_ROLES))),
    Deed("accept", "accept", (Step.ACCEPT,), "接收", "Accept", "how_to_reg", (_BY,), at_once=True),
    Deed("start", "start", (Step.START,), "开始处置", "Start work", "directions_run", (_BY,),
         at_once=True),
    Deed("resolve", "resolve", (Step.RESOLVE,), "处置完毕", "Resolved", "task_alt",
         (_RESULT, _CAUSE, _SOLVED, _NOTE, _DISTURBED, _BY, _PHOTO, _ORDER)),
    Deed("suspend", "suspend", (Step.SUSPEND,), "挂起", "Suspend", "pause_circle",
         (_REASON, Field("until", "至何时", "Until", "time", needed=True,
                         hint=("30 天以内", "within 30 days")))),
    Deed("resume", "resume", (Step.RESUME,), "恢复处置", "Resume", "play_circle", at_once=True),
    Deed("verify_ok", "verify", (Step.VERIFY_OK,), "核查通过", "Verify: done", "verified",
         (_optional(_SATISFIED, *_REPORTS), _CHANNEL._replace(only=_REPORTS)), {"ok": True}),
    Deed("verify_not_ok", "verify", (Step.VERIFY_NOT_OK,), "核查不通过", "Verify: not done",
         "rule", (_REASON,), {"ok": False},
         hint=("返工并上升一级。", "Sent back, one level up.")),
    Deed("close", "close", (Step.CLOSE,), "结案", "Close", "lock", _CLOSING),
    Deed("rework", "rework", (Step.REWORK,), "返工", "Send back", "undo", (_REASON,)),
    Deed("visit", "visit", (Step.VISIT,), "走：走访", "Visit", "directions_walk", (_TEXT,)),
    Deed("discuss", "discuss", (Step.DISCUSS,), "议：议事", "Discuss", "forum", (_TEXT,)),
    Deed("revisit", "revisit", (Step.REVISIT,), "回：回访", "Ask back", "support_agent",
         (Field("reached", "已联系上", "Reached", "choice", choices=_YES_NO),
          _SATISFIED, _CHANNEL, _ASKED)),
    Deed("rate", "rate", (Step.RATE_GOOD, Step.RATE_BAD), "评：评价", "Rate", "thumbs_up_down",
         (_SATISFIED._replace(needed=True), _CHANNEL._replace(needed=True), _ASKED),
         hint=("不满意则返工并上升一级。", "Not satisfied: sent back, one level up.")),
    Deed("escalate", "escalate", (Step.ESCALATE,), "升级", "Escalate", "trending_up", (_REASON,)),
    Deed("note", "note", (Step.NOTE,), "备注", "Note", "edit_note", (_TEXT._replace(needed=True),)),
    Deed("attach", "attach", (Step.ATTACH,), "附证据", "Attach", "attach_file",
         (Field("kind", "种类", "Kind", "choice", needed=True, choices=_KINDS),
          Field("ref", "编号或链接", "Number or link", needed=True))),
    Deed("link", "link", (Step.LINK,), "关联外部编号", "Link a number", "link",
         (Field("external_ref", "外部编号", "External number", needed=True),)),
    Deed("force_close", "force_close", (Step.FORCE_CLOSE,), "强制结案", "Force closed",
         "lock_open", (_REASON,),
         hint=("不具备全部证据，单独统计。", "Without its proof; counted apart.")),
)  # fmt: skip
DEEDS: Mapping[str, Deed] = MappingProxyType({deed.key: deed for deed in _DEEDS})
"""Every deed by its key, in the order in which the page offers them."""


def fields_for(deed: Deed, profile: Closing, *, reported: bool = False) -> tuple[Field, ...]:
    """Return the fields that a deed has while a closing profile holds.

    What only people `reported` no device can call normal: somebody says that it is solved.
    """
    return tuple(
        field
        for field in deed.fields
        if not field.only or profile in field.only or (reported and field is _SOLVED)
    )
