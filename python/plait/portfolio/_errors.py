"""The error of a request that no portfolio fulfils."""

from __future__ import annotations

from collections.abc import Sequence


class InfeasibleError(ValueError):
    """Limits exclude each other; ``conflict`` names an irreducible set of them: without any one of these the others can be met."""

    def __init__(self, message: str, conflict: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.conflict = tuple(conflict)


InfeasibleError.__module__ = "plait"
