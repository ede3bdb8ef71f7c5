"""The same program at every instruction set that this machine has."""

from __future__ import annotations

import os
import subprocess
import sys

from plait import _core

LEVELS = ["v2", "v3", "v4"][: ["v2", "v3", "v4"].index(_core.isa()) + 1]


def outputs(script: str) -> list[str]:
    """What a script prints at each level."""
    found = []
    for level in LEVELS:
        done = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PLAIT_ISA": level}, capture_output=True, text=True, check=True)
        assert done.stdout.strip()
        found.append(done.stdout)
    return found
