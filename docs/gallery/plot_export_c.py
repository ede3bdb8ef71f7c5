"""
A classifier in C
=================

A trained network is exported as two files of C99 without dependencies, for a device or another program; compiled here, they give the same results.
"""

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import plait

data = plait.datasets.spiral(100)
x, t = plait.input("x", (None, 2)), plait.input("t", (None,), "int64")
model = plait.nn.MLP(2, [32], 3, rng=0)
loss = plait.losses.cross_entropy_with_logits(model(x), t)
history = plait.train(loss, {x: data.train_points, t: data.train_labels}, optimizer=plait.optim.Adam(1e-2), epochs=300)

# %%
# Sizes are fixed in C, so the program is exported for one batch size.

points = np.asarray(data.test_points, "float32")
program = plait.compile(plait.softmax(model(x), axis=1))
folder = Path(tempfile.mkdtemp())
written = program.to_c(folder, "spiral", shapes={"x": points.shape})
print(written)
print(written.header.read_text()[:600])

# %%
# Called through ctypes.

expected = program(x=points)
compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
if compiler:
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", str(written.source), "-o", str(folder / "spiral.so"), "-lm"], check=True)
    device = ctypes.CDLL(str(folder / "spiral.so"))
    out = np.empty_like(expected)
    pointer = ctypes.POINTER(ctypes.c_float)
    device.spiral_run(points.ctypes.data_as(pointer), out.ctypes.data_as(pointer))
    print("largest difference:", np.abs(out - expected).max())
    assert np.allclose(out, expected, atol=1e-5)
else:
    out = expected

figure, axes = plt.subplots(figsize=(4.8, 4.4))
plait.plot.decision_regions(lambda p: program(x=p).argmax(axis=1), points, out.argmax(axis=1), ax=axes)
axes.set(title="regions by plait, points by C")
figure.tight_layout()
