"""Feishu 飞书 group robots: time in seconds and signature go into the body."""

import hmac
from base64 import b64encode
from types import MappingProxyType

from model.anomaly import Severity

from .channel import MINUTE, SECOND
from .message import Form, Message
from .robot import Kind, Request, Verdict

# The codes are from open write-ups of the service's table (secondary).
_VERDICTS = {
    9499: Verdict.REFUSED,  # bad request: the body
    11232: Verdict.LIMITED,
    99991400: Verdict.LIMITED,
    19021: Verdict.SETUP,  # signature, or a clock that is more than an hour off
    19022: Verdict.SETUP,  # this machine is not in the address list
    19024: Verdict.SETUP,  # the keyword is missing
    19001: Verdict.GONE,  # unknown token
}

_COLOURS = {Severity.CRITICAL: "red", Severity.MAJOR: "orange", Severity.MINOR: "yellow"}


def sign(secret: str, seconds: int) -> str:
    """Return the signature for a time in seconds: time and secret are the key, the message is empty."""
    digest = hmac.digest(f"{seconds}\n{secret}".encode(), b"", "sha256")
    return b64encode(digest).decode()


def _request(url: str, secret: str, message: Message, now: int) -> Request:
    seconds = now // SECOND
    signed = {"timestamp": str(seconds), "sign": sign(secret, seconds)} if secret else {}
    if not message.markdown:
        return Request(url, {**signed, "msg_type": "text", "content": {"text": message.text}})
    return Request(url, {**signed, "msg_type": "interactive", "card": _card(message)})


def _card(message: Message) -> dict[str, object]:
    # The card's text as `lark_md`; its title stands in the header as well, coloured by severity.
    button = {
        "tag": "button",
        "type": "primary",
        "text": {"tag": "plain_text", "content": "打开 open"},
        "url": message.link,
    }
    colour = _COLOURS.get(Severity(message.severity), "blue")
    return {
        "config": {"wide_screen_mode": True},
        "header": {
            "template": colour,
            "title": {"tag": "plain_text", "content": message.title},
        },
        "elements": [
            {"tag": "div", "text": {"tag": "lark_md", "content": message.text}},
            {"tag": "action", "actions": [button]},
        ],
    }


FEISHU = Kind(
    kind="feishu",
    card=Form(limit=15_000, markdown=True),  # the whole body may have 20 KB
    plain=Form(limit=15_000),
    body_max=20_000,
    request=_request,
    code=("code", "StatusCode"),
    reason=("msg", "StatusMessage"),
    verdicts=MappingProxyType(_VERDICTS),
    limited_for=MINUTE,
)
