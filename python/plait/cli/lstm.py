"""``plait lstm``: learn a sine and a cosine from a few points, then generate their continuation from five."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import graph, losses, optim, plot, report
from ..nn import SequenceRegressor
from ._common import Result, add_training, at_least, machine_facts, progress, use_threads

STEP = 0.3  # radians from point to point
SEEN = 200  # points to learn from
WINDOW, AHEAD, HIDDEN, POINTS = 5, 20, 15, 100
EPOCHS, BATCH_SIZE, RATE = 200, 32, 1e-2


def add(commands: Any) -> None:
    """Adds the subcommand to the parser."""
    parser = commands.add_parser("lstm", help="train an LSTM on (cos, sin), and continue the series", description=__doc__.split(": ", 1)[1])
    parser.add_argument("--hidden", type=at_least(1), default=HIDDEN, metavar="SIZE", help=f"hidden values (default {HIDDEN})")
    parser.add_argument("--window", type=at_least(1), default=WINDOW, help=f"true points before the generated ones (default {WINDOW})")
    ahead = f"points generated from its own outputs in training; 0: none (default {AHEAD})"
    parser.add_argument("--ahead", type=at_least(0), default=AHEAD, help=ahead)
    parser.add_argument("--points", type=at_least(1), default=POINTS, help=f"points to generate (default {POINTS})")
    parser.add_argument("--sgd", action="store_true", help="plain gradient descent instead of Adam")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for a report; none is written without it")
    add_training(parser, epochs=EPOCHS, batch_size=BATCH_SIZE)
    parser.set_defaults(run=run, rate=RATE)


def circle(points: int) -> npt.NDArray[np.float64]:
    """The series: (cos, sin) of evenly spaced angles."""
    angles = STEP * np.arange(points)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def train(
    *,
    hidden: int = HIDDEN,
    window: int = WINDOW,
    ahead: int = AHEAD,
    points: int = POINTS,
    epochs: int = EPOCHS,
    batch_size: int = BATCH_SIZE,
    rate: float = RATE,
    sgd: bool = False,
    seed: int = 0,
    progress: Any = False,
) -> tuple[SequenceRegressor, dict[str, Any]]:
    """A trained network, and its results."""
    model = SequenceRegressor(2, hidden, 2, activation="tanh", rng=seed)
    steps = epochs * -(-max(SEEN - window - ahead, 1) // batch_size)
    began = time.perf_counter()
    history = model.fit(
        circle(max(SEEN, window + ahead + 1)),
        window=window,
        ahead=ahead,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optim.SGD(rate) if sgd else optim.Adam(optim.Cosine(rate, steps, final=rate / 100)),
        rng=seed,
        progress=progress,
    )
    seconds = time.perf_counter() - began
    truth = circle(window + points)
    model.generate(truth[:window], 1)  # compiles the program before the measurement
    began = time.perf_counter()
    made = model.generate(truth[:window], points)
    return model, {
        "layers": f"2-{hidden}-2",
        "epochs": len(history.loss),
        "window": window,
        "error": float(np.abs(made - truth[window:]).mean()),
        "loss": [float(value) for value in history.loss],
        "seconds": seconds,
        "points_per_second": points / (time.perf_counter() - began),
        "generated": made.tolist(),
    }


def section(result: dict[str, Any]) -> report.Section:
    """A plot of the true and the generated series."""
    window, made = result["window"], np.asarray(result["generated"])
    return report.figure(
        "Generated series",
        lambda ax: plot.continuation(circle(window + len(made)), made, names=("cos", "sin"), ax=ax),
        f"An LSTM with {result['layers'].split('-')[1]} hidden values was trained in {result['seconds']:.1f} s; from {window} true points on, "
        f"each of its outputs is its next input. Mean absolute error over {len(made)} points: {result['error']:.3f}.",
        size=(8.0, 3.2),
    )


def demo_section(seed: int) -> tuple[report.Section, dict[str, Any]]:
    """The section of ``plait demo``, and its numbers; short, without progress."""
    result = train(seed=seed)[1]
    return section(result), {"sequence_error": result["error"], "sequence_seconds": result["seconds"]}


def graph_section(model: SequenceRegressor) -> report.Section:
    """Three steps as a graph: each weight once, with three edges."""
    x, t = graph.input("x", (None, 3, model.inputs)), graph.input("t", (None, 3, model.outputs))
    loss = losses.mse(model(x)[0], t)
    loss.name = "loss"
    return report.graph("Graph", loss, "Three steps in time. Each weight is one node, which waits for a gradient from every step.")


def run(options: argparse.Namespace) -> Result:
    """``plait lstm``."""
    use_threads(options)
    names = ("hidden", "window", "ahead", "points", "epochs", "batch_size", "rate", "sgd", "seed")
    model, result = train(**{name: getattr(options, name) for name in names}, progress=progress(options))
    saved = None
    if options.out is not None:
        page = report.Report(
            "Generation of a series by an LSTM", f"{result['layers']}, {result['epochs']} epochs in {result['seconds']:.1f} s."
        )
        page.add(
            report.facts(
                "Result",
                {
                    "mean absolute error of generated points": result["error"],
                    "true points before them": result["window"],
                    "seconds of training": result["seconds"],
                    "generated points per second": result["points_per_second"],
                    **machine_facts(),
                },
            ),
            section(result),
            report.figure("Loss", lambda ax: ax.semilogy(result["loss"]), "Squared error over epochs."),
            graph_section(model),
        )
        saved = page.save(options.out / "report.html")
    shown = {key: value for key, value in result.items() if key != "generated" or options.json}
    return {"command": "lstm", **shown, "report": saved}
