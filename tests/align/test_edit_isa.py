"""The same results with every instruction set, and for any number of threads."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from plait import _core

SCRIPT = """
import hashlib, sys
import numpy as np
from plait.align import LCS, Levenshtein

rng = np.random.default_rng(1)
digest = hashlib.sha256()
aligners = [Levenshtein(), Levenshtein(transposition="osa"), Levenshtein(1, 2, 3), Levenshtein(1000, 700, 900), LCS()]
for length in (5, 40, 130, 300, 700, 1500):
    for letters in (2, 26, 600):
        x, y = rng.integers(0, letters, length), rng.integers(0, letters, length + 7)
        near = np.delete(x, [2, length // 2])
        for aligner in aligners:
            for other in (y, near):
                digest.update(repr((aligner.score(x, other), aligner.align(x, other).path.tolist())).encode())
many = [rng.integers(0, 5, k) for k in rng.integers(0, 80, 300)]
for aligner in aligners:
    for threads in (1, 3):
        digest.update(aligner.pairwise(many, threads=threads).tobytes())
    digest.update(repr([a.tolist() for a in aligner.nearest(many[0], many, k=9)]).encode())
print(digest.hexdigest())
"""


def test_every_instruction_set_gives_the_same() -> None:
    levels = ["v2", "v3", "v4"][: ["v2", "v3", "v4"].index(_core.isa()) + 1]
    if len(levels) == 1:
        pytest.skip("one level only")
    found = set()
    for level in levels:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env={**os.environ, "PLAIT_ISA": level}, capture_output=True, text=True, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1
