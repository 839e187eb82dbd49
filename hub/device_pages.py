"""Devices by id, a page at a time, for programs: of the others only the ids are looked at."""

from collections.abc import Callable
from heapq import nsmallest
from typing import NamedTuple

from rules.book import Book


class Asked(NamedTuple):
    """Which devices: ids behind `after` that hold `q`; only those of nobody when `unregistered`."""

    q: str = ""
    unregistered: bool = False
    after: str = ""
    limit: int = 100


def page_of(book: Book, asked: Asked, sees: Callable[[str], bool]) -> tuple[list[str], str | None]:
    """Return the ids of a page, and where the next one begins; None when this is the last.

    `sees` tells whether a grid is in the asker's territory; what nobody registered lies in none ("").
    A device that comes between two pages is on neither, as in every list by cursor.
    """
    names = book.strangers.keys() if asked.unregistered else {*book.registry.devices, *book.devices}
    wanted = asked.q.lower()
    found = (
        name
        for name in names
        if name > asked.after and wanted in name.lower() and sees(_grid(book, name))
    )
    page = nsmallest(asked.limit + 1, found)
    if len(page) <= asked.limit:
        return page, None
    return page[:-1], page[-2]


def _grid(book: Book, name: str) -> str:
    place = book.registry.place_of(name)
    return place.grid if place else ""
