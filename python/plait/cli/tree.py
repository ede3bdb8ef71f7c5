"""``plait tree``: grow a C4.5 tree on a table (CSV, ARFF), print it, and estimate its error by cross-validation."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import datasets, report
from ..tree import C45Classifier
from ._common import Failure, Result, add_common, at_least, positive
from ._table import read_table, table_column

Array = NDArray[Any]


class Data(NamedTuple):
    """The training data."""

    X: Array
    y: Array
    names: list[str]
    categorical: list[bool]
    target: str


def add(commands: Any) -> None:
    """Adds the subcommand to the parser."""
    parser = commands.add_parser("tree", help="grow a decision tree on a table (CSV, ARFF)", description=__doc__.split(": ", 1)[1])
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="ARFF where it ends in .arff, else CSV; ?, NA, null and empty cells are missing values"
    )
    parser.add_argument("--target", metavar="COLUMN", help="the column to predict (default: the last one)")
    parser.add_argument(
        "--no-header", action="store_true", help="the first line of the CSV file holds values; columns are 'column 1' and so on"
    )
    parser.add_argument("--min-leaf", type=positive, default=2.0, help="least cases in two branches of a split (default 2)")
    parser.add_argument("--confidence", type=confidence, default=0.25, help="of pruning, the smaller, the smaller the tree (default 0.25)")
    parser.add_argument("--unpruned", action="store_true", help="no pruning")
    parser.add_argument("--subsets", action="store_true", help="group categories")
    parser.add_argument("--max-depth", type=at_least(0), help="tests from the root to a leaf, at most")
    parser.add_argument("--folds", type=at_least(0), default=10, help="folds of the cross-validation, 0 for none (default 10)")
    parser.add_argument("--seed", type=at_least(0), default=0, help="seed of the assignment of rows to folds (default 0)")
    parser.add_argument("--rules", action="store_true", help="the tree as rules too")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the tree as JSON")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a page with a picture of the tree")
    add_common(parser)
    parser.set_defaults(run=run)


def confidence(text: str) -> float:
    """A type for argparse: above 0 and up to 0.5."""
    value = float(text)
    if not 0 < value <= 0.5:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and up to 0.5")
    return value


confidence.__name__ = "number"


def read(options: argparse.Namespace) -> Data:
    """The table; rows without a target are left out."""
    path = options.file
    if not path.is_file():
        raise Failure(f"{path}: no such file")
    if path.suffix.lower() == ".arff":
        table = datasets.arff(path)
        names, columns = list(table.names), [np.array(c, dtype=object) for c in table.columns]
        categorical = [c is not None for c in table.categories]
    else:
        names, rows, separator = read_table(path, not options.no_header)
        parsed = [table_column(path, name, [(line, cells[i]) for line, cells in rows], separator) for i, name in enumerate(names)]
        columns, categorical = [c for c, _ in parsed], [is_text for _, is_text in parsed]
    target = options.target if options.target is not None else names[-1]
    if target not in names:
        raise Failure(f"--target: no column is called {target!r}; there are {', '.join(names[:20])}")
    if len(names) < 2:
        raise Failure(f"{path}: one column, at least a feature and a target are needed")
    at = names.index(target)
    labels = columns[at]
    known = np.array([label is not None and label == label for label in labels])
    if not known.any():
        raise Failure(f"--target: column {target!r} holds no value")
    y = labels[known]
    y = y.astype(str) if categorical[at] else y.astype(float)
    if not categorical[at] and (y == np.round(y)).all():
        y = y.astype(np.int64)
    others = [i for i in range(len(names)) if i != at]
    X = np.empty((int(known.sum()), len(others)), dtype=object)
    for to, i in enumerate(others):
        X[:, to] = columns[i][known]
    return Data(X, y, [names[i] for i in others], [categorical[i] for i in others], target)


def folds_of(y: Array, folds: int, seed: int) -> Array:
    """The fold of each row, stratified by class."""
    rng = np.random.default_rng(seed)
    part = np.empty(len(y), np.int64)
    order = np.concatenate([rng.permutation(np.flatnonzero(y == label)) for label in np.unique(y)])
    part[order] = np.arange(len(y)) % folds
    return part


def cross_validated(tree: C45Classifier, data: Data, folds: int, seed: int) -> float:
    """The cross-validated error: the share of rows misclassified by trees grown on the other folds."""
    part = folds_of(data.y, folds, seed)
    wrong = 0
    for fold in range(folds):
        held_out = part == fold
        grown = C45Classifier(**tree.get_params()).fit(data.X[~held_out], data.y[~held_out])
        wrong += int(np.sum(grown.predict(data.X[held_out]) != data.y[held_out]))
    return wrong / len(data.y)


def run(options: argparse.Namespace) -> Result:
    """``plait tree``."""
    data = read(options)
    if options.folds == 1 or options.folds > len(data.y):
        raise Failure(f"--folds: {options.folds} parts of {len(data.y)} rows")
    tree = C45Classifier(
        min_leaf=options.min_leaf,
        confidence=options.confidence,
        prune=not options.unpruned,
        categorical=data.categorical,
        max_depth=options.max_depth,
        subsets=options.subsets,
    )
    began = time.perf_counter()
    tree.fit(data.X, data.y)
    seconds = time.perf_counter() - began
    result: dict[str, Any] = {
        "command": "tree",
        "file": options.file,
        "target": data.target,
        "rows": len(data.y),
        "features": len(data.names),
        "classes": [str(c) for c in tree.classes_],
        "leaves": tree.n_leaves_,
        "nodes": len(tree.tree_.attribute),
        "training_error": 1.0 - tree.score(data.X, data.y),
    }
    if options.folds:
        result |= {"folds": options.folds, "cross_validated_error": cross_validated(tree, data, options.folds, options.seed)}
    result |= {"seconds": seconds, "tree": "\n" + tree.export_text(data.names)}
    if options.rules:
        rules = [str(rule) for rule in tree.to_rules(names=data.names)]
        result["rules"] = rules if options.json else "\n" + "\n".join(rules)
    if options.save is not None:
        tree.save(options.save)
        result["saved"] = options.save
    if options.out is not None:
        page = report.Report(f"A tree for {data.target}", f"{tree.n_leaves_} leaves from {len(data.y)} rows of {options.file.name}.")
        page.add(report.figure("Tree", lambda ax: tree.plot(ax, data.names, 6), size=(10.0, 5.0)))
        page.add(report.preformatted("Text", tree.export_text(data.names)))
        result["report"] = page.save(options.out)
    return result


GOLF = """sunny 85 85 no don't|sunny 80 90 yes don't|overcast 83 78 no play|rain 70 96 no play|rain 68 80 no play|rain 65 70 yes don't|\
overcast 64 65 yes play|sunny 72 95 no don't|sunny 69 70 no play|rain 75 80 no play|sunny 75 70 yes play|overcast 72 90 yes play|\
overcast 81 75 no play|rain 71 80 yes don't"""


def demo_sections() -> tuple[list[report.Section], dict[str, Any]]:
    """The sections of ``plait demo``, and their numbers: the golf players of Quinlan's book and Fisher's irises."""
    rows = [row.split() for row in GOLF.split("|")]
    names = ["outlook", "temperature", "humidity", "windy"]
    X = np.array([[o, float(t), float(h), w] for o, t, h, w, _ in rows], dtype=object)
    golf = C45Classifier().fit(X, [row[-1] for row in rows])
    data = datasets.iris()
    species = np.array(data.classes)
    known, held_out = (
        np.round(points.astype(float), 1) for points in (data.train_points, data.test_points)
    )  # millimetres, as they were measured
    iris = C45Classifier().fit(known, species[data.train_labels])
    right = iris.score(held_out, species[data.test_labels])
    sections = [
        report.figure(
            "When to play golf",
            lambda ax: golf.plot(ax, names),
            "Quinlan's fourteen days, split by gain ratio; each leaf says whether they play. In brackets: days in that leaf.",
            size=(8.0, 3.6),
        ),
        report.preformatted(
            "Irises",
            iris.export_text(data.columns),
            f"Fisher's irises, classified by their petals: {100 * right:.0f} % of the held-out flowers are classified correctly.",
        ),
    ]
    return sections, {"golf_leaves": golf.n_leaves_, "iris_accuracy": right}
