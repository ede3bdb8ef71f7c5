"""The limits of a portfolio, read and checked, and written in the variables of the solver.

Turnover, leverage and costs are sums of absolute values. An asset whose weight may lie on both sides of a kink (0 for leverage, the
previous weight for turnover and costs) is split at it into non-negative pieces: w = start + Σ sign · piece. Every such sum is then linear.
Pieces filled in the wrong order only overstate a sum, so the weights that the pieces reach are exactly those that the limits allow.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _core
from ._labels import Array, Labels, numbers, places, vector

INF = float("inf")
SLACK = 1e-11  # turnover 0 leaves a single point: a slack of the size of rounding errors keeps it feasible for the solver


@dataclass(frozen=True)
class Group:
    """Limits on the sum of some weights."""

    name: str
    members: npt.NDArray[np.int64]
    lower: float
    upper: float


@dataclass(frozen=True)
class Limits:
    """All limits on weights except cardinality and minimum weights."""

    assets: Labels
    lower: Array
    upper: Array
    groups: tuple[Group, ...] = ()
    budget: float | None = 1.0
    leverage: float | None = None
    previous: Array | None = None
    turnover: float | None = None
    cost: float = 0.0

    @property
    def simple(self) -> bool:
        """Whether there are only bounds and a budget."""
        return not self.groups and self.leverage is None and self.turnover is None and self.cost == 0

    def with_bounds(self, lower: Array, upper: Array) -> Limits:
        """A copy with other bounds."""
        return replace(self, lower=lower, upper=upper)

    def names(self) -> list[str]:
        """The names of all finite limits."""
        found = [] if self.budget is None else ["budget"]
        found += [group.name for group in self.groups]
        found += [name for name in ("leverage", "turnover") if getattr(self, name) is not None]
        for k, asset in enumerate(self.assets):
            found += [lower_name(asset)] * int(self.lower[k] > -INF) + [upper_name(asset)] * int(self.upper[k] < INF)
        return found

    def only(self, kept: set[str]) -> Limits:
        """A copy with the named limits only."""
        lower = np.array([v if lower_name(a) in kept else -INF for a, v in zip(self.assets, self.lower.tolist(), strict=True)])
        upper = np.array([v if upper_name(a) in kept else INF for a, v in zip(self.assets, self.upper.tolist(), strict=True)])
        return replace(
            self,
            lower=lower,
            upper=upper,
            groups=tuple(group for group in self.groups if group.name in kept),
            budget=self.budget if "budget" in kept else None,
            leverage=self.leverage if "leverage" in kept else None,
            turnover=self.turnover if "turnover" in kept else None,
        )

    def told(self, name: str) -> str:
        """The text of a limit for messages."""
        if name in ("budget", "leverage", "turnover"):
            return f"{name} {'=' if name == 'budget' else '≤'} {getattr(self, name):g}"
        for group in self.groups:
            if group.name == name:
                return f"{group.lower:g} ≤ group {name} ≤ {group.upper:g}"
        for k, asset in enumerate(self.assets):
            if name == lower_name(asset):
                return f"{asset} ≥ {self.lower[k]:g}"
            if name == upper_name(asset):
                return f"{asset} ≤ {self.upper[k]:g}"
        return name

    def traded(self, weights: Array) -> float:
        """Σ|w - previous|."""
        return 0.0 if self.previous is None else float(np.abs(weights - self.previous).sum())

    def violation(self, weights: Array) -> float:
        """The largest violation of a limit."""
        worst = max(float((self.lower - weights).max()), float((weights - self.upper).max()), 0.0)
        if self.budget is not None:
            worst = max(worst, abs(float(weights.sum()) - self.budget))
        for group in self.groups:
            total = float(weights[group.members].sum())
            worst = max(worst, group.lower - total, total - group.upper)
        if self.leverage is not None:
            worst = max(worst, float(np.abs(weights).sum()) - self.leverage)
        if self.turnover is not None:
            worst = max(worst, self.traded(weights) / 2 - self.turnover)
        return worst


def lower_name(asset: Hashable) -> str:
    """The name of a lower bound."""
    return f"lower bound of {asset}"


def upper_name(asset: Hashable) -> str:
    """The name of an upper bound."""
    return f"upper bound of {asset}"


@dataclass
class Lift:
    """The limits in the variables of the solver: lower ≤ x ≤ upper, row_lower ≤ rows @ x ≤ row_upper, w = start + sign * x summed by asset."""

    start: Array
    asset: npt.NDArray[np.int64]
    sign: Array
    lower: Array
    upper: Array
    rows: Array
    row_lower: Array
    row_upper: Array
    row_names: list[str]
    traded_start: float
    traded: Array
    identity: bool = field(default=True)

    def weights(self, x: Array) -> Array:
        """The weights of x."""
        if self.identity:
            return x
        w = self.start.copy()
        np.add.at(w, self.asset, self.sign * x)
        return w

    def linear(self, per_weight: Array) -> Array:
        """A linear function of the weights as one of x, without its constant."""
        return per_weight if self.identity else per_weight[self.asset] * self.sign

    def matrix(self, per_weight: Array) -> Array:
        """A quadratic form of the weights as one of x."""
        if self.identity:
            return per_weight
        lifted: Array = per_weight[np.ix_(self.asset, self.asset)] * np.outer(self.sign, self.sign)
        return lifted


def lift(limits: Limits) -> Lift:
    """The limits in the variables of the solver."""
    n = len(limits.assets)
    trades = limits.previous is not None and (limits.turnover is not None or limits.cost > 0)
    kinks_of = []
    for k in range(n) if trades or limits.leverage is not None else ():
        kinks: set[float] = {float(limits.previous[k])} if trades and limits.previous is not None else set()
        if limits.leverage is not None:
            kinks.add(0.0)
        kinks_of.append(sorted(kink for kink in kinks if limits.lower[k] < kink < limits.upper[k]))
    start, asset, sign = np.zeros(n), np.arange(n), np.ones(n)
    lower, upper = limits.lower, limits.upper
    identity = not any(kinks_of)
    if not identity:
        pieces = []  # asset, sign, lower, upper, middle of the piece
        for k, inner in enumerate(kinks_of):
            low, high = float(limits.lower[k]), float(limits.upper[k])
            if not inner:
                pieces.append((k, 1.0, low, high))
                continue
            start[k] = inner[0]
            pieces.append((k, -1.0, 0.0, inner[0] - low))
            pieces += [(k, 1.0, 0.0, b - a) for a, b in zip(inner, [*inner[1:], high], strict=True)]
        asset = np.array([piece[0] for piece in pieces])
        sign = np.array([piece[1] for piece in pieces])
        lower = np.array([piece[2] for piece in pieces])
        upper = np.array([piece[3] for piece in pieces])
    rows, row_lower, row_upper, names = [], [], [], []

    def add(name: str, coefficients: Array, low: float, high: float) -> None:
        rows.append(coefficients)
        row_lower.append(low)
        row_upper.append(high)
        names.append(name)

    if limits.budget is not None:
        left = difference(limits.budget, float(start.sum()))
        add("budget", sign, left, left)
    for group in limits.groups:
        member = np.zeros(n)
        member[group.members] = 1.0
        there = float(start @ member)
        add(group.name, member[asset] * sign, difference(group.lower, there), difference(group.upper, there))
    if limits.leverage is not None:
        constant, slopes = absolute(np.zeros(n), start, asset, lower, upper)
        add("leverage", slopes, -INF, difference(limits.leverage, constant))
    traded_start, traded = 0.0, np.zeros(len(asset))
    if trades and limits.previous is not None:
        traded_start, traded = absolute(limits.previous, start, asset, lower, upper)
        if limits.turnover is not None:
            add("turnover", traded, -INF, difference(2 * limits.turnover, traded_start) + SLACK)
    matrix = np.array(rows) if rows else np.zeros((0, len(asset)))
    return Lift(
        start, asset, sign, lower, upper, matrix, np.array(row_lower), np.array(row_upper), names, traded_start, traded, identity
    )  # fmt: skip


def difference(limit: float, there: float) -> float:
    """The difference limit - there, with rounding errors set to 0 so that they cannot make limits infeasible."""
    left = limit - there
    return 0.0 if abs(left) <= 1e-14 * (1 + abs(there)) else left


def absolute(about: Array, start: Array, asset: npt.NDArray[np.int64], lower: Array, upper: Array) -> tuple[float, Array]:
    """Σ|w - about| as constant + slopes @ x, which overstates it only where pieces are filled in the wrong order."""
    slopes = np.empty(len(asset))
    constant = 0.0
    at = start.copy()  # the lower end of an asset's next piece upwards
    seen = np.zeros(len(start), dtype=bool)
    for j, k in enumerate(asset.tolist()):
        single = j + 1 == len(asset) or asset[j + 1] != k
        if not seen[k] and single:  # the asset is not split: all of its range lies on one side
            slopes[j] = 1.0 if lower[j] >= about[k] else -1.0
            constant -= slopes[j] * about[k]
        elif not seen[k]:  # downwards from the first kink, which lies at `about` or below it
            slopes[j] = 1.0
            constant += about[k] - start[k]
            if about[k] < start[k]:  # below the asset's range or at its end
                slopes[j], constant = -1.0, constant - 2 * (about[k] - start[k])
        else:
            slopes[j] = 1.0 if at[k] >= about[k] - 1e-12 * (1 + abs(about[k])) else -1.0  # sums of lengths are rounded
            at[k] += upper[j]
        seen[k] = True
    return constant, slopes


def read_bounds(bounds: Any, assets: Labels) -> tuple[Array, Array]:
    """Bounds as two arrays: one pair for all, a pair for each (by label from a mapping), or a pair of arrays; None is no bound."""
    n = len(assets)
    if hasattr(bounds, "lb") and hasattr(bounds, "ub"):
        bounds = (bounds.lb, bounds.ub)
    if bounds is None:
        bounds = (None, None)
    if isinstance(bounds, Mapping):
        at = places(list(bounds), assets, "bounds")
        pairs = list(bounds.values())
        ends = [[_end(pairs[i], assets[k], side) for k, i in enumerate(at)] for side in (0, 1)]
    elif isinstance(bounds, Sequence | np.ndarray) and len(bounds) == n and all(_is_pair(pair) for pair in bounds):
        ends = [[_end(pair, assets[k], side) for k, pair in enumerate(bounds)] for side in (0, 1)]
    elif isinstance(bounds, Sequence | np.ndarray) and len(bounds) == 2:
        ends = [_side(bounds[side], assets, side) for side in (0, 1)]
    else:
        raise ValueError(f"bounds: expected (low, high), {n} such pairs, or a mapping from asset to pair, got {bounds!r}")
    lower, upper = np.array(ends[0], dtype=np.float64), np.array(ends[1], dtype=np.float64)
    for k in range(n):
        if np.isnan(lower[k]) or np.isnan(upper[k]) or lower[k] == INF or upper[k] == -INF:
            raise ValueError(f"bounds: ({lower[k]}, {upper[k]}) for asset {assets[k]!r} are no bounds")
        if lower[k] > upper[k]:
            raise ValueError(f"bounds: the lower bound {lower[k]:g} of asset {assets[k]!r} is above the upper bound {upper[k]:g}")
    return lower, upper


def _is_pair(value: Any) -> bool:
    return isinstance(value, (tuple, list, np.ndarray)) and len(value) == 2


def _end(pair: Any, asset: Hashable, side: int) -> float:
    if not _is_pair(pair):
        raise ValueError(f"bounds: expected (low, high) for asset {asset!r}, got {pair!r}")
    value = pair[side]
    return (-INF, INF)[side] if value is None else float(value)


def _side(value: Any, assets: Labels, side: int) -> list[float]:
    if value is None or (np.ndim(value) == 0 and not isinstance(value, Mapping)):
        return [(-INF, INF)[side] if value is None else float(numbers(value, "bounds"))] * len(assets)
    ends: list[float] = vector(value, f"bounds (the {('lower', 'upper')[side]} ones)", assets, finite=False).tolist()
    return ends


def read_groups(groups: Any, assets: Labels) -> tuple[Group, ...]:
    """Groups as ``{"tech": (members, low, high)}``; None is no limit."""
    if groups is None:
        return ()
    if not isinstance(groups, Mapping):
        raise TypeError(f"groups: expected a mapping such as {{'tech': (['AAPL', 'MSFT'], 0.0, 0.25)}}, got {type(groups).__name__}")
    found = []
    for name, value in groups.items():
        if not isinstance(value, (tuple, list)) or len(value) != 3 or isinstance(value[0], str):
            raise ValueError(f"groups: expected (members, low, high) for {name!r}, got {value!r}")
        members = places(assets, list(value[0]), f"groups[{name!r}]: among the assets")
        if len(set(members)) != len(members):
            raise ValueError(f"groups[{name!r}]: an asset occurs twice")
        low, high = (-INF if value[1] is None else float(value[1])), (INF if value[2] is None else float(value[2]))
        if np.isnan(low) or np.isnan(high) or low > high:
            raise ValueError(f"groups[{name!r}]: the limits {value[1]} and {value[2]} are no range")
        found.append(Group(str(name), np.array(members, dtype=np.int64), low, high))
    return tuple(found)


def optional_number(value: Any, name: str, least: float = -INF) -> float | None:
    """A finite number not below `least`, or None."""
    if value is None:
        return None
    if type(value) is float and least <= value < INF and value > -INF:
        return value
    if isinstance(value, bool) or np.ndim(value) != 0 or not np.isfinite(number := float(numbers(value, name))) or number < least:
        raise ValueError(f"{name}: expected a finite number{'' if least == -INF else f' of at least {least:g}'}, got {value!r}")
    return number


def required_number(value: Any, name: str, least: float = -INF) -> float:
    """A finite number not below `least`."""
    number = optional_number(value, name, least)
    if number is None:
        raise ValueError(f"{name}: expected a number, got None")
    return number


def read_limits(assets: Labels, bounds: Any, groups: Any, budget: Any, leverage: Any, previous: Any, turnover: Any, cost: Any) -> Limits:
    """All limits of a portfolio, checked."""
    lower, upper = read_bounds(bounds, assets)
    turnover = optional_number(turnover, "turnover", 0.0)
    cost = optional_number(cost, "cost", 0.0) or 0.0
    if previous is None and (turnover is not None or cost > 0):
        raise ValueError(f"previous: the weights held before are needed for {'turnover' if turnover is not None else 'cost'}")
    if previous is not None:
        previous = vector(previous, "previous", assets)
    if lower.shape != (len(assets),):
        raise _core.ShapeError(f"bounds: {len(lower)} for {len(assets)} assets")
    made = Limits(
        assets, lower, upper, read_groups(groups, assets), optional_number(budget, "budget"), optional_number(leverage, "leverage", 0.0),
        previous, turnover, cost,
    )  # fmt: skip
    if previous is not None and turnover == 0 and made.violation(previous) <= 1e-12:
        return replace(made, lower=previous, upper=previous, turnover=None)  # a single point is feasible
    return made
