"""Many Python threads at once, on separate and on shared objects: each gets the results of a single thread.

Run on an interpreter without a global lock, these are what holds the bindings to it; there, importing plait must not bring the lock back.
"""

from __future__ import annotations

import operator
import sys
import sysconfig
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import plait
from plait.align import DTW, Aligner, Levenshtein, NeedlemanWunsch, SmithWaterman, WordIndex

THREADS, TIMES = 8, 5


def together(work: Callable[[int], Any], seeds: int = THREADS) -> list[list[Any]]:
    """`work(seed)` of each seed, `TIMES` times in its thread, begun by all at the same moment."""
    barrier = threading.Barrier(seeds)

    def run(seed: int) -> list[Any]:
        barrier.wait()
        return [work(seed) for _ in range(TIMES)]

    with ThreadPoolExecutor(seeds) as pool:
        return list(pool.map(run, range(seeds)))


def check(work: Callable[[int], Any]) -> None:
    alone = [work(seed) for seed in range(THREADS)]
    for seed, results in enumerate(together(work)):
        for result in results:
            np.testing.assert_array_equal(np.asarray(result), np.asarray(alone[seed]))


def numbers(seed: int, *shape: int) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def test_the_lock_stays_off() -> None:
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("this interpreter has a global lock")
    assert not sys._is_gil_enabled()  # type: ignore[attr-defined]


def build_and_run(seed: int) -> Any:
    """Graphs are made, differentiated and compiled in each thread, out of nodes of its own."""
    x = plait.input("x", (None, 4))
    w = plait.parameter(numbers(seed, 4, 3))
    loss = plait.logsumexp(plait.tanh(x @ w), axis=1).mean()
    (slope,) = plait.gradient(loss, [w])
    return plait.compile([loss, slope])(x=numbers(seed + 1, 30, 4))[1]


def test_graphs_of_their_own() -> None:
    check(build_and_run)


def test_one_graph_in_many_gradients() -> None:
    x = plait.input("x", (None, 4))
    w = plait.parameter(numbers(0, 4, 4))
    shared = plait.tanh(x @ w)

    def work(seed: int) -> Any:
        loss = ((shared @ w) * float(seed + 1)).sum()
        return plait.evaluate(plait.gradient(loss, [w])[0], {x: numbers(seed, 7, 4)})

    check(work)


def test_one_program_called_by_all() -> None:
    x = plait.input("x", (None, 16))
    w = plait.parameter(numbers(0, 16, 16))
    program = plait.compile([plait.softmax(plait.tanh(x @ w) @ w, axis=1)])
    check(lambda seed: program(x=numbers(seed, 50, 16))[0])


def test_one_traced_function_called_by_all() -> None:
    fresh = plait.function(lambda x: (np.sin(x) * x).sum())  # traced by whoever comes first, with a form for each dtype and shape
    slope = plait.grad(lambda x: (np.exp(-x * x)).sum())
    check(lambda seed: [fresh(numbers(seed, 10 + seed % 3)), *slope(numbers(seed, 5))])


def test_training_in_each() -> None:
    def work(seed: int) -> Any:
        x, y = numbers(seed, 60, 3), np.arange(60) % 2
        return plait.nn.MLPClassifier(hidden=(8,), epochs=3, rng=seed).fit(x, y).predict_proba(x)

    check(work)


def test_one_aligner_for_all() -> None:
    dtw, words, proteins = DTW(window=0.2), Levenshtein(), NeedlemanWunsch("BLOSUM62", gap_open=-11, gap_extend=-1)
    own = Aligner(lambda i, j: 0.0 if i == j == 0 else np.inf, lambda a, b, c, x, y: plait.minimum(plait.minimum(a, c), b) + abs(x - y))

    def work(seed: int) -> Any:
        rng = np.random.default_rng(seed)
        first, second = ("".join(rng.choice(list("ARNDCQEG"), 40)) for _ in range(2))
        x, y = numbers(seed, 40), numbers(seed + 1, 50)
        return [dtw.score(x, y), words.score(first, second), proteins.align(first, second).score, own.score(x, y)]

    check(work)


def test_pairs_and_searches() -> None:
    series = numbers(0, 12, 30)
    texts = ["".join(np.random.default_rng(k).choice(list("abcd"), 8)) for k in range(200)]
    index, local = WordIndex(texts, 2), SmithWaterman("NUC.4.4", gap=-4)

    def work(seed: int) -> Any:
        near = index.within(texts[seed])
        return [DTW().pairwise(series)[seed].sum(), len(near), local.score("ACGTACGT" * 5, "ACGATCGT" * 4)]

    check(work)


def test_counts_and_trees() -> None:
    x, y = numbers(0, 400, 4), np.arange(400) % 3
    tree = plait.tree.C45Classifier(max_bins=16).fit(x, y)
    rows = plait.SparseRows.from_dense(np.where(numbers(1, 30, 20) > 1, 1.0, 0.0))

    def work(seed: int) -> Any:
        counted = plait.Histogram.uniform(20, -3, 3).fill(numbers(seed, 5000)).values().sum()
        best = rows.top_k(rows, 3)[1].sum()
        return [counted, tree.predict(x + 0.1 * seed).sum(), plait.tree.C45Classifier().fit(x, y).score(x, y), best]

    check(work)


def test_one_histogram_filled_by_all_loses_nothing() -> None:
    histogram = plait.Histogram.uniform(10, -3, 3)
    together(lambda _: histogram.fill(np.linspace(-2.9, 2.9, 2000)))
    assert histogram.values().sum() == 2000 * THREADS * TIMES


def test_solvers_in_each() -> None:
    def work(seed: int) -> Any:
        centre = numbers(seed, 3)
        found = plait.optimize.minimize(lambda x: ((x - centre) ** 2).sum(), np.zeros(3), bounds=[(0, None)] * 3)
        return found.x

    check(work)


def test_posteriors_in_each() -> None:
    def model(m: Any) -> None:
        mu = m.latent("mu", plait.infer.Normal(0, 5))
        m.observe(plait.infer.Normal(mu, 1.0), np.array([0.3, -0.2, 1.1]))

    check(lambda seed: plait.infer.bbvi(model, rng=seed, progress=False).mean("mu"))


def test_one_function_minimised_by_all() -> None:
    def rosenbrock(x: Any) -> Any:
        return ((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2).sum()

    check(lambda seed: plait.optimize.minimize(rosenbrock, numbers(seed, 4)).x)


def test_one_problem_solved_by_all() -> None:
    """Parameter values and workspace exist once: calls are serialised."""
    x, price = plait.input("x", (20,), dtype="float64"), plait.input("price", (20,), dtype="float64")
    problem = plait.optimize.Problem(((x - price) ** 4).sum(), [x], equalities=[x.sum() - 1], bounds={x: (0, 1)}, parameters=[price])

    def work(seed: int) -> Any:
        one = problem.solve(np.full(20, 0.05), parameters={price: abs(numbers(seed, 20))}).x
        return [one, *problem.solve_many(np.full((3, 20), 0.05), parameters={price: abs(numbers(seed, 3, 20))}).x]

    check(work)


def test_a_callback_does_not_solve_its_own_problem() -> None:
    x = plait.input("x", (2,), dtype="float64")
    problem = plait.optimize.Problem(((x - 1.0) ** 4).sum(), [x])
    with pytest.raises(plait.GraphError, match="callback"):
        problem.solve([3.0, 2.0], callback=lambda *_: problem.solve([0.0, 0.0]))
    assert problem.solve([3.0, 2.0]).success


def test_one_portfolio_asked_by_all() -> None:
    mean = np.array([0.05, 0.08, 0.12, 0.1])
    factors = numbers(3, 4, 6)
    portfolio = plait.portfolio.Portfolio(mean, factors @ factors.T / 50, bounds=(0, 0.6))
    returns = numbers(4, 200, 4) * 0.1 + mean
    check(lambda seed: [portfolio.target_return(0.07 + 0.004 * seed), portfolio.max_sharpe(0.01 * seed), portfolio.min_cvar(returns)])


def test_one_sketch_fed_and_asked_by_all() -> None:
    sketch = plait.QuantileSketch(k=50, rng=0)

    def work(seed: int) -> float:
        sketch.update(numbers(seed, 3000))
        sketch.insert(0.5)
        other = plait.QuantileSketch(k=50, rng=1)
        other.update(numbers(seed, 100))
        operator.iadd(sketch, other)  # in place
        return float(sketch.quantile(0.5))

    found = together(work)
    assert sketch.count == THREADS * TIMES * 3101
    assert all(abs(median) < 0.3 for row in found for median in row)


def test_feeds_that_another_thread_changes() -> None:
    """A dict that grows and shrinks while calls read it: each call gets its arrays or says which are missing."""
    x, y = plait.input("x", (2,), dtype="float64"), plait.input("y", (2,), dtype="float64")
    program = plait.compile(x + y)
    feeds: dict[Any, Any] = {"x": np.ones(2)}
    done = threading.Event()

    def change() -> None:
        while not done.is_set():
            feeds["y"] = np.ones(2)
            feeds.pop("y", None)

    other = threading.Thread(target=change)
    other.start()
    try:
        for _ in range(2000):
            try:
                answer = program(feeds).tolist()
            except plait.GraphError as error:
                answer = str(error)
            assert answer == [2, 2] or "no feed for y" in answer
    finally:
        done.set()
        other.join()
