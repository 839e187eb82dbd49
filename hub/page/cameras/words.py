"""What cameras see and why they are away, in both languages; each with icon and word, not by colour alone."""

from typing import NamedTuple

from hub.page.case.markup import Markup, icon, tag
from hub.page.words import Lang


class Word(NamedTuple):
    """A word in both languages, its icon and its tone."""

    zh: str
    en: str
    icon: str = "visibility"
    tone: str = "minor"

    def say(self, lang: Lang) -> str:
        """Return it in one language."""
        return self.zh if lang is Lang.ZH else self.en


class Remedy(NamedTuple):
    """Why a camera is away and what to do, in both languages."""

    zh: str
    en: str
    do_zh: str
    do_en: str


OBSERVATIONS = {
    "flame": Word("疑似明火", "Possible flame", "local_fire_department", "critical"),
    "smoke": Word("疑似烟雾", "Possible smoke", "cloud", "major"),
    "intrusion": Word("区域入侵", "Intrusion", "directions_run", "major"),
    "loitering": Word("徘徊", "Loitering", "hourglass_bottom", "minor"),
    "crowd": Word("人员聚集", "Crowd", "groups", "major"),
    "lane_occupied": Word("消防通道被占", "Fire lane occupied", "local_parking", "major"),
    "object_left": Word("遗留物品", "Object left", "shopping_bag", "minor"),
    "ebike": Word("电动自行车", "E-bike", "electric_bike", "major"),
    "motion": Word("区域移动", "Motion", "motion_photos_on", "warning"),
    "covered": Word("镜头遮挡", "Camera covered", "visibility_off", "major"),
    "black": Word("画面全黑", "Camera black", "brightness_1", "major"),
    "defocused": Word("画面失焦", "Out of focus", "blur_on", "minor"),
    "moved": Word("画面偏移", "Camera moved", "open_with", "minor"),
    "frozen": Word("画面冻结", "Picture frozen", "ac_unit", "major"),
}
"""An observation that is not here is shown by its own name."""

STATES = {
    "active": Word("有发现", "Sees something", "visibility", "major"),
    "online": Word("正常", "Online", "check_circle", "normal"),
    "offline": Word("无画面", "Offline", "videocam_off", "major"),
    "silent": Word("失联", "Silent", "cloud_off", "major"),
    "never": Word("从未上报", "Never heard", "help", "warning"),
}

REASONS = {
    "login": Remedy(
        "用户名或密码被拒绝", "user or password refused",
        "在网关文件 login 处核对用户与密码文件", "check `login:` and its password file in the gateway's file",
    ),
    "unreachable": Remedy(
        "无法连接", "cannot be reached",
        "检查供电、网线与地址；在网关上试 ping", "check power, cable and address; try ping from the gateway",
    ),
    "stalled": Remedy(
        "已连接但无画面", "connected, but no pictures come",
        "检查网络带宽与摄像机负载；重启摄像机", "check bandwidth and the camera's load; restart the camera",
    ),
    "ended": Remedy(
        "对方结束了视频流", "the camera ended the stream",
        "会自动重连；反复出现请查摄像机日志", "it is connected anew by itself; if it repeats, look at the camera's log",
    ),
    "certificate": Remedy(
        "证书无法验证", "nothing proves its certificate",
        "在网关文件中用 source.ca_file 写明签发机构的证书文件", "write the file of its authority as source.ca_file in the gateway's file",
    ),
    "not_found": Remedy(
        "没有该视频流或文件", "no such stream or file",
        "核对网关文件中的地址或通道", "check the address or profile in the gateway's file",
    ),
    "undecodable": Remedy(
        "数据无法解码", "what comes is no picture",
        "在摄像机上改用 H.264 子码流", "choose an H.264 sub-stream at the camera",
    ),
    "finished": Remedy(
        "文件已播放完", "the file was played to its end",
        "用 repeat: true 循环播放", "write `repeat: true` to play it again",
    ),
    "failed": Remedy(
        "程序故障", "a fault of the program",
        "查看网关日志", "see the gateway's log",
    ),
    "masks": Remedy(
        "画面比例变了，遮挡可能错位，画面已全部涂黑", "the picture has another shape, the masks may lie elsewhere, so all is blank",
        "改回摄像机的画面比例；或在本摄像机页面确认遮挡，把内容粘贴到网关文件并重启网关",
        "set the camera back, or look at the masks on the camera's page, paste its text into the gateway's file and restart the gateway",
    ),
    "process": Remedy(
        "摄像机进程已结束", "its process has ended",
        "会自动重启；反复出现请查网关日志与内存", "it is started anew by itself; if it repeats, look at the gateway's log and memory",
    ),
}  # fmt: skip

_SILENT = Remedy(
    "网关或摄像机进程没有消息", "neither gateway nor camera process says anything",
    "在系统页查看网关", "look at the gateway on the System page",
)  # fmt: skip
_NEVER = Remedy(
    "已登记或已配置，但还没有上报", "registered or configured, but nothing came yet",
    "核对网关文件 video: 中的名称并启动网关", "check its name under `video:` in the gateway's file, and start the gateway",
)  # fmt: skip


def observation(name: str) -> Word:
    """Return the word of an observation; one that nobody named is shown as it is."""
    return OBSERVATIONS.get(name, Word(name, name))


def remedy(state: str, reason: str) -> Remedy | None:
    """Return why a camera gives no pictures and what to do; None while it does."""
    if state == "offline" or reason:
        return REASONS.get(reason, Remedy(reason or "原因不明", reason or "no reason was given",
                                          "查看网关日志", "see the gateway's log"))  # fmt: skip
    return {"silent": _SILENT, "never": _NEVER}.get(state)


def chip(name: str, zone: str, lang: Lang, *, extra: str = "") -> Markup:
    """Return an observation as a chip: icon, word, zone."""
    word = observation(name)
    return tag(
        "span", icon(word.icon), tag("span", word.say(lang)),
        tag("bdi", zone, class_="cw-zone") if zone else None,
        tag("span", extra) if extra else None,
        class_=f"cw-chip sh-tone sh-{word.tone}",
    )  # fmt: skip


def state_word(state: str, lang: Lang) -> Markup:
    """Return a camera's state as icon and word."""
    word = STATES[state]
    return tag(
        "span", icon(word.icon), " ", word.say(lang), class_=f"cw-state sh-tone sh-{word.tone}"
    )
