"""After tracing a step: structures are kept, and nodes of the trace do not count as consumers."""

from __future__ import annotations

import collections
from typing import Any, NamedTuple

import numpy as np
import pytest

import plait


def agree(found: Any, expected: Any) -> None:
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def refused(error: type[Exception], match: str, step: Any, state: Any, sequence: Any) -> None:
    with pytest.raises(error, match=match):
        plait.scan(step, state, sequence)


def test_nobody_waits_for_the_draft_of_a_step() -> None:
    """References to nodes of a traced step contribute no gradient: a list of the user's, a traceback, results of an inner loop."""
    w = plait.parameter(np.eye(2), name="w")
    x, rows = plait.input("x", (4, 2), "float64"), plait.input("rows", (3, 4, 2), "float64")
    held = []

    def step(s: Any, x: Any) -> Any:
        held.append(plait.tanh(s @ w))
        return held[-1] + x, held[-1]

    def broken(s: Any, x: Any) -> Any:
        step(s, x)
        raise RuntimeError("a mistake in the step")

    s0 = plait.constant(np.zeros(2))
    with pytest.raises(RuntimeError) as kept:
        plait.scan(broken, s0, x)
    assert kept.tb is not None
    assert w.wait_count == 0
    last, ys = plait.scan(step, s0, x)
    assert w.wait_count == 1
    assert [node.op for node in w.consumers] == ["scan"]
    last, _ = plait.scan(lambda s, rows: (plait.scan(step, s, rows)[0], None), last, rows)
    assert w.wait_count == 2
    loss = (last * w).sum() + ys.sum()
    assert w.wait_count == 3  # twice by loops, once outside
    plait.gradient(loss, w)
    assert w.wait_count == 3
    split, parts = plait.scan(step, s0, x, checkpoint=True)
    assert w.wait_count == 5  # the segments, and what is left behind the last of them
    del last, ys, loss, split, parts
    assert w.wait_count == 0
    # What the step computed outside of the loop is a part of the graph.
    out, _ = plait.scan(lambda s, _: (s @ w.T, None), s0, x)
    assert [node.op for node in w.consumers] == ["transpose"]
    assert out.shape == (2,)


class Pair(NamedTuple):
    h: Any
    c: Any


def test_structures_come_back_as_they_were_given() -> None:
    x = plait.input("x", (5, 2), "float64")
    zero = np.zeros(2)
    state: dict[str, Any] = {"lstm": Pair(zero, [zero, (zero,)]), "n": collections.OrderedDict(b=0.0, a=zero)}

    def step(state: Any, rows: Any) -> Any:
        pair, n = state["lstm"], state["n"]
        assert isinstance(pair, Pair)
        assert isinstance(rows, Pair)
        following = Pair(pair.h + rows.h, [pair.c[0] + rows.c, (pair.h,)])
        return {"n": collections.OrderedDict(b=n["b"] + 1, a=n["a"] + 2), "lstm": following}, Pair(
            {"h": following.h}, rows.c
        )  # keys in another order

    last, ys = plait.scan(step, state, Pair(x, 2 * x))
    assert list(last) == ["lstm", "n"]
    assert isinstance(last["lstm"], Pair)
    assert isinstance(last["lstm"].c, list)
    assert isinstance(last["n"], collections.OrderedDict)
    assert isinstance(ys, Pair)
    data = np.random.default_rng(0).uniform(-1, 1, (5, 2))
    for found, results in (plait.compile((last, ys))(x=data), plait.evaluate((last, ys), {x: data})):
        assert isinstance(found["lstm"], Pair)
        assert isinstance(found["n"], collections.OrderedDict)
        assert isinstance(results, Pair)
        agree(
            [found["lstm"].h, found["lstm"].c[0], found["n"]["b"], found["n"]["a"], results.c],
            [data.sum(0), 2 * data.sum(0), 5, [10, 10], 2 * data],
        )
        agree([results.h["h"]], [np.cumsum(data, axis=0)])
    program = plait.compile(Pair(x, [x * 2]))
    assert isinstance(program.outputs, Pair)
    loss = plait.value_and_grad(lambda pair: (pair.h * pair.c).sum())
    value, gradient = loss(Pair(np.arange(3.0), np.ones(3)))
    assert value == 3
    assert isinstance(gradient, Pair)
    assert gradient.c.tolist() == [0, 1, 2]
    refused(
        plait.GraphError,
        r"structure Pair\(h=node, c=node\) and gives one of the structure \(node, node\)",
        lambda s, _: ((s.h, s.c), None),
        Pair(zero, zero),
        x,
    )
    refused(
        plait.GraphError,
        r"structure \{'a': node\} and gives one of the structure \{'b': node\}",
        lambda s, _: ({"b": s["a"]}, None),
        {"a": zero},
        x,
    )
    refused(
        plait.ShapeError,
        r"state\.c\['k'\] has shape \(2,\) before",
        lambda s, _: (Pair(s.h, {"k": s.h[:1]}), None),
        Pair(zero, {"k": zero}),
        x,
    )
