"""A tree as SQL: a CASE with a WHEN for each leaf; for rows with missing values the argmax of the class probabilities."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._bounds import Bound, Bounds, leaves
from ._nodes import Nodes

Array = NDArray[Any]


def literal(value: Any) -> str:
    """An SQL literal."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class Writer:
    """SQL of one tree."""

    def __init__(self, nodes: Nodes, classes: Array) -> None:
        self.nodes, self.classes = nodes, classes
        self.columns = [identifier(name) for name in nodes.names]

    def values(self, feature: int, chosen: list[int]) -> str:
        """``column IN (…)``."""
        categories = self.nodes.columns[feature].values
        return f"{self.columns[feature]} IN ({', '.join(literal(categories[c]) for c in chosen)})"

    def by_category(self, feature: int, bound: Bound) -> tuple[float, ...] | None:
        """Shares by category, of ordered columns too; None for a number."""
        column = self.nodes.columns[feature]
        if column.kind == "ordered":
            return tuple(float(bound.low < c <= bound.high) for c in range(len(column.values)))
        return bound.shares

    def condition(self, feature: int, bound: Bound) -> str:
        """The condition for a case without missing values."""
        shares = self.by_category(feature, bound)
        if shares is not None:
            chosen = [c for c, s in enumerate(shares) if s >= 1]
            return self.values(feature, chosen) if chosen else "1 = 0"
        name = self.columns[feature]
        parts = []
        if bound.low > -math.inf:
            parts.append(f"{name} > {literal(bound.low)}")
        if bound.high < math.inf:
            parts.append(f"{name} <= {literal(bound.high)}")
        return " AND ".join(parts)

    def share(self, bounds: Bounds) -> str:
        """The fraction of a case that reaches a leaf."""
        factors = []
        for feature, bound in bounds.items():
            shares = self.by_category(feature, bound)
            if shares is None:
                name = self.columns[feature]
                factors.append(
                    f"CASE WHEN {name} IS NULL THEN {bound.missing!r} WHEN {self.condition(feature, bound)} THEN 1.0 ELSE 0.0 END"
                )
                continue
            groups: dict[float, list[int]] = {}
            for c, s in enumerate(shares):
                groups.setdefault(s, []).append(c)
            when = " ".join(f"WHEN {self.values(feature, chosen)} THEN {s!r}" for s, chosen in groups.items())
            factors.append(f"CASE {when} ELSE {bound.missing!r} END")  # NULL, and categories that training never saw
        return " * ".join(factors) if factors else "1.0"

    def divided(self) -> str:
        """The class of a row with missing values: class probabilities as the columns of a subquery, and their argmax."""
        sums: list[list[str]] = [[] for _ in self.classes]
        for leaf, bounds in leaves(self.nodes):
            if self.nodes.weight[leaf] <= 0 and all(b.missing == 0 for b in bounds.values()) and len(bounds) == 0:
                continue
            share = self.share(bounds)
            counts = self.nodes.counts[leaf]
            total = float(counts.sum())
            for k, count in enumerate(counts.tolist()):
                if count > 0:
                    sums[k].append(share if count == total else f"{share} * {count / total!r}")
        columns = ", ".join(f"{' + '.join(parts) or '0.0'} AS plait_p{k}" for k, parts in enumerate(sums))
        last = len(sums) - 1
        when = " ".join(
            "WHEN "
            + " AND ".join(f"plait_p{k} >= plait_p{other} - 1e-9" for other in range(len(sums)) if other != k)
            + f" THEN {literal(self.classes[k])}"
            for k in range(last)
        )
        return f"(SELECT CASE {when} ELSE {literal(self.classes[last])} END FROM (SELECT {columns}) AS plait_p)"

    def expression(self) -> str:
        """The CASE expression."""
        if self.nodes.branches[0] == 0:
            return f"CASE WHEN 1 = 1 THEN {literal(self.classes[self.nodes.label[0]])} END"
        lines = ["CASE"]
        for leaf, bounds in leaves(self.nodes):
            when = " AND ".join(self.condition(feature, bound) for feature, bound in bounds.items())
            if "1 = 0" not in when:
                lines.append(f"  WHEN {when} THEN {literal(self.classes[self.nodes.label[leaf]])}")
        other = literal(self.classes[0]) if len(self.classes) == 1 else self.divided()
        return "\n".join([*lines, f"  ELSE {other}", "END"])


def to_sql(nodes: Nodes, classes: Array, table: str | None) -> str:
    """An expression, or a query of a table."""
    if table is not None and not isinstance(table, str):
        raise TypeError(f"table: expected a name, got {type(table).__name__}")
    if table is not None and not all(table.split(".")):
        raise ValueError(f"table: {table!r} was given, a name was expected")
    expression = Writer(nodes, classes).expression()
    if table is None:
        return expression
    return f"SELECT *, {expression} AS {identifier('prediction')}\nFROM {'.'.join(identifier(part) for part in table.split('.'))}"
