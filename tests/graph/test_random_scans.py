"""Random loops by hypothesis: Table.backward, a Program's gradient and central differences agree, for gradients and gradients of gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

import plait


def stopped(a: Any) -> Any:
    return plait.stop_gradient(a) * a


UNARY: list[Callable[[Any], Any]] = [
    plait.tanh,
    plait.sin,
    plait.sigmoid,
    plait.square,
    lambda a: plait.exp(-a * a),
    stopped,
    lambda a: a / (1 + a * a),
    lambda a: plait.where(a > 0.05, a * a, 0.05 * a),
    plait.softmax,
    plait.cumsum,
    lambda a: plait.logsumexp(a) * a,
    lambda a: a[::-1],
    lambda a: a.sum() * a,
]
BINARY: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a * b,
    lambda a, b: a + b,
    lambda a, b: a - plait.tanh(b),
    lambda a, b: plait.maximum(a, b) * b,
]


@dataclass
class Loop:
    """A loop's step, its options, and the outputs and gradients in use."""

    recipe: list[tuple[int, int, int]]
    steps: int
    nested: bool
    reverse: bool
    checkpoint: bool | int | None
    inner_checkpoint: bool | None
    used: int  # bit 0: the last state, 1 and 2: the results
    differentiated: int  # bits: of which arguments there is a first gradient

    @property
    def honest(self) -> bool:
        """Whether gradients are derivatives: nothing is stopped."""
        return all(
            UNARY[which % (len(UNARY) + len(BINARY))] is not stopped
            for which, *_ in self.recipe
            if which % (len(UNARY) + len(BINARY)) < len(UNARY)
        )

    def step(self, w: Any, v: Any, s: Any, x: Any) -> Any:
        nodes = [s, x, v, plait.tanh(s @ w)]
        for which, i, j in self.recipe:
            a, b = nodes[i % len(nodes)], nodes[j % len(nodes)]
            k = which % (len(UNARY) + len(BINARY))
            nodes.append(0.7 * (UNARY[k](a) if k < len(UNARY) else BINARY[k - len(UNARY)](a, b)))
        return 0.5 * plait.tanh(nodes[-1]) + 0.1 * s, (nodes[-2], nodes[-1] * nodes[3])

    def loss(self, w: Any, v: Any, s: Any, x: Any) -> Any:
        def inner(s: Any, x: Any) -> Any:
            return self.step(w, v, s, x)

        def outer(s: Any, rows: Any) -> Any:
            last, (a, b) = plait.scan(inner, s, rows, checkpoint=self.inner_checkpoint, reverse=self.reverse)
            return last + 0.2 * s, (a.sum(axis=0) * last, b)

        last, (a, b) = plait.scan(outer if self.nested else inner, s, x, checkpoint=self.checkpoint, reverse=self.reverse)
        parts = [(last**3).sum(), plait.sin(a).sum(), (b * b).sum()]
        rest = (w**3).sum() + plait.sin(v).sum() + (s**2).sum() + (x**3).sum()  # so that each argument is asked for something
        return 0.1 * rest + sum(part for k, part in enumerate(parts) if self.used >> k & 1)

    def second(self, *arguments: Any) -> Any:
        """A function of first gradients."""
        chosen = [a for k, a in enumerate(arguments) if self.differentiated >> k & 1]
        return sum((plait.tanh(g) ** 2).sum() for g in plait.gradient(self.loss(*arguments), chosen)) + 0.1 * sum(
            (a**3).sum() for a in arguments
        )


@st.composite
def loops(draw: st.DrawFn) -> Loop:
    number = st.integers(0, 100)
    return Loop(
        draw(st.lists(st.tuples(number, number, number), min_size=1, max_size=6)),
        draw(st.integers(1, 4)),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from([None, None, True, 2])),
        draw(st.sampled_from([None, True])),
        draw(st.integers(1, 7)),
        draw(st.integers(1, 15)),
    )


def far(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max(initial=0.0)) / max(1.0, float(np.abs(b).max(initial=0.0)))


@settings(max_examples=40, deadline=None)
@given(loops(), st.integers(0, 2**32 - 1), st.booleans())
def test_table_program_and_differences_agree(loop: Loop, seed: int, unknown: bool) -> None:
    random = np.random.default_rng(seed)
    shapes = [(2, 2), (2,), (2,), (loop.steps, 2, 2) if loop.nested else (loop.steps, 2)]
    arrays = [random.uniform(-1, 1, shape) for shape in shapes]
    nodes = [plait.input(name, (None,) * len(shape) if unknown else shape, "float64") for name, shape in zip("wvsx", shapes, strict=True)]
    feeds = dict(zip(nodes, arrays, strict=True))
    for f in (loop.loss, loop.second):
        loss = f(*nodes)
        table = plait.Table(loss, feeds)
        by_program = plait.compile(plait.gradient(loss, nodes))(feeds)
        for _ in range(2):  # what a first call leaves does not matter to a second
            table.backward(loss)
            for node, expected in zip(nodes, by_program, strict=True):
                assert far(table.grad(node), expected) < 1e-10
        if not loop.honest:
            continue
        direction = [random.uniform(-1, 1, shape) for shape in shapes]
        h = 1e-5
        up, down = (
            plait.compile(loss)({n: a + h * sign * d for n, a, d in zip(nodes, arrays, direction, strict=True)}) for sign in (1, -1)
        )
        slope = sum(float((g * d).sum()) for g, d in zip(by_program, direction, strict=True))
        assert abs((up - down) / (2 * h) - slope) < 1e-5 * max(1.0, abs(slope))


@settings(max_examples=40, deadline=None)
@given(loops(), st.integers(0, 2**32 - 1))
def test_gradients_alone_need_no_shapes_in_advance(loop: Loop, seed: int) -> None:
    """The sizes of a loop's results are known even if the results are not used."""
    random = np.random.default_rng(seed)
    shapes = [(2, 2), (2,), (2,), (loop.steps, 2, 2) if loop.nested else (loop.steps, 2)]
    arrays = [random.uniform(-1, 1, shape) for shape in shapes]

    def found(unknown: bool) -> list[np.ndarray]:
        nodes = [
            plait.input(name, (None,) * len(shape) if unknown else shape, "float64") for name, shape in zip("wvsx", shapes, strict=True)
        ]
        feeds = dict(zip(nodes, arrays, strict=True))
        return [
            plait.compile(g)({n: a for n, a in feeds.items() if n in _inputs(g)})
            for f in (loop.loss, loop.second)
            for g in plait.gradient(f(*nodes), nodes)
        ]

    for a, b in zip(found(True), found(False), strict=True):
        assert far(a, b) < 1e-10


def _inputs(node: Any) -> set[Any]:
    return set(plait.compile(node).inputs)
