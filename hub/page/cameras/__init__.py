"""The pages of cameras 摄像机: the wall of all, one camera, its zones and masks, trials with a clip."""

from fastapi import APIRouter

from hub.page.site import Site, Title

from . import routes, wall
from .tiles import Tiles


def install(site: Site) -> APIRouter:
    """Serve the pages; return the routes that their scripts ask."""
    tiles = Tiles(site.hub, site.board)
    site.page("/cameras", Title("摄像机", "Cameras"), lambda visit: wall.build(visit, tiles))
    return routes.routes(site, tiles)
