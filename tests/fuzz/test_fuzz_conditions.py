"""Conditions of rules, damaged: a condition that says something, or one refusal with a column; no hang."""

import random

import pytest

from model.reading import Value
from rules.expression import Expression, ExpressionError

from .damage import damaged, hangs

SEEDS = [
    b"pressure_kpa < 70 and pump_running",
    b"(a - b) / max(c, 1) > 0.5 or name == 'x' and not fire",
    b"10 <= round(temperature_c) < 57.5 and known(fire)",
    b"().__class__.__mro__[1].__subclasses__()",
    b"__import__('os').system('id') == 0 or [x for x in (1,)]",
    b"(lambda: a ** 9 ** 9)() or f'{a!r}' == b'x' if a else {**a}",
]
VALUES: dict[str, Value] = {"pressure_kpa": 0.0, "a": 1e308, "b": -1e308, "c": 0.0, "fire": True}


def test_damaged_conditions_are_refused_with_a_column_or_say_something() -> None:
    """Compiling raises ExpressionError only, and evaluating nothing."""
    seed = random.randrange(2**32)
    tried = 0
    for payload in damaged(SEEDS, random.Random(seed)):
        tried += 1
        text = payload.decode("utf-8", "replace")
        if hangs(lambda text=text: _compiled(text)):  # type: ignore[misc]
            pytest.fail(f"seed={seed} hangs: {text!r}")
        condition = _compiled(text)
        if condition is None:
            continue
        try:
            verdict = condition(VALUES)
        except Exception as error:  # noqa: BLE001 - any is the finding
            pytest.fail(f"seed={seed} {text!r}: {error!r}")
        assert verdict in {True, False, None}, f"seed={seed} {text!r}"
    assert tried >= 10


def _compiled(text: str) -> Expression | None:
    try:
        return Expression(text)
    except ExpressionError as error:
        if error.column < 1:
            raise
        return None
