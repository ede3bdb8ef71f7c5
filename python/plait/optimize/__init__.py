"""Constrained optimisation with exact gradients: SLSQP and L-BFGS over compiled graphs or plain functions."""

from __future__ import annotations

__all__: list[str] = []
