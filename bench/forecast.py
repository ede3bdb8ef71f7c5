"""Forecasts of many steps by an LSTM, beside PyTorch's network of the same size and the seasonal naive forecast.

    ./dev bench forecast [--epochs 20] [--seeds 3] [--threads N] [--quick] [--json FILE]

Monthly sunspots, 24 months ahead; and four variables of Seattle's weather, 14 days ahead, with the time of the year known ahead. Both sides
train on the same windows with Adam along a cosine; PyTorch trains in a process of its own, and epochs take turns. MASE is the mean absolute
error divided by that of the naive forecast over the same held-out steps: the last season repeated, and the last value repeated.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import plait
from _harness import cpus, duration, machine, show_machine, show_table, write_json
from _worker import Worker
from plait.nn import _sequence_data as windows

HIDDEN, BATCH, RATE, FINAL = 32, 32, 1e-2, 1e-4
Array = npt.NDArray[Any]


def sunspots() -> dict[str, Any] | None:
    path = Path(os.environ.get("PLAIT_DATA", "")) / "series" / "monthly-sunspots.csv"
    if not path.is_file():
        return None
    series = np.loadtxt(path, delimiter=",", skiprows=1, usecols=1)[:, None]
    return {"name": "sunspots", "series": series, "known": None, "horizon": 24, "window": 72, "test": 600, "season": 132}


def weather() -> dict[str, Any] | None:
    if importlib.util.find_spec("vega_datasets") is None:
        return None
    from vega_datasets import local_data

    table = local_data.seattle_weather()
    series = table[["temp_max", "temp_min", "wind", "precipitation"]].to_numpy("float64")
    series[:, 3] = np.log1p(series[:, 3])
    angle = 2 * np.pi * (np.arange(len(series)) % 365.25) / 365.25
    known = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return {"name": "weather", "series": series, "known": known, "horizon": 14, "window": 28, "test": 365, "season": 365}


def run(case: dict[str, Any], epochs: int, seed: int, peer: Worker | None) -> dict[str, Any]:
    series, known, cut = case["series"], case["known"], len(case["series"]) - case["test"]
    model = plait.nn.SequenceRegressor(
        hidden=HIDDEN,
        horizon=case["horizon"],
        window=case["window"],
        future=0 if known is None else known.shape[1],
        distribution=case.get("distribution"),
        epochs=epochs,
        batch_size=BATCH,
        rng=seed,
    )
    future = {} if known is None else {"future": known}
    theirs: list[dict[str, float]] = []

    def after_epoch(now: Any) -> None:  # noqa: ARG001 - the two take turns
        if peer is not None:
            theirs.append(peer.ask("call", "epoch"))

    with tempfile.TemporaryDirectory() as folder:
        if peer is not None:
            np.savez(Path(folder) / "forecast.npz", **standardised(case, cut))
            peer.ask("call", "start", folder, HIDDEN, epochs, BATCH, RATE, FINAL, seed)
        begin = time.perf_counter()
        model.fit(series[:cut], callbacks=after_epoch, **{key: value[:cut] for key, value in future.items()})
        whole = time.perf_counter() - begin - sum(epoch["seconds"] for epoch in theirs)
        test = model.backtest(series, start=cut, **future)
        result = {"plait": {"seconds": model.seconds, "whole": whole, "mae": test.mae, **scaled(test, case["season"])}}
        if test.lower is not None:
            result["plait"]["coverage"] = test.coverage
        if peer is not None:
            peer.ask("call", "forecast", folder)
            shift, scale = series[:cut].mean(axis=0), series[:cut].std(axis=0)
            other = replace(test, forecast=np.load(Path(folder) / "said.npy") * scale + shift)
            seconds = [epoch["seconds"] for epoch in theirs]
            result["torch"] = {"seconds": seconds, "whole": sum(seconds), "mae": other.mae, **scaled(other, case["season"])}
    return result


def standardised(case: dict[str, Any], cut: int) -> dict[str, Array]:
    """Windows as the other side takes them."""
    window, horizon, known = case["window"], case["horizon"], case["known"]
    parts = {"X": case["series"]} | ({} if known is None else {"known": known})
    parts = {key: ((part - part[:cut].mean(axis=0)) / part[:cut].std(axis=0)).astype("float32") for key, part in parts.items()}
    inputs = np.concatenate(list(parts.values()), axis=1)
    found = {}
    for name, at in (("", np.arange(window - 1, cut - horizon)), ("test_", np.arange(cut - 1, len(inputs) - horizon))):
        found[f"{name}X"] = windows.gathered([inputs], [at], 1 - window, 1)
        found[f"{name}y"] = windows.gathered([parts["X"]], [at], 1, 1 + horizon)
        if known is not None:
            found[f"{name}future"] = windows.gathered([parts["known"]], [at], 1, 1 + horizon)
    return found


def scaled(test: plait.nn.Backtest, season: int) -> dict[str, float]:
    return {"mase_season": test.mase(season), "mase_last": test.mase(1)}


def show(case: dict[str, Any], results: list[dict[str, Any]]) -> None:
    rows = []
    for who in results[0]:
        sides = [result[who] for result in results]
        rows.append(
            (
                who,
                *(f"{np.mean([side[key] for side in sides]):.3f}" for key in ("mae", "mase_season", "mase_last")),
                duration(float(np.mean([side["whole"] for side in sides]))),
                duration(float(np.median([s for side in sides for s in side["seconds"]]))),
            )
        )
    print(
        f"\n{case['name']}: {case['horizon']} steps ahead, LSTM({HIDDEN}), windows of {case['window']}, last {case['test']} steps held out"
    )
    show_table(("", "MAE", f"MASE, season {case['season']}", "MASE, last value", "training", "an epoch"), rows)
    if "torch" in results[0]:
        ratio = np.mean([r["torch"]["whole"] for r in results]) / np.mean([r["plait"]["whole"] for r in results])
        print(f"  torch / plait, seconds of the whole training: {ratio:.2f}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench forecast", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(cpus()))
    parser.add_argument("--quick", action="store_true", help="two epochs, one seed")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args(arguments)
    about = machine(["plait", "numpy", "torch"])
    show_machine(about)
    plait.set_num_threads(options.threads)
    there = importlib.util.find_spec("torch") is not None
    if not there:
        print("torch: absent")
    peer = Worker("_forecast_torch", options.threads) if there else None
    found: dict[str, Any] = {}
    try:
        for case, name in ((sunspots(), "sunspots (PLAIT_DATA)"), (weather(), "weather (vega_datasets)")):
            if case is None:
                print(f"{name}: absent")
                continue
            seeds, epochs = (1, 2) if options.quick else (options.seeds, options.epochs)
            results = [run(case, epochs, seed, peer) for seed in range(seeds)]
            show(case, results)
            found[case["name"]] = results
    finally:
        if peer is not None:
            peer.close()
    about["load after"] = machine()["load"]
    print(f"\nload after the run: {about['load after'][0]:.2f}")
    write_json(options.json, {"machine": about, "threads": options.threads, **found})
    return 0


if __name__ == "__main__":
    sys.exit(main())
