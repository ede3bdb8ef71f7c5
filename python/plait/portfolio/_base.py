"""The base of portfolio problems: assets with means, covariance and limits, and results from weights."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from .. import _core
from ._covariance import Repair, checked
from ._estimates import positive_number
from ._labels import Array, Labels, places, square, unique, vector, vector_labels
from ._limits import Limits, optional_number, read_limits
from ._model import Model
from ._perspective import Program
from ._search import Relaxed, search
from ._weights import Weights


class PortfolioBase:
    """The data of a portfolio problem, and the making of results from weights."""

    limits: Limits

    def __init__(
        self,
        expected_returns: Any,
        covariance: Any,
        assets: Sequence[Hashable] | None = None,
        bounds: Any = (0, 1),
        groups: Any = None,
        repair: Repair = None,
        budget: float | None = 1.0,
        leverage: float | None = None,
        previous: Any = None,
        turnover: float | None = None,
        cost: float = 0.0,
        l2: float = 0.0,
        max_assets: int | None = None,
        min_weight: float | None = None,
    ) -> None:
        matrix, labels = square(covariance, "covariance")
        if matrix.shape[0] == 0:
            raise ValueError("covariance: no assets")
        names: Labels
        if assets is None:
            names = labels or (vector_labels(expected_returns) if expected_returns is not None else None) or list(range(len(matrix)))
        else:
            names = list(assets)
        unique(names, "assets")
        if labels is not None:
            if assets is None and expected_returns is not None and (found := vector_labels(expected_returns)) is not None:
                places(names, found, "covariance")
            order = places(labels, names, "covariance")
            matrix = matrix[np.ix_(order, order)]
        elif len(names) != len(matrix):
            raise _core.ShapeError(f"covariance: expected shape ({len(names)}, {len(names)}) for {len(names)} assets, got {matrix.shape}")
        self.assets: Labels = names
        self.covariance: Array = checked(matrix, names, repair)
        self.expected_returns: Array | None = None if expected_returns is None else vector(expected_returns, "expected_returns", names)
        self.limits = read_limits(names, bounds, groups, budget, leverage, previous, turnover, cost)
        self.l2 = optional_number(l2, "l2", 0.0) or 0.0
        self.max_assets, self.min_weight = _read_holding(max_assets, min_weight)
        self.returns: Array | None = None

    @cached_property
    def _model(self) -> Model:
        return Model(self.limits, self.expected_returns, self.covariance, self.l2)

    @property
    def _searches(self) -> bool:
        return self.max_assets is not None or self.min_weight is not None

    def _result(
        self,
        weights: Array,
        method: str,
        *,
        risk_free: float = 0.0,
        proven: bool = True,
        gap: float = 0.0,
        clip: bool = True,
        **details: Any,
    ) -> Weights:
        limits = self.limits
        if clip:  # off the bounds by rounding only
            weights = np.minimum(np.maximum(weights, limits.lower), limits.upper)
        marginal = self.covariance @ weights
        risk = float(np.sqrt(max(0.0, float(weights @ marginal))))
        if limits.previous is not None:
            details.setdefault("turnover", limits.traded(weights) / 2)
        return Weights(
            self.assets,
            weights,
            self._model.expected_return(weights),
            risk,
            risk_free=risk_free,
            method=method,
            proven=proven,
            gap=gap,
            details=details,
            marginal=marginal,
        )

    def _best(
        self,
        method: str,
        relaxed: Relaxed,
        *,
        model: Model | None = None,
        risk_free: float = 0.0,
        program: Callable[[Model], Program | None] | None = None,
        **details: Any,
    ) -> Weights:
        """The optimal weights of a method; cardinality limits by branch and bound."""
        model = self._model if model is None else model
        if not self._searches:
            return self._result(relaxed(model)[1], method, risk_free=risk_free, **details)
        found = search(model, relaxed, self.max_assets, self.min_weight, program)
        return self._result(found.weights, method, risk_free=risk_free, proven=found.proven, gap=found.gap, **details)

    def _require_means(self, method: str) -> Array:
        if self.expected_returns is None:
            raise ValueError(f"{method}: the portfolio has no expected returns")
        return self.expected_returns

    def _returns(self, values: Array, method: str) -> Array:
        """Returns of the assets that were given to a method, checked."""
        if not np.isfinite(values).all():
            i, j = (int(k) for k in np.argwhere(~np.isfinite(values))[0])
            raise ValueError(f"{method}: returns has {values[i, j]} for asset {self.assets[j]!r} in row {i}, expected finite numbers")
        if len(values) < 2:
            raise ValueError(f"{method}: returns has {len(values)} rows, two at least are needed")
        return values

    def __len__(self) -> int:
        return len(self.assets)

    def __repr__(self) -> str:
        shown = ", ".join(map(str, self.assets[:6])) + (", …" if len(self.assets) > 6 else "")
        return f"{type(self).__name__}({len(self.assets)} assets: {shown})"


def _read_holding(max_assets: Any, min_weight: Any) -> tuple[int | None, float | None]:
    if max_assets is not None and (isinstance(max_assets, bool) or not isinstance(max_assets, (int, np.integer)) or max_assets < 1):
        raise ValueError(f"max_assets: expected a whole number above 0 or None, got {max_assets!r}")
    return None if max_assets is None else int(max_assets), None if min_weight is None else positive_number(min_weight, "min_weight")
