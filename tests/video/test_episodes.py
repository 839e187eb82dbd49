"""Many frames, one episode: it begins with the first frame that made it and ends once."""

from hypothesis import given
from hypothesis import strategies as st

from video.contract import ObservationSettings, Sighting
from video.episodes import EpisodeBook, News, Stage, episode_id

ZONE = "gate"


def book(after_s: float = 0, off_s: float = 5, update_s: float = 30) -> EpisodeBook:
    settings = ObservationSettings(after_s=after_s, off_delay_s=off_s)
    return EpisodeBook("cam-1", "intrusion", settings, update_s=update_s)


def play(a_book: EpisodeBook, story: str, step_ms: int = 1000) -> list[News]:
    """Each letter is a frame: x seen, . not seen, ? cannot tell, space no frame."""
    said = {"x": True, ".": False, "?": None}
    return [
        news
        for number, letter in enumerate(story)
        if letter != " "
        for news in a_book.see([Sighting(ZONE, said[letter], 0.5)], number * step_ms)
    ]


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
    assert stages(play(a_book, "x")) == [("start", 0)]


def test_the_most_confident_moment_is_kept() -> None:
    a_book = book(update_s=1)
    for at, confidence in ((0, 0.4), (1000, 0.9), (2000, 0.6)):
        news = a_book.see([Sighting(ZONE, True, confidence)], at)  # noqa: FBT003
    assert news[0].episode.confidence == 0.9


@given(
    frames=st.lists(
        st.tuples(st.integers(1, 20_000), st.sampled_from([True, False, None])), max_size=80
    ),
    after_s=st.sampled_from([0.0, 1.0, 7.0]),
    off_s=st.sampled_from([0.0, 2.0, 10.0]),
)
def test_starts_and_ends_alternate_whatever_is_seen(
    frames: list[tuple[int, bool | None]], after_s: float, off_s: float
) -> None:
    a_book = book(after_s, off_s)
    at, news, seen_at = 0, [], set()
    for gap, seen in frames:
        at += gap
        if seen:
            seen_at.add(at)
        news += a_book.see([Sighting(ZONE, seen)], at)
    told = [item for item in news if item.stage is not Stage.UPDATE]
    assert [item.stage for item in told] == [Stage.START, Stage.END] * (len(told) // 2) + (
        [Stage.START] if len(told) % 2 else []
    )
    for item in told:
        assert item.episode.started_at in seen_at
        assert item.stage is Stage.START or item.episode.ended_at in seen_at
    starts = [item.episode.id for item in told if item.stage is Stage.START]
    assert len(starts) == len(set(starts))
    assert len(a_book.open()) == len(told) % 2
