"""``plait mnist`` and ``plait spiral``: train a classifier, and write a report."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import datasets, optim, plot, report
from ..nn import MLPClassifier
from . import vae
from ._common import Result, add_training, at_least, machine_facts, progress, use_threads


def add(commands: Any) -> None:
    """Adds both subcommands to the parser."""
    mnist = commands.add_parser("mnist", help="train a classifier of images", description="Train a classifier of images.")
    mnist.add_argument("--data", choices=["digits", "fashion-mnist", "mnist"], default="mnist", help="the images (default mnist)")
    mnist.add_argument("--hidden", type=at_least(1), nargs="+", default=[256, 128], metavar="SIZE", help="hidden layers (default 256 128)")
    mnist.add_argument("--out", type=Path, metavar="DIR", help="folder for a report; none is written without it")
    add_training(mnist, epochs=5, batch_size=64)
    mnist.set_defaults(run=run_images)

    spiral = commands.add_parser(
        "spiral", help="train a classifier of points on a spiral", description="Train a classifier of points on a spiral."
    )
    spiral.add_argument("--arms", type=at_least(1), default=3, help="arms of the spiral, each a class (default 3)")
    spiral.add_argument("--points", type=at_least(1), default=100, help="points of each arm (default 100)")
    spiral.add_argument("--noise", type=float, default=0.2, help="noise of the angle, in radians (default 0.2)")
    spiral.add_argument("--hidden", type=at_least(1), nargs="+", default=[100], metavar="SIZE", help="hidden layers (default 100)")
    spiral.add_argument("--out", type=Path, metavar="DIR", help="folder for a report; none is written without it")
    add_training(spiral, epochs=200, batch_size=32)
    spiral.set_defaults(run=run_spiral, rate=1e-2)


def train(options: argparse.Namespace, data: tuple[npt.NDArray[Any], ...]) -> tuple[MLPClassifier, dict[str, Any]]:
    """A trained classifier, and its results on the held-out part."""
    train_points, train_labels, test_points, test_labels = data
    classifier = MLPClassifier(
        hidden=tuple(options.hidden),
        epochs=options.epochs,
        batch_size=options.batch_size,
        optimizer=optim.Adam(options.rate),
        rng=options.seed,
        progress=progress(options),
    )
    began = time.perf_counter()
    classifier.fit(train_points, train_labels, validation=(test_points, test_labels))
    seconds = time.perf_counter() - began
    history = classifier.history_
    return classifier, {
        "layers": "-".join(map(str, (train_points.shape[1], *options.hidden, len(classifier.classes_)))),
        "epochs": len(history.loss),
        "accuracy_training": float(classifier.score(train_points, train_labels)),
        "accuracy": float(classifier.score(test_points, test_labels)),
        "loss": [float(value) for value in history.loss],
        "validation": [float(value) for value in history.validation],
        "epoch_seconds": [float(value) for value in history.seconds],
        "seconds": seconds,
    }


def report_on(title: str, classifier: MLPClassifier, result: dict[str, Any]) -> report.Report:
    """The sections that every classifier has."""
    page = report.Report(title, f"{result['layers']}, {result['epochs']} epochs in {result['seconds']:.1f} s.")
    page.add(
        report.facts(
            "Result",
            {
                "accuracy, held-out": result["accuracy"],
                "accuracy, training": result["accuracy_training"],
                "seconds of an epoch, median": float(np.median(result["epoch_seconds"])),
                **machine_facts(),
            },
        ),
        report.figure("Loss", lambda ax: plot.loss_curve(classifier.history_, ax), "Cross entropy, in nats per sample."),
    )
    return page


def confusion(classes: npt.NDArray[Any], labels: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> report.Section:
    """The confusion matrix."""
    rows = [[str(true), *(int(np.sum((labels == true) & (predicted == other))) for other in classes)] for true in classes]
    return report.table("Confusion", ["true \\ predicted", *map(str, classes)], rows, "Held-out samples.")


def run_images(options: argparse.Namespace) -> Result:
    """``plait mnist``."""
    use_threads(options)
    data = vae.load(options.data, options.quiet)
    classifier, result = train(options, data)
    saved = None
    if options.out is not None:
        predicted = classifier.predict(data.test_images)
        page = report_on(f"A classifier of {options.data}", classifier, result)
        page.add(confusion(classifier.classes_, data.test_labels, predicted))
        wrong = data.test_images[predicted != data.test_labels][:48]
        if len(wrong):
            page.add(report.figure("Mistakes", lambda ax: plot.image_grid(wrong, columns=12, ax=ax), "Misclassified held-out images."))
        saved = page.save(options.out / "report.html")
    return {"command": "mnist", "data": options.data, **result, "report": saved}


def run_spiral(options: argparse.Namespace) -> Result:
    """``plait spiral``."""
    use_threads(options)
    data = datasets.spiral(options.points, arms=options.arms, noise=options.noise, rng=options.seed)
    classifier, result = train(options, data[:4])
    saved = None
    if options.out is not None:
        page = report_on("A classifier of points on a spiral", classifier, result)
        page.add(
            report.figure(
                "Decision regions",
                lambda ax: plot.decision_regions(classifier.predict, data.test_points, data.test_labels, ax=ax),
                "The predicted class at each point, and the held-out samples.",
                size=(5.0, 4.6),
            ),
            confusion(classifier.classes_, data.test_labels, classifier.predict(data.test_points)),
        )
        saved = page.save(options.out / "report.html")
    return {"command": "spiral", **result, "report": saved}
