"""The pages of cameras 摄像机: the wall of all, one camera, its zones and masks, trials with a clip."""

from fastapi import APIRouter

from hub.camera_trials import Trials
from hub.page.site import Site, Title

from . import one, routes, trial_routes, wall
from .tiles import Tiles


def install(site: Site) -> APIRouter:
    """Serve the pages; return the routes that their scripts ask."""
    tiles = Tiles(site.hub, site.board)
    site.page("/cameras", Title("摄像机", "Cameras"), lambda visit: wall.build(visit, tiles))
    site.page("/cameras/{camera}", Title("摄像机", "Camera"), lambda visit: one.build(visit, tiles))
    router = routes.routes(site, tiles)
    router.include_router(trial_routes.routes(site, Trials(site.hub.scratch / "clips")))
    return router
