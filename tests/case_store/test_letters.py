"""Rejected messages are kept, counted and bounded."""

import pytest

from hub.case_store import CaseStore, DeadLetter, letters

from .samples import T0


def test_the_same_garbage_is_one_letter_with_a_count(any_store: CaseStore) -> None:
    """A device that repeats itself fills no table."""
    for at in range(3):
        any_store.dead_letter(at=T0 + at, source="tcp", reason="checksum", payload=b"\x40\x40")
    any_store.dead_letter(at=T0, source="tcp", reason="checksum", payload=b"other")
    found = any_store.dead_letters()
    assert [(letter.count, letter.at) for letter in found] == [(3, T0 + 2), (1, T0)]


def test_a_letter_keeps_at_most_4_kib(any_store: CaseStore) -> None:
    """Also text that some databases refuse is kept, with a mark for what cannot be shown."""
    any_store.dead_letter(
        at=T0,
        source="a\x00b",
        reason="json",
        detail="\ud800",
        payload=b"x" * 9000,
        origin="gateway",
    )
    letter = any_store.dead_letters()[0]
    assert (letter.source, letter.detail, len(letter.payload)) == ("a\ufffdb", "?", 4096)


def test_old_letters_give_way(store: CaseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random garbage cannot fill the disk."""
    monkeypatch.setattr(letters, "LETTERS_MAX", 5)
    store.add_dead_letters(
        [DeadLetter(T0 + n, "hub", "s", "r", payload=b"%d" % n) for n in range(9)]
    )
    assert [letter.at - T0 for letter in store.dead_letters()] == [8, 7, 6, 5, 4]


def test_counters_add_up(any_store: CaseStore) -> None:
    """What is counted in two calls is the sum."""
    any_store.count({"rejected.json": 2, "rejected.nan": 1})
    any_store.count({"rejected.json": 3})
    assert any_store.counters() == {"rejected.json": 5, "rejected.nan": 1}
