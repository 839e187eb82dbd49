"""Places panels on Grafana's grid of 24 columns: bands of columns of tiles, never overlapping."""

from collections.abc import Sequence
from typing import NamedTuple

from grafana_foundation_sdk.models import dashboard as sdk

WIDTH = 24


class Tile(NamedTuple):
    """A panel and its height in grid units of about 38 px."""

    panel: sdk.Panel
    height: int


Column = tuple[int, list[Tile]]
"""Width in grid units, and the tiles from top to bottom."""


class Band(NamedTuple):
    """Columns side by side, under a heading (which can be folded) if there is a title."""

    title: str
    columns: Sequence[Column]


def column(width: int, height: int, *panels: sdk.Panel) -> Column:
    """Return panels of one height, one below the other."""
    return width, [Tile(panel, height) for panel in panels]


def place(bands: Sequence[Band]) -> list[sdk.Panel | sdk.RowPanel]:
    """Return all panels with ids and positions; raises ValueError when a band is too wide."""
    placed: list[sdk.Panel | sdk.RowPanel] = []
    top = 0
    for band in bands:
        if sum(width for width, _ in band.columns) > WIDTH:
            raise ValueError(f"the band {band.title!r} is wider than {WIDTH} columns")
        if band.title:
            at = sdk.GridPos(h=1, w=WIDTH, x=0, y=top)
            heading = sdk.RowPanel(collapsed=False, title=band.title, grid_pos=at, panels=[])
            heading.id_val = len(placed) + 1
            placed.append(heading)
            top += 1
        left, bottom = 0, top
        for width, tiles in band.columns:
            y = top
            for tile in tiles:
                tile.panel.id_val = len(placed) + 1
                tile.panel.grid_pos = sdk.GridPos(h=tile.height, w=width, x=left, y=y)
                placed.append(tile.panel)
                y += tile.height
            left += width
            bottom = max(bottom, y)
        top = bottom
    return placed
