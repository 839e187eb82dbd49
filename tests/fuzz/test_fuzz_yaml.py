"""Files that people write, damaged: only ConfigError, which names the file; no hang."""

import random
import time
from collections.abc import Callable

import pytest

from gateway.config import check
from hub.camera_settings import checked
from model.errors import ConfigError
from rules.rulefile import load_rules
from tests.rules.town import library_texts

from .damage import SLOWEST_S, damaged

GATEWAY = b"""schema: 1
site: haibowan
gateway: gw-01
data: /tmp/x
uplink: {port: 1883, user: gw-01, password_env: SECRET}
sources:
  - adapter: gb26875
    compounds: {7001: hbw-01}
  - adapter: nb_iot
    alarm: {field: alarm, values: {"1": fire_alarm, "0": ""}}
"""
CAMERA = b"""fps: 5
masks: [[[0.1, 0.1], [0.4, 0.1], [0.4, 0.4]]]
zones: {lane: [[0, 0], [1, 0], [1, 1]]}
observations:
  motion: {after_s: 1, off_delay_s: 4}
  intrusion: {zones: [lane]}
"""
RULES = library_texts()["security.yaml"].encode()[:900]
TARGETS: dict[str, tuple[Callable[[str], object], bytes]] = {
    "gateway": (lambda text: check(text, "f.yaml"), GATEWAY),
    "camera": (lambda text: checked(text, "c"), CAMERA),
    "rules": (lambda text: load_rules({"f.yaml": text}), RULES),
}
UNNAMED = frozenset({"camera"})  # typed into the page, not read from a file
SLOWEST_FILE_S = 20 * SLOWEST_S  # a file is read once, at a start, by a reader in plain Python


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_damaged_files_are_refused_by_name_or_read(name: str) -> None:
    """Anchors, tabs, deep nesting, bytes of no text: one ConfigError at most."""
    read, seed_text = TARGETS[name]
    seed = random.randrange(2**32)
    tried = 0
    for payload in damaged([seed_text], random.Random(seed)):
        tried += 1
        began = time.process_time()
        try:
            read(payload.decode("utf-8", "replace"))
        except ConfigError as error:
            named = "f.yaml" in str(error) or name in UNNAMED
            if not named:
                pytest.fail(f"seed={seed} payload={payload!r}: {error}")
        except Exception as error:  # noqa: BLE001 - any other is the finding
            pytest.fail(f"seed={seed} payload={payload!r}: {error!r}")
        took = time.process_time() - began
        assert took < SLOWEST_FILE_S, f"seed={seed} {took:.1f} s for {payload!r}"
    assert tried >= 10
