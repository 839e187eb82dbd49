"""Many frames, one episode: it begins with the first frame that made it and ends once."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video.contract import ObservationSettings, Sighting
from video.episodes import RESUME_MS, EpisodeBook, News, Stage, episode_id
from video.observations.moved import MovedSettings

ZONE = "gate"


def book(after_s: float = 0, off_s: float = 5, update_s: float = 30) -> EpisodeBook:
    settings = ObservationSettings(after_s=after_s, off_delay_s=off_s)
    return EpisodeBook("cam-1", "intrusion", settings, update_s=update_s)


def play(
    a_book: EpisodeBook, story: str, step_ms: int = 1000, *, begins: int = 0, forgets: bool = False
) -> list[News]:
    """Each letter is a frame: x seen, . not seen, ? cannot tell, space no frame, ! the camera goes blind."""
    said = {"x": True, ".": False, "?": None}
    news: list[News] = []
    for number, letter in enumerate(story):
        at = begins + number * step_ms
        if letter == "!":
            news += a_book.blind(at, forgets=forgets)
        elif letter != " ":
            news += a_book.see([Sighting(ZONE, said[letter], 0.5)], at)
    return news


def stages(news: list[News]) -> list[tuple[str, int]]:
    return [(item.stage.value, item.at // 1000) for item in news]


def test_an_episode_has_one_id_from_start_to_end() -> None:
    news = play(book(update_s=2), "..xxxx......")
    assert stages(news) == [("start", 2), ("update", 4), ("end", 10)]
    assert {item.episode.id for item in news} == {episode_id("cam-1", "intrusion", ZONE, 2000)}
    assert news[-1].episode.ended_at == 5000, "it ended when it was last seen, not when we noticed"


def test_what_flickers_within_the_off_delay_is_one_episode() -> None:
    assert stages(play(book(), "x...x...x......")) == [("start", 0), ("end", 13)]


def test_it_counts_only_when_seen_long_enough_and_begins_where_it_began() -> None:
    news = play(book(after_s=3), ".xx.....xxxxx")
    assert stages(news) == [("start", 11)]
    assert news[0].episode.started_at == 8000


def test_a_blink_shorter_than_the_gap_does_not_begin_anew() -> None:
    assert play(book(after_s=3), "xx.xx")[0].episode.started_at == 0


def test_missing_frames_do_not_make_seconds_of_seeing() -> None:
    """A camera that sent nothing for a minute did not see anybody loiter for a minute."""
    assert play(book(after_s=30), "x" + " " * 60 + "x") == []


def test_cannot_tell_neither_begins_nor_ends() -> None:
    assert play(book(), "??????") == []
    assert stages(play(book(), "x?????????")) == [("start", 0)]


def test_a_blind_camera_ends_all_and_says_so() -> None:
    a_book = book()
    play(a_book, "xx")
    (ended,) = a_book.blind(9000)
    assert (ended.stage, ended.episode.ended_by) == (Stage.END, "blind")
    assert a_book.open() == []
    assert a_book.blind(9500) == [], "it is said once"


def ends(news: list[News]) -> list[tuple[str, int]]:
    return [(item.episode.ended_by, item.at // 1000) for item in news if item.stage is Stage.END]


def test_a_stream_that_drops_every_12_s_for_10_minutes_is_one_episode() -> None:
    """It once was fifty."""
    news = play(book(after_s=5), ("x" * 12 + "!") * 50)
    assert [item.at for item in news if item.stage is Stage.START] == [5000]
    assert {item.episode.id for item in news} == {episode_id("cam-1", "intrusion", ZONE, 0)}
    assert [by for by, _ in ends(news)] == ["blind"] * 50


def test_what_is_gone_when_the_camera_sees_again_has_ended() -> None:
    """The first end said that nobody knows; only now somebody does."""
    news = play(book(off_s=3), "xx!   ?....")
    assert ends(news) == [("blind", 2), ("unseen", 10)]
    assert news[-1].episode.id == news[0].episode.id
    assert news[-1].episode.ended_at == 1000, "when it was last seen"


def test_what_is_seen_long_after_blindness_is_something_new() -> None:
    minute = " " * (RESUME_MS // 1000)
    news = play(book(), f"x!{minute}xx")
    assert stages(news) == [("start", 0), ("end", 1), ("start", 62)]
    assert news[0].episode.id != news[2].episode.id


def test_a_long_off_delay_also_waits_for_a_blind_camera() -> None:
    news = play(book(off_s=600), f"x!{' ' * 300}x")
    assert stages(news) == [("start", 0), ("end", 1), ("update", 302)]
    assert {item.episode.id for item in news} == {news[0].episode.id}


def test_who_forgot_the_scene_may_not_say_that_it_is_right_again() -> None:
    """What it learns now is the wrong view: only what it sees again may end."""
    a_book = book(off_s=1)
    assert ends(play(a_book, "xx!........", forgets=True)) == [("blind", 2)]
    assert ends(play(a_book, "x...", begins=600_000)) == [("unseen", 601)]


def test_a_view_that_is_accepted_after_a_while_is_accepted_over_a_restart_too() -> None:
    """Somebody turned the camera on purpose, and the process was started anew."""
    a_book = EpisodeBook(
        "cam-1", "moved", MovedSettings(after_s=0, off_delay_s=1, accept_after_s=60), update_s=30
    )
    assert ends(play(a_book, "x!" + "." * 57, forgets=True)) == [("blind", 1)]
    assert ends(play(a_book, "....", begins=60_000)) == [("unseen", 61)]


def test_episodes_of_an_earlier_process_go_on_or_end() -> None:
    """Whether it was ended by a signal or by a crash, which tells nothing."""
    earlier = book()
    (started,) = play(earlier, "x")
    for crashed in (True, False):
        (episode,) = earlier.kept() if crashed else [n.episode for n in earlier.blind(1000)]
        goes_on, gone = book(off_s=2), book(off_s=2)
        for anew in (goes_on, gone):
            told = anew.restore(episode, 5000, forgot=False)
            assert [item.episode.ended_by for item in told] == (["blind"] if crashed else [])
        (again,) = play(goes_on, "x", begins=9000)
        assert (again.stage, again.episode.id) == (Stage.UPDATE, started.episode.id)
        assert ends(play(gone, "....", begins=9000)) == [("unseen", 11)]


@pytest.mark.parametrize("every_s", [1, 4, 6, 10, 30, 3600])
def test_a_camera_that_shows_little_is_believed_all_the_same(every_s: int) -> None:
    """`after_s` 5 and pictures farther apart: it once never began."""
    news = play(book(after_s=5), "x" * 12, every_s * 1000)
    assert [item.stage for item in news].count(Stage.START) == 1
    assert not ends(news)


def test_a_clock_that_is_set_forward_makes_no_seconds_of_seeing() -> None:
    """Not even where the off delay is an hour."""
    a_book = book(after_s=300, off_s=3600)
    assert play(a_book, "xxxxx") == []
    assert play(a_book, "xxxxx", begins=3_000_000) == []


def test_the_most_confident_moment_is_kept() -> None:
    a_book = book(update_s=1)
    for at, confidence in ((0, 0.4), (1000, 0.9), (2000, 0.6)):
        news = a_book.see([Sighting(ZONE, True, confidence)], at)  # noqa: FBT003
    assert news[0].episode.confidence == 0.9


@given(
    frames=st.lists(
        st.tuples(st.integers(1, 20_000), st.sampled_from([True, False, None, "blind", "forgets"])),
        max_size=80,
    ),
    after_s=st.sampled_from([0.0, 1.0, 7.0]),
    off_s=st.sampled_from([0.0, 2.0, 10.0]),
)
def test_each_episode_starts_once_and_ends_whatever_is_seen(
    frames: list[tuple[int, bool | str | None]], after_s: float, off_s: float
) -> None:
    """One at a time is open. Only blindness ends an episode that may go on; `unseen` is the last word."""
    a_book = book(after_s, off_s)
    at, news, seen_at = 0, [], set()
    for gap, seen in frames:
        at += gap
        if isinstance(seen, str):
            news += a_book.blind(at, forgets=seen == "forgets")
            assert a_book.open() == []
            continue
        if seen:
            seen_at.add(at)
        news += a_book.see([Sighting(ZONE, seen)], at)
    starts = [item.episode.id for item in news if item.stage is Stage.START]
    assert len(starts) == len(set(starts))
    for number, name in enumerate(starts):
        mine = [item for item in news if item.episode.id == name]
        assert [item.stage for item in mine].index(Stage.START) == 0
        assert "unseen" not in {item.episode.ended_by for item in mine[:-1]}
        for before, after in itertools.pairwise(mine):
            ended_twice = before.stage is Stage.END and after.stage is Stage.END
            assert not ended_twice or after.episode.ended_by == "unseen"
        if number + 1 < len(starts):
            assert mine[-1].stage is Stage.END, (
                "the next begins when nobody says of this one that it goes on"
            )
    for item in news:
        assert item.episode.started_at in seen_at
        assert item.stage is not Stage.END or item.episode.ended_at in seen_at
    assert [one.id for one in a_book.open()] == (
        [news[-1].episode.id] if news and news[-1].stage is not Stage.END else []
    )
