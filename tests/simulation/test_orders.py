"""Incidents that somebody orders are played once, by whoever knows them."""

from pathlib import Path

import pytest

from hub.simulation.orders import WAITING_MAX, Orders
from hub.simulation.stories import GATEWAY_CUT, STORIES
from model.errors import Refused


def test_an_order_is_taken_once_by_who_knows_it(tmp_path: Path) -> None:
    """The power cut of a gateway is not the simulator's."""
    orders = Orders(tmp_path / "orders")
    assert orders.take(STORIES) == []
    for name in ("fire", GATEWAY_CUT, "cooking"):
        orders.give(name)
    assert orders.take(STORIES) == ["fire", "cooking"]
    assert orders.take(STORIES) == []
    assert orders.take((GATEWAY_CUT,)) == [GATEWAY_CUT]


def test_orders_that_nobody_takes_are_refused_in_the_end(tmp_path: Path) -> None:
    """A page whose simulator is gone does not fill the disk."""
    orders = Orders(tmp_path)
    for _ in range(WAITING_MAX):
        orders.give("fire")
    with pytest.raises(Refused, match="simulator"):
        orders.give("fire")


def test_a_stale_order_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was ordered yesterday does not burn today."""
    orders = Orders(tmp_path)
    orders.give("fire")
    monkeypatch.setattr("hub.simulation.orders.STALE_S", -1)
    assert orders.take(STORIES) == []
    assert list(tmp_path.iterdir()) == []
