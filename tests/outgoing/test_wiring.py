"""The hub's file says who is told; what is wrong in it stops the start."""

from hashlib import sha256
from pathlib import Path

import pytest

from hub.case_store import CaseStore
from hub.config import HubFile
from hub.outgoing.wiring import dispatcher_of
from model.errors import ConfigError
from tests.case_store.samples import T0, opened

URL = "https://hooks.example/x"
KEY = "whsec_" + "YWJj" * 8


async def nowhere(_topic: str, _payload: bytes) -> None:
    """Publish to nobody."""


def hub_file(folder: Path, **webhook: object) -> HubFile:
    """Return a hub's file with one webhook."""
    return HubFile.model_validate(
        {
            "site": "home",
            "data": str(folder),
            "mqtt": {"host": "127.0.0.1", "port": 1883},
            "webhooks": [{"url": URL, **webhook}],
        }
    )


def test_the_topic_and_each_webhook_are_channels(
    store: CaseStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both get the next event; the key comes from the environment or from a file."""
    monkeypatch.setenv("HOOK_KEY", f"{KEY} {KEY}")
    for source in ({"secret_env": "HOOK_KEY"}, {"secret_file": str(tmp_path / "key")}):
        (tmp_path / "key").write_text(f"{KEY}\n")
        dispatcher_of(hub_file(tmp_path, **source), store, publish=nowhere, clock=lambda: T0)
    store.apply([opened("a1")], log_id="log", pos=1)
    hook = f"webhook:{sha256(URL.encode()).hexdigest()[:12]}"
    assert [store.outbox.enrol(name) for name in ("mqtt", hook, "other")] == [1, 1, 0]


@pytest.mark.parametrize("source", [{}, {"secret_env": "NOT_SET"}, {"secret_file": "/nonexistent"}])
def test_a_webhook_without_a_key_stops_the_start(
    store: CaseStore, tmp_path: Path, source: dict[str, str]
) -> None:
    """Nothing is ever sent unsigned."""
    with pytest.raises(ConfigError):
        dispatcher_of(hub_file(tmp_path, **source), store, publish=nowhere, clock=lambda: T0)
