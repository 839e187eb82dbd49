"""Hears of a hub's cases as they happen, in a thread of its own."""

import json
import threading
from collections.abc import Callable
from typing import Any, Self

import httpx

ANSWER_S = 15.0


class CaseStream:
    """Calls `take` with each case of the event stream the moment it comes, from the stream's thread."""

    def __init__(self, http: int, token: str, take: Callable[[dict[str, Any]], object]) -> None:
        self._take = take
        self._over = False
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{http}", headers={"Authorization": f"Bearer {token}"}
        )
        self._open = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="stream", daemon=True)

    def __enter__(self) -> Self:
        """Return when the stream is open; raises TimeoutError."""
        self._thread.start()
        if not self._open.wait(ANSWER_S):
            raise TimeoutError("the hub's event stream did not open")
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening, and return when it has."""
        self._over = True
        self._thread.join(ANSWER_S)
        self._client.close()

    def _listen(self) -> None:
        event = ""
        with self._client.stream("GET", "/api/v1/stream", timeout=None) as stream:
            stream.raise_for_status()
            self._open.set()
            for line in stream.iter_lines():
                if line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:") and event == "case":
                    self._take(json.loads(line[5:])["case"])
                # The hub sends something every 2 s, so a closed listener ends soon.
                if self._over:
                    return
