"""DingTalk 钉钉 group robots: time and signature (加签) go into the URL's query."""

import hmac
from base64 import b64encode
from types import MappingProxyType
from urllib.parse import quote_plus

from .channel import MINUTE
from .message import Form, Message
from .robot import Kind, Request, Verdict

# 310000 stands for keyword, signature and address list alike. The codes are from open write-ups
# of the service's table (secondary); two of them name 300001 and 300005 for an unknown token.
_VERDICTS = {
    -1: Verdict.BUSY,  # system busy
    130101: Verdict.LIMITED,  # more than 20 messages a minute
    410100: Verdict.LIMITED,
    310000: Verdict.SETUP,
    40035: Verdict.REFUSED,  # a parameter is wrong
    43004: Verdict.REFUSED,  # wrong kind of content
    400105: Verdict.REFUSED,  # unknown kind of message
    430101: Verdict.REFUSED,  # a link that the service holds unsafe
    430102: Verdict.REFUSED,  # a text that the service does not let pass
    430104: Verdict.REFUSED,
    300001: Verdict.GONE,  # unknown token
    300005: Verdict.GONE,
    400013: Verdict.GONE,  # the group was dissolved
    400101: Verdict.GONE,  # unknown token
    400102: Verdict.GONE,  # the robot is switched off
    400106: Verdict.GONE,  # no such robot
}


def sign(secret: str, now: int) -> str:
    """Return the signature for a time in ms: the secret is the key and stands in the message too."""
    digest = hmac.digest(secret.encode(), f"{now}\n{secret}".encode(), "sha256")
    return b64encode(digest).decode()


def _request(url: str, secret: str, message: Message, now: int) -> Request:
    if secret:
        joint = "&" if "?" in url else "?"
        url = f"{url}{joint}timestamp={now}&sign={quote_plus(sign(secret, now))}"
    nobody = {"isAtAll": False, "atMobiles": [], "atUserIds": []}
    if not message.markdown:
        return Request(url, {"msgtype": "text", "text": {"content": message.text}, "at": nobody})
    content = {"title": message.title, "text": message.text}
    return Request(url, {"msgtype": "markdown", "markdown": content, "at": nobody})


DINGTALK = Kind(
    kind="dingtalk",
    # The service takes 20,000 bytes; a single line end does not end a line in its Markdown.
    card=Form(limit=15_000, newline="\n\n", markdown=True),
    plain=Form(limit=15_000),
    body_max=20_000,
    request=_request,
    code=("errcode",),
    reason=("errmsg",),
    verdicts=MappingProxyType(_VERDICTS),
    limited_for=10 * MINUTE,  # who sends too much is shut out for ten minutes
)
