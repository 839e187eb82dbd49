"""Claims about the life of a case: every state and every step, as a table."""

import pytest

from cases.transitions import STATE_WORDS, TRANSITIONS, Step, target
from model.case import State
from model.errors import Refused

# Rows are steps; columns are states in the order of `State`. `=` stays, `.` is refused.
COLUMNS = [
    "filed",
    "dispatched",
    "accepted",
    "handling",
    "suspended",
    "resolved",
    "verifying",
    "closed",
    "rework",
]
TABLE = """
acknowledge          =          =          =          =          =          =          =         .      =
assign               dispatched =          dispatched dispatched dispatched .          .         .      dispatched
accept               accepted   accepted   .          .          .          .          .         .      accepted
start                handling   handling   handling   .          .          .          .         .      handling
suspend              .          .          suspended  suspended  .          .          .         .      .
resume               .          .          .          .          handling   .          .         .      .
confirm_real         =          =          =          =          =          handling   handling  .      =
confirm_false        resolved   resolved   resolved   resolved   resolved   .          .         .      resolved
confirm_unreachable  =          =          =          =          =          .          .         .      =
handover             =          =          =          =          =          =          =         .      =
resolve              resolved   resolved   resolved   resolved   resolved   .          .         .      resolved
verify_ok            .          .          .          .          .          verifying  =         .      .
verify_not_ok        .          .          .          .          .          rework     rework    .      .
close                closed     closed     closed     closed     closed     closed     closed    .      closed
force_close          closed     closed     closed     closed     closed     closed     closed    .      closed
rework               .          .          .          .          .          rework     rework    .      .
escalate             =          =          =          =          =          =          =         .      =
visit                =          =          =          =          =          =          =         .      =
discuss              =          =          =          =          =          =          =         .      =
revisit              =          =          =          =          =          =          =         .      =
rate_good            =          =          =          =          =          =          =         .      =
rate_bad             =          =          =          =          =          rework     rework    .      =
note                 =          =          =          =          =          =          =         =      =
attach               =          =          =          =          =          =          =         =      =
link                 =          =          =          =          =          =          =         =      =
"""
ROWS = {row[0]: row[1:] for row in (line.split() for line in TABLE.strip().splitlines())}
CELLS = [
    (step, state, cell)
    for step, cells in ROWS.items()
    for state, cell in zip(COLUMNS, cells, strict=True)
]


@pytest.mark.parametrize(("step", "state", "cell"), CELLS)
def test_every_cell_of_the_table_is_as_agreed(step: str, state: str, cell: str) -> None:
    """Each step in each state leads where the table says, or is refused with the state's name."""
    if cell == ".":
        with pytest.raises(Refused, match=STATE_WORDS[State(state)]):
            target(State(state), Step(step))
        return
    assert target(State(state), Step(step)) == (state if cell == "=" else cell)


def test_the_table_has_every_state_and_every_step() -> None:
    """Nothing can be added without being agreed here."""
    assert set(ROWS) == set(Step)
    assert set(COLUMNS) == set(State) == set(TRANSITIONS) == set(STATE_WORDS)
