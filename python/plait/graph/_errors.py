"""Warnings of the package; its errors are made in the core."""

from __future__ import annotations


class ConvergenceWarning(UserWarning):
    """An iteration stopped before it had converged; the result says how far it came."""


class PerformanceWarning(UserWarning):
    """What was asked for works, but on a path much slower than the usual one."""


for _class in (ConvergenceWarning, PerformanceWarning):
    _class.__module__ = "plait"
