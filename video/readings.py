"""What leaves a camera: Readings like any other device's.

A camera is a device of kind `camera`; each zone is one of kind `camera_zone` called CAMERA/ZONE, fronted by
its camera as a panel fronts its detectors, so that the registry can say which place a zone shows.
An observation is a boolean state named after it, true from an episode's start to its end. An episode that ends
because the camera is blind, or is no more, says nothing of the state: the thing may still be there.
"""

from collections.abc import Mapping

from model.reading import Reading, Value

from .contract import WHOLE
from .episodes import UNKNOWN, News, Stage

CAMERA = "camera"
ZONE = "camera_zone"


def device_of(camera: str, zone: str) -> str:
    """Return the device id of a zone, or of the camera itself for the whole picture."""
    return camera if zone == WHOLE else f"{camera}/{zone}"


def news_reading(news: News, *, camera: str, compound: str) -> Reading:
    """Return the Reading of an episode's start, update or end.

    `episode` names it through all of them, `seen_s` is how long it was seen, `confidence` is 0-1,
    `box` is left,top,right,bottom in parts of the picture. An end by which nobody knows has no state and no
    quantities, only the `observation`'s name.
    """
    episode = news.episode
    values: dict[str, Value] = (
        {"observation": episode.observation}
        if episode.ended_by in UNKNOWN
        else {**episode.values, episode.observation: news.stage is not Stage.END}
    )
    values |= {
        "episode": episode.id,
        "confidence": round(episode.confidence, 3),
        "seen_s": round(max(0, episode.last_seen_at - episode.started_at) / 1000, 1),
    }
    if episode.box is not None:
        values["box"] = ",".join(f"{side:.3f}" for side in episode.box)
    if episode.ended_by:
        values["ended_by"] = episode.ended_by
    return _reading(camera, episode.zone, compound, news.at, values)


def state_readings(
    states: Mapping[str, Mapping[str, Value]],
    health: Mapping[str, Value],
    *,
    camera: str,
    compound: str,
    at: int,
) -> list[Reading]:
    """Return the heartbeat: the camera's health, and what is known of each zone ("" the camera's own).

    Known are states that are false, and measures; what is not known is not in it. What is true is told by its
    episode's own Readings, so that no newer word without the episode hides which pictures belong to it.
    """
    own = {**health, **states.get(WHOLE, {})}
    zones = [
        _reading(camera, zone, compound, at, dict(known))
        for zone, known in states.items()
        if zone != WHOLE and known
    ]
    return [_reading(camera, WHOLE, compound, at, own), *zones]


def _reading(camera: str, zone: str, compound: str, at: int, values: dict[str, Value]) -> Reading:
    return Reading(
        device=device_of(camera, zone),
        kind=CAMERA if zone == WHOLE else ZONE,
        received_at=at,
        values=values,
        compound=compound,
        source="" if zone == WHOLE else camera,
    )
