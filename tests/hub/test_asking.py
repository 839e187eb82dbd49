"""What the rules wait for is asked of gateways: times that lie close together as one, and no more than may be sent."""

import asyncio
import threading

import pytest

from hub.asking import MERGED_MS, Asking, merged
from model.codec import ASKED_MAX, Ask, decode_ask


@pytest.mark.parametrize(
    ("times", "asked"),
    [
        ([], []),
        ([5], [5]),
        ([300, 0, MERGED_MS], [MERGED_MS, 300]),
        ([0, 60, 120, 180, 240], [60, 180, 240]),  # each is asked for at most 100 ms late
    ],
)
def test_times_that_lie_close_together_are_one(times: list[int], asked: list[int]) -> None:
    """The last of them proves the others."""
    assert merged(times) == asked


def test_no_more_is_asked_for_than_a_gateway_takes() -> None:
    """The first ones; what is left is proved by heartbeats."""
    assert merged(n * 1000 for n in range(500)) == [n * 1000 for n in range(ASKED_MAX)]


async def test_wishes_from_the_desk_s_thread_reach_the_broker_and_one_that_is_away_costs_nothing() -> (
    None
):
    """Each gateway hears its own times."""
    sent: list[tuple[str, Ask]] = []
    tries = 0

    async def publish(topic: str, payload: bytes) -> None:
        nonlocal tries
        await asyncio.sleep(0)
        tries += 1
        if tries == 1:
            raise ConnectionError("away")
        sent.append((topic, decode_ask(payload)))

    asking = Asking("site", publish)
    for _ in range(2):
        thread = threading.Thread(target=asking.wish, args=({"gw-01": {7, 9}, "gw-02": {500}},))
        thread.start()
        await asyncio.to_thread(thread.join)
        await asyncio.sleep(0.05)
    assert sent == [
        ("smarthub/v1/site/gw-01/ask", Ask([9])), ("smarthub/v1/site/gw-02/ask", Ask([500])),
    ]  # fmt: skip
