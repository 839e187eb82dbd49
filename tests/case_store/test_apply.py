"""What the desk did is written whole, and once."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from cases.chain import verify_chain
from hub.case_store import CaseStore
from model.case import Change, State

from .samples import T0, Story, key_of, make_case, opened
from .template import copied_store


def test_what_was_applied_is_there_after_a_restart(tmp_path: Path) -> None:
    """Case, history, position, rule states and outgoing event survive closing and opening."""
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    story = Story(make_case("a1"))
    changes = [story.change("opened"), story.change("acknowledge")]
    first = CaseStore(url)
    first.apply(changes, log_id="log", pos=7, states=[("r", "d1", b"\x00x")], states_pos=5)
    first.close()
    store = CaseStore(url)
    assert store.get("a1") == story.case
    assert store.history("a1") == story.lines
    assert store.position("desk") == ("log", 7)
    assert store.position("rules") == ("log", 5)
    assert store.rule_states() == [("r", "d1", b"\x00x")]
    store.close()


def test_a_stored_history_still_proves_its_chain(any_store: CaseStore) -> None:
    """Numbers, lists and nothing come back from the database as they were hashed."""
    story = Story(make_case("a1"))
    any_store.apply([story.change(), story.change(), story.change()], log_id="log", pos=1)
    assert verify_chain(any_store.history("a1")) is None


def test_a_batch_that_fails_leaves_nothing_behind(any_store: CaseStore) -> None:
    """Two cases with one key cannot be: neither case, nor event, nor position is written."""
    any_store.outbox.open_channels({"mqtt": "topic"})
    twin = opened("b1")
    twin = msgspec.structs.replace(twin, case=msgspec.structs.replace(twin.case, key=key_of("a1")))
    with pytest.raises(IntegrityError):
        any_store.apply(
            [opened("a1"), twin], log_id="log", pos=9, states=[("r", "s", b"x")], states_pos=9
        )
    assert any_store.get("a1") is None
    assert any_store.history("a1") == []
    assert any_store.position("desk") is None
    assert any_store.rule_states() == []
    assert any_store.outbox.enrol("mqtt") == 0


def test_a_batch_applied_twice_changes_nothing(any_store: CaseStore) -> None:
    """The second time adds no line, no event, and no dead letter."""
    any_store.outbox.open_channels({"mqtt": "topic"})
    changes = [opened("a1"), opened("b1")]
    any_store.apply(changes, log_id="log", pos=3)
    any_store.apply(changes, log_id="log", pos=3)
    assert len(any_store.history("a1")) == 1
    assert any_store.outbox.enrol("mqtt") == 2
    assert any_store.dead_letters() == []


def test_an_old_state_never_replaces_a_newer_one(store: CaseStore) -> None:
    """A replay from an older position leaves the newer case alone."""
    story = Story(make_case("a1"))
    old, new = story.change("opened"), story.change("accept", state=State.ACCEPTED)
    store.apply([old, new], log_id="log", pos=9)
    store.apply([old], log_id="log", pos=4)
    found = store.get("a1")
    assert found is not None
    assert found.state is State.ACCEPTED
    assert store.position("desk") == ("log", 9)


def test_another_history_under_the_same_number_is_kept_as_a_dead_letter(store: CaseStore) -> None:
    """What was written first stays; the contradiction is there for a person to see."""
    first = opened("a1")
    store.apply([first], log_id="log", pos=1)
    line = msgspec.structs.replace(first.history[0], actor="韩梅梅", hash="other")
    forged = msgspec.structs.replace(first, history=(line,))
    store.apply([forged], log_id="log", pos=2)
    assert store.history("a1")[0].actor == "李雷"
    assert [letter.reason for letter in store.dead_letters()] == ["history_contradiction"]


def test_rule_states_of_an_older_snapshot_are_ignored(store: CaseStore) -> None:
    """States belong to their position; one that lags behind may not undo a newer one."""
    store.apply([], log_id="log", pos=9, states=[("r", "s", b"new")], states_pos=9)
    store.apply([], log_id="log", pos=9, states=[("r", "s", b"old")], states_pos=4)
    assert store.rule_states() == [("r", "s", b"new")]


def test_an_empty_rule_state_is_removed(any_store: CaseStore) -> None:
    """Empty bytes mean that the subject is forgotten; the last word of a batch holds."""
    any_store.apply(
        [], log_id="log", pos=1, states=[("r", "a", b"1"), ("r", "b", b"2")], states_pos=1
    )
    any_store.apply(
        [], log_id="log", pos=2, states=[("r", "a", b"3"), ("r", "a", b"")], states_pos=2
    )
    assert any_store.rule_states() == [("r", "b", b"2")]


def test_states_without_a_position_are_refused(store: CaseStore) -> None:
    """Nobody could say where a restart has to begin."""
    with pytest.raises(ValueError, match="position"):
        store.apply([], log_id="log", pos=1, states=[("r", "s", b"x")])


def test_another_log_replaces_the_position(store: CaseStore) -> None:
    """A position belongs to its log; a new log begins anew."""
    store.apply([], log_id="old", pos=900)
    store.apply([], log_id="new", pos=3)
    assert store.position("desk") == ("new", 3)


def test_sqlite_waits_for_the_disk(store: CaseStore) -> None:
    """A committed case is on the disk: WAL with synchronous=FULL, foreign keys on."""
    with store._engine.connect() as connection:
        found = [
            connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]


def _changes() -> list[Change]:
    story, other = Story(make_case("a1")), Story(make_case("b1", at=T0 + 1))
    return [
        story.change(),
        other.change(),
        story.change(),
        story.change("accept", state=State.ACCEPTED),
        other.change(),
        story.change("resolve", state=State.RESOLVED),
    ]


@given(restarts=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 6)), max_size=5))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_restarts_give_the_same_database(
    template: Path, tmp_path: Path, restarts: list[tuple[int, int]]
) -> None:
    """However often parts are replayed, cases, history and events are those of one clean run."""
    changes = _changes()
    with copied_store(template, tmp_path) as store:
        store.outbox.open_channels({"mqtt": "topic"})
        reached = 0
        for back, count in restarts:
            # A restart begins at or before what was reached: the log has no gaps.
            start = max(0, reached - back)
            store.apply(changes[start : start + count], log_id="log", pos=start + count)
            reached = max(reached, min(len(changes), start + count))
        store.apply(changes[reached:], log_id="log", pos=len(changes))
        assert [len(store.history(case)) for case in ("a1", "b1")] == [4, 2]
        found = store.get("a1")
        assert found is not None
        assert found.state is State.RESOLVED
        assert store.outbox.enrol("mqtt") == len(changes)
        assert store.dead_letters() == []
    # The next example begins with the template again, not with what SQLite left beside it.
    for left in tmp_path.glob("cases.db*"):
        left.unlink()
