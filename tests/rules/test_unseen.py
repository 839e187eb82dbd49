"""A resident living alone whom nobody saw for long: only with the consent of the household."""

from model.reading import Mode

from .test_count import UNSEEN, Hall, places, rule
from .town import HOUR, MINUTE, SECOND, T0


def test_nobody_seen_for_a_day_is_told_from_the_last_sign_on() -> None:
    """With the household's consent; the evidence names the device and no content."""
    hall = Hall(rule(UNSEEN))
    hall.moves()
    assert hall.wait(24 * HOUR, step=10 * SECOND) == []
    assert "0.0 h left" in hall.why("place:h-301")
    (unseen,) = hall.wait(MINUTE)
    assert (unseen.subject, unseen.started_at) == ("place:h-301", T0 + 24 * HOUR)
    assert [(e.device, e.values, e.event) for e in unseen.evidence] == [("pir", {}, "")]
    assert [a.ended_by for a in hall.moves()] == ["seen"]
    assert hall.town.engine.book.registry.place("h-301").name == "Compound Hall 301"  # type: ignore[union-attr]


def test_no_motion_is_no_sign_of_anybody() -> None:
    """A sensor that says that nothing moves is alive, and nobody was seen."""
    hall = Hall(rule(UNSEEN))
    hall.moves()
    for _ in range(25):
        hall.wait(HOUR, step=10 * SECOND)
        hall.moves(motion=False)
    assert len(hall.town.engine.open()) == 1


def test_without_consent_nothing_is_watched_or_kept() -> None:
    """Not even when somebody was seen."""
    hall = Hall(rule(UNSEEN), places(consent=False))
    hall.moves()
    hall.wait(30 * HOUR, step=10 * SECOND)
    assert hall.town.said == []
    assert not [row for row in hall.town.engine.dirty() if row[0] == "many"]
    assert "未获住户同意" in hall.why("place:h-301")


def test_a_consent_taken_back_is_forgotten_at_once() -> None:
    """What is open ends; a new consent begins from nothing."""
    hall = Hall(rule(UNSEEN))
    hall.moves()
    hall.wait(25 * HOUR, step=10 * SECOND)
    hall.town.engine.dirty()
    hall.town.engine.replace(rule(UNSEEN), places(consent=False))
    assert [a.ended_by for a in hall.wait(SECOND)] == ["consent_withdrawn"]
    assert ("many", "place:h-301", b"") in hall.town.engine.dirty()
    hall.town.engine.replace(rule(UNSEEN), places())
    assert hall.wait(30 * HOUR, step=10 * SECOND) == []


def test_a_sensor_or_gateway_that_is_gone_is_no_absent_person() -> None:
    """Nothing is judged until the gateway is back and caught up."""
    hall = Hall(rule(UNSEEN))
    hall.moves()
    hall.wait(HOUR, step=10 * SECOND)
    hall.town.beat(state="lost")
    assert hall.wait(30 * HOUR, step=10 * SECOND, beats=False) == []
    assert "not judged: pir is not heard" in hall.why("place:h-301")
    hall.town.beat()
    assert [a.phase.value for a in hall.wait(2 * MINUTE)] == ["started"]


def test_a_test_sees_nobody() -> None:
    """The electrician's walk test does not show that the resident is well."""
    hall = Hall(rule(UNSEEN))
    hall.moves()
    hall.wait(23 * HOUR, step=10 * SECOND)
    hall.moves(mode=Mode.TEST)
    found = hall.wait(2 * HOUR, step=10 * SECOND)
    assert [a.started_at for a in found] == [T0 + 24 * HOUR]
