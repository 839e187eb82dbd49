"""A camera's password is in no error, trace, log, thread name or output, whatever goes wrong."""

import base64
import contextlib
import logging
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import av
import av.error
import pytest

from tests.brokers import free_port
from tests.video.servers import changes_until, now_ms, rtsp_server
from tests.video.snapshot_server import snapshot_camera
from video.settings import SourceSettings, masked
from video.sources import Change, Credentials, Keeper, SourceLost, open_source

CANARY = "c@nary:7/ü%41"
LOGIN = Credentials("owner", CANARY)
WRITTEN = {
    CANARY, quote(CANARY, safe=""), quote(CANARY), "7/ü", quote("7/ü", safe=""),
    base64.b64encode(f"owner:{CANARY}".encode()).decode(),
}  # fmt: skip


@pytest.fixture
def everything(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[list[str]]:
    """Collect what a test saw, beside all logs at their most talkative and both outputs."""
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    yield seen
    out, err = capfd.readouterr()
    text = "\n".join((*seen, caplog.text, out, err, *(repr(r.__dict__) for r in caplog.records)))
    assert len(text) > 100
    for secret in WRITTEN:
        assert secret not in text


def lose(settings: SourceSettings, seen: list[str]) -> None:
    """Open until it is lost, directly and by a keeper; note all that a log could ever show of it."""
    source = open_source(settings, LOGIN, clock=now_ms, fps=5)
    with pytest.raises(SourceLost) as caught:
        seen.extend(str(frame.at) for frame in source.frames())
    lost = caught.value
    seen += [str(lost), repr(lost), lost.detail, repr(lost.args), repr(lost.__dict__)]
    seen += traceback.format_exception(lost)
    # A logger may follow what a printed trace leaves out.
    assert lost.__cause__ is None
    assert lost.__context__ is None
    keeper = Keeper(source, name="gate", clock=now_ms)
    keeper.start()
    seen += [repr(change) for change in changes_until(keeper, online=False, within_s=15)]
    seen += [thread.name for thread in threading.enumerate()]
    seen += [repr(source), repr(keeper), repr(LOGIN), str(LOGIN), f"{LOGIN}"]
    with contextlib.suppress(RuntimeError):
        keeper.stop()


def test_a_stream_that_nobody_serves(everything: list[str]) -> None:
    """The library's own error holds the address with the login."""
    url = f"rtsp://127.0.0.1:{free_port()}/live"
    with pytest.raises(av.error.FFmpegError, match=quote(CANARY, safe="")):
        av.open(LOGIN.into(url))
    lose(SourceSettings(url=url), everything)


def test_a_host_that_does_not_exist(everything: list[str]) -> None:
    """Its name cannot be resolved."""
    lose(SourceSettings(url="rtsp://camera.invalid/live"), everything)
    lose(SourceSettings(snapshot="http://camera.invalid/picture"), everything)


@pytest.mark.real
def test_a_stream_that_refuses_and_one_that_is_not_there(
    tmp_path: Path, everything: list[str]
) -> None:
    """Another password is right; another stream is served."""
    with rtsp_server(tmp_path, login=Credentials("owner", "another")) as server:
        lose(SourceSettings(url=server.url), everything)
    with rtsp_server(tmp_path) as server:
        lose(SourceSettings(url=server.url + "-none"), everything)


@pytest.mark.real
def test_a_stream_that_dies_while_it_is_watched(tmp_path: Path, everything: list[str]) -> None:
    """The loss comes from the middle of the library."""
    with rtsp_server(tmp_path, login=LOGIN) as server:
        settings = SourceSettings(url=server.url)
        keeper = Keeper(open_source(settings, LOGIN, clock=now_ms, fps=5), name="x", clock=now_ms)
        keeper.start()
        everything += map(repr, changes_until(keeper, online=True, within_s=10))
        server.kill()
        everything += map(repr, changes_until(keeper, online=False, within_s=5))
        keeper.stop()


@pytest.mark.parametrize("scheme", ["digest", "basic"])
def test_snapshots_that_are_refused_or_are_none(scheme: str, everything: list[str]) -> None:
    """Also what the HTTP client logs of each request when it is at its most talkative."""
    with snapshot_camera(b"no picture", Credentials("owner", "another"), scheme) as camera:
        lose(SourceSettings(snapshot=camera.url()), everything)
    with snapshot_camera(b"no picture", LOGIN, scheme) as camera:
        lose(SourceSettings(snapshot=camera.url(), every_s=0.2), everything)
        lose(SourceSettings(snapshot=camera.url("/none")), everything)
        assert any(camera.asked)


def test_a_password_that_is_a_part_of_the_address_is_masked_too() -> None:
    """Some cameras know no other way."""
    for url in (
        "rtsp://10.0.0.9:554/user=admin&password=c4nary&channel=1&stream=0.sdp",
        "http://10.0.0.9/snap.cgi?usr=admin&pwd=c4nary",
        "rtsp://admin:c4n@ry@10.0.0.9/live",
        "rtsp://10.0.0.9:554/user=admin_password=c4nary_channel=1_stream=0.sdp?real_stream",
        "rtsp://10.0.0.9/live;c4nary",
        "http://10.0.0.9/snapshot.cgi?loginuse=admin&loginpas=c4nary",
        "http://10.0.0.9/snap.cgi?usr=admin&passw=c4n'ary",
        "http://10.0.0.9/cgi-bin/snap?u=admin&p=c4nary",
        "rtsp://10.0.0.9/live?auth=c4nary",
        "rtsp://10.0.0.9/live?key=c4nary",
        "rtsp://10.0.0.9/live?c4nary",
    ):
        assert "c4n" not in masked(f"could not open '{url}': refused")
        assert "10.0.0.9" in masked(url)


@pytest.mark.parametrize("given", ["p", "loginpas", "auth", "key", "_password", "anything"])
def test_a_parameter_of_an_address_is_shown_nowhere(given: str, everything: list[str]) -> None:
    """Also in the words of the sources themselves: they go to heartbeats and to the hub."""
    lose(SourceSettings(snapshot=f"http://127.0.0.1:9/snap.cgi?u=x&{given}=c4nary"), everything)
    lose(SourceSettings(url=f"rtsp://127.0.0.1:9/u=x{given}=c4nary"), everything)
    assert any("127.0.0.1:9/snap.cgi" in text for text in everything)
    assert not [text for text in everything if "c4nary" in text]


def test_what_stands_without_its_address_is_masked_too() -> None:
    assert masked("GET /snap.cgi?u=me&p=c4nary failed") == "GET /snap.cgi?u=***&p=*** failed"
    assert "c4n" not in masked("no stream user=admin_password=c4nary_channel=1")
    assert masked("rtsp://10.0.0.9:554/live/1 was ended") == "rtsp://10.0.0.9:554/live/1 was ended"


def test_a_change_is_what_a_log_may_show() -> None:
    """Its fields hold a state, a time, a reason and a cleaned text: nothing of the login."""
    assert set(Change._fields) == {"online", "at", "reason", "detail"}
