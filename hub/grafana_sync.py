"""Brings folder, data source and dashboards into a Grafana by its HTTP API; a repeat changes nothing.

httpx and not grafana-client: see docs/decisions/008-no-grafana-client.md.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote

import httpx

from dashboards.names import (
    DATA_SOURCE_NAME,
    DATA_SOURCE_TYPE,
    DATA_SOURCE_UID,
    FOLDER_TITLE,
    FOLDER_UID,
)
from model.errors import Refused, Transient

Json = dict[str, Any]
TIMEOUT_S = 20.0
_OWN_KEYS = frozenset({"id", "version", "uid"})
"""What Grafana counts and names by itself; it says nothing of a dashboard's content."""

_REMEDIES: Final[Mapping[int, str]] = {
    401: "the token is not valid: make a service account token in Grafana and name its variable",
    403: "the token may not do this: its service account needs the role Admin (the data source)"
    " or Editor (folder and dashboards)",
    404: "this is no Grafana, or it is served under a path: give --url with that path",
    409: "something else has that name: rename it in Grafana, then sync again",
    412: "somebody saved it at the same moment, or it has that name already: sync again",
    429: "Grafana is busy: sync again later",
}


class Outcome(StrEnum):
    """What sync did to one thing."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    PROVISIONED = "provisioned"  # comes from files of that Grafana, which own it


class Source(NamedTuple):
    """Where the data source finds InfluxDB, as seen from Grafana."""

    url: str
    database: str
    token: str = ""


class Step(NamedTuple):
    """One thing that was brought into Grafana."""

    name: str
    outcome: Outcome


class GrafanaSync:
    """One Grafana and a token for it."""

    def __init__(self, url: str, token: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise Refused(f"--url {url} is not an http(s) address")
        self._url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._client = httpx.Client(timeout=TIMEOUT_S, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def run(self, source: Source, boards: list[Json]) -> Iterator[Step]:
        """Bring everything, one step after the other; raises Refused or Transient with a remedy."""
        yield Step(f"folder {FOLDER_TITLE}", self._folder())
        yield Step(f"data source {DATA_SOURCE_NAME}", self._source(source))
        for board in boards:
            yield Step(f"dashboard {board['title']}", self._dashboard(board))

    def _folder(self) -> Outcome:
        path = f"/api/folders/{FOLDER_UID}"
        found = self._get(path)
        if found is None:
            self._send("POST", "/api/folders", {"uid": FOLDER_UID, "title": FOLDER_TITLE})
            return Outcome.CREATED
        if found.get("title") == FOLDER_TITLE:
            return Outcome.UNCHANGED
        self._send("PUT", path, {"title": FOLDER_TITLE, "overwrite": True})
        return Outcome.UPDATED

    def _source(self, source: Source) -> Outcome:
        path = f"/api/datasources/uid/{DATA_SOURCE_UID}"
        wanted = data_source(source)
        found = self._get(path)
        if found is None:
            self._send("POST", "/api/datasources", wanted)
            return Outcome.CREATED
        if found.get("readOnly"):
            return Outcome.PROVISIONED
        if _holds(found, {k: v for k, v in wanted.items() if k != "secureJsonData"}):
            # The token cannot be read back, so it is always written; nothing else changes by it.
            self._send("PUT", path, wanted)
            return Outcome.UNCHANGED
        self._send("PUT", path, wanted)
        return Outcome.UPDATED

    def _dashboard(self, board: Json) -> Outcome:
        found = self._get(f"/api/dashboards/uid/{quote(board['uid'], safe='')}")
        if found is not None:
            meta = found.get("meta", {})
            if meta.get("provisioned"):
                return Outcome.PROVISIONED
            wanted = {key: value for key, value in board.items() if key not in _OWN_KEYS}
            same = _holds(found.get("dashboard", {}), wanted)
            if same and meta.get("folderUid", FOLDER_UID) == FOLDER_UID:
                return Outcome.UNCHANGED
        body = {
            "dashboard": {**board, "id": None},
            "folderUid": FOLDER_UID,
            "overwrite": True,
            "message": "smarthub grafana sync",
        }
        self._send("POST", "/api/dashboards/db", body)
        return Outcome.CREATED if found is None else Outcome.UPDATED

    def _get(self, path: str) -> Json | None:
        """Return the JSON, or None where Grafana says that there is none."""
        answer = self._ask(lambda: self._client.get(self._url + path), path)
        if answer.status_code == httpx.codes.NOT_FOUND and "message" in _json(answer):
            return None
        return self._checked(answer, f"GET {path}")

    def _send(self, method: str, path: str, body: Json) -> Json:
        answer = self._ask(lambda: self._client.request(method, self._url + path, json=body), path)
        return self._checked(answer, f"{method} {path}")

    def _ask(self, call: Callable[[], httpx.Response], path: str) -> httpx.Response:
        try:
            return call()
        except httpx.HTTPError as error:
            raise Transient(
                f"no Grafana answers at {self._url}{path} ({type(error).__name__}: {error}); "
                "start it, or correct --url"
            ) from error

    def _checked(self, answer: httpx.Response, asked: str) -> Json:
        body = _json(answer)
        if answer.is_success and body:
            return body
        said = str(body.get("message") or answer.text[:200] or "no reason given")
        remedy = _REMEDIES.get(answer.status_code, "see Grafana's log")
        if answer.is_success or answer.is_redirect:
            remedy = "this is no Grafana API: correct --url (perhaps a login page before it)"
        raise Refused(f"Grafana answered {answer.status_code} to {asked} ({said}): {remedy}")


def data_source(source: Source) -> Json:
    """Return the data source as Grafana's API takes it; the same as the provisioning file."""
    return {
        "name": DATA_SOURCE_NAME,
        "uid": DATA_SOURCE_UID,
        "type": DATA_SOURCE_TYPE,
        "access": "proxy",
        "url": source.url,
        "database": source.database,
        "isDefault": False,
        "jsonData": {
            "version": "InfluxQL",
            "dbName": source.database,
            "httpMode": "POST",
            "httpHeaderName1": "Authorization",
            "timeInterval": "10s",
        },
        "secureJsonData": {"httpHeaderValue1": f"Token {source.token}"},
    }


def _holds(found: object, wanted: object) -> bool:
    """Return whether all that we want is there; Grafana may have added to it."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            key in found and _holds(found[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(_holds(*pair) for pair in zip(found, wanted, strict=True))
        )
    return found == wanted


def _json(answer: httpx.Response) -> Json:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
