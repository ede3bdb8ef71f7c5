"""The error for infeasible limits."""

from __future__ import annotations

from collections.abc import Sequence


class InfeasibleError(ValueError):
    """The limits are infeasible; ``conflict`` names an irreducible subset of them: without any one of these the others are feasible."""

    def __init__(self, message: str, conflict: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.conflict = tuple(conflict)


InfeasibleError.__module__ = "plait"
