"""Many cameras of one gateway at once are one job: a switch, a recorder, the power, the night."""

from collections.abc import Sequence

import msgspec
import pytest

from cases.desk import Desk
from model.anomaly import Evidence, Severity
from model.case import Case
from model.place import Building, Compound, Device, Registry

from .world import GRID, MINUTE, SECOND, T0, HealthBook, alarm, ended

CAMERAS = 64
NAMES = [f"cam-{n}" for n in range(CAMERAS)]


def places(buildings: int) -> Registry:
    """Return a compound with so many buildings and its cameras in them; none: nobody registered them."""
    return Registry(
        compounds=[Compound("c1", "c1", GRID)],
        buildings=[Building(f"b{n}", f"b{n}", "c1", GRID) for n in range(buildings)],
        devices=[
            Device(name, "camera", building=f"b{n % buildings}", compound="c1")
            for n, name in enumerate(NAMES)
            if buildings
        ],
    )


def fall(
    desk: Desk, category: str, *, at: int = 0, names: Sequence[str] = NAMES, over: bool = False,
    **more: object,
) -> list[str]:  # fmt: skip
    """Let cameras say one after the other that something is so, and over again; return the notices."""
    notices = []
    for n, name in enumerate(names):
        said = alarm(name, at + n, category=category, severity=Severity.MINOR)
        said = msgspec.structs.replace(said, **more)
        for one in (said, ended(said, at + MINUTE)) if over else (said,):
            notices += [c.notice for c in desk.receive(one, T0 + at + n) if c.notice]
    return notices


def subjects(cases: Sequence[Case]) -> list[str]:
    """Return the cameras that the cases list."""
    return sorted(member.subject for case in cases for member in case.members)


@pytest.mark.parametrize(
    ("category", "buildings", "most"),
    [
        ("camera_offline", 1, 1),
        ("camera_offline", 16, 5),
        ("camera_offline", 0, 1),
        ("camera_tampered", 1, 5),
        ("camera_tampered", 16, 5),
        ("camera_tampered", 0, 5),
    ],
)
def test_sixty_four_cameras_at_once_are_a_handful_of_cases(
    category: str, buildings: int, most: int
) -> None:
    """Each is listed in one of them; coming and going ten times makes no more of it."""
    desk = Desk(places(buildings), HealthBook())
    notices = fall(desk, category, over=True)
    cases = list(desk.open_cases())
    assert len(cases) == most
    assert {case.category for case in cases} == {category}
    assert subjects(cases) == sorted(NAMES)
    assert len(notices) <= 2 * most
    for again in range(1, 10):
        fall(desk, category, at=again * 3 * MINUTE, over=True)
    assert len(list(desk.open_cases())) == most


def test_a_few_cameras_and_slow_ones_are_cases_of_their_own() -> None:
    """Four covered at once are four people's work to look at, as are ten in ten minutes."""
    desk = Desk(places(1), HealthBook())
    fall(desk, "camera_tampered", names=NAMES[:4])
    assert len(list(desk.open_cases())) == 4
    for n, name in enumerate(NAMES[4:10]):
        fall(desk, "camera_tampered", at=(n + 2) * MINUTE, names=[name])
    assert len(list(desk.open_cases())) == 10


def test_another_gateways_camera_is_not_taken_in() -> None:
    """What is behind another gateway has another cause."""
    desk = Desk(places(1), HealthBook())
    fall(desk, "camera_tampered", names=NAMES[:60])
    other = (Evidence("gw2/e/alarm/1", NAMES[63], T0 + SECOND),)
    fall(desk, "camera_tampered", at=SECOND, names=NAMES[63:], evidence=other)
    alone = [case for case in desk.open_cases() if subjects([case]) == [NAMES[63]]]
    assert len(alone) == 1


def test_cameras_that_nobody_registered_go_by_their_gateway_without_a_compound() -> None:
    """Two gateways are two cases, and each can be given to somebody."""
    desk = Desk(Registry(), HealthBook())
    fall(desk, "camera_offline", names=NAMES[:9], compound="")
    for n, name in enumerate(NAMES[9:20]):
        one = (Evidence(f"gw2/e/alarm/{n}", name, T0),)
        fall(desk, "camera_offline", names=[name], compound="", evidence=one)
    assert sorted(len(case.members) for case in desk.open_cases()) == [9, 11]


def test_a_restart_among_them_makes_no_case_more() -> None:
    """What has gathered is known from the cases."""
    for cut in (2, 4, 5, 40):
        first = Desk(places(1), HealthBook())
        fall(first, "camera_tampered", names=NAMES[:cut])
        second = Desk(places(1), HealthBook())
        second.restore([msgspec.structs.replace(case) for case in first.open_cases()])
        fall(second, "camera_tampered", at=SECOND, names=NAMES[cut:])
        assert len(list(second.open_cases())) == 5
