"""Cases are found by their fields, page by page."""

import pytest

from hub.case_store import BadCursor, CaseFilter, CaseStore
from model.case import State

from .samples import GRID_A, GRID_B, T0, Story, make_case, opened


def test_pages_hold_every_case_once_while_new_ones_arrive(any_store: CaseStore) -> None:
    """Cases opened between two pages appear on none of the later ones, and nothing is skipped."""
    # Several cases of one millisecond: the cursor has to tell them apart.
    old = [opened(f"a{n}", at=T0 + n // 3) for n in range(10)]
    any_store.apply(old, log_id="log", pos=1)
    seen: list[str] = []
    cursor = ""
    for page in range(9):
        found, following = any_store.find(cursor=cursor, limit=3)
        seen += [case.id for case in found]
        any_store.apply([opened(f"new{page}", at=T0 + 100 + page)], log_id="log", pos=2 + page)
        if following is None:
            break
        cursor = following
    expected = sorted((change.case for change in old), key=lambda c: (c.opened_at, c.id))
    assert seen == [case.id for case in reversed(expected)]


def test_the_last_full_page_has_no_next(store: CaseStore) -> None:
    """Four cases on pages of two are two pages, not three."""
    store.apply([opened(f"a{n}") for n in range(4)], log_id="log", pos=1)
    _, cursor = store.find(limit=2)
    assert cursor is not None
    assert store.find(cursor=cursor, limit=2)[1] is None


@pytest.mark.parametrize(
    "cursor", ["x", "!!", "MTIz", "YS9i", "OTk5OTk5OTk5OTk5OTk5OTk5OTkvYQ==", "…"]
)
def test_a_cursor_of_somebody_elses_making_is_refused(store: CaseStore, cursor: str) -> None:
    """No such text reaches the database."""
    with pytest.raises(BadCursor):
        store.find(cursor=cursor)


def test_fields_narrow_and_words_in_one_field_widen(any_store: CaseStore) -> None:
    """Different fields must all hold; several words of one field are "or"."""
    closed = Story(make_case("c1", grid=GRID_B))
    changes = [
        opened("a1", grid=GRID_A),
        opened("b1", grid=GRID_B),
        closed.change("close", state=State.CLOSED, closed_at=T0 + 5, assignee="李雷"),
    ]
    any_store.apply(changes, log_id="log", pos=1)

    def ids(wanted: CaseFilter) -> set[str]:
        return {case.id for case in any_store.find(wanted)[0]}

    assert ids(CaseFilter()) == {"a1", "b1", "c1"}
    assert ids(CaseFilter(grid=(GRID_B,), open=True)) == {"b1"}
    assert ids(CaseFilter(open=False)) == {"c1"}
    assert ids(CaseFilter(state=("filed", "closed"), cls=("emergency",))) == {"a1", "b1", "c1"}
    assert ids(CaseFilter(assignee=("李雷",))) == {"c1"}
    assert ids(CaseFilter(grid_prefix="150302002")) == {"b1", "c1"}
    assert ids(CaseFilter(grid_prefix="%")) == set()


def test_a_case_without_a_grid_is_in_no_territory(store: CaseStore) -> None:
    """A device that nobody registered is for the duty desk, not for one grid's token."""
    store.apply([opened("a1", grid="")], log_id="log", pos=1)
    assert store.find(CaseFilter(grid_prefix="15"))[0] == []


def test_the_working_set_is_what_is_open_or_lately_closed(store: CaseStore) -> None:
    """Old closed cases stay in the database and out of the desk's memory."""
    stories = {name: Story(make_case(name, place=name)) for name in ("open", "late", "old")}
    changes = [story.change() for story in stories.values()]
    changes.append(stories["late"].change("close", state=State.CLOSED, closed_at=T0 + 50))
    changes.append(stories["old"].change("close", state=State.CLOSED, closed_at=T0 + 10))
    store.apply(changes, log_id="log", pos=1)
    assert {case.id for case in store.working_set(closed_after=T0 + 20)} == {"open", "late"}
    assert store.ordinals() == {(name, "fire"): 1 for name in stories}
    assert store.counts() == {"filed": 1, "closed": 2}
