"""A loss of which thousands of devices hang: the desk keeps up while they go and while they return."""

from time import perf_counter

from cases import topology
from cases.desk import Desk
from cases.dossier import Dossier
from model.anomaly import Severity
from model.place import Building, Compound, Device, Registry

from .world import GRID, MINUTE, T0, HealthBook, alarm, ended

MANY = 2_000


def powered(count: int) -> Desk:
    """Return a desk of a building whose detectors all hang on one meter."""
    registry = Registry(
        compounds=[Compound("c1", "c", GRID)],
        buildings=[Building("b1", "b", "c1", GRID)],
        devices=[
            Device("meter", "meter", building="b1", compound="c1"),
            *(
                Device(f"d{n}", "detector", building="b1", compound="c1", powered_by="meter")
                for n in range(count)
            ),
        ],
    )
    return Desk(registry, HealthBook())


def test_two_thousand_devices_go_and_return_with_the_power() -> None:
    """The time per device stays far below a second; it was minutes for each when power was back."""
    desk = powered(MANY)
    cut = alarm("meter", category="mains_fault", severity=Severity.MAJOR)
    desk.receive(cut, T0)
    silent = [
        alarm(f"d{n}", MINUTE, category="silent", severity=Severity.MINOR) for n in range(MANY)
    ]
    began = perf_counter()
    for each in silent:
        desk.receive(each, T0 + MINUTE)
    desk.receive(ended(cut, 5 * MINUTE), T0 + 5 * MINUTE)
    for each in silent:
        desk.receive(ended(each, 6 * MINUTE, "heard_again"), T0 + 6 * MINUTE)
    assert perf_counter() - began < 60
    (case,) = desk.open_cases()
    assert (len(case.members), case.active, case.check_at) == (MANY + 1, 0, None)


def test_the_lost_are_found_once_for_all_members() -> None:
    """Members looked at grow with their number, not with its square."""
    looked = 0

    class Counting(dict[tuple[str, str], object]):
        def values(self) -> object:  # type: ignore[override]
            nonlocal looked
            looked += len(self)
            return super().values()

    desk = powered(100)
    cut = alarm("meter", category="mains_fault", severity=Severity.MAJOR)
    desk.receive(cut, T0)
    for n in range(100):
        desk.receive(alarm(f"d{n}", MINUTE, category="silent", severity=Severity.MINOR), T0)
    (case,) = desk.open_cases()
    dossier = Dossier(case)
    dossier.members = Counting(dossier.members)  # type: ignore[assignment]
    assert topology.outlasting(dossier) == []
    assert looked <= 5 * 101
