"""Discrete allocation: whole shares for weights."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core import optimize as _optimize
from ._estimates import positive_number
from ._labels import Array, Labels, vector

EXACT_UP_TO = 30
MOST_NODES_BEYOND = 1_000_000


@dataclass(frozen=True)
class Allocation:
    """Whole shares of each asset.

    Parameters
    ----------
    shares : dict
        Asset to number of shares, zeros included.
    cash : float
        Money that is left.
    error : float
        Σ|weight · value - shares · price|.
    proven : bool
        Whether the error is proven to be minimal.
    """

    shares: dict[Hashable, int]
    cash: float
    error: float
    proven: bool


def allocate(assets: Labels, weights: Array, prices: Any, value: Any) -> Allocation:
    """The allocation for weights, prices and money."""
    money = positive_number(value, "value")
    price = vector(prices, "prices", assets)
    if not (price > 0).all():
        k = int(np.flatnonzero(price <= 0)[0])
        raise ValueError(f"prices: asset {assets[k]!r} has {price[k]}, expected a price above 0")
    limit = 2**62 if len(assets) <= EXACT_UP_TO else MOST_NODES_BEYOND
    shares, error, cash, proven, _ = _optimize.whole_shares(weights * money, price, money, limit)
    return Allocation(dict(zip(assets, shares, strict=True)), cash, error, proven)
