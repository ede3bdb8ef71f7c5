"""What the parts of the alignment bench share: a piece of work and its contestants.

A part is a module `_align_<family>` with a list `WORKS`. Contestants of a work are made when it is its turn; a peer that is not installed
is left out, and named.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@dataclass(frozen=True)
class Work:
    """One row of the table."""

    name: str
    goal: float | None  # best peer's time over plait's
    cells: float  # of the dynamic programme, whether visited or not: GCUPS are cells by seconds
    contestants: Callable[[], Mapping[str, Callable[[], Any]]]  # the first one is plait's; each gives what must agree
    agree: Callable[[Any, Any], bool] = lambda a, b: bool(abs(a - b) <= 1e-6 * max(1.0, abs(a)))
    goal_gcups: float | None = None  # where there is no peer


def present(contestants: Mapping[str, Callable[[Any], Callable[[], Any]]]) -> dict[str, Callable[[], Any]]:
    """From module name to a function that makes the contestant from the module; "module:label" for several of one peer."""
    found = {}
    for label, make in contestants.items():
        module = label.split(":")[0]
        try:
            found[label] = make(importlib.import_module(module))
        except ImportError:
            print(f"  ! {label}: not installed")
    return found
