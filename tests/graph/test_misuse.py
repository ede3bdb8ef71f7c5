"""Misuse of graphs gives an error with a name, a line and a remedy, and never a deadlock."""

from __future__ import annotations

import copy
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait

MASKED = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
WHOLE = np.ma.array([1.0, 2.0, 3.0])


def square(x: Any) -> Any:
    return (x * x).sum()


ENTRIES: dict[str, Callable[[Any], Any]] = {
    "argument 0": plait.function(square),
    "argument 0 ": plait.grad(square),
    "argument 1": lambda a: plait.value_and_grad(lambda x, y: square(x * y))(1.0, a),
    "argument 'y'": lambda a: plait.function(lambda x, y: x * y)(1.0, y=a),
    "argument 0  ": plait.jacobian(lambda x: x * x),
    "argument 0   ": plait.hessian(square),
    "check_gradient: array 0": lambda a: plait.check_gradient(square, a),
    "feed of 'x'": lambda a: plait.compile(plait.input("x", (3,)) * 2)(x=a),
    "feed of 'x' ": lambda a: plait.evaluate(plait.input("x", (3,)) * 2, {"x": a}),
    "feed of 'x'  ": lambda a: plait.Table(plait.input("x", (3,)) * 2, {"x": a}),
    "constant": plait.constant,
    "parameter": plait.parameter,
    "operand": lambda a: plait.multiply(plait.input("x", (3,)), a),
    "value of w": lambda a: setattr(plait.parameter(np.ones(3), name="w"), "value", a),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_masks_are_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match="a masked array with masked values; fill them first") as told:
        ENTRIES[name](MASKED)
    assert name.strip().strip("'").split("'")[-1] in str(told.value)
    ENTRIES[name](WHOLE)


def test_masks_in_lists_are_refused() -> None:
    for call in (lambda a: plait.constant([a, a]), lambda a: plait.evaluate(plait.input("x", (2, 3)), {"x": [a, a]})):
        with pytest.raises(ValueError, match="a masked array with masked values"):
            call(MASKED)
        call(WHOLE)


def test_masks_are_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"save: tree\['a'\]\[1\]: a masked array with masked values"):
        plait.save(tmp_path / "f", {"a": [np.ones(2), MASKED]})
    plait.save(tmp_path / "f", {"a": WHOLE})


def test_masks_in_training_data_are_refused() -> None:
    x = plait.input("x", (None,))
    loss = ((plait.parameter(1.0, name="w") - x) ** 2).mean()
    with pytest.raises(ValueError, match="train: data: 'x': a masked array"):
        plait.train(loss, {x: MASKED})
    with pytest.raises(ValueError, match="train: validation: 'x': a masked array"):
        plait.train(loss, {x: WHOLE}, validation={x: MASKED}, epochs=1)


# ---- tracing ----


def test_a_compiled_function_that_calls_itself() -> None:
    array = np.ones(3)

    @plait.function
    def alone(x: Any) -> Any:
        return x + alone(array)

    first = plait.function(lambda x: x + second(array))
    second = plait.function(lambda x: x + first(array))
    slope: Any = plait.grad(lambda x: (x * slope(array)).sum())
    curve: Any = plait.hessian(lambda x: (x * curve(array)[0]).sum())
    for f in (alone, first, second, slope, curve):
        for _ in range(2):  # and it has not kept anything locked
            with pytest.raises(RecursionError, match="calls itself with arrays of the same shapes while it is traced"):
                f(array)


def test_a_compiled_function_may_call_itself_with_less() -> None:
    @plait.function
    def total(x: Any) -> Any:
        return x.sum() + (total(np.ones(x.shape[0] - 1)) if x.shape[0] > 1 else 0.0)

    assert float(total(np.ones(4))) == 10


def test_functions_that_call_each_other_from_two_threads() -> None:
    """Two locks would deadlock: each thread would hold the one that the other needs."""
    found: list[float] = []

    def make(other: Callable[[], Any]) -> Any:
        def f(x: Any) -> Any:
            if x.shape[0] < 3:
                return x * 2.0
            time.sleep(0.05)
            return x * float(other()(np.ones(2))[0])

        return plait.function(f)

    one = make(lambda: two)
    two = make(lambda: one)
    threads = [threading.Thread(target=lambda f=f: found.append(float(f(np.ones(3))[0])), daemon=True) for f in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [2.0, 2.0]


@pytest.mark.parametrize("through", ["a thread", "an executor"])
def test_a_function_traced_while_it_waits_for_another_thread(through: str) -> None:
    """What the thread calls is compiled there; that the thread needs what is being traced is told, since neither would go on."""

    def elsewhere(f: Callable[[Any], Any]) -> Any:
        if through == "an executor":
            with ThreadPoolExecutor(1) as executor:
                return executor.submit(f, np.ones(2)).result()
        found: list[Any] = []

        def run() -> None:
            try:
                found.append(f(np.ones(2)))
            except RecursionError as error:
                found.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(30)
        if isinstance(found[0], RecursionError):
            raise found[0]
        return found[0]

    doubled = plait.function(lambda x: 2.0 * x)
    assert plait.function(lambda x: x + elsewhere(doubled))(np.ones(2)).tolist() == [3, 3]
    itself: Any = plait.function(lambda x: x + elsewhere(itself))
    for _ in range(2):
        with pytest.raises(RecursionError, match="calls itself"):
            itself(np.ones(2))


def test_many_threads_trace_a_function_once() -> None:
    traced: list[int] = []

    @plait.function
    def slow(x: Any) -> Any:
        traced.append(1)
        time.sleep(0.2)
        return x + 1.0

    with ThreadPoolExecutor(8) as executor:
        assert all(r.tolist() == [2, 2] for r in executor.map(slow, [np.ones(2)] * 8))
    assert len(traced) == 1


X = plait.input("x", (3,), dtype="float64")


@pytest.mark.parametrize(
    ("misuse", "remedy"),
    [
        (lambda: np.zeros(3).__setitem__(0, X[0]), "plait.stack"),
        (lambda: np.zeros(3).fill(X[0]), "plait.stack"),
        (lambda: np.zeros(3, "int64").__setitem__(0, X[0]), "plait.stack"),
        (lambda: np.zeros((2, 3)).__setitem__(0, X), "plait.stack"),
        (lambda: np.zeros(3).__setitem__(slice(None), X), "plait.stack"),
        (lambda: X.__setitem__(0, 1.0), "plait.where"),
        (lambda: X.__delitem__(0), "plait.where"),
        (lambda: np.array([X[0], X[1]]), "plait.stack"),
    ],
)
def test_assignment_says_where_and_what_instead(misuse: Callable[[], Any], remedy: str) -> None:
    with pytest.raises(plait.TraceError, match=r"test_misuse\.py, line \d+") as told:
        misuse()
    assert remedy in str(told.value)


def test_nodes_are_gone_through_backwards() -> None:
    values = plait.evaluate([*reversed(X)], {X: [1.0, 2.0, 3.0]})
    assert [float(v) for v in values] == [3.0, 2.0, 1.0]


@pytest.mark.parametrize("function", [np.sum, np.mean, np.prod, np.max, np.min, np.any, np.all, np.std, np.var], ids=lambda f: f.__name__)
@pytest.mark.parametrize("mask", [np.array([True, False, True]), X > 0, False], ids=["array", "node", "number"])
def test_a_mask_in_a_reduction_is_named(function: Any, mask: Any) -> None:
    with pytest.raises(plait.TraceError, match=rf"np\.{function.__name__} with where= cannot be traced .*plait\.where"):
        function(X, where=mask)
    with pytest.raises(plait.TraceError, match=r"np\.add\.reduce with where= cannot be traced"):
        np.add.reduce(X, where=mask)
    with pytest.raises(plait.TraceError, match=r"np\.sum with initial= cannot be traced"):
        np.sum(X, initial=np.ones(2))
    assert np.sum(X, where=True).shape == ()


# ---- copies ----


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda w: pickle.loads(pickle.dumps(w))], ids=["copy", "deepcopy", "pickle"])
def test_parameters_are_copied(copied: Callable[[Any], Any]) -> None:
    for dtype in ("float32", "float64", "int64"):
        w = plait.parameter(np.arange(3).astype(dtype), name="w")
        other = copied(w)
        assert (other.name, other.op, other.dtype) == ("w", "parameter", w.dtype)
        other.value = np.zeros(3, dtype)
        assert w.value.tolist() == [0, 1, 2]
    assert copied(plait.constant(2.0)).value == 2
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        copied(X * 2)


def test_what_is_shared_stays_shared() -> None:
    w = plait.parameter(np.ones(2), name="w")
    a, b = copy.deepcopy([w, {"same": w}])
    assert a is b["same"]


# ---- integers ----


def test_integers_are_not_differentiated() -> None:
    i, k = plait.input("i", (3,), dtype="int64"), plait.parameter(np.array([1, 2]), name="k")
    numbers = np.arange(3)
    for call in (
        lambda: plait.gradient((i * 1.0).sum(), i),
        lambda: plait.gradient(i.sum(), X),
        lambda: plait.gradient((X > 0).any(), X),
        lambda: plait.grad(lambda a: (a * 1.0).sum())(numbers),
        lambda: plait.grad(lambda a: plait.cast(a, "int64").sum())(np.ones(3)),
        lambda: plait.value_and_grad(lambda a: (a * 1.0).sum())(numbers.astype("uint8")),
        lambda: plait.jacobian(lambda a: a * 1.0)(numbers),
        lambda: plait.hessian(lambda a: (a * 1.0).sum())(numbers > 1),
        lambda: plait.check_gradient(lambda a: (a * 1.0).sum(), numbers),
        lambda: plait.optim.SGD(0.1).updates((k * 1.0).sum(), [k]),
    ):
        with pytest.raises(plait.DTypeError, match="only floating point"):
            call()
    total = (i * 2.0).sum()
    table = plait.Table(total, {i: numbers})
    table.backward(total)
    with pytest.raises(plait.DTypeError, match="i is int64; only floating point nodes have gradients"):
        table.grad(i)


# ---- counts ----


def test_counts_within_a_graph() -> None:
    w, x = plait.parameter(np.ones(3, "float32"), name="w"), plait.input("x", (None, 3))
    loss = plait.square(x @ w).mean()
    updates = plait.optim.SGD(0.1).updates(loss)
    program = plait.compile([loss], updates=updates)
    assert (w.wait_count, w.wait_count_in(loss)) == (2, 1)
    assert w.wait_count_in(program) == w.wait_count_in([loss]) == w.wait_count_in({"loss": (loss,)}) == 1
    assert 'label="w\\nparameter\\nfloat32 (3,)\\nwaits for 1"' in plait.to_dot(loss)
    assert w.wait_count_in([loss, updates[w]]) == 2
    assert (x * x).wait_count_in(loss) == 0
    with pytest.raises(TypeError, match="wait_count_in: expected a node, a structure of nodes or a program, got int"):
        w.wait_count_in(3)


def test_what_is_imported_late() -> None:
    assert plait.plot.__name__ == "plait.plot"
    assert plait.report.__name__ == "plait.report"
    assert isinstance(plait.__version__, str)
    assert {"plot", "report", "__version__"} <= {*dir(plait)}


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3)])
def test_soft_maxima_over_nothing(shape: tuple[int, ...]) -> None:
    x, empty = plait.input("x", shape, dtype="float64"), np.zeros(shape)
    for axis in (*range(len(shape)), -1):
        for soft in (plait.softmax, plait.log_softmax):
            assert plait.evaluate(soft(x, axis) * 1, {x: empty}).shape == shape
        for keepdims in (False, True):
            with np.errstate(divide="ignore"):
                right = np.log(np.exp(empty).sum(axis=axis, keepdims=keepdims))
            node = plait.logsumexp(x, axis, keepdims)
            for found in (plait.evaluate(node, {x: empty}), plait.compile(node)({x: empty})):
                assert np.array_equal(found, right)
    assert plait.evaluate(plait.logsumexp(x), {x: empty}) == -np.inf


def test_a_node_in_a_string_with_a_format_needs_a_value() -> None:
    node = plait.input("x", ())
    assert "x" in f"{node}"
    with pytest.raises(plait.TraceError, match=r"format '\.2f'"):
        f"{node:.2f}"


OF_TWO = np.ma.masked_array([1.0, 2.0], [False, True])


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda: plait.optimize.minimize(lambda x: (x * x).sum(), OF_TWO), "minimize: x0"),
        (lambda: plait.infer.Normal(0, 1).log_prob(OF_TWO), "Normal: value"),
        (lambda: plait.infer.Normal(OF_TWO, 1), "Normal: loc"),
        (lambda: plait.portfolio.Portfolio(OF_TWO, np.eye(2)), "expected_returns"),
        (lambda: plait.portfolio.Portfolio([1, 2], np.ma.masked_array(np.eye(2), np.eye(2) == 1)), "covariance"),
    ],
)
def test_masks_are_kept_by_what_is_built_on_graphs(use: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words + ".*masked values"):
        use()
