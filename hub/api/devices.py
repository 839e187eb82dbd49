"""Devices, gateways and what the rules said of them lately, over HTTP."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from hub.access import Principal
from hub.case_store.filters import BadCursor
from hub.device_pages import Asked
from hub.territory.areas import areas, geojson
from model.place import Registry

from .answer import answer
from .auth import Hub, Reader, UnlimitedReader
from .words import Limit, Word

router = APIRouter(tags=["devices"])

EVERY = 1_000_000  # more devices than a hub has: asked for when the territory decides afterwards
Cursor = Annotated[str, Query(max_length=8_000, description="`next` of the page before")]
_DEVICE, _PLACE = "device:", "place:"


@router.get("/devices", summary="Devices and what is known of them 设备")
def list_devices(
    hub: Hub,
    who: Reader,
    *,
    q: Annotated[Word, Query(description="a part of the device's id")] = "",
    unregistered: Annotated[bool, Query(description="only those nobody registered")] = False,
    cursor: Cursor = "",
    limit: Limit = 100,
) -> Response:
    """Return `{"items": […], "next": cursor}` by id; a device that nobody registered belongs to no territory."""
    items, after = hub.devices(Asked(q, unregistered, _id_in(cursor), limit), who.sees)
    return answer({"items": items, "next": after and urlsafe_b64encode(after.encode()).decode()})


def _id_in(cursor: str) -> str:
    """Return the id that a cursor stands for; ids may hold anything, addresses may not."""
    try:
        return urlsafe_b64decode(cursor).decode()
    except ValueError as error:
        raise BadCursor("the cursor is not one that a page of devices gave") from error


@router.get("/rules", summary="Rules in force 规则")
def list_rules(hub: Hub, _who: UnlimitedReader) -> Response:
    """Return every rule: id, kind, title, category, severity, hash, open anomalies, failures."""
    return answer({"items": hub.rules(), "next": None})


@router.get("/census", summary="How many devices are heard and silent 设备统计")
def census(hub: Hub, _who: UnlimitedReader) -> Response:
    """Return counts of devices: registered, heard within their contract, silent, unregistered."""
    return answer(msgspec.to_builtins(hub.census()))


@router.get("/areas", summary="Schematic areas of communities and grids (GeoJSON) 区域示意")
def list_areas(hub: Hub, _who: Reader) -> Response:
    """Return GeoJSON (RFC 7946, WGS-84); made from registered positions, no survey."""
    return answer(geojson(areas(hub.registry())))


@router.get("/anomalies", summary="What the rules concluded lately, newest first 异常")
def list_anomalies(hub: Hub, who: Reader, limit: Limit = 100) -> Response:
    """Return anomalies; a limited token gets those of its territory."""
    found = list(hub.anomalies(EVERY if who.grid else limit))
    if who.grid:
        registry = hub.registry()
        found = [item for item in found if in_territory(item.subject, who, registry)]
    return answer({"items": msgspec.to_builtins(found[:limit]), "next": None})


@router.get("/gateways", summary="Gateways and their last sign of life 网关")
def list_gateways(hub: Hub, _who: UnlimitedReader) -> Response:
    """Return every gateway; they serve several grids, so a limited token may not ask."""
    return answer({"items": hub.gateways(), "next": None})


def in_territory(subject: str, who: Principal, registry: Registry) -> bool:
    """Return whether a device or place (`place:…`) lies where the asker may look."""
    if not who.grid:
        return True
    if subject.startswith(_PLACE):
        place = registry.place(subject.removeprefix(_PLACE))
    else:
        place = registry.place_of(subject.removeprefix(_DEVICE))
    return place is not None and who.sees(place.grid)
