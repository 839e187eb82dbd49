"""Pictures and clips in every kind of database: what a case refers to, what may go, who looked."""

import msgspec

from hub.case_store import CaseStore
from hub.case_store.footage import DAY_MS, Look, Shown
from model.anomaly import Evidence
from model.case import Case, Change, ChangeKind, State

from .samples import T0, make_case

ONE, TWO = "1" * 16, "2" * 16
DAYS = {"emergency": 30, "maintenance": 1}


def about(name: str, *episodes: str, gateway: str = "gw") -> Case:
    """Return a case whose evidence names episodes, and one Reading that names none."""
    items = [
        Evidence(f"{gateway}/e/alarm/{n}", "cam/gate", T0 + n, {"episode": episode})
        for n, episode in enumerate(episodes)
    ]
    odd = [Evidence("gw/e/alarm/99", "smoke", T0), Evidence("x", "y", T0, {"episode": 7.0})]
    return msgspec.structs.replace(make_case(name), evidence=(*items, *odd))


def write(store: CaseStore, case: Case) -> None:
    """Let the desk write a case."""
    store.apply([Change(ChangeKind.UPDATE, case, ())], log_id="log", pos=1)


def shown(episode: str, *, kind: str = "clip", gateway: str = "gw", at: int = T0) -> Shown:
    """Return the record of a file."""
    digest = (episode + kind + gateway).encode().hex()[:64].ljust(64, "0")
    return Shown(gateway, episode, kind, 1, "mp4", "cam", "cam/gate", "motion", T0, T0 + 20_000, digest, 1000, at)  # fmt: skip


def test_a_case_has_the_files_of_its_episodes_whatever_came_first(any_store: CaseStore) -> None:
    """A file may come before its case or after; a case may be written again; others are not mixed in."""
    records = any_store.footage
    records.add(shown(ONE))
    write(any_store, about("c1", ONE, TWO))
    write(any_store, about("c1", ONE, TWO))
    records.add(shown(TWO, kind="snapshot"))
    records.add(shown(TWO, gateway="other"))
    records.add(msgspec.structs.replace(shown(ONE), size=5))
    found = records.of_case("c1")
    assert [(named.episode, [(f.kind, f.size) for f in files]) for named, files in found] == [
        (ONE, [("clip", 1000)]),
        (TWO, [("snapshot", 1000)]),
    ]
    assert records.cases_of(shown(ONE)) == ["c1"]
    assert records.cases_of(shown(TWO, gateway="other")) == []
    assert records.size() == 3000


def test_a_word_that_names_no_episode_costs_its_case_nothing(any_store: CaseStore) -> None:
    """PostgreSQL takes no NUL: such a word, sent by a gateway, must not keep the case from the disk."""
    words = ["\0" * 16, "1" * 15 + "\n", "G" * 16, "1" * 17, ""]
    write(any_store, about("c1", *words, ONE))
    any_store.footage.add(shown(ONE))
    assert any_store.get("c1") is not None
    assert [named.episode for named, _ in any_store.footage.of_case("c1")] == [ONE]


def test_an_episode_that_the_database_refuses_is_told_and_its_case_kept(
    any_store: CaseStore,
) -> None:
    """What belongs to a case is less than the case."""
    write(any_store, about("c1", ONE, gateway="g\0w"))
    write(any_store, about("c2", TWO))
    assert any_store.get("c1") is not None
    assert any_store.position("desk") == ("log", 1)
    assert [named.episode for named, _ in any_store.footage.of_case("c2")] == [TWO]
    noted = any_store.footage.of_case("c1")
    letters = [letter.source for letter in any_store.dead_letters(reason="episode_refused")]
    assert (len(noted), letters) in ((1, []), (0, ["c1"])), "SQLite takes it, PostgreSQL does not"


def test_what_a_case_needs_is_not_free_and_does_not_expire(any_store: CaseStore) -> None:
    """Open, or closed for less than its class's days; by observation where no case refers to it."""
    records = any_store.footage
    for episode in (ONE, TWO):
        records.add(shown(episode))
    write(any_store, about("c1", ONE))

    def free(now: int) -> list[str]:
        return [item.episode for item in records.unpinned(now, DAYS, gateway="gw")]

    def over(now: int, **days_of: int) -> list[str]:
        found = records.expired(now, days=7, days_of=days_of, case_days=DAYS)
        return [item.episode for item in found]

    assert free(T0 + 900 * DAY_MS) == [TWO]
    assert over(T0 + 7 * DAY_MS) == []
    assert over(T0 + 7 * DAY_MS + 1) == [TWO]
    assert over(T0 + 2 * DAY_MS + 1, motion=2) == [TWO]
    assert over(T0 + 8 * DAY_MS, motion=20) == []
    closed = msgspec.structs.replace(
        about("c1", ONE), state=State.CLOSED, closed_at=T0 + DAY_MS, updated_at=T0 + DAY_MS,
        sequence=5,
    )  # fmt: skip
    write(any_store, closed)
    assert over(T0 + 31 * DAY_MS) == [TWO]
    assert over(T0 + 31 * DAY_MS + 1) == [ONE, TWO]
    write(any_store, about("c2", ONE))
    assert over(T0 + 31 * DAY_MS + 1) == [TWO]
    records.pin(shown(TWO).sha256, "管理员")
    assert over(T0 + 900 * DAY_MS) == []
    assert free(T0 + 900 * DAY_MS) == []


def test_a_file_goes_with_its_last_record(any_store: CaseStore) -> None:
    """The same bytes under two episodes are one file."""
    records = any_store.footage
    twin = msgspec.structs.replace(shown(TWO), sha256=shown(ONE).sha256)
    records.add(shown(ONE))
    records.add(twin)
    assert records.size() == 1000
    assert records.hashes() == {shown(ONE).sha256}
    assert records.remove(shown(ONE)) is False
    assert records.remove(twin) is True
    assert records.size() == 0


def test_looks_are_kept_and_told_by_territory(any_store: CaseStore) -> None:
    """Newest first; the parts of one look are one line; nothing outside of a territory is told."""
    records = any_store.footage
    look = Look(T0, "李雷", "verify", "c1", "150302001", ONE, "cam/gate", "clip", "a" * 64)
    records.looked(look)
    records.looked(msgspec.structs.replace(look, at=T0 + 5), once_in_ms=10)
    records.looked(msgspec.structs.replace(look, at=T0 + 6, purpose="review"), once_in_ms=10)
    records.looked(msgspec.structs.replace(look, at=T0 + 10), once_in_ms=10)
    records.looked(msgspec.structs.replace(look, at=T0 + 11, grid="15030_001", case_id="c2"))
    told = [(item.at - T0, item.purpose) for item in records.looks()]
    assert told == [(11, "verify"), (10, "verify"), (6, "review"), (0, "verify")]
    assert len(records.looks(grid="150302")) == 3
    assert len(records.looks(case="c2")) == 1
    assert len(records.looks(limit=1)) == 1
