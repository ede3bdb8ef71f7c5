"""Ctrl-C: training returns at once, the model can be used and trained again, and a checkpoint goes on where it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

SCRIPT = """
import os, sys, time
import numpy as np
import plait

model = plait.nn.MLP(200, (400, 400), 10, rng=0)
x, t = plait.input("x", (None, 200)), plait.input("t", (None,), dtype="int64")
rng = np.random.default_rng(0)
data = {x: rng.normal(size=(ROWS, 200)), t: rng.integers(0, 10, ROWS)}
loss = plait.losses.cross_entropy_with_logits(model(x), t)
options = dict(optimizer=plait.optim.Adam(1e-4), batch_size=BATCH, checkpoint=sys.argv[1])
began = False
def tell(progress):
    global began
    if not began and (os.path.exists(sys.argv[1]) or not EPOCHS):   # a checkpoint to go on from
        began = True
        print("running", flush=True)
try:
    plait.train(loss, data, epochs=100000, progress=tell, **options)
except KeyboardInterrupt:
    print("stopped", time.monotonic(), flush=True)
assert all(np.isfinite(p.value).all() for p in model.parameters())
predicted = plait.compile([model(x)])(x=np.ones((3, 200), "float32"))[0]
assert np.isfinite(predicted).all()
tree = plait.load(sys.argv[1]) if EPOCHS else {"loss": []}
epochs = len(tree["loss"]) + 1
print("resumed", plait.train(loss, {k: v[:ROWS] for k, v in data.items()}, epochs=epochs, resume=True, **options).epochs == epochs, flush=True)
"""


@pytest.mark.parametrize(("rows", "batch", "epochs"), [(2000, 100, True), (4000, 4000, True), (20000, 50, False)])
def test_ctrl_c_stops_within_a_moment(tmp_path: Path, rows: int, batch: int, epochs: bool) -> None:
    script = SCRIPT.replace("ROWS", str(rows)).replace("BATCH", str(batch)).replace("EPOCHS", str(epochs))
    file = tmp_path / "run.ckpt"
    if not epochs:
        script = script.replace('print("resumed"', 'sys.exit(0)\nprint("resumed"')
    process = subprocess.Popen([sys.executable, "-c", script, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        time.sleep(0.2)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, err
    words = out.split()
    assert words[0] == "stopped"
    # The promise is 100 ms; a machine with other work to do is given ten times that. The clock is the same one in both processes.
    print(f"[Ctrl-C took {1e3 * (float(words[1]) - sent):.0f} ms]")
    assert float(words[1]) - sent < 1.0
    assert words[2:] == (["resumed", "True"] if epochs else [])


def test_an_interrupt_is_not_swallowed_by_callbacks() -> None:
    import plait

    x = plait.input("x", (None,))
    w = plait.parameter(np.zeros((), "float32"), name="w")

    def interrupt(_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        plait.train(((w - x) ** 2).mean(), {x: np.ones(8)}, epochs=3, callbacks=interrupt)
