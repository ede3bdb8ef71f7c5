"""Constrained optimisation with exact gradients: SLSQP and L-BFGS over compiled graphs or plain functions."""

from __future__ import annotations

from ._factor import FactorCovariance
from ._minimize import minimize
from ._problem import Problem
from ._result import OptimizeResult

__all__ = ["FactorCovariance", "OptimizeResult", "Problem", "minimize"]
