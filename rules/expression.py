"""Conditions that people write over the quantities of a Reading: `pressure_kpa < 70 and pump_running`.

The text is parsed with `ast`, checked against a whitelist, and becomes a tree of closures; nothing of
it is ever evaluated as Python. A condition is true, false or **unknown** (None), as in Kleene's logic:
a quantity that the Reading does not say, that is of another type, or that is no finite number, and a
division by zero are unknown; `false and unknown` is false, `true or unknown` is true, the rest unknown.
"""

import ast
import re
import warnings
from collections.abc import Mapping

from model.reading import Value

from .asleep import TRUTHS, asleep, literal
from .operations import (
    ARITHMETIC,
    COMPARISONS,
    FUNCTIONS,
    Number,
    Truth,
    bool_equals,
    bool_named,
    compared,
    compared_to,
    computed,
    every,
    known,
    negated,
    number_named,
    some,
    text_equals,
)

LONGEST = 500
"""Characters of one condition."""

DEEPEST, MOST_PARTS = 20, 100
LARGEST = 1e12
"""No number of a condition may be larger: quantities are small, a larger one is a slip."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_WIDE = {chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)} | {"，": ",", "。": "."}
_ALLOWED = "and, or, not, < <= > >= == !=, + - * /, numbers, true, false, quantities, abs, min, max, round, known"


class ExpressionError(ValueError):
    """A condition that is not one of ours: what is wrong, at which column (from 1), what to do."""

    def __init__(self, problem: str, column: int) -> None:
        super().__init__(f"column {column} of the condition: {problem}")
        self.column = column


class Expression:
    """A compiled condition; calling it with a Reading's values says True, False or None (unknown).

    `test` is the same without the call between, for where each Reading passes. `sleeps` maps a quantity
    to the closed range in which the condition is false whatever the others are, where that can be told.
    """

    __slots__ = ("names", "sleeps", "test", "text")

    def __init__(self, text: str) -> None:
        """Compile; raises ExpressionError."""
        compiler = _Compiler(text)
        self.text = text.strip()
        self.test: Truth = compiler.condition()
        self.names: frozenset[str] = frozenset(compiler.types)
        self.sleeps = asleep(compiler.tree)

    def __call__(self, values: Mapping[str, Value]) -> bool | None:
        """Say whether the condition holds; None: it cannot be said. Raises nothing."""
        return self.test(values)

    def __str__(self) -> str:
        """Return the text as it was written."""
        return self.text

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def told(self, values: Mapping[str, Value]) -> str:
        """Return the condition with what the Reading said: `a < 70 (a=65): true`."""
        parts = [
            f"{name}={_said(values[name])}" if name in values else f"{name} not said"
            for name in sorted(self.names)
        ]
        verdict = {True: "true", False: "false", None: "unknown"}[self(values)]
        return (
            f"{self.text} ({', '.join(parts)}): {verdict}" if parts else f"{self.text}: {verdict}"
        )


def _said(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"[:64]


class _Compiler:
    """Walks the parsed text once; what is not on the list is refused with its column."""

    def __init__(self, text: str) -> None:
        self.types: dict[str, str] = {}  # quantity -> number, truth or text
        self._parts = 0
        self._line = _checked(text)
        self.tree = _parsed(self._line)

    def condition(self) -> Truth:
        """Return the whole condition; it must be a truth, not a number."""
        test = self._truth(self.tree, 1)
        if not self.types:
            raise ExpressionError("no quantity is named: it would always be the same", 1)
        return test

    def _truth(self, node: ast.expr, depth: int) -> Truth:
        self._count(node, depth)
        if isinstance(node, ast.BoolOp):
            parts = [self._truth(part, depth + 1) for part in node.values]
            return every(parts) if isinstance(node.op, ast.And) else some(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return negated(self._truth(node.operand, depth + 1))
        if isinstance(node, ast.Compare):
            return self._comparison(node, depth)
        if isinstance(node, ast.Call) and _called(node) == "known":
            return self._known(node)
        fixed = _fixed_truth(node)
        if fixed is not None:
            return lambda _: fixed
        if isinstance(node, ast.Name):
            return bool_named(self._named(node, "truth"))
        raise self._wrong(node, "here something true or false is needed, for example `a > 5`")

    def _comparison(self, node: ast.Compare, depth: int) -> Truth:
        sides = [node.left, *node.comparators]
        pairs = zip(sides, node.ops, sides[1:], strict=False)
        tests = [self._pair(left, sign, right, depth) for left, sign, right in pairs]
        return tests[0] if len(tests) == 1 else every(tests)

    def _pair(self, left: ast.expr, sign: ast.cmpop, right: ast.expr, depth: int) -> Truth:
        equals = isinstance(sign, ast.Eq)
        if equals or isinstance(sign, ast.NotEq):
            for name, fixed in ((left, right), (right, left)):
                test = self._fixed(name, fixed, equals=equals)
                if test is not None:
                    return test
        compare = COMPARISONS.get(type(sign))
        if compare is None:
            raise self._wrong(left, "compare with < <= > >= == or !=; nothing else compares")
        first = self._number(left, depth + 1)
        if isinstance(left, ast.Name) and literal(right) is not None:
            limit = self._constant(right)
            return compared_to(self._named(left, "number"), compare, limit)
        return compared(first, compare, self._number(right, depth + 1))

    def _fixed(self, name: ast.expr, fixed: ast.expr, *, equals: bool) -> Truth | None:
        """Return a comparison of a quantity with a text or with true or false, if it is one."""
        if isinstance(fixed, ast.Constant) and isinstance(fixed.value, str):
            self._count(fixed, 1)
            if not isinstance(name, ast.Name):
                raise self._wrong(name, "a text is compared with a quantity, nothing else")
            return text_equals(self._named(name, "text"), fixed.value, equals=equals)
        truth = _fixed_truth(fixed)
        if truth is None or not isinstance(name, ast.Name) or name.id in TRUTHS:
            return None
        self._count(fixed, 1)
        return bool_equals(self._named(name, "truth"), truth is equals)

    def _number(self, node: ast.expr, depth: int) -> Number:
        self._count(node, depth)
        if literal(node) is not None:
            constant = self._constant(node)
            return lambda _: constant
        if isinstance(node, ast.Name) and node.id not in TRUTHS:
            return number_named(self._named(node, "number"))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
            part = self._number(node.operand, depth + 1)
            return computed(ARITHMETIC[ast.Mult], (lambda _: sign, part))
        if isinstance(node, ast.BinOp):
            operation = ARITHMETIC.get(type(node.op))
            if operation is None:
                raise self._wrong(node, "compute with + - * / only")
            parts = (self._number(node.left, depth + 1), self._number(node.right, depth + 1))
            return computed(operation, parts)
        if isinstance(node, ast.Call):
            return self._function(node, depth)
        raise self._wrong(node, "here a number is needed: a quantity, a number or a calculation")

    def _function(self, node: ast.Call, depth: int) -> Number:
        name = _called(node)
        if name not in FUNCTIONS or node.keywords:
            raise self._wrong(node, "call abs, min, max, round or known, without `name=`")
        function, fewest, most = FUNCTIONS[name]
        if not fewest <= len(node.args) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise self._wrong(node, f"{name} takes {wanted} numbers")
        return computed(function, tuple(self._number(part, depth + 1) for part in node.args))

    def _known(self, node: ast.Call) -> Truth:
        if len(node.args) != 1 or not isinstance(node.args[0], ast.Name) or node.keywords:
            raise self._wrong(node, "known takes the name of one quantity")
        return known(self._named(node.args[0], ""))

    def _constant(self, node: ast.expr) -> float:
        value = literal(node)
        if value is None or abs(value) > LARGEST:
            raise self._wrong(node, f"no number may be larger than {LARGEST:g}")
        return float(value)

    def _named(self, node: ast.Name, wanted: str) -> str:
        """Note a quantity and of which type it must be; one quantity has one type."""
        name = node.id
        if not _NAME.fullmatch(name) or name in FUNCTIONS or name == "known":
            problem = f"{name[:64]!r} is no name of a quantity: small letters, digits and _"
            raise self._wrong(node, problem)
        before = self.types.get(name, "")
        if wanted and before and before != wanted:
            raise self._wrong(node, f"{name} is a {before} before and a {wanted} here")
        self.types[name] = wanted or before
        return name

    def _count(self, node: ast.expr, depth: int) -> None:
        self._parts += 1
        if depth > DEEPEST or self._parts > MOST_PARTS:
            problem = (
                f"more than {MOST_PARTS} parts, or {DEEPEST} inside one another; make two rules"
            )
            raise self._wrong(node, problem)

    def _wrong(self, node: ast.expr, problem: str) -> ExpressionError:
        before = self._line.encode()[: node.col_offset].decode("utf-8", "ignore")
        return ExpressionError(f"{problem} (allowed: {_ALLOWED})", len(before) + 1)


def _checked(text: str) -> str:
    """Return the text on one line, or say what no condition may hold."""
    if len(text) > LONGEST:
        raise ExpressionError(f"longer than {LONGEST} characters; make two rules", LONGEST + 1)
    line = text.strip().replace("\n", " ")
    if not line:
        raise ExpressionError("it is empty; write for example `pressure_kpa < 70`", 1)
    quote = ""
    for column, sign in enumerate(line, start=1):
        if sign in "'\"" and quote in {"", sign}:
            quote = "" if quote else sign
        if sign == "\\" or not sign.isprintable():
            raise ExpressionError("no backslash and no control character may stand here", column)
        if not quote and sign in _WIDE:
            problem = f"{sign!r} is a full-width sign; write {_WIDE[sign]!r}"
            raise ExpressionError(problem, column)
        if not quote and not sign.isascii():
            problem = f"{sign!r} cannot stand outside quotes; write a quantity's name"
            raise ExpressionError(problem, column)
    return line


def _parsed(line: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # `5and x` is no good style to bless
            return ast.parse(line, mode="eval").body
    except SyntaxError as error:
        column = min(max(error.offset or 1, 1), len(line) + 1)
        raise ExpressionError(f"not a condition: {error.msg}", column) from error
    except (ValueError, MemoryError, RecursionError, Warning) as error:
        raise ExpressionError(f"not a condition: {error}", 1) from error


def _fixed_truth(node: ast.expr) -> bool | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return node.value
    return TRUTHS.get(node.id) if isinstance(node, ast.Name) else None


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""
