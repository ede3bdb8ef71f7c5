"""A user's init and rank: traced over nodes, compiled functions by address, or Python functions called cell by cell."""

from __future__ import annotations

import ctypes
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..graph import PerformanceWarning, function
from . import _arguments

RANK = (ctypes.c_double, *[ctypes.c_double] * 5)  # result, then arguments
INIT = (ctypes.c_double, ctypes.c_int64, ctypes.c_int64)
_POINTER: Any = ctypes.CFUNCTYPE(None).__mro__[1]  # the base class of ctypes functions
_C_NAMES: dict[Any, str] = {ctypes.c_double: "double", ctypes.c_int64: "int64_t"}


def signature_text(signature: Sequence[Any]) -> str:
    """The signature in C's notation."""
    result, *arguments = (_C_NAMES[part] for part in signature)
    return f"{result} ({', '.join(arguments)})"


def compiled_function(f: Any, signature: Sequence[Any], name: str) -> Any:
    """A ctypes function for a LowLevelCallable, numba cfunc or ctypes function; None for anything else.

    TypeError: it is one of those, with another signature.
    """
    if isinstance(f, _POINTER):
        return _checked(f, signature, name)
    if type(f).__name__ == "LowLevelCallable" and hasattr(f, "signature"):
        return _from_low_level(f, signature, name)
    if hasattr(f, "address") and isinstance(getattr(f, "ctypes", None), _POINTER):  # numba's cfunc
        return _checked(f.ctypes, signature, name)
    return None


def _checked(f: Any, signature: Sequence[Any], name: str) -> Any:
    if f.argtypes is None:
        raise TypeError(
            f"{name}: the ctypes function does not say what it takes; set its restype and argtypes to {signature_text(signature)}"
        )
    if (f.restype, *f.argtypes) != tuple(signature):
        got = f"{getattr(f.restype, '__name__', f.restype)} ({', '.join(part.__name__ for part in f.argtypes)})"
        raise TypeError(f"{name}: expected a function {signature_text(signature)}, got {got}")
    return f


def _from_low_level(f: Any, signature: Sequence[Any], name: str) -> Any:
    text = str(f.signature)
    found = re.fullmatch(r"\s*([\w ]+?)\s*\((.*)\)\s*", text)
    same = {"long": "int64_t", "long long": "int64_t", "int64": "int64_t", "npy_intp": "int64_t", "npy_int64": "int64_t"}
    parts = [found[1], *found[2].split(",")] if found else []
    plain = [same.get(part.strip(), part.strip()) for part in parts]
    if plain != [_C_NAMES[part] for part in signature]:
        raise TypeError(f"{name}: expected a LowLevelCallable {signature_text(signature)} without user data, got {text!r}")
    capsule = tuple.__getitem__(f, 0)
    get_name = ctypes.pythonapi.PyCapsule_GetName
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    made = ctypes.CFUNCTYPE(*signature)(get_pointer(capsule, get_name(capsule)))
    made.keeps = f  # type: ignore[attr-defined]  # keeps the function behind the address alive
    return made


def address_of(f: Any) -> int:
    """The address of a ctypes function."""
    return ctypes.cast(f, ctypes.c_void_p).value or 0


def rule_of_width(rank: Any, minimize: bool) -> Callable[[int], _core.Rule]:
    """From the number of values of an element to the rule that the core runs."""
    pointer = compiled_function(rank, RANK, "rank")
    if pointer is not None:

        def compiled(width: int) -> _core.Rule:
            if width != 1:
                raise _core.ShapeError(f"rank: a compiled function takes elements that are one number, these are vectors of {width}")
            return _core.pointer_rule(address_of(pointer), minimize)

        compiled.keeps = (rank, pointer)  # type: ignore[attr-defined]
        return compiled
    if not callable(rank):
        raise TypeError(f"rank: expected a function, got {type(rank).__name__}")
    return lambda width: _traced_rule(rank, width, minimize)


def _traced_rule(rank: Callable[..., Any], width: int, minimize: bool) -> _core.Rule:
    neighbours = [_core.input(name, (), np.float64) for name in ("insertion", "match", "deletion")]
    elements = [_core.input(name, () if width == 1 else (width,), np.float64) for name in ("x", "y")]
    try:
        result = _core.as_node(rank(*neighbours, *elements), "rank")
    except Exception as error:  # it may work when called with numbers; if not, its own error is raised then
        reason = " ".join(str(error).split())
        warnings.warn(
            f"rank cannot be traced and is called for every cell, a hundred times slower: {type(error).__name__}: {reason}",
            PerformanceWarning,
            stacklevel=_arguments.outside(),
        )
        return _core.python_rule(rank, width, minimize)
    if result.shape != ():
        raise _core.ShapeError(f"rank: expected a number, got shape {result.shape}")
    try:
        return _core.lane_rule(result, [*neighbours, *elements], minimize)
    except _core.GraphError as error:
        raise _core.GraphError(f"rank: {str(error).removeprefix('unroll: ')}") from None


def distance_of_width(distance: Callable[..., Any]) -> Callable[[int], _core.Rule]:
    """From the number of values of an element to the rule by which the core computes distances."""
    return lambda width: _traced_distance(distance, width)


def _traced_distance(distance: Callable[..., Any], width: int) -> _core.Rule:
    neighbours = [_core.input(name, (), np.float64) for name in ("insertion", "match", "deletion")]  # a rule has them
    errors: list[Exception] = []
    for shape in [(), (1,)] if width == 1 else [(width,)]:  # one value may be meant as a number or as a vector
        elements = [_core.input(name, shape, np.float64) for name in ("a", "b")]
        try:
            result = _core.as_node(distance(*elements), "metric")
            if result.shape == ():
                return _core.lane_rule(_core.cast(result, "float64"), [*neighbours, *elements], True)
            errors.append(_core.ShapeError(f"metric: expected a number for two elements of shape {shape}, got shape {result.shape}"))
        except Exception as error:  # it may work when called with numbers; if not, its own error is raised then
            errors.append(error)
    if all(isinstance(error, _core.ShapeError) for error in errors):
        raise errors[0]
    warnings.warn(
        f"metric cannot be traced and is called for every pair of elements, a hundred times slower: {type(errors[-1]).__name__}: "
        f"{' '.join(str(errors[-1]).removeprefix('unroll: ').split())}",
        PerformanceWarning,
        stacklevel=_arguments.outside(),
    )
    return _core.python_metric(_CalledDistance(distance), width)


class _CalledDistance:
    """A distance in Python behind the interface of rules, called with numbers or vectors."""

    def __init__(self, distance: Callable[..., Any]):
        self._distance = distance
        self._as_vectors = False  # whether elements of one value are passed as vectors

    def __call__(self, _insertion: float, _match: float, _deletion: float, a: Any, b: Any) -> Any:
        if not isinstance(a, float):
            return self._distance(a, b)
        if not self._as_vectors:
            try:
                return self._distance(a, b)
            except (TypeError, ValueError, IndexError, AttributeError):
                found = self._distance(np.array([a]), np.array([b]))
                self._as_vectors = True
                return found
        return self._distance(np.array([a]), np.array([b]))


def border_values(init: Any) -> Callable[[bool, int, int], NDArray[np.float64]]:
    """The values of init along a border: ``f(along_x, begin, end)`` returns those at (k, 0), or at (0, k)."""
    pointer = compiled_function(init, INIT, "init")
    if pointer is None and not callable(init):
        raise TypeError(f"init: expected a function, got {type(init).__name__}")
    one = init if pointer is None else pointer
    traced: Callable[..., Any] | None = None if pointer is not None else function(init)

    def values(along_x: bool, begin: int, end: int) -> NDArray[np.float64]:
        nonlocal traced
        k = np.arange(begin, end)
        zero = np.zeros_like(k)
        if traced is not None:
            try:
                result = np.asarray(traced(k, zero) if along_x else traced(zero, k))
                if result.shape in ((), k.shape):
                    return np.broadcast_to(result, k.shape).astype(np.float64)
            except Exception:  # it needs numbers: called with them below
                pass
            traced = None
        return np.array([_number(one(i, 0) if along_x else one(0, i), along_x, i) for i in range(begin, end)], np.float64)

    return values


def _number(value: Any, along_x: bool, k: int) -> float:
    cell = (k, 0) if along_x else (0, k)
    if isinstance(value, _core.Node):
        raise TypeError("init: it could not be traced, and gives a plait.Node when called with numbers")
    if np.ndim(value) != 0:
        raise _core.ShapeError(f"init: expected a number for the cell {cell}, got shape {np.shape(value)}")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"init: expected a number for the cell {cell}, got {type(value).__name__}") from None
