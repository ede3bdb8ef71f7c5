"""Vectorisation over samples: a pass that adds a leading sample axis to the nodes of one sample.

Every op is rewritten separately: axes move one position to the right, operands of lower rank get axes of size 1 after the sample axis.
Nodes that do not depend on samples are unchanged and computed once. A loop becomes a loop whose states have the sample axis. Ops without a
rule are unrolled.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from .. import _core, graph
from ..graph import Node, PerformanceWarning

# A node, and whether its first axis counts samples.
Batched: TypeAlias = tuple[Node, bool]

_OPEN = np.iinfo(np.int64).min  # an end of a slice that is left out
_ELEMENTWISE = frozenset([*_core.operations(elementwise=True), "sum_n", "stop_gradient"])
_RESHAPING = frozenset(["reshape", "reshape_like", "flatten_leading", "expand_dims", "squeeze", "scan_join"])


class Batch:
    """The pass, for one number of samples.

    Parameters
    ----------
    size : int
        Samples.
    replaced : dict of int to (Node, bool)
        By the id of a node: its replacement, and whether that has the sample axis.
    """

    def __init__(self, size: int, replaced: Mapping[int, Batched]) -> None:
        self.size = size
        self.known: dict[int, Batched] = dict(replaced)
        self.loops: dict[int, list[Batched]] = {}

    def __call__(self, outputs: Sequence[Node]) -> list[Batched]:
        """The outputs rewritten."""
        known = self.known
        if any(node.id not in known for node in outputs):
            for node in _core.ancestors(list(outputs)):
                if node.id not in known:
                    known[node.id] = self._rewrite(node)
        return [known[node.id] for node in outputs]

    def full(self, outputs: Sequence[Node]) -> list[Node]:
        """The outputs rewritten, each with the sample axis."""
        return [self.widened(item, node.shape) for item, node in zip(self(outputs), outputs, strict=True)]

    def widened(self, item: Batched, shape: Sequence[int | None]) -> Node:
        """The node with the sample axis, whether it had one or not."""
        node, batched = item
        return node if batched else _core.broadcast_to(node, (self.size, *shape))

    def _rewrite(self, node: Node) -> Batched:
        inputs = [self.known[i.id] for i in node.inputs]
        same = all(new is old or new.id == old.id for (new, _), old in zip(inputs, node.inputs, strict=True))
        if same and not any(batched for _, batched in inputs):
            return node, False
        op = node.op
        if op == "axis_size":
            axes = node.attributes[0][1:]
            return _core.constant(float(math.prod(node.inputs[0].shape[a] or 0 for a in axes)), "", node.dtype), False
        if op == "scan":
            return self._scan(node, inputs)
        if op == "scan_output" and node.inputs[0].id in self.loops:
            return self.loops[node.inputs[0].id][int(node.attributes[0][0])]
        ints, reals = node.attributes
        if not any(batched for _, batched in inputs):
            return _core.apply(op, [n for n, _ in inputs], ints, reals, False, _core.scan_body(node)), False
        if op in _ELEMENTWISE:
            rank = len(node.shape)
            return _core.apply(
                op, [self._aligned(item, old.shape, rank) for item, old in zip(inputs, node.inputs, strict=True)], ints, reals, False
            ), True
        if op in _RESHAPING:
            return (_core.reshape(inputs[0][0], (self.size, *node.shape)), True) if inputs[0][1] else self._plain(node, inputs)
        rule: Callable[[Node, list[Batched]], Batched] | None = getattr(self, f"_{op}", None)
        return rule(node, inputs) if rule is not None else self._unrolled(node, inputs)

    def _aligned(self, item: Batched, shape: Sequence[int | None], rank: int) -> Node:
        """An operand aligned with a result of `rank` axes."""
        node, batched = item
        if not batched or len(shape) == rank:
            return node
        return _core.reshape(node, (self.size, *(1,) * (rank - len(shape)), *shape))

    def _plain(self, node: Node, inputs: list[Batched]) -> Batched:
        """An op whose first input does not depend on samples, and whose others give shapes only."""
        return _core.reshape(inputs[0][0], node.shape), False

    def _like(self, node: Node) -> Node:
        """A node with the shape of another and the sample axis, for ops with a shape-only input."""
        return _core.broadcast_to(_core.constant(0.0, "", node.dtype), (self.size, *node.shape))

    def _reduce(self, node: Node, inputs: list[Batched]) -> Batched:
        (keep, *axes), reals = node.attributes
        return _core.apply(node.op, [inputs[0][0]], [keep, *(a + 1 for a in axes)], reals, False), True

    _sum = _prod = _max = _min = _reduce

    def _recurrence(self, node: Node, inputs: list[Batched]) -> Batched:
        (reverse, start, *axes), reals = node.attributes
        whole = (self.size, *node.shape)
        operands = [_core.broadcast_to(self._aligned(item, node.shape, len(node.shape)), whole) for item in inputs]
        return _core.apply("recurrence", operands, [reverse, start, *(a + 1 for a in axes)], reals, False), True

    def _sum_to_like(self, node: Node, inputs: list[Batched]) -> Batched:
        x, batched = inputs[0]
        lead = int(batched)
        have, want = node.inputs[0].shape, node.shape
        extra = len(have) - len(want)
        if extra:
            x = _core.apply("sum", [x], [0, *range(lead, lead + extra)], [], False)
        ones = [lead + k for k, n in enumerate(want) if n == 1 and have[extra + k] != 1]
        return (_core.apply("sum", [x], [1, *ones], [], False) if ones else x), batched

    def _transpose(self, node: Node, inputs: list[Batched]) -> Batched:
        return _core.apply("transpose", [inputs[0][0]], [0, *(a + 1 for a in node.attributes[0])], [], False), True

    def _broadcast_to(self, node: Node, inputs: list[Batched]) -> Batched:
        if not inputs[0][1]:
            return _core.broadcast_to(inputs[0][0], node.shape), False
        x = self._aligned(inputs[0], node.inputs[0].shape, len(node.shape))
        return _core.broadcast_to(x, (self.size, *node.shape)), True

    _broadcast_like = _broadcast_to

    def _slice(self, node: Node, inputs: list[Batched]) -> Batched:
        return _core.apply("slice", [inputs[0][0]], [_OPEN, _OPEN, 1, *node.attributes[0]], [], False), True

    def _slice_gradient(self, node: Node, inputs: list[Batched]) -> Batched:
        if not inputs[0][1]:
            like = _core.broadcast_to(_core.constant(0.0, "", node.dtype), node.shape)
            return _core.apply("slice_gradient", [inputs[0][0], like], node.attributes[0], [], False), False
        return _core.apply("slice_gradient", [inputs[0][0], self._like(node)], [_OPEN, _OPEN, 1, *node.attributes[0]], [], False), True

    def _index(self, node: Node, inputs: list[Batched]) -> Batched:
        axis, i = node.attributes[0]
        return _core.apply("index", [inputs[0][0]], [axis + 1, i], [], False), True

    def _head_like(self, node: Node, inputs: list[Batched]) -> Batched:
        x, batched = inputs[0]
        axis, count = int(node.attributes[0][0]), node.shape[int(node.attributes[0][0])] or 0
        start = 0 if node.op == "head_like" else (node.inputs[0].shape[axis] or 0) - count
        ranges = [_OPEN, _OPEN, 1] * (len(node.shape) + int(batched))
        at = 3 * (axis + int(batched))
        ranges[at : at + 2] = [start, start + count]
        return _core.apply("slice", [x], ranges, [], False), batched

    _tail_like = _head_like

    def _steps(self, item: Batched, node: Node, first: int, count: int) -> Node:
        """Some of the steps of a sequence."""
        x, batched = item
        return _core.apply(
            "slice", [x], [_OPEN, _OPEN, 1] * batched + [first, first + count, 1, *[_OPEN, _OPEN, 1] * (len(node.shape) - 1)], [], False
        )

    def _scan_segments(self, node: Node, inputs: list[Batched]) -> Batched:
        x = self._steps(inputs[0], node.inputs[0], 0, (node.shape[0] or 0) * (node.shape[1] or 0))
        return _core.reshape(x, (self.size, *node.shape)), True

    def _scan_rest(self, node: Node, inputs: list[Batched]) -> Batched:
        count = node.shape[0] or 0
        return self._steps(inputs[0], node.inputs[0], (node.inputs[0].shape[0] or 0) - count, count), True

    def _scan_fill(self, node: Node, inputs: list[Batched]) -> Batched:
        x, batched = inputs[0]
        at_end = bool(node.attributes[0][1])
        shape = node.inputs[0].shape
        lead = len(shape) - len(node.shape)  # segments bring an axis of their own
        steps = math.prod(n or 0 for n in shape[: 1 + lead])
        empty = np.zeros((*(self.size,) * batched, (node.shape[0] or 0) - steps, *(n or 0 for n in node.shape[1:])))
        x = _core.reshape(x, (*(self.size,) * batched, steps, *node.shape[1:]))
        filling = _core.cast(_core.constant(empty, "", "float64"), node.dtype)
        return _core.apply("concatenate", [filling, x] if at_end else [x, filling], [int(batched)], [], False), batched

    def _scan_index(self, node: Node, inputs: list[Batched]) -> Batched:  # noqa: ARG002
        return _core.constant(np.arange(node.shape[0] or 0), "", "int64"), False

    def _concatenate(self, node: Node, inputs: list[Batched]) -> Batched:
        parts = [self.widened(item, old.shape) for item, old in zip(inputs, node.inputs, strict=True)]
        return _core.apply("concatenate", parts, [node.attributes[0][0] + 1], [], False), True

    def _cumsum(self, node: Node, inputs: list[Batched]) -> Batched:
        axis, reverse = node.attributes[0]
        return _core.apply("cumsum", [inputs[0][0]], [axis + 1, reverse], [], False), True

    def _one_hot(self, node: Node, inputs: list[Batched]) -> Batched:
        return _core.apply("one_hot", [inputs[0][0]], node.attributes[0], [], False), True

    def _matmul(self, node: Node, inputs: list[Batched]) -> Batched:
        (a, of_a), (b, of_b) = inputs
        rank_a, rank_b = (len(old.shape) for old in node.inputs)
        if not of_b and rank_b == 2 and rank_a == 2:
            rows = _core.reshape(a, (self.size * (node.inputs[0].shape[0] or 0), node.inputs[0].shape[1]))
            return _core.reshape(_core.matmul(rows, b), (self.size, *node.shape)), True
        if not of_b and rank_b <= 2:
            return _core.matmul(a, b), True
        if not of_a and rank_b == 1:
            return (_core.matmul(b, graph.transpose(a)) if rank_a == 2 else _core.matmul(b, a)), True
        if rank_a == 1 and rank_b == 1:
            return graph.sum(a * b, axis=-1), True
        if not of_a and rank_a == 2 and rank_b == 2:  # one product: samples and columns side by side
            k, m = node.inputs[1].shape
            columns = _core.reshape(b if m == 1 else graph.transpose(b, (0, 2, 1)), (self.size * (m or 0), k))
            found = _core.matmul(columns, graph.transpose(a))
            if m == 1:
                return _core.reshape(found, (self.size, *node.shape)), True
            return graph.transpose(_core.reshape(found, (self.size, m, node.shape[0])), (0, 2, 1)), True
        if not of_a and rank_a <= rank_b:
            return _core.matmul(a, b), True
        first = _core.reshape(a, (*a.shape[:-1], 1, a.shape[-1])) if rank_a == 1 else a
        second = _core.reshape(b, (*b.shape, 1)) if rank_b == 1 else b
        rank = max(rank_a, rank_b, 2)
        shapes = next((1, *s) if len(s) == 1 else s for s in (node.inputs[0].shape,)), node.inputs[1].shape
        first = self._aligned((first, of_a), shapes[0], rank)
        second = self._aligned((second, of_b), (*shapes[1], 1) if rank_b == 1 else shapes[1], rank)
        return _core.reshape(_core.matmul(first, second), (self.size, *node.shape)), True

    def _take(self, node: Node, inputs: list[Batched]) -> Batched:
        (x, of_x), (indices, of_indices) = inputs
        axis = int(node.attributes[0][0]) % max(len(node.inputs[0].shape), 1)
        if not of_indices:
            return _core.apply("take", [x, indices], [axis + 1], [], False), True
        if axis != 0:
            return self._unrolled(node, inputs)
        if of_x:  # rows of all samples one after the other
            n = node.inputs[0].shape[0] or 0
            offsets = (n * np.arange(self.size)).reshape((self.size, *(1,) * len(node.inputs[1].shape)))
            x, indices = _core.reshape(x, (self.size * n, *node.inputs[0].shape[1:])), indices + offsets
        return _core.apply("take", [x, indices], [0], [], False), True

    def _take_gradient(self, node: Node, inputs: list[Batched]) -> Batched:
        if inputs[1][1]:
            return self._unrolled(node, inputs)
        if not inputs[0][1]:
            return _core.apply(node.op, [inputs[0][0], inputs[1][0], node.inputs[2]], *node.attributes, False), False
        axis = int(node.attributes[0][0]) % max(len(node.shape), 1)
        return _core.apply(node.op, [inputs[0][0], inputs[1][0], self._like(node)], [axis + 1], [], False), True

    def _take_along_axis(self, node: Node, inputs: list[Batched]) -> Batched:
        parts = [self.widened(item, old.shape) for item, old in zip(inputs, node.inputs, strict=True)]
        return _core.apply(node.op, parts, [node.attributes[0][0] + 1, *node.attributes[0][1:]], [], False), True

    _take_along_axis_gradient = _take_along_axis

    def _cholesky(self, node: Node, inputs: list[Batched]) -> Batched:
        return _core.apply(node.op, [inputs[0][0]], [], [], False), True

    _slogdet = _argsort = _cholesky  # what they do to an axis, they do to one of the last

    def _triangular_solve(self, node: Node, inputs: list[Batched]) -> Batched:
        (matrix, of_matrix), (b, of_b) = inputs
        if of_matrix or len(node.inputs[0].shape) > 2:
            matrix = self.widened((matrix, of_matrix), node.inputs[0].shape)
        return _core.apply(node.op, [matrix, self.widened((b, of_b), node.inputs[1].shape)], *node.attributes, False), True

    _linear_solve = _triangular_solve

    def _scan(self, node: Node, inputs: list[Batched]) -> Batched:
        body = _core.scan_body(node)
        assert body is not None
        n_states, n_rows = len(body.states), len(body.xs)
        kept = body.residuals  # what a gradient of the loop, if there is one, reads of every step
        if not any(batched for _, batched in inputs):
            return _core.apply("scan", [n for n, _ in inputs], *node.attributes, False, body), False
        states = [self.widened(item, old.shape) for item, old in zip(inputs[:n_states], body.states, strict=True)]
        rows = [_swap(n) if batched else n for n, batched in inputs[n_states : n_states + n_rows]]
        of_rows = [batched for _, batched in inputs[n_states : n_states + n_rows]]
        closed = {old.id: item for old, item in zip(body.captures, inputs[n_states + n_rows :], strict=True)}

        def step(state: list[Node], row: list[Node]) -> tuple[list[Node], list[Node]]:
            replaced: dict[int, Batched] = dict(closed)
            replaced.update((old.id, (new, True)) for old, new in zip(body.states, state, strict=True))
            replaced.update((old.id, (new, b)) for old, new, b in zip(body.xs, row, of_rows, strict=True))
            found = Batch(self.size, replaced).full([*body.next, *body.ys, *kept])
            return found[:n_states], found[n_states:]

        last, results = graph.scan(step, states, rows, reverse=body.reverse)
        self.loops[node.id] = [*((n, True) for n in last), *((_swap(n), True) for n in results)]
        return node, True  # never read: consumers read the outputs

    def _unrolled(self, node: Node, inputs: list[Batched]) -> Batched:
        """Sample by sample."""
        warnings.warn(f"infer: '{node.op}' has no form for many samples and is unrolled", PerformanceWarning, stacklevel=2)
        copies = [
            _core.apply(node.op, [n[s] if batched else n for n, batched in inputs], *node.attributes, False) for s in range(self.size)
        ]
        return graph.stack(copies), True


def _swap(node: Node) -> Node:
    """The first two axes swapped."""
    return graph.transpose(node, (1, 0, *range(2, len(node.shape))))
