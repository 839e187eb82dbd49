"""Whom the hub tells outside, whether they can be reached, and a test message to each."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from hub.outgoing.channel import Gone, RetryLater
from hub.outgoing.courier import TooSoon
from model.errors import Refused

from .answer import answer
from .auth import Administrator, Hub, UnlimitedReader
from .problem import problem

router = APIRouter(tags=["channels"])

ChannelName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9:-]{0,99}$")]


@router.get("/channels", summary="Channels to people and programs 通知通道")
def list_channels(hub: Hub, _who: UnlimitedReader) -> Response:
    """Return each channel: kind, address without its secret, last success and failure, waiting."""
    return answer({"items": hub.channels(), "next": None})


@router.post("/channels/{name}/test", summary="Send a test message 发送测试消息")
async def send_test(hub: Hub, _who: Administrator, name: ChannelName) -> Response:
    """Send a test; 429 after another one, 502 with the reason when it did not get through."""
    try:
        await hub.test_channel(name)
    except TooSoon as error:
        wait = str(-(-error.wait // 1000))
        return problem(429, str(error), headers={"Retry-After": wait})
    except Refused as error:
        return problem(409, str(error))
    except (RetryLater, Gone, OSError) as error:
        return problem(502, str(error))
    return answer({"sent": True})
