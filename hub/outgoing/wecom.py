"""WeCom 企业微信 group robots: the key in the URL is the only secret, nothing is signed."""

from types import MappingProxyType

from .channel import MINUTE
from .message import Form, Message
from .robot import Kind, Request, Verdict

# Limits are standards.md §6; the codes are from open write-ups of the service's table (secondary).
# Unlisted codes are tried again and end in the dead letters, so a wrong line costs no silence.
_VERDICTS = {
    -1: Verdict.BUSY,  # system busy
    45009: Verdict.LIMITED,  # more than 20 messages a minute
    45033: Verdict.LIMITED,  # too many at once
    40008: Verdict.REFUSED,  # unknown kind of message
    40058: Verdict.REFUSED,  # a parameter is wrong
    44004: Verdict.REFUSED,  # empty content
    45002: Verdict.REFUSED,  # content too long
    93000: Verdict.GONE,  # the URL is not or no longer valid
    93004: Verdict.GONE,  # the robot is switched off
    93008: Verdict.GONE,  # the robot is not in the group
}


def _request(url: str, _secret: str, message: Message, _now: int) -> Request:
    kind = "markdown" if message.markdown else "text"
    return Request(url, {"msgtype": kind, kind: {"content": message.text}})


WECOM = Kind(
    kind="wecom",
    card=Form(limit=4096, markdown=True),
    plain=Form(limit=2048),
    body_max=20_000,
    request=_request,
    code=("errcode",),
    reason=("errmsg",),
    verdicts=MappingProxyType(_VERDICTS),
    limited_for=MINUTE,
)
