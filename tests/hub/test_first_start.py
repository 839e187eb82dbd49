"""The administrator's password is told on the first start, also on one that fails a moment later."""

import re
import socket
import subprocess
import sys
from pathlib import Path

HUB = """\
site: s
data: {data}
mqtt: {{port: 1}}
http: {{port: {port}}}
"""


def said_by_a_hub(folder: Path, port: int) -> str:
    """Start a hub that cannot have its port, wait until it has failed, and return what it said."""
    file = folder / "hub.yaml"
    file.write_text(HUB.format(data=folder / "data", port=port), encoding="utf-8")
    command = [sys.executable, "-m", "hub.cli", "hub", str(file)]
    ended = subprocess.run(command, capture_output=True, timeout=100, check=False)
    assert ended.returncode != 0
    return ended.stdout.decode()


def test_a_taken_port_does_not_take_the_password_with_it(tmp_path: Path) -> None:
    """It is told on that start, and only on that."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert re.search(r"password .*: \S{16}", said_by_a_hub(tmp_path, port))
        assert "password" not in said_by_a_hub(tmp_path, port)
