"""Memory of a fit besides its data: the peak of a separate process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import re, sys
import numpy as np
from plait.tree import C45Classifier

def status(name):
    return 1024 * int(re.search(name + r":\\s+(\\d+)", open("/proc/self/status").read())[1])

bins, missing = int(sys.argv[1]) or None, float(sys.argv[2])
rng = np.random.default_rng(0)
X = rng.normal(size=(100_000, 20))
y = (X[:, 0] * X[:, 1] + X[:, 2] + rng.normal(0, 0.5, len(X)) > 0).astype(int)
X[rng.random(X.shape) < missing] = np.nan
make = lambda: C45Classifier(max_bins=bins, threads=2)
make().fit(X[:1000], y[:1000])
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak begins anew
before = status("VmRSS")
make().fit(X, y)
print((status("VmHWM") - before) / X.nbytes)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are read from Linux's /proc")
@pytest.mark.parametrize(("bins", "missing"), [(0, 0.0), (0, 0.2), (255, 0.0), (255, 0.1)])
def test_a_fit_takes_no_more_than_three_times_its_data(bins: int, missing: float) -> None:
    out = subprocess.run([sys.executable, "-c", PROGRAM, str(bins), str(missing)], capture_output=True, text=True, check=True)
    assert float(out.stdout) < 3
