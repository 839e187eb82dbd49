"""Card numbers and secrets are looked for in every file that a running hub has written."""

import asyncio
import json
from pathlib import Path

import pytest

from .devices import publish
from .stack import TOKEN, Stack, eventually, running

pytestmark = [pytest.mark.trust, pytest.mark.timeout(200)]
CARDS = ["6217000012340001", "6217000012340002", "6217000012340003", "6217000012340004"]
KEPT_ON_PURPOSE = ("secrets.json", ".password", "nats.conf", "card.key")


def messages() -> list[tuple[str, bytes]]:
    """Name a card as it is meant, as a number, in words nobody knows, and in what is no JSON."""
    topic = "iot/hbw-01/ac/door-1/event"
    denied = {"door": "door-1", "event": "denied", "result": "expired", "ts": 0}
    return [
        (topic, json.dumps({**denied, "card": CARDS[0]}).encode()),
        (topic, json.dumps({**denied, "event": "duress", "card": int(CARDS[1])}).encode()),
        (topic, json.dumps({**denied, "event": "unheard-of", "card": CARDS[2]}).encode()),
        (topic, f'{{"door":"door-1","card":"{CARDS[3]}'.encode()),
    ]


def holding(folder: Path, canary: str) -> list[Path]:
    """Return the files that hold a text, as it is or as hex, but for those made to hold secrets."""
    words = (canary.encode(), canary.encode().hex().encode())
    return [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.name.endswith(KEPT_ON_PURPOSE)
        and any(word in path.read_bytes() for word in words)
    ]


def arrived(stack: Stack) -> bool:
    """Whether what could be read is in a case and what could not is a dead letter."""
    letters = stack.get("/api/v1/deadletters")["items"]
    return bool(stack.cases(category="duress")) and len(letters) >= 2


async def test_no_card_number_and_no_secret_is_in_any_file(tmp_path: Path) -> None:
    """Outbox, log, cases, dead letters, readings, logs of every process: 0 hits."""
    with running(tmp_path) as stack:
        await publish(stack.ports.mqtt, stack.installation.passwords["device"], messages())
        assert await eventually(lambda: arrived(stack), 30), stack.tails()
        await asyncio.sleep(2)
        live = {card: holding(tmp_path, card) for card in CARDS}
    for canary in [*CARDS, TOKEN, *stack.installation.passwords.values()]:
        assert holding(tmp_path, canary) == [], canary
    # The broker's own store holds what devices published until the gateway has it; then it is gone.
    for card, paths in live.items():
        assert [path for path in paths if "broker" not in path.parts] == [], card
    assert holding(tmp_path, "door-1"), "the search finds what is there"
