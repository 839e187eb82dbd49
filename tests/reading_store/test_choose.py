"""The hub's file decides where Readings go; a wrong token setting stops the start."""

from pathlib import Path

import pytest

from hub.config import HubFile
from hub.reading_store.choose import open_store
from hub.reading_store.embedded import EmbeddedStore
from hub.reading_store.influx import InfluxStore
from model.errors import ConfigError
from model.place import Registry


def hub_file(folder: Path, **readings: str) -> HubFile:
    """Return a hub's file with these settings under `readings`."""
    broker = {"host": "127.0.0.1"}
    data = {"site": "s", "data": folder, "mqtt": broker}
    return HubFile.model_validate(data | ({"readings": readings} if readings else {}))


def test_without_a_word_readings_go_to_files_of_our_own(tmp_path: Path) -> None:
    """The embedded default needs nothing."""
    store = open_store(hub_file(tmp_path), Registry)
    assert isinstance(store, EmbeddedStore)
    assert (tmp_path / "readings").is_dir()


def test_influxdb_is_opened_without_being_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is away stops no hub; the token comes from the environment or a file."""
    monkeypatch.setenv("TOKEN_OF_A_TEST", "u:p")
    (tmp_path / "token").write_text("u:p\n")
    settings = {"store": "influxdb", "url": "http://127.0.0.1:1", "bucket": "readings/autogen"}
    for where in ({"token_env": "TOKEN_OF_A_TEST"}, {"token_file": str(tmp_path / "token")}, {}):
        store = open_store(hub_file(tmp_path, **settings, **where), Registry)
        assert isinstance(store, InfluxStore)
        store.close()


@pytest.mark.parametrize("where", [{"token_env": "NOT_SET_ANYWHERE"}, {"token_file": "/no/file"}])
def test_a_token_that_cannot_be_read_stops_the_start(tmp_path: Path, where: dict[str, str]) -> None:
    """The key of the setting is in the message."""
    settings = {"store": "influxdb", "url": "http://127.0.0.1:1", "bucket": "readings/autogen"}
    with pytest.raises(ConfigError, match=f"readings.{next(iter(where))}"):
        open_store(hub_file(tmp_path, **settings, **where), Registry)
