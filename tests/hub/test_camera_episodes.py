"""Episodes of a camera are put together from its Readings, in whatever order they are read."""

import itertools

from hub.camera_episodes import episodes_of
from model.reading import Reading, Value


def reading(at: int, device: str = "c/gate", **values: Value) -> Reading:
    """Return what a camera's zone said."""
    return Reading(device, "camera_zone", at, values=values)


def test_start_update_and_end_are_one_episode_in_any_order() -> None:
    """With its highest confidence; a heartbeat is none, though its states stand in it."""
    said = [
        reading(1_000, intrusion=True, episode="e1", confidence=0.5, seen_s=0.0),
        reading(31_000, intrusion=True, episode="e1", confidence=0.9, seen_s=30.0),
        reading(60_000, intrusion=False, episode="e1", confidence=0.7, seen_s=55.0, ended_by="gone"),
        reading(60_500, intrusion=False),
    ]  # fmt: skip
    for order in itertools.permutations(said):
        (one,) = episodes_of(order, "c")
        assert (one.started_at, one.ended_at, one.confidence) == (1_000, 60_000, 0.9)
        assert (one.zone, one.observation, one.ended_by) == ("gate", "intrusion", "gone")


def test_what_a_blind_camera_ended_may_go_on_and_the_newest_word_counts() -> None:
    """Its end names the observation, for it says nothing of the state."""
    said = [
        reading(1_000, intrusion=True, episode="e1", seen_s=0.0),
        reading(5_000, observation="intrusion", episode="e1", ended_by="blind", seen_s=4.0),
        reading(9_000, intrusion=True, episode="e1", seen_s=8.0),
    ]
    gone = reading(20_000, intrusion=False, episode="e1", seen_s=8.0, ended_by="unseen")
    stories = {
        (5_000, "blind"): said[:2],
        (None, ""): said,
        (20_000, "unseen"): [*said, gone],
    }
    for (ended_at, ended_by), story in stories.items():
        for order in itertools.permutations(story):
            (one,) = episodes_of(order, "c")
            assert (one.observation, one.started_at) == ("intrusion", 1_000)
            assert (one.ended_at, one.ended_by) == (ended_at, ended_by)


def test_an_episode_whose_beginning_was_not_read_begins_where_it_says() -> None:
    """It was seen for 100 s when it was told; without an end it goes on."""
    (one,) = episodes_of([reading(500_000, motion=True, episode="e1", seen_s=100.0)], "c")
    assert (one.started_at, one.ended_at) == (400_000, None)


def test_the_newest_comes_first_and_the_camera_itself_is_no_zone() -> None:
    """Two episodes with one id at two devices are two."""
    found = episodes_of(
        [
            reading(1_000, "c", covered=True, episode="e1"),
            reading(9_000, "c/gate", motion=True, episode="e1"),
        ],
        "c",
    )
    assert [(one.zone, one.observation) for one in found] == [("gate", "motion"), ("", "covered")]
