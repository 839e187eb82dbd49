"""Every family of JSON or XML messages under damaged input: only FrameError, no hang, no card number."""

import random
import time

import pytest

from adapters.contract import Received
from adapters.discovery import adapters
from model.codec import decode_readings, encode
from model.errors import FrameError
from tests.adapters.families import build, goldens, sample_entry

from .damage import SLOWEST_S, damaged, hangs

AT = 1_764_000_001_000
FAMILIES = {name: family for name, family in adapters().items() if family.transport != "tcp"}


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_a_damaged_message_is_refused_or_read_but_never_fatal(name: str) -> None:
    """What is read can travel: it encodes, and the hub decodes it."""
    seed = random.randrange(2**32)
    source = random.Random(seed)
    adapter = build(FAMILIES[name], sample_entry(name))
    cases = goldens(name)
    topics = [case.received.topic for case in cases] + ["", "/", "a/b"]
    tried = slow = 0
    for payload in damaged([case.received.payload for case in cases], source):
        tried += 1
        received = Received(payload, AT, source.choice(topics))
        began = time.process_time()
        try:
            readings = adapter.decode(received)
        except FrameError:
            pass
        except Exception as error:  # noqa: BLE001 - any other is the finding
            pytest.fail(f"seed={seed} payload={payload!r}: {error!r}")
        else:
            decode_readings(encode(list(readings)), "g", "e")
        if time.process_time() - began > SLOWEST_S:
            slow += hangs(lambda received=received: adapter.decode(received))  # type: ignore[misc]
        assert len(adapter.redact(payload)) == len(payload)  # type: ignore[attr-defined]
    assert tried >= 50
    assert slow == 0, f"seed={seed}: {slow} of {tried} took over {SLOWEST_S} s"
