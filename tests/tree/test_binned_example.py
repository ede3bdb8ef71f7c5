"""The example of a tree on borders that sketches found runs, and loses little."""

from __future__ import annotations

import runpy
from pathlib import Path


def test_a_tree_over_slots_is_nearly_as_good(root: Path) -> None:
    binned, exact = runpy.run_path(str(root / "examples" / "binned_tree.py"))["main"]()
    assert exact > 0.995
    assert exact - 0.02 < binned <= exact
