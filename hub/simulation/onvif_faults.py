"""The faults of real ONVIF devices, each said once: the simulated device has them, and its command offers them."""

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What is wrong with the device; each was seen in the field.

    Beside each type stands what it does, in a few words for people, and the least that makes sense.
    """

    relative_address: Annotated[bool, "subscription's address is a path 相对订阅地址"] = False
    reference_parameters: Annotated[bool, "subscription told by a header 订阅靠报文头"] = False
    instant_empty: Annotated[bool, "empty pulls answered at once 空拉取立即返回"] = False
    wrong_host: Annotated[bool, "names another host 自称其他地址"] = False
    no_time: Annotated[bool, "tells no time 不报时间"] = False
    zero_time: Annotated[bool, "events of 0000-00-00 事件时间为零"] = False
    refuse_renew: Annotated[bool, "Renew is refused 拒绝续订"] = False
    odd_prefixes: Annotated[bool, "other XML prefixes 命名空间前缀不同"] = False
    http_digest: Annotated[bool, "login by HTTP digest, none in SOAP 只认 HTTP 摘要"] = False
    # It knows neither GetServices nor SetSynchronizationPoint.
    old_firmware: Annotated[bool, "old device 旧固件"] = False
    sub_profile_fault: Annotated[bool, "sub-stream listed and refused 子码流报错"] = False
    clock_skew_s: Annotated[float, "s, its clock minus ours 时钟偏差"] = 0.0
    # Pulls are then answered, for ever with nothing.
    silent_after_s: Annotated[float, "s until a subscription dies silently 订阅静默失效", 0.0] = 0.0
    hold_longer_s: Annotated[float, "s late 应答延迟; 0: never 不发生", 0.0] = 0.0
    reboot_every_s: Annotated[float, "s 每隔多久重启; 0: never 不发生", 0.0] = 0.0
    down_s: Annotated[float, "s a reboot takes 重启耗时", 0.2] = 5.0
