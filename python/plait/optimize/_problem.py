"""A problem over nodes: compiled once, solved for many starts and parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isfinite
from threading import RLock
from typing import Any

import numpy as np

from .. import _core
from .._core import GraphError, Node, ShapeError
from .._masks import unmasked
from ..graph._types import Array
from ._driver import Limits, read_options, run_slsqp
from ._programs import graph_problem, pullback_of
from ._result import OptimizeResult

NONE = np.empty(0)


class Problem:
    """Minimise a node over other nodes, under constraints that are nodes, too.

    Parameters
    ----------
    objective : Node
        One number.
    variables : Node or sequence of Node
        Float inputs of known shape.
    equalities : sequence of Node
        Each element must be 0.
    inequalities : sequence of Node
        Each element must be at least 0.
    bounds : dict of Node to (low, high), optional
        By variable; None for no bound, numbers or arrays that broadcast to the variable's shape.
    parameters : sequence of Node
        Inputs whose values are given when it is solved.

    Notes
    -----
    Gradients, Jacobian and Hessian-vector products come from the graph; a solve runs without Python and without the GIL. Concurrent
    calls of `solve` on one problem are serialised; `solve_many` solves in parallel.

    Examples
    --------
    >>> x, c = plait.input("x", (2,), "float64"), plait.input("c", (), "float64")
    >>> problem = plait.optimize.Problem((x * x).sum(), x, equalities=[x.sum() - c], parameters=[c])
    >>> problem.solve([0.0, 0.0], parameters={c: 3.0}).x
    array([1.5, 1.5])
    """

    def __init__(
        self,
        objective: Node,
        variables: Node | Sequence[Node],
        equalities: Sequence[Node] = (),
        inequalities: Sequence[Node] = (),
        bounds: Mapping[Node, Any] | None = None,
        parameters: Sequence[Node] = (),
    ) -> None:
        self.variables: list[Node] = [variables] if isinstance(variables, Node) else list(variables)
        self.single = len(self.variables) == 1  # then points are arrays, not dicts
        self.parameters = [parameters] if isinstance(parameters, Node) else list(parameters)
        equal = [equalities] if isinstance(equalities, Node) else list(equalities)
        atleast = [inequalities] if isinstance(inequalities, Node) else list(inequalities)
        if not isinstance(objective, Node):
            raise TypeError(f"Problem: objective: expected a node, got {type(objective).__name__}")
        if len(set(self.variables)) != len(self.variables):
            raise ValueError("Problem: variables: one of them is given twice")
        if not self.variables or not all(isinstance(v, Node) for v in self.variables):
            raise TypeError("Problem: variables: expected a node or a sequence of nodes")
        for p in self.parameters:
            if not isinstance(p, Node) or p.op != "input":
                raise GraphError(f"Problem: parameters: expected input nodes, got {p!r}")
        self.core = graph_problem(objective, self.variables, [*equal, *atleast], self.parameters)
        self._lock, self._busy = RLock(), False
        self._objective, self._rows = objective, [*equal, *atleast]
        self._solutions: dict[bytes, int] = {}
        self.sizes = [int(v.size or 0) for v in self.variables]
        names: list[Any] = []
        for kind, nodes in (("equality", equal), ("inequality", atleast)):
            for k, node in enumerate(nodes):
                label = node.name or f"{kind} {k}"
                names += [label] if node.size == 1 else [f"{label}[{i}]" for i in range(int(node.size or 0))]
        m_equal = sum(int(node.size or 0) for node in equal)
        low, high = self._bounds(bounds or {})
        labels = [f"{v.name or 'x'}[{i}]" for v in self.variables for i in range(int(v.size or 0))]
        upper = np.full(self.core.m, np.inf)
        upper[:m_equal] = 0
        self.limits = Limits(
            low,
            high,
            np.zeros(self.core.m),
            upper,
            np.empty((0, low.size)),
            NONE,
            NONE,
            np.arange(self.core.m),
            names,
            [(f"{label} >= {a:g}", f"{label} <= {b:g}") for label, a, b in zip(labels, low, high, strict=True)],
        )
        self.limits.set_on(self.core)
        shape = tuple(self.variables[0].shape)
        self.plain_shape = shape if self.single and len(shape) == 1 else None  # x has the core's shape

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread at a time: parameter values and the workspace of the derivatives exist once."""
        with self._lock:
            if self._busy:
                raise GraphError("solve: a callback can't solve the problem that it is called from; make another of the same nodes")
            self._busy = True
            try:
                yield
            finally:
                self._busy = False

    def solve(
        self,
        x0: Any,
        parameters: Mapping[Node, Any] | None = None,
        warm: OptimizeResult | None = None,
        tol: float | None = None,
        callback: Callable[..., Any] | None = None,
        options: dict[str, Any] | None = None,
    ) -> OptimizeResult:
        """Solve from a starting point.

        Parameters
        ----------
        x0 : array_like, or dict of Node to array_like
            The starting point: an array for one variable, a dict for several. None with `warm`: its solution.
        parameters : dict of Node to array_like, optional
            A value for each parameter.
        warm : OptimizeResult, optional
            An earlier result of this problem: a warm start from its Hessian approximation and, where x0 is None, its point.
        tol, callback, options
            As for :func:`minimize`.

        Returns
        -------
        OptimizeResult
            With x in the form of x0.
        """
        settings = read_options(options, tol, "SLSQP")
        if x0 is None:
            if warm is None:
                raise ValueError("solve: x0: expected a start, or an earlier result as warm")
            if not isinstance(warm, OptimizeResult):
                raise TypeError(f"solve: warm: expected an earlier result, got {type(warm).__name__}")
            x0 = warm["x"]
        start = self._flat(x0, ())
        values = self._values(parameters or {})
        with self._alone():
            for k, value in enumerate(values):
                self.core.set_parameter(k, value)
            result = run_slsqp(self.core, start, self.limits, settings, callback, False, None if warm is None else warm["_hessian"])
        result["x"] = self._unflat(result["x"])
        if result["best_feasible"] is not None:
            x, f = result["best_feasible"]
            result["best_feasible"] = (self._unflat(x), f)
        return result

    def solve_many(
        self,
        x0s: Any,
        parameters: Mapping[Node, Any] | None = None,
        threads: int | None = None,
        tol: float | None = None,
        options: dict[str, Any] | None = None,
    ) -> OptimizeResult:
        """Solve for many starting points or parameters in parallel.

        Parameters
        ----------
        x0s : array_like, or dict of Node to array_like
            Starting points, batched along a first axis, or one for all.
        parameters : dict of Node to array_like, optional
            For each parameter values batched along a first axis, or one value for all.
        threads : int, optional
            None: as many as :func:`plait.get_num_threads` says. Results do not depend on it.
        tol, options
            As for :func:`minimize`.

        Returns
        -------
        OptimizeResult
            x (k, n), or a dict of such, fun (k,), success (k,), status (k,), kkt (k,), nit (k,).
        """
        settings = read_options(options, tol, "SLSQP")
        given = dict(zip(self.parameters, self._values(parameters or {}), strict=True))
        batched = [value.ndim == len(p.shape) + 1 for p, value in given.items()]
        counts = {len(value) for value, many in zip(given.values(), batched, strict=True) if many}
        starts = self._starts(x0s)
        if len(starts) > 1 or not counts:
            counts.add(len(starts))
        if len(counts) != 1:
            raise ShapeError(f"solve_many: x0s and parameters: expected batches of one size, got {sorted(counts)}")
        count = counts.pop()
        if count == 0:
            raise ShapeError("solve_many: expected at least one problem, got none")
        starts = np.ascontiguousarray(np.broadcast_to(starts, (count, starts.shape[1])))
        if not np.isfinite(starts).all():
            raise ValueError("solve_many: x0s: expected finite numbers")
        with self._alone():
            for k, (value, many) in enumerate(zip(given.values(), batched, strict=True)):
                self.core.set_parameter(k, value[0] if many and len(value) else value)
            x, fun, status, kkt, nit = _core.optimize.slsqp_many(
                self.core,
                starts,
                [(k, value) for k, (value, many) in enumerate(zip(given.values(), batched, strict=True)) if many],
                int(settings["maxiter"]),
                settings["ftol"],
                settings["gtol"],
                settings["ctol"],
                0 if threads is None else int(threads),
            )
        return OptimizeResult(x=self._unflat(x), fun=fun, success=status == 0, status=status, kkt=kkt, nit=nit)

    def solution(self, parameters: Mapping[Node, Any], x0: Any = None) -> Node:
        """The solution as a node, differentiable with respect to the parameters.

        Parameters
        ----------
        parameters : dict of Node to Node or array_like
            The node or value for each parameter.
        x0 : array_like, optional
            The starting point of every solve; None: zeros, clipped to the bounds.

        Returns
        -------
        Node
            Of the variable's shape, float64. Running it raises RuntimeError where the problem can't be solved.

        Notes
        -----
        dx/dp by the implicit function theorem on the first-order conditions with the active set fixed (Fiacco 1976): a solve and a
        dense linear system for each parameter. Second derivatives are not available.

        Examples
        --------
        >>> x, c = plait.input("x", (2,), "float64"), plait.input("c", (), "float64")
        >>> problem = plait.optimize.Problem((x * x).sum(), x, equalities=[x.sum() - c], parameters=[c])
        >>> b = plait.input("b", (), "float64")
        >>> derivative = plait.evaluate(plait.gradient(problem.solution({c: b * b})[0], b), {b: 3.0})
        >>> round(float(derivative), 6)
        3.0
        """
        if len(self.variables) != 1 or any(str(v.dtype) != "float64" for v in (*self.variables, *self.parameters)):
            raise GraphError("solution: expected a problem of one float64 variable and float64 parameters")
        if not self.parameters:
            raise GraphError("solution: the problem has no parameters")
        given = set(parameters)
        if given != set(self.parameters):
            raise GraphError("parameters: expected a node or value for each of the problem's parameters, and for nothing else")
        start = np.zeros(self.limits.low.size) if x0 is None else self._flat(x0, ())
        key = start.tobytes()
        if key not in self._solutions:
            pullback, *inputs = pullback_of(self._objective, self.variables[0], self._rows, self.parameters)
            self._solutions[key] = _core.optimize.register_solution(self.core, start, pullback, *inputs)
        values = [_core.as_node(parameters[p], "parameters") for p in self.parameters]
        values = [v if str(v.dtype) == "float64" else v.astype("float64") for v in values]
        flat: Node = _core.optimize.solution(self._solutions[key], values)
        return flat.reshape(tuple(n or 0 for n in self.variables[0].shape))

    def _bounds(self, bounds: Mapping[Node, Any]) -> tuple[Array, Array]:
        for node in bounds:
            if node not in set(self.variables):
                raise GraphError(f"Problem: bounds: {node!r} is none of the variables")
        sides: tuple[list[Array], list[Array]] = ([], [])
        for v in self.variables:
            pair = bounds.get(v, (None, None))
            if len(pair) != 2:
                raise ValueError(f"Problem: bounds of {v!r}: expected (low, high), got {pair!r}")
            for side, value, none in zip(sides, pair, (-np.inf, np.inf), strict=True):
                try:
                    side.append(
                        np.broadcast_to(np.asarray(none if value is None else value, np.float64), tuple(n or 0 for n in v.shape)).ravel()
                    )
                except ValueError:
                    raise ShapeError(f"Problem: bounds of {v!r}: shape {np.shape(value)} does not broadcast to {v.shape}") from None
        low, high = np.concatenate(sides[0]), np.concatenate(sides[1])
        wrong = ~(low <= high)
        if wrong.any():
            i = int(np.argmax(wrong))
            raise ValueError(f"Problem: bounds: element {i}: the lower bound {low[i]} is above the upper bound {high[i]}")
        return low, high

    def _values(self, parameters: Mapping[Node, Any]) -> list[Array]:
        for node in parameters:
            if node not in set(self.parameters):
                raise GraphError(f"parameters: {node!r} is none of the problem's parameters")
        missing = [p.name or repr(p) for p in self.parameters if p not in parameters]
        if missing:
            raise GraphError(f"parameters: no value for {', '.join(missing)}")
        return [np.array(unmasked(parameters[p], f"parameters: {p!r}"), p.dtype, order="C") for p in self.parameters]

    def _flat(self, x0: Any, lead: tuple[int, ...]) -> Array:
        plain = type(x0) is np.ndarray and x0.dtype == np.float64 and x0.shape == self.plain_shape and not lead
        if plain and isfinite(x0.dot(x0)):  # fast path; a finite x0 whose square overflows is checked below
            return np.asarray(x0)
        if self.single and not isinstance(x0, dict):
            x0 = {self.variables[0]: x0}
        if not isinstance(x0, dict) or set(x0) != set(self.variables):
            raise ValueError("solve: x0: expected a dict with a value for each of the variables")
        parts = []
        for v in self.variables:
            value = np.asarray(unmasked(x0[v], f"x0: {v!r}"), np.float64)
            if value.shape[len(lead) :] != tuple(v.shape) or value.shape[: len(lead)] != lead:
                raise ShapeError(f"x0: {v!r}: expected shape {(*lead, *v.shape)}, got {value.shape}")
            parts.append(value.reshape((*lead, int(v.size or 0))))
        flat = parts[0] if self.single else np.concatenate(parts, axis=-1)
        if not np.isfinite(flat).all():
            raise ValueError("x0: expected finite numbers")
        return flat

    def _starts(self, x0s: Any) -> Array:
        one = x0s[self.variables[0]] if isinstance(x0s, dict) else x0s
        shape = np.shape(one)
        if len(shape) == len(self.variables[0].shape):
            return self._flat(x0s, ())[None]
        return self._flat(x0s, shape[:1])

    def _unflat(self, x: Array) -> Any:
        if x.shape == self.plain_shape:
            return x
        lead = x.shape[:-1]
        if self.single:
            return x.reshape((*lead, *self.variables[0].shape))
        parts = np.split(x, np.cumsum(self.sizes)[:-1], axis=-1)
        shaped = [np.ascontiguousarray(part).reshape((*lead, *v.shape)) for part, v in zip(parts, self.variables, strict=True)]
        return dict(zip(self.variables, shaped, strict=True))
