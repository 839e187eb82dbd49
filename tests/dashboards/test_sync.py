"""`smarthub grafana sync` and `write`, against a real HTTP server that behaves as Grafana's API does.

There is no Grafana here: the server below does what Grafana's documentation says of 9.3.
"""

import json
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.cli import app
from model.errors import Refused, Transient

Json = dict[str, Any]
TOKEN = "glsa_of_a_test"
INFLUX = "smarthub:canary-of-influx"


class Grafana:
    """What a Grafana keeps: folders, data sources and dashboards, and every write that it saw."""

    def __init__(self) -> None:
        self.folders: dict[str, Json] = {}
        self.sources: dict[str, Json] = {}
        self.boards: dict[str, Json] = {}
        self.secrets: dict[str, Json] = {}
        self.writes: list[str] = []
        self.read_only: set[str] = set()
        self.role = "Admin"

    def answer(  # noqa: PLR0911 - one return a route
        self, method: str, path: str, body: Json
    ) -> tuple[int, object]:
        """Return status and JSON of a request, as Grafana would."""
        if method != "GET":
            self.writes.append(f"{method} {path}")
            if self.role != "Admin":
                return 403, {"message": "You'll need additional permissions"}
        part, _, uid = path.removeprefix("/api/").rpartition("/")
        if path == "/api/folders":
            return self._new(self.folders, body)
        if part == "folders":
            return self._known(self.folders, uid, method, body, "folder not found")
        if path == "/api/datasources":
            return self._new_source(body)
        if part == "datasources/uid":
            return self._source(uid, method, body)
        if path == "/api/dashboards/db":
            return self._save(body)
        if part == "dashboards/uid":
            return self._board(uid)
        return 404, {"message": "Not found"}

    def _new(self, kept: dict[str, Json], body: Json) -> tuple[int, object]:
        if body["uid"] in kept:
            return 412, {"message": "a folder with that uid or name already exists"}
        kept[body["uid"]] = {**body, "id": len(kept) + 1, "version": 1}
        return 200, kept[body["uid"]]

    def _known(
        self, kept: dict[str, Json], uid: str, method: str, body: Json, missing: str
    ) -> tuple[int, object]:
        if uid not in kept:
            return 404, {"message": missing}
        if method == "PUT":
            kept[uid] |= {k: v for k, v in body.items() if k != "overwrite"}
        return 200, kept[uid]

    def _new_source(self, body: Json) -> tuple[int, object]:
        secret = body.pop("secureJsonData")
        status, found = self._new(self.sources, body)
        self.secrets[body["uid"]] = secret
        return status, {"datasource": found, "message": "Datasource added"}

    def _source(self, uid: str, method: str, body: Json) -> tuple[int, object]:
        if method == "PUT":
            self.secrets[uid] = body.pop("secureJsonData")
        status, found = self._known(self.sources, uid, method, body, "Data source not found")
        if isinstance(found, dict) and status == 200:
            found = {**found, "readOnly": uid in self.read_only, "user": "", "basicAuth": False}
        return status, found

    def _save(self, body: Json) -> tuple[int, object]:
        board = body["dashboard"]
        uid = board["uid"]
        if body["folderUid"] not in self.folders:
            return 400, {"message": "folder not found"}
        if uid in self.read_only:
            return 400, {"message": "Cannot save provisioned dashboard"}
        known = self.boards.get(uid)
        if known and not body["overwrite"]:
            return 412, {"message": "The dashboard has been changed by someone else"}
        version = known["dashboard"]["version"] + 1 if known else 1
        self.boards[uid] = {
            "dashboard": {**board, "id": len(self.boards) + 1, "version": version},
            "folderUid": body["folderUid"],
        }
        return 200, {"uid": uid, "status": "success", "version": version}

    def _board(self, uid: str) -> tuple[int, object]:
        if uid not in self.boards:
            return 404, {"message": "Dashboard not found"}
        kept = self.boards[uid]
        meta = {"folderUid": kept["folderUid"], "provisioned": uid in self.read_only}
        return 200, {"dashboard": kept["dashboard"], "meta": meta}


class Server:
    """The server on a port of its own; `url` is where it is."""

    def __init__(self, grafana: Grafana) -> None:
        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else {}
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    status, found = 401, {"message": "invalid API key"}
                else:
                    status, found = grafana.answer(self.command, self.path, body)  # type: ignore[assignment] # JSON
                text = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = _any  # noqa: N815 - the names that http.server asks for

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@pytest.fixture
def grafana() -> Grafana:
    """Return an empty Grafana."""
    return Grafana()


@pytest.fixture
def server(grafana: Grafana) -> Iterator[Server]:
    """Serve it."""
    running = Server(grafana)
    yield running
    running.stop()


def sync(url: str, *more: str, token: str = TOKEN) -> Any:
    """Run the command as a user does."""
    env = {"SMARTHUB_GRAFANA_TOKEN": token, "SMARTHUB_INFLUX_TOKEN": INFLUX}
    return CliRunner().invoke(app, ["grafana", "sync", "--url", url, *more], env=env)


def test_everything_is_created_and_a_repeat_changes_nothing(
    server: Server, grafana: Grafana
) -> None:
    """The second run writes no new version of any dashboard."""
    first = sync(server.url)
    assert first.exit_code == 0, first.output
    assert "13 created" in first.output
    assert len(grafana.boards) == 11
    assert {kept["folderUid"] for kept in grafana.boards.values()} == {"smarthub"}
    source = grafana.sources["smarthub-influxql"]
    assert source["jsonData"]["version"] == "InfluxQL"
    assert grafana.secrets["smarthub-influxql"] == {"httpHeaderValue1": f"Token {INFLUX}"}
    grafana.writes.clear()
    second = sync(server.url + "/")
    assert "13 unchanged" in second.output
    # The token cannot be read back from Grafana, so it alone is written again.
    assert grafana.writes == ["PUT /api/datasources/uid/smarthub-influxql"]
    assert {kept["dashboard"]["version"] for kept in grafana.boards.values()} == {1}


def test_what_somebody_changed_by_hand_is_put_right(server: Server, grafana: Grafana) -> None:
    """And only that."""
    sync(server.url)
    grafana.boards["smarthub-device"]["dashboard"]["title"] = "mine"
    grafana.boards["smarthub-compound"]["folderUid"] = "elsewhere"
    grafana.folders["smarthub"]["title"] = "old"
    grafana.sources["smarthub-influxql"]["url"] = "http://old:8086"
    result = sync(server.url)
    assert "9 unchanged, 4 updated" in result.output
    assert grafana.boards["smarthub-device"]["dashboard"]["title"] == "设备 Device"
    assert grafana.boards["smarthub-compound"]["folderUid"] == "smarthub"
    assert grafana.sources["smarthub-influxql"]["url"] == "http://127.0.0.1:8086"


def test_what_comes_from_files_is_left_to_them(server: Server, grafana: Grafana) -> None:
    """Grafana refuses to save what it has from provisioning files."""
    sync(server.url)
    grafana.read_only |= {"smarthub-influxql", "smarthub-device"}
    grafana.boards["smarthub-device"]["dashboard"]["title"] = "of the file"
    result = sync(server.url)
    assert result.exit_code == 0, result.output
    assert "2 provisioned" in result.output


@pytest.mark.parametrize(
    ("role", "token", "said"),
    [("Admin", "wrong", "the token is not valid"), ("Viewer", TOKEN, "needs the role Admin")],
)
def test_a_token_that_may_not_says_what_it_needs(
    server: Server, grafana: Grafana, role: str, token: str, said: str
) -> None:
    """One line with the remedy, and nothing of a token in it."""
    grafana.role = role
    error = sync(server.url, token=token).exception
    assert isinstance(error, Refused)
    assert said in str(error)
    assert token not in str(error)
    assert INFLUX not in str(error)
    assert grafana.boards == {}


def test_no_grafana_there_says_where_it_looked(server: Server) -> None:
    """A wrong port, a wrong scheme, and no token at all are three different sentences."""
    server.stop()
    away = sync(server.url).exception
    assert isinstance(away, Transient)
    assert server.url in str(away)
    assert "not an http(s) address" in str(sync("grafana:3000").exception)
    assert "SMARTHUB_GRAFANA_TOKEN" in str(sync(server.url, token="").exception)


def test_a_page_that_is_no_grafana_is_told_from_one(server: Server, grafana: Grafana) -> None:
    """A login page of a proxy answers 200 to everything."""
    grafana.answer = lambda *_: (HTTPStatus.OK, [])  # type: ignore[method-assign] # another server
    error = sync(server.url).exception
    assert isinstance(error, Refused)
    assert "no Grafana API" in str(error)


def test_write_gives_files_that_grafana_can_mount(tmp_path: Path) -> None:
    """JSON for each dashboard, YAML for both providers; a compound that is gone goes."""
    old = tmp_path / "dashboards" / "smarthub-site-gone.json"
    old.parent.mkdir()
    old.write_text("{}")
    mine = old.with_name("mine.json")
    mine.write_text("{}")
    arguments = ["grafana", "write", str(tmp_path), "--hub-url", "https://hub.example"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    boards = [json.loads(p.read_text("utf-8")) for p in old.parent.glob("smarthub-*.json")]
    assert len(boards) == 11
    assert mine.exists()
    assert all(b["templating"]["list"][-1]["query"] == "https://hub.example" for b in boards)
    found = {str(p.relative_to(tmp_path)) for p in (tmp_path / "provisioning").rglob("*.yaml")}
    assert found == {
        "provisioning/datasources/smarthub.yaml",
        "provisioning/dashboards/smarthub.yaml",
    }
