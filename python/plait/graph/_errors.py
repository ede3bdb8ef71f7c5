"""Warnings of the package; its errors are made in the core."""

from __future__ import annotations


class ConvergenceWarning(UserWarning):
    """An iteration stopped before it had converged; the result says how far it got."""


class PerformanceWarning(UserWarning):
    """The operation works, but by a path much slower than the usual one."""


for _class in (ConvergenceWarning, PerformanceWarning):
    _class.__module__ = "plait"
