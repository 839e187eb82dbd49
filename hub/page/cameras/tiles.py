"""The tiles of all cameras, drawn once a second for all screens together, and only what changed is sent."""

import threading
from typing import NamedTuple

from hub.api.services import Services
from hub.camera_views import CameraView, camera_views
from hub.page.board import Board
from hub.page.case.markup import Markup
from hub.page.words import Lang

from .tile import tile_html

FRESH_MS = 1_000


class Drawn(NamedTuple):
    """A camera as it was drawn last, and the number of the drawing in which it changed."""

    view: CameraView
    html: Markup
    version: int


class Tiles:
    """Draws in worker threads; a lock keeps two screens from drawing the same."""

    def __init__(self, hub: Services, board: Board) -> None:
        """Take the hub and what is open."""
        self._hub, self.board = hub, board
        self._lock = threading.Lock()
        self._drawn: dict[tuple[Lang, bool], dict[str, Drawn]] = {}
        self._at: dict[tuple[Lang, bool], int] = {}
        self._version = 0

    def now(self, lang: Lang, *, pictures: bool) -> tuple[dict[str, Drawn], int]:
        """Return every camera, what needs a look first, and the version of this drawing."""
        key = (lang, pictures)
        with self._lock:
            now = self._hub.now()
            if key not in self._drawn or not 0 <= now - self._at[key] < FRESH_MS:
                self._drawn[key] = self._draw(key, now)
                self._at[key] = now
            return self._drawn[key], self._version

    def _draw(self, key: tuple[Lang, bool], now: int) -> dict[str, Drawn]:
        hub, before = self._hub, self._drawn.get(key, {})
        views = camera_views(hub, lambda _grid: True)
        cases = open_cases(self.board)
        self._version += 1
        found: dict[str, Drawn] = {}
        for view in views:
            html = tile_html(view, cases.get(view.id, ""), now=now, lang=key[0], pictures=key[1])
            old = before.get(view.id)
            same = old is not None and old.html == html
            version = old.version if old is not None and same else self._version
            found[view.id] = Drawn(view, html, version)
        return found


def open_cases(board: Board) -> dict[str, str]:
    """Return the most urgent open case of each camera; a zone's case is its camera's."""
    found: dict[str, str] = {}
    for case in board.ordered():
        members = case.get("members")
        subjects = [case.get("subject")]
        subjects += [m.get("subject") for m in members if isinstance(m, dict)] if isinstance(members, list) else []  # fmt: skip
        for subject in subjects:
            # No camera's name holds a slash.
            found.setdefault(str(subject).partition("/")[0], str(case["id"]))
    return found
