"""PyTorch's time-sequence example: two LSTM layers of 51 on 97 sines of length 1000 and random phase, then 1000 future points of three others.

    ./dev bench time_sequence [--epochs 40] [--threads N] [--quick] [--json FILE]

The example trains with L-BFGS over whole sequences; here both sides take Adam over stretches of 37 steps with carried state, from the same
starting weights. PyTorch trains in a process of its own, and epochs take turns. The test loss is that of one step ahead on the three held-out
sines, as the example prints it; the error of the future is against the sines' true continuation.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import plait
from _harness import cpus, duration, machine, show_machine, show_table, write_json
from _worker import Worker

HIDDEN, LENGTH, FUTURE, PERIOD, HELD_OUT = 51, 1000, 1000, 20, 3
STRETCH = 37  # 27 of them are the 999 steps that have a next value
RATE, FINAL = 5e-3, 1e-4


def sines(length: int, seed: int) -> npt.NDArray[np.float32]:
    """100 rows as the example makes them, and as much longer as is asked for."""
    shift = np.random.default_rng(seed).integers(-4 * PERIOD, 4 * PERIOD, (100, 1))
    return np.sin((np.arange(length) + shift) / PERIOD).astype(np.float32)


def run(epochs: int, seed: int, peer: Worker | None) -> dict[str, Any]:
    whole = sines(LENGTH + FUTURE, seed)
    data, truth = whole[:, :LENGTH], whole[:HELD_OUT, LENGTH:]
    train, test = data[HELD_OUT:], data[:HELD_OUT]
    model = plait.nn.SequenceRegressor(1, HIDDEN, 1, layers=2, forget_bias=1.0, standardize=False, rng=seed)
    steps = epochs * (LENGTH - 1) // STRETCH
    theirs: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        if peer is not None:
            np.savez(Path(folder) / "start.npz", *(np.asarray(node.value) for node in model.parameters()))
            np.savez(Path(folder) / "data.npz", train=train, test=test)
            peer.ask("call", "start", folder, HIDDEN, STRETCH, RATE, FINAL, steps)

        def after_epoch(now: Any) -> None:
            cells = [f"epoch {now.epoch}: plait {now.loss:.2e}, {now.history.seconds[-1]:.2f} s"]
            if peer is not None:
                theirs.append(peer.ask("call", "epoch"))
                cells.append(f"torch {theirs[-1]['loss']:.2e}, {theirs[-1]['seconds']:.2f} s")
            print("  " + "; ".join(cells), flush=True)

        begin = time.perf_counter()
        optimizer = plait.optim.Adam(plait.optim.Cosine(RATE, steps, final=FINAL), clip_norm=1.0)
        history = model.fit(list(train), tbptt=STRETCH, epochs=epochs, optimizer=optimizer, callbacks=after_epoch)
        compiling = time.perf_counter() - begin - sum(history.seconds) - sum(epoch["seconds"] for epoch in theirs)
    predicted = model.predict(test[:, :-1, None])
    model.generate(test[:, :, None], 1)
    begin = time.perf_counter()
    made = model.generate(test[:, :, None], FUTURE)
    result: dict[str, Any] = {
        "plait": {
            "loss": history.loss,
            "seconds": history.seconds,
            "compiling": compiling,
            "test": float(np.mean((predicted[:, :, 0] - test[:, 1:]) ** 2)),
            "future": float(np.abs(made[:, :, 0] - truth).mean()),
            "generation": time.perf_counter() - begin,
        }
    }
    if peer is not None:
        result["torch"] = {key: [epoch[key] for epoch in theirs] for key in ("loss", "seconds")}
        result["torch"] |= {"compiling": 0.0, **peer.ask("call", "judge", FUTURE, truth.tolist())}
    return result


def show(result: dict[str, Any]) -> None:
    rows = [
        (
            who,
            f"{side['test']:.2e}",
            f"{side['future']:.4f}",
            duration(sum(side["seconds"]) + side["compiling"]),
            duration(side["compiling"]),
            duration(float(np.median(side["seconds"]))),
            duration(side["generation"]),
        )
        for who, side in result.items()
    ]
    show_table(("", "test loss", "error of the future", "training", "of it compiling", "an epoch", f"{FUTURE} points"), rows)
    if "torch" in result:
        ratio = np.median(result["torch"]["seconds"]) / np.median(result["plait"]["seconds"])
        print(f"  torch / plait, medians of an epoch's seconds: {ratio:.2f}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench time_sequence", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--threads", type=int, default=len(cpus()))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="two epochs")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args(arguments)
    about = machine(["plait", "numpy", "torch"])
    show_machine(about)
    plait.set_num_threads(options.threads)
    there = importlib.util.find_spec("torch") is not None
    if not there:
        print("torch: absent")
    peer = Worker("_time_sequence_torch", options.threads) if there else None
    print(f"\n2 × LSTM({HIDDEN}), {100 - HELD_OUT} sines of length {LENGTH}, Adam {RATE:g} to {FINAL:g}, stretches of {STRETCH} steps")
    try:
        result = run(2 if options.quick else options.epochs, options.seed, peer)
    finally:
        if peer is not None:
            peer.close()
    show(result)
    about["load after"] = machine()["load"]
    print(f"\nload after the run: {about['load after'][0]:.2f}")
    write_json(options.json, {"machine": about, "threads": options.threads, **result})
    return 0


if __name__ == "__main__":
    sys.exit(main())
