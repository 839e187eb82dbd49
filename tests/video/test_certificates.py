"""An encrypted camera must prove that it is the one that was asked for."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.video.servers import missing, now_ms
from video.settings import SourceSettings
from video.sources import Credentials, Reason, SourceLost, open_source

SECRET = "s3cret-of-the-camera"
LOGIN = Credentials("viewer", SECRET)


def openssl(*words: str, given: str = "") -> None:
    """Run openssl."""
    try:
        subprocess.run(["openssl", *words], check=True, capture_output=True, input=given.encode())
    except FileNotFoundError:
        missing("openssl is not installed: apt-get install openssl")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, a certificate of it for 127.0.0.1, and one for another camera."""
    made = tmp_path_factory.mktemp("certificates")
    ca, key = str(made / "ca.pem"), str(made / "ca.key")
    new = ("-newkey", "rsa:2048", "-nodes")
    openssl("req", "-x509", *new, "-keyout", key, "-out", ca, "-days", "30", "-subj", "/CN=ours")
    for name, host in (("mine", "IP:127.0.0.1"), ("other", "DNS:cam.example")):
        asked, extra = str(made / f"{name}.csr"), made / f"{name}.ext"
        extra.write_text(f"subjectAltName={host}")
        openssl("req", *new, "-keyout", str(made / f"{name}.key"), "-out", asked, "-subj", "/CN=c")
        openssl(
            "x509", "-req", "-in", asked, "-CA", ca, "-CAkey", key, "-CAcreateserial",
            "-days", "30", "-extfile", str(extra), "-out", str(made / f"{name}.pem"),
        )  # fmt: skip
    return made


class Camera:
    """Hears what is asked after the handshake, and has nothing."""

    def __init__(self, folder: Path, name: str) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.heard: list[bytes] = []
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        """Hear no more."""
        self._listening.close()

    def _run(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            with line:
                self._answer(line)

    def _answer(self, line: socket.socket) -> None:
        line.settimeout(5)
        try:
            with self._context.wrap_socket(line, server_side=True) as talk:
                asked = talk.recv(4096)
                if not asked:
                    return
                self.heard.append(asked)
                protocol = b"RTSP/1.0" if b"RTSP/1.0" in asked else b"HTTP/1.1"
                number = next(
                    (w for w in asked.split(b"\r\n") if w.lower().startswith(b"cseq")), b"x: 1"
                )
                talk.sendall(
                    protocol + b" 404 Not Found\r\ncontent-length: 0\r\n" + number + b"\r\n\r\n"
                )
        except OSError:
            return


@pytest.fixture(params=["mine", "other"])
def camera(request: pytest.FixtureRequest, folder: Path) -> Iterator[Camera]:
    """A camera with a certificate of our authority for its address, and one with another camera's."""
    made = Camera(folder, request.param)
    yield made
    made.close()


def asked(camera: Camera, scheme: str, **more: object) -> tuple[Reason, str]:
    """Ask for pictures; return why none came."""
    key = "url" if scheme == "rtsps" else "snapshot"
    address = f"{scheme}://127.0.0.1:{camera.port}/live"
    settings = SourceSettings.model_validate({key: address, **more})
    source = open_source(settings, LOGIN, clock=now_ms, fps=5)
    with pytest.raises(SourceLost) as failure:
        next(source.frames())
    assert SECRET not in str(failure.value)
    return failure.value.reason, failure.value.detail


@pytest.mark.real
@pytest.mark.parametrize("scheme", ["rtsps", "https", "HTTPS"])
def test_a_camera_must_prove_who_it_is(
    camera: Camera, folder: Path, scheme: str, request: pytest.FixtureRequest
) -> None:
    """By an authority that is believed, for the host of the address; else nothing is asked at all."""
    mine = "mine" in request.node.name
    reason, detail = asked(camera, scheme)
    assert (reason, "source.ca_file" in detail) == (Reason.CERTIFICATE, True)
    assert camera.heard == []
    reason, _ = asked(camera, scheme, ca_file=str(folder / "ca.pem"))
    assert reason is (Reason.NOT_FOUND if mine else Reason.CERTIFICATE)
    assert bool(camera.heard) is mine
    assert asked(camera, scheme, verify=False)[0] is Reason.NOT_FOUND
    assert camera.heard


@pytest.mark.real
@pytest.mark.parametrize("scheme", ["rtsps", "https"])
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_authorities_that_is_none_is_named(
    folder: Path, tmp_path: Path, scheme: str, content: str | None
) -> None:
    """Not there, or something else: nothing is asked, and the file is said."""
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    camera = Camera(folder, "mine")
    reason, detail = asked(camera, scheme, ca_file=str(file))
    camera.close()
    assert (reason, str(file) in detail) == (Reason.CERTIFICATE, True)
    assert camera.heard == []


@pytest.mark.real
def test_the_systems_authorities_are_believed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the variable SSL_CERT_FILE names them."""
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    camera = Camera(folder, "mine")
    assert {asked(camera, scheme)[0] for scheme in ("rtsps", "https")} == {Reason.NOT_FOUND}
    camera.close()
