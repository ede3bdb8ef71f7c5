"""
The same model in onnxruntime
=============================

A graph is exported as ONNX, run by onnxruntime, and imported again; all three results agree.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import plait

data = plait.datasets.spiral(100)
classifier = plait.nn.MLPClassifier(hidden=(32,), epochs=200, optimizer=plait.optim.Adam(1e-2), rng=0)
classifier.fit(data.train_points, data.train_labels)

x = plait.input("x", (None, 2))
program = plait.compile(plait.softmax(classifier.model_(x), axis=1))
points = np.asarray(data.test_points, "float32")
here = program(x=points)

# %%
# ``pip install onnx onnxruntime``; ``plait export model.plait --onnx`` does it on the command line.

try:
    import onnx  # noqa: F401
    import onnxruntime
except ImportError as missing:
    print(f"{missing.name} is not installed: the picture shows plait's own answers")
    there = back = here
else:
    path = Path(tempfile.mkdtemp()) / "spiral.onnx"
    program.to_onnx(path)
    session = onnxruntime.InferenceSession(path)
    (there,) = session.run(None, {session.get_inputs()[0].name: points})
    (back,) = plait.from_onnx(path)(x=points).values()
print(f"largest difference to onnxruntime {np.abs(here - there).max():.1e}, to the graph read back {np.abs(here - back).max():.1e}")
assert np.allclose(here, there, atol=1e-5)
assert np.allclose(here, back, atol=1e-6)

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8))
plait.plot.loss_curve(classifier.history_, left)
right.scatter(here.max(axis=1), there.max(axis=1), s=8)
right.set(xlabel="probability of the class, plait", ylabel="the same, onnxruntime")
figure.tight_layout()
