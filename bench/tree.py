"""C4.5 trees beside those of other libraries: fitting and predicting.

    ./dev bench tree [--match TEXT] [--quick] [--threads N] [--json FILE]

Everybody has the same threads; contestants take turns in one process. The score on rows that nobody was fitted with stands beside the time:
a faster tree that knows less is not faster.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from _harness import (
    Plan,
    against,
    duration,
    load,
    local,
    machine,
    show_instructions,
    show_machine,
    show_table,
    take_turns,
    thread_environment,
    write_json,
)

PEERS = ["plait", "numpy", "scikit-learn", "lightgbm", "ydf"]
Array = Any


@dataclass(frozen=True)
class Contestant:
    """What is timed, and the score of what it made."""

    run: Callable[[], Any]
    score: Callable[[], float]


@dataclass(frozen=True)
class Work:
    """One table."""

    name: str
    goals: Mapping[str, float]  # peer's time over plait's
    contestants: Callable[[int], Mapping[str, Contestant]]
    rivals: tuple[str, ...] = ()  # at no less accuracy than these


def table(n: int, d: int, kind: str, seed: int) -> tuple[Array, Array]:
    """Three noisy classes that depend on products, squares and waves of the first eight columns."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    signal = np.stack([X[:, 0] * X[:, 1] + X[:, 2], X[:, 3] - X[:, 4] ** 2 + 0.5 * X[:, 5], np.sin(2 * X[:, 6]) + X[:, 7]], axis=1)
    y = (signal + rng.normal(0, 0.5, (n, 3))).argmax(axis=1)
    if kind == "few values":
        X = np.round(X * 4) / 4
    elif kind == "heavy tails":
        X = np.sinh(3 * X)
    elif kind == "sorted":
        order = np.argsort(X[:, 0])
        X, y = X[order], y[order]
    return np.ascontiguousarray(X), y


class Fitted:
    """Fits again and again, and remembers the last."""

    def __init__(self, fit: Callable[[], Any], score: Callable[[Any], float]) -> None:
        self.fit, self.judge, self.model = fit, score, None

    def contestant(self) -> Contestant:
        def run() -> None:
            self.model = self.fit()

        return Contestant(run, lambda: self.judge(self.model))


def present(makers: Mapping[str, Callable[[], Contestant]]) -> dict[str, Contestant]:
    found = {}
    for name, make in makers.items():
        try:
            found[name] = make()
        except ImportError:
            print(f"  ! {name}: not installed")
    return found


def fits(n: int, d: int, kind: str, bins: int | None, threads: int) -> dict[str, Contestant]:
    X, y = table(n, d, kind, 0)
    test, truth = table(50_000, d, kind, 1)

    def plait(min_leaf: int) -> Contestant:
        from plait.tree import C45Classifier

        make = partial(C45Classifier, min_leaf=min_leaf, max_bins=bins, threads=threads)
        return Fitted(lambda: make().fit(X, y), lambda t: float(t.score(test, truth))).contestant()

    def sklearn() -> Contestant:
        tree = importlib.import_module("sklearn.tree")
        make = partial(tree.DecisionTreeClassifier, criterion="entropy", min_samples_leaf=2, random_state=0)
        return Fitted(lambda: make().fit(X, y), lambda t: float(t.score(test, truth))).contestant()

    def lightgbm() -> Contestant:
        lgb = importlib.import_module("lightgbm")
        options = {
            "objective": "multiclass",
            "num_class": 3,
            "num_leaves": 255,
            "learning_rate": 1.0,
            "num_threads": threads,
            "verbose": -1,
        }
        return Fitted(
            lambda: lgb.train(options, lgb.Dataset(X, y), 1),  # one tree for each class
            lambda t: float((t.predict(test).argmax(axis=1) == truth).mean()),
        ).contestant()

    def ydf() -> Contestant:
        module = importlib.import_module("ydf")
        module.verbose(0)
        data = {**{f"x{i}": X[:, i] for i in range(d)}, "y": y}
        rows = {f"x{i}": test[:, i] for i in range(d)}
        learner = module.CartLearner(label="y", num_threads=threads)
        return Fitted(lambda: learner.train(data), lambda t: float((t.predict(rows).argmax(axis=1) == truth).mean())).contestant()

    if bins is None:
        return present({"plait": partial(plait, 2), "scikit-learn": sklearn, "ydf": ydf})
    # LightGBM's leaves have at least 20 cases unless it is told otherwise, and so have ours beside it; C4.5's own default is 2.
    return present({"plait": partial(plait, 20), "plait, min_leaf=2": partial(plait, 2), "lightgbm": lightgbm})


def two_threads(n: int, d: int, bins: int | None, _: int) -> dict[str, Contestant]:
    from plait.tree import C45Classifier

    X, y = table(n, d, "noise", 0)
    test, truth = table(50_000, d, "noise", 1)

    def plait(threads: int) -> Contestant:
        return Fitted(lambda: C45Classifier(max_bins=bins, threads=threads).fit(X, y), lambda t: float(t.score(test, truth))).contestant()

    return {"plait": plait(2), "plait, one thread": plait(1)}


PEAK = """
import re, sys
import numpy as np
from plait.tree import C45Classifier

def status(name):
    return 1024 * int(re.search(name + r":\\s+(\\d+)", open("/proc/self/status").read())[1])

rows, features, bins, missing = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) or None, float(sys.argv[4])
rng = np.random.default_rng(0)
X = rng.normal(size=(rows, features))
y = np.stack([X[:, 0] * X[:, 1] + X[:, 2], X[:, 3] - X[:, 4] ** 2, rng.normal(size=rows)]).argmax(axis=0)
X[rng.random(X.shape) < missing] = np.nan
make = lambda: C45Classifier(max_bins=bins, threads=2)
make().fit(X[:1000], y[:1000])
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # resets the peak
before = status("VmRSS")
make().fit(X, y)
print((status("VmHWM") - before) / X.nbytes)
"""
PEAKS = [(100_000, 20, 0, 0.0), (100_000, 20, 0, 0.05), (100_000, 20, 0, 0.2), (1_000_000, 10, 255, 0.0), (300_000, 10, 255, 0.05)]


def peaks() -> dict[str, float]:
    """Peak memory of a fit beside its data, over the size of the data; each in a process of its own."""
    found = {}
    print("\npeak memory of a fit over the size of its data")
    for peak in PEAKS:
        out = subprocess.run([sys.executable, "-c", PEAK, *map(str, peak)], capture_output=True, text=True, check=True).stdout
        name = "{} x {}, {} bins, {:.0%} missing".format(*peak).replace("0 bins", "exact" if peak[2] == 0 else "0 bins")
        found[name] = float(out)
        print(f"  {name:40s} {found[name]:.2f}  {against(found[name], 3, at_most=True)}")
    return found


def predictions(n: int, d: int, threads: int) -> dict[str, Contestant]:
    X, y = table(100_000, d, "noise", 0)
    test, truth = table(n, d, "noise", 1)

    def contestant(model: Any) -> Contestant:
        return Contestant(lambda: model.predict(test), lambda: float((model.predict(test) == truth).mean()))

    def plait() -> Contestant:
        from plait.tree import C45Classifier

        return contestant(C45Classifier(threads=threads).fit(X, y))

    def sklearn() -> Contestant:
        tree = importlib.import_module("sklearn.tree")
        return contestant(tree.DecisionTreeClassifier(criterion="entropy", min_samples_leaf=2, random_state=0).fit(X, y))

    return present({"plait": plait, "scikit-learn": sklearn})


EXACT = {"scikit-learn": 5.0, "ydf": 3.0}
WORKS = [
    Work("fit 10^5 x 20, exact", EXACT, partial(fits, 100_000, 20, "noise", None), ("scikit-learn",)),
    *(
        Work(f"fit 10^5 x 20, exact, {kind}", {}, partial(fits, 100_000, 20, kind, None))
        for kind in ("few values", "heavy tails", "sorted")
    ),
    Work("fit 10^6 x 10, 255 bins", {"lightgbm": 1.0}, partial(fits, 1_000_000, 10, "noise", 255), ("lightgbm",)),
    Work("fit 10^6 x 10, 255 bins, two threads", {"plait, one thread": 1.7}, partial(two_threads, 1_000_000, 10, 255)),
    Work("fit 10^6 x 10, exact, two threads", {"plait, one thread": 1.7}, partial(two_threads, 1_000_000, 10, None)),
    Work("predict 10^5 rows", {"scikit-learn": 2.0}, partial(predictions, 100_000, 20)),
]


def measure(work: Work, threads: int, plan: Plan) -> dict[str, Any]:
    print(f"\n{work.name}")
    contestants = work.contestants(threads)
    times = take_turns({name: local(c.run) for name, c in contestants.items()}, plan)
    ours = times["plait"].median
    rows, scores = [], {}
    for name, timing in times.items():
        scores[name] = contestants[name].score()
        ratio = timing.median / ours
        shown = "" if name == "plait" else f"{ratio:.2f}"
        goal = against(ratio, work.goals[name]) if name in work.goals else ""
        rows.append((name, duration(timing.median), duration(timing.minimum), f"{scores[name]:.4f}", shown, goal))
    show_table(("", "median", "minimum", "score", "peer / plait", "goal"), rows)
    for rival in set(work.rivals) & set(scores):
        print(f"  score less {rival}'s {scores['plait'] - scores[rival]:+.4f}  {against(scores['plait'] - scores[rival], 0)}")
    print(f"  ({load()})")
    return {"times": {name: timing.as_dict() for name, timing in times.items()}, "scores": scores, "goals": dict(work.goals)}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench tree", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--match", default="", help="only works whose name holds this")
    parser.add_argument("--quick", action="store_true", help="a look, not a measurement")
    parser.add_argument("--threads", type=int, default=1, help="for everybody (default 1)")
    parser.add_argument("--json", metavar="FILE", help="everything that was measured; - for the output")
    options = parser.parse_args(arguments)
    os.environ.update(thread_environment(options.threads))  # before a peer is imported
    plan = Plan(rounds=1 if options.quick else 5, block=0.05, settle=0.2)
    about = machine(PEERS)
    show_machine(about)
    about["isa"] = show_instructions()
    results = {work.name: measure(work, options.threads, plan) for work in WORKS if options.match in work.name}
    if options.match in "peak memory" and Path("/proc/self/clear_refs").exists():
        results["peak memory"] = peaks()
    write_json(options.json, {"machine": about, "threads": options.threads, "works": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
