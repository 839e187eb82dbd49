"""Loitering, counting and e-bikes: what is made of things that were named and followed."""

from tests.video.views import seen, sighting, standing, view, zones
from video.contract import Box, Detected
from video.observations.crowd import Crowd, CrowdSettings
from video.observations.ebike import Ebike, EbikeSettings
from video.observations.loitering import Loitering, LoiteringSettings


def _loitering(seconds: float, *wanted: str) -> Loitering:
    return Loitering(LoiteringSettings(seconds=seconds, zones=wanted), zones(*wanted))


def test_who_stays_longer_than_allowed_loiters_even_when_walking_about() -> None:
    """The stay counts, not standing still."""
    watch = _loitering(30, "left")
    for ms in range(0, 30_000, 500):
        x = 0.2 + 0.15 * ((ms // 500) % 8) / 8
        assert seen(watch, view(ms, [standing(x)]), "left") is False
    one = sighting(watch, view(30_500, [standing(0.3)]), "left")
    assert one.seen is True
    assert one.values == {"stay_s": 30.5, "inside": 1.0}


def test_ten_people_who_pass_one_after_the_other_are_no_loiterer() -> None:
    """Each has his own stay, though somebody is there all the time."""
    watch = _loitering(30)
    for ms in range(0, 120_000, 500):
        assert seen(watch, view(ms, [standing(0.1 + 0.8 * (ms % 12_000) / 12_000)])) is not True


def test_who_leaves_the_zone_and_comes_back_begins_anew() -> None:
    """Twenty seconds twice are not forty."""
    watch = _loitering(30, "left")
    for ms in range(0, 20_000, 500):
        seen(watch, view(ms, [standing(0.3)]), "left")
    for ms in range(20_000, 24_000, 500):
        assert seen(watch, view(ms, [standing(0.7)]), "left") is False
    for ms in range(24_000, 50_000, 500):
        assert seen(watch, view(ms, [standing(0.3)]), "left") is False


def test_who_leaves_the_picture_is_forgotten() -> None:
    """Nothing is kept by which he could be known again."""
    watch = _loitering(10)
    for ms in range(0, 9_000, 500):
        seen(watch, view(ms, [standing(0.3)]))
    for ms in range(9_000, 14_000, 500):
        seen(watch, view(ms, []))
    for ms in range(14_000, 23_000, 500):
        assert seen(watch, view(ms, [standing(0.3)])) is False


def test_a_stay_goes_on_behind_a_pillar_for_a_moment() -> None:
    """Two seconds hidden do not begin it anew."""
    watch = _loitering(20)
    for ms in range(0, 22_000, 500):
        hidden = 10_000 <= ms < 12_000
        told = seen(watch, view(ms, [] if hidden else [standing(0.3)]))
    assert told is True


def test_one_frame_in_three_seconds_is_enough_to_loiter() -> None:
    """Key-frame mode: rates vary, seconds do not."""
    watch = _loitering(60)
    for ms in range(0, 64_000, 2_900):
        told = seen(watch, view(ms, [standing(0.3)]))
    assert told is True


def test_persons_are_counted_in_the_zone_and_a_limit_makes_a_crowd() -> None:
    """Three stand in the left half, one beside it; the limit is two."""
    watch = Crowd(CrowdSettings(zones=("left",), limit=2), zones("left"))
    group = [standing(0.1), standing(0.25), standing(0.4), standing(0.8)]
    for ms in range(0, 8_000, 500):
        one = sighting(watch, view(ms, group), "left")
    assert one.seen is True
    assert one.values["people_count"] == 3
    for ms in range(8_000, 20_000, 500):
        one = sighting(watch, view(ms, group[:2]), "left")
    assert one.seen is False
    assert one.values["people_count"] == 2


def test_without_a_limit_persons_are_only_counted() -> None:
    """The hub's rule has the limit of a hall with several cameras."""
    watch = Crowd(CrowdSettings(), zones())
    for ms in range(0, 8_000, 500):
        one = sighting(watch, view(ms, [standing(n / 20) for n in range(1, 20)]))
    assert one.seen is False
    assert one.values["people_count"] == 19


def test_a_flicker_of_the_detector_does_not_change_the_count() -> None:
    """One person vanishes in each third look, a wrong box appears in each fourth."""
    watch = Crowd(CrowdSettings(), zones())
    counts = []
    for number in range(40):
        group = [standing(0.2), *([] if number % 3 == 0 else [standing(0.5)])]
        wrong = [standing(0.05 + number / 45, high=0.1)] if number % 4 == 0 else []
        one = sighting(watch, view(number * 500, [*group, *wrong]))
        counts.append(one.values["people_count"])
    assert set(counts[10:]) == {2}


def test_cars_dogs_and_shop_dolls_are_no_persons() -> None:
    """Only the label counts; a doll that the detector calls a person would."""
    watch = Crowd(CrowdSettings(limit=1), zones())
    things = [standing(0.2, "car"), standing(0.5, "dog"), standing(0.8, "chair")]
    for ms in range(0, 8_000, 500):
        one = sighting(watch, view(ms, things))
    assert one.values["people_count"] == 0


def _ebike(**settings: object) -> Ebike:
    return Ebike(EbikeSettings.model_validate(settings), zones())


def test_a_two_wheeler_in_the_lift_is_told_after_a_second() -> None:
    """By either of the names the detector has for it, also when it changes its mind."""
    watch = _ebike()
    names = ["bicycle", "motorcycle", "motorcycle", "bicycle", "motorcycle", "motorcycle"]
    told = [
        seen(watch, view(number * 300, [standing(0.5, name)])) for number, name in enumerate(names)
    ]
    assert told == [None, None, None, None, True, True]


def test_people_prams_and_suitcases_are_no_ebikes() -> None:
    """Negatives of the same size in the same place."""
    watch = _ebike()
    for ms in range(0, 6_000, 300):
        for label in ("person", "suitcase", "chair", "dog"):
            assert seen(watch, view(ms, [standing(0.5, label)])) is False


def test_a_two_wheeler_named_once_is_not_believed() -> None:
    """A pram that looks like a bicycle for one frame opens no case."""
    watch = _ebike()
    thing = Detected("bicycle", 0.5, Box(0.3, 0.3, 0.7, 0.9))
    told = [seen(watch, view(ms, [thing] if ms == 300 else [])) for ms in range(0, 6_000, 300)]
    assert True not in told


def test_only_motorcycles_can_be_asked_for() -> None:
    """Where push bicycles may ride along."""
    watch = _ebike(labels=["motorcycle"])
    for ms in range(0, 3_000, 300):
        assert seen(watch, view(ms, [standing(0.5, "bicycle")])) is False
