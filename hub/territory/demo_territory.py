"""Writes the demo territory as a registry: the same files that a real site would have."""

from collections.abc import Iterator

from model.place import Contact, Device, Division, Registry

from .csvtext import CsvRow, read_table
from .demo_plan import DETECTORS, DOORS, PANELS, Panel, Territory, plan_territory
from .divisions import SHIPPED_DIVISIONS, shipped_divisions
from .registry_export import export_documents
from .rows import DivisionRow

_DOOR_SILENT_AFTER_S = 86_400  # a door without a heartbeat of its own may rest all night
_CONTACT_SENSOR_SILENT_AFTER_S = 7_200

# (role, name, from, to): the names say that nobody real is meant.
_CONTACTS = (
    ("fire_control_room", "示例消控室值班员", 0, 24),
    ("micro_fire_station", "示例微型消防站", 0, 24),
    ("property", "示例物业日班", 8, 20),
    ("property", "示例物业夜班", 20, 8),
    ("contractor", "示例维保单位", 8, 18),
    ("grid_worker", "示例网格员", 8, 22),
)


def demo_communities() -> list[tuple[str, str]]:
    """Return the 43 communities of Haibowan as (code, name), in order of code."""
    rows = [row.cells for row in _shipped_rows()]
    return sorted((row["code"], row["name"]) for row in rows if row["level"] == "community")


def demo_territory(
    *, seed: int = 1, detectors: int = DETECTORS, panels: int = PANELS, doors: int = DOORS
) -> Territory:
    """Return the plan behind `demo_documents`, for the simulator."""
    return plan_territory(
        demo_communities(), seed=seed, detectors=detectors, panels=panels, doors=doors
    )


def demo_documents(
    *, seed: int = 1, detectors: int = DETECTORS, panels: int = PANELS, doors: int = DOORS
) -> dict[str, str]:
    """Return the demo registry as name → text: 8 compounds, 435 grids, 2,000 smoke detectors.

    Telephone numbers are of the form 0473-000-xxxx, which nobody has; the same arguments give the
    same texts.
    """
    plan = demo_territory(seed=seed, detectors=detectors, panels=panels, doors=doors)
    grids = [
        Division(code=g.code, name=g.name, level="grid", parent=g.code[:12]) for g in plan.grids
    ]
    divisions = [DivisionRow.model_validate(row.cells).record() for row in _shipped_rows()]
    return export_documents(
        Registry(
            divisions=[*divisions, *grids],
            compounds=plan.compounds,
            buildings=plan.buildings,
            devices=_devices(plan),
            contacts=_contacts(plan),
        )
    )


def _shipped_rows() -> list[CsvRow]:
    return read_table(shipped_divisions(), SHIPPED_DIVISIONS).rows


def _contacts(plan: Territory) -> Iterator[Contact]:
    for place, compound in enumerate(plan.compounds):
        for number, (role, name, from_hour, to_hour) in enumerate(_CONTACTS):
            phone = f"0473-000-{place + 1:02d}{number + 1:02d}"
            yield Contact(
                compound=compound.id,
                role=role,
                name=f"{compound.name}{name}",
                phone=phone,
                from_hour=from_hour,
                to_hour=to_hour,
            )


def _devices(plan: Territory) -> Iterator[Device]:
    for item in plan.detectors:
        yield Device(
            id=item.device,
            kind="smoke_detector",
            building=item.building,
            floor=item.floor,
            room=item.room,
            role="detector",
        )
    for sensor in plan.door_sensors:
        yield Device(
            id=sensor.device,
            kind="door_sensor",
            building=sensor.building,
            name="屋面门",
            silent_after_s=_CONTACT_SENSOR_SILENT_AFTER_S,
            role="door",
        )
    for door in plan.doors:
        yield Device(
            id=door.device,
            kind="door",
            building=door.building,
            name=door.label,
            silent_after_s=_DOOR_SILENT_AFTER_S,
            role="door",
        )
    for panel in plan.panels:
        yield from _panel_devices(panel)


def _panel_devices(panel: Panel) -> Iterator[Device]:
    building = panel.building
    yield Device(
        id=panel.transmitter,
        kind="fire_transmitter",
        building=building,
        name="用户信息传输装置",
        role="transmitter",
    )
    yield Device(
        id=panel.system,
        kind="fire_system",
        building=building,
        name="火灾报警控制器",
        role="panel",
    )
    for component in panel.components:
        yield Device(
            id=component.device,
            kind="fire_component",
            building=building,
            floor=component.floor,
            name=component.description,
            role=component.role,
        )
