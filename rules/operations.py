"""What a condition is made of: closures over a Reading's values that say a truth, a number, or None.

None is "unknown": a quantity that is not said, is of another type or is no finite number.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence

from model.reading import Value

Values = Mapping[str, Value]
Truth = Callable[[Values], bool | None]
Number = Callable[[Values], float | None]
Compare = Callable[[float, float], bool]
Operation = Callable[..., float]

_FINITE = 1.7976931348623157e308  # what is larger than every float is inf, and nan is not smaller

COMPARISONS: Mapping[type[ast.cmpop], Compare] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
ARITHMETIC: Mapping[type[ast.operator], Operation] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
FUNCTIONS: Mapping[str, tuple[Operation, int, int]] = {
    "abs": (abs, 1, 1), "min": (min, 2, 8), "max": (max, 2, 8), "round": (round, 1, 1),
}  # fmt: skip
"""Name -> what it computes, from how many numbers at least and at most."""


def number_named(name: str) -> Number:
    """A quantity that is a number."""

    def value_of(values: Values) -> float | None:
        value = values.get(name)
        if (value.__class__ is float or value.__class__ is int) and value - value == 0:
            return value
        return None

    return value_of


def bool_named(name: str) -> Truth:
    """A quantity that is true or false."""

    def value_of(values: Values) -> bool | None:
        value = values.get(name)
        return value if value is True or value is False else None

    return value_of


def compared_to(name: str, compare: Compare, limit: float) -> Truth:
    """A quantity against a fixed limit: what most conditions are made of."""

    def holds(values: Values) -> bool | None:
        value = values.get(name)
        if (value.__class__ is float or value.__class__ is int) and value - value == 0:
            return compare(value, limit)
        return None  # inf - inf and nan - nan are no 0

    return holds


def compared(left: Number, compare: Compare, right: Number) -> Truth:
    """Two calculations against each other."""

    def holds(values: Values) -> bool | None:
        first = left(values)
        if first is None:
            return None
        second = right(values)
        return None if second is None else compare(first, second)

    return holds


def text_equals(name: str, text: str, *, equals: bool) -> Truth:
    """A quantity that is a text, against a fixed one."""

    def holds(values: Values) -> bool | None:
        value = values.get(name)
        return (value == text) is equals if value.__class__ is str else None

    return holds


def bool_equals(name: str, truth: bool) -> Truth:  # noqa: FBT001 - the truth is what it is about
    """A quantity that is true or false, against one of the two."""

    def holds(values: Values) -> bool | None:
        value = values.get(name)
        return value is truth if value is True or value is False else None

    return holds


def known(name: str) -> Truth:
    """Whether the Reading says the quantity at all; never unknown."""
    return lambda values: name in values


def negated(part: Truth) -> Truth:
    """Not: unknown stays unknown."""

    def holds(values: Values) -> bool | None:
        truth = part(values)
        return None if truth is None else not truth

    return holds


def every(parts: Sequence[Truth]) -> Truth:
    """All of them: one that is false decides, else one that is unknown."""
    tests = tuple(parts)
    if len(tests) == 2:  # noqa: PLR2004 - the most frequent case, without a loop
        return _both(*tests)

    def holds(values: Values) -> bool | None:
        result: bool | None = True
        for test in tests:
            truth = test(values)
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    return holds


def _both(first: Truth, second: Truth) -> Truth:
    def holds(values: Values) -> bool | None:
        truth = first(values)
        if truth:
            return second(values)
        return False if truth is False or second(values) is False else None

    return holds


def some(parts: Sequence[Truth]) -> Truth:
    """Any of them: one that is true decides, else one that is unknown."""
    tests = tuple(parts)

    def holds(values: Values) -> bool | None:
        result: bool | None = False
        for test in tests:
            truth = test(values)
            if truth is True:
                return True
            if truth is None:
                result = None
        return result

    return holds


def computed(operation: Operation, parts: Sequence[Number]) -> Number:
    """A calculation; one part that is unknown, a division by zero or an overflow make it unknown."""
    terms = tuple(parts)

    def value_of(values: Values) -> float | None:
        found = []
        for term in terms:
            value = term(values)
            if value is None:
                return None
            found.append(value)
        try:
            # As float: whole numbers of a Reading must not grow without bound.
            result = float(operation(*found))
        except ArithmeticError:
            return None
        return result if -_FINITE <= result <= _FINITE else None

    return value_of
