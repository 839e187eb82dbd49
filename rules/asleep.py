"""Where a condition is surely false, so that a rule need not be woken by a Reading that says so."""

import ast
import math

TRUTHS = {"true": True, "false": False, "True": True, "False": False}
"""Names that are no quantities."""


def asleep(tree: ast.expr) -> dict[str, tuple[float, float]]:
    """Return the closed range of one quantity in which it is false, whatever else is said.

    That can be told of `quantity > limit`, of `quantity < limit`, of a quantity that is true or false,
    and of an `and` with one of these in it.
    """
    anded = isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And)
    for part in tree.values if anded and isinstance(tree, ast.BoolOp) else [tree]:
        if isinstance(part, ast.Name):
            if part.id in TRUTHS:
                continue
            return {part.id: (0.0, 0.0)}
        if not isinstance(part, ast.Compare) or len(part.ops) > 1:
            continue
        limit, name = literal(part.comparators[0]), part.left
        if limit is None or not isinstance(name, ast.Name):
            continue
        if isinstance(part.ops[0], ast.Gt):
            return {name.id: (-math.inf, float(limit))}
        if isinstance(part.ops[0], ast.Lt):
            return {name.id: (float(limit), math.inf)}
    return {}


def literal(node: ast.expr) -> float | int | None:
    """Return the number that stands there, with its sign, or None."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = literal(node.operand) if isinstance(node.operand, ast.Constant) else None
        return None if inner is None else -inner
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
        return None
    return node.value if isinstance(node.value, (int, float)) else None
