"""The words of a case in both languages: parts of proof, flags, deadlines, what was done."""

from collections.abc import Mapping
from types import MappingProxyType

from hub.page.words import Lang, word

Words = Mapping[str, tuple[str, ...]]

PARTS: Words = MappingProxyType(
    {
        "result_on_site": ("现场处置结果：发现了什么、做了什么", "Result on site: what was found and done"),
        "handler_named": ("处置人：谁处置的", "Handler: who worked on it"),
        "cause": ("原因", "Cause"),
        "solved": ("问题已解决", "Solved"),
        "sensor_normal": (
            "设备仍在报警，须恢复正常；或附照片和工单",
            "The device must say normal again; or give a photo and a work order",
        ),
        "sensor_healthy": (
            "设备自身不可信（屏蔽、拆除、失联、离线、防拆、测试中），其“正常”不能作证；或附照片和工单",
            "The device proves nothing (isolated, removed, silent, offline, tampered with, in test); or photo and work order",
        ),
        "satisfaction": (
            "当事人满意（并注明渠道），或已三次回访未果",
            "The person is satisfied (with the channel), or was tried three times",
        ),
        "asked_the_reporter": ("回访对象须为反映人本人", "Ask the person who raised it"),
        "conflict_settled": ("矛盾如何化解", "How the conflict was settled"),
        "verifier_is_not_handler": (
            "核查结案须由未参与处置的人进行",
            "Somebody who did not work on it must verify and close",
        ),
        "false_alarm_cause": ("误报原因", "Cause of the false alarm"),
        "checked_by_and_how": ("核实人及核实方式", "Who checked, and how"),
        "second_person": (
            "火警误报须由第二人结案（非确认人、非核实人）",
            "A false fire is closed by a second person: neither who confirmed nor who checked it",
        ),
        "repair_note": ("维修记录", "Repair note"),
        "upper_level": ("强制结案须由上一级", "Only the level above may force it closed"),
    }
)  # fmt: skip
FLAGS: Words = MappingProxyType(
    {
        "quiet_at_compound": (
            "静默：不得让小区内任何人察觉，不要联系小区",
            "SILENT: nobody at the compound may notice; do not call the compound",
        ),
        "alarmed_again": (
            "又报警：请再次接警",
            "ALARMED AGAIN since somebody acknowledged: acknowledge it once more",
        ),
        "late": ("迟到的报警：数据晚于发生时间到达", "Late: the data came long after the event"),
        "historical": ("补传数据", "Replayed data"),
        "manual": ("有人手动报警", "A person pressed the alarm"),
        "chattering": ("反复报警", "Chattering"),
        "walk_test": ("巡检测试", "Walk test"),
        "silenced": ("静默中：不响铃、不通知", "Silenced: no sound, no notice"),
        "reset_before_check": ("未核实即被复位", "Reset before anybody checked"),
        "isolated_during_fire": ("火警期间被屏蔽", "Isolated during the fire"),
        "fault_during_fire": ("火警期间出现故障", "Fault during the fire"),
        "forced": ("强制结案", "Forced closed"),
        "handed_to_119": ("已移交 119", "Handed to 119"),
        "handed_to_110": ("已移交 110", "Handed to 110"),
    }
)
DEADLINES: Words = MappingProxyType(
    {
        "acknowledge": ("接警", "Acknowledge"),
        "confirm": ("确警", "Confirm"),
        "accept": ("接收", "Accept"),
        "resolve": ("处置", "Resolve"),
    }
)
DONE: Words = MappingProxyType(
    {
        "opened": ("立案", "Opened"),
        "joined": ("又一报警并入", "Another alarm joined"),
        "again": ("再次报警", "Alarmed again"),
        "only_counted": (
            "再次报警；此后的报警与解除只计次数",
            "Alarmed again; from now on only counted",
        ),
        "ended": ("报警解除", "Alarm ended"),
        "alarmed_again": ("结束后再次报警，另立新案", "Alarmed again: a new case goes on"),
        "flagged": ("标记", "Flagged"),
        "severity_raised": ("级别升高", "Severity raised"),
        "located": ("查明位置", "Located"),
        "corroborated": ("机器印证", "Corroborated by machines"),
        "split": ("仍未恢复的另立案", "What still holds got cases of its own"),
        "silence_over": ("静默结束", "The silence is over"),
        "silence_broken": (
            "不再静默：静默范围外的报警，或无人接警",
            "Quiet no more: an alarm beyond the silence, or nobody acknowledged",
        ),
        "isolated_during_fire": ("火警期间被屏蔽", "Isolated during the fire"),
        "fault_during_fire": ("火警期间出现故障", "Fault during the fire"),
        "acknowledge": ("接警", "Acknowledged"),
        "confirm": ("确警", "Confirmed"),
        "handover": ("移交", "Handed over"),
        "assign": ("派遣", "Assigned"),
        "accept": ("接收", "Accepted"),
        "start": ("开始处置", "Started"),
        "suspend": ("挂起", "Suspended"),
        "resume": ("恢复", "Resumed"),
        "resolve": ("处置完毕", "Resolved"),
        "verify": ("核查", "Verified"),
        "close": ("结案", "Closed"),
        "force_close": ("强制结案", "Forced closed"),
        "rework": ("返工", "Sent back"),
        "escalate": ("升级", "Escalated"),
        "visit": ("走访", "Visited"),
        "discuss": ("议事", "Discussed"),
        "revisit": ("回访", "Asked back"),
        "rate": ("评价", "Rated"),
        "note": ("备注", "Note"),
        "attach": ("附证据", "Attached"),
        "link": ("关联外部编号", "Linked"),
    }
)
DETAILS: Words = MappingProxyType(
    {
        "place": ("地点", "place"), "rule": ("规则", "rule"), "subject": ("对象", "subject"),
        "category": ("类别", "category"), "started_at": ("开始", "began"), "ended_at": ("结束", "ended"),
        "ended_by": ("结束方式", "ended by"), "explanation": ("依据", "because"),
        "predecessor": ("前案", "previous case"), "flag": ("标记", "flag"), "from": ("由", "from"),
        "to": ("至", "to"), "state": ("状态", "state"), "level": ("层级", "level"),
        "deadline": ("超过时限", "missed limit"), "outcome": ("结论", "outcome"),
        "cause": ("原因", "cause"), "checked_by": ("核实人", "checked by"),
        "checked_how": ("核实方式", "checked how"), "who": ("拨打人", "called by"),
        "answer": ("答复", "answer"), "at": ("时间", "at"), "role": ("角色", "role"),
        "by": ("处置人", "by"), "reason": ("理由", "reason"), "until": ("至", "until"),
        "result": ("处置结果", "result"), "solved": ("已解决", "solved"),
        "repair_note": ("维修记录", "repair note"), "photo": ("照片", "photo"),
        "work_order": ("工单", "work order"), "disturbed": ("扰民", "residents disturbed"),
        "ok": ("通过", "passed"), "satisfied": ("满意", "satisfied"), "channel": ("渠道", "channel"),
        "asked": ("回访对象", "asked"), "reached": ("已联系上", "reached"), "text": ("内容", "text"),
        "kind": ("种类", "kind"), "ref": ("编号或链接", "reference"),
        "external_ref": ("外部编号", "external number"), "case": ("案件", "case"),
        "subjects": ("对象", "subjects"), "anomaly": ("异常", "anomaly"),
        "conflict_settled": ("矛盾化解", "conflict settled"),
        "false_alarm_cause": ("误报原因", "false alarm cause"),
    }
)  # fmt: skip
ENDED_BY: Words = MappingProxyType(
    {
        "cleared": ("设备解除", "cleared by the device"),
        "reset": ("复位", "reset"),
        "normal": ("恢复正常", "normal again"),
        "heard_again": ("重新上报", "heard again"),
        "elapsed": ("时间已过", "time elapsed"),
        "real_alarm": ("真实报警", "a real alarm"),
        "rule_changed": ("规则变更", "rule changed"),
        "schedule": ("时段结束", "its hours ended"),
        "moved": ("设备已移至别处", "device moved elsewhere"),
        "own_case": ("另立案", "a case of its own"),
    }
)
FALSE_CAUSES_EN: Mapping[str, str] = MappingProxyType(
    {
        "cooking": "Cooking", "smoking": "Smoking", "steam": "Steam", "dust": "Dust",
        "insects": "Insects", "construction": "Construction work", "exhaust": "Exhaust fumes",
        "detector_defect": "Detector defect", "wiring": "Wiring", "interference": "Interference",
        "misoperation": "Operated by mistake", "malicious": "Malicious",
        "announced_test": "Announced test (walk test)", "unannounced_test": "Unannounced test", "lost_card_or_key": "Card or key forgotten",
        "door_hardware": "Door hardware", "unknown": "Unknown",
    }
)  # fmt: skip
SCOPES: Words = MappingProxyType(
    {
        "component": ("部件", "component"),
        "system": ("控制器", "panel"),
        "source": ("用户信息传输装置", "transmission device"),
        "gateway": ("网关", "gateway"),
        "place": ("场所", "place"),
        "report": ("人员反映", "a person's report"),
    }
)


def part(name: str, lang: Lang) -> str:
    """Return a part of the proof in words; how long "normal" must last stands in its name."""
    if name.startswith("normal_for_"):
        minutes = name.removeprefix("normal_for_").removesuffix("_minutes")
        return (
            f"设备恢复正常须持续 {minutes} 分钟；或附照片和工单"
            if lang is Lang.ZH
            else f"Normal must last {minutes} minutes; or give a photo and a work order"
        )
    return word(PARTS, name, lang)
