"""Initialisation of weights: distributions by name, scaled by the numbers of inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import floating

Initializer = str | Callable[..., Any] | float | None

# The variance of a weight, from fan-in and fan-out. Each has a `_uniform` and a `_normal` form; the bare name is the uniform one.
_VARIANCES: dict[str, Callable[[float, float], float]] = {
    "glorot": lambda inputs, outputs: 2.0 / (inputs + outputs),
    "xavier": lambda inputs, outputs: 2.0 / (inputs + outputs),
    "he": lambda inputs, _: 2.0 / inputs,
    "kaiming": lambda inputs, _: 2.0 / inputs,
    "lecun": lambda inputs, _: 1.0 / inputs,
}
_OTHERS = ("zeros", "ones", "uniform", "normal", "orthogonal", "identity")
NAMES = (*(f"{name}{form}" for name in _VARIANCES for form in ("", "_uniform", "_normal")), *_OTHERS)


def initialize(
    shape: int | Sequence[int], how: Initializer = "glorot_uniform", *, gain: float = 1.0, dtype: str = "float32", rng: Any = None
) -> NDArray[Any]:
    """Initial values of a parameter.

    Parameters
    ----------
    shape : int or sequence of int
        Its shape: outputs last, inputs before them; further axes before those, such as the taps of a kernel, count with the inputs.
    how : str, number or callable
        A name: "glorot", "xavier", "he", "kaiming" or "lecun", alone or followed by "_uniform" or "_normal"; "orthogonal", "identity",
        "zeros", "ones", "uniform" (between ±0.05), "normal" (of standard deviation 0.05). A number is a constant. A function is called with
        the shape and a Generator, or the shape alone, and returns an array.
    gain : float
        A factor.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Source of the numbers; different for each call unless given.

    Returns
    -------
    ndarray
        Of that shape.

    Notes
    -----
    Glorot's (Xavier's) variance is 2 / (inputs + outputs), He's (Kaiming's) 2 / inputs, LeCun's 1 / inputs. Normal numbers are not truncated.
    "orthogonal" has orthonormal columns or rows, whichever are fewer, of the matrix of all axes but the last by the last.

    References
    ----------
    Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural networks; He et al. (2015), Delving deep into
    rectifiers; Saxe, McClelland and Ganguli (2014), Exact solutions to the nonlinear dynamics of learning in deep linear neural networks.

    Examples
    --------
    >>> w = plait.nn.initialize((3, 3), "orthogonal", dtype="float64", rng=0)
    >>> np.allclose(w.T @ w, np.eye(3))
    True
    """
    sizes = (shape,) if isinstance(shape, (int, np.integer)) else tuple(int(n) for n in shape)
    dtype = floating("initialize: dtype", dtype)
    generator = np.random.default_rng(rng)
    if callable(how):
        return _called(how, sizes, generator, gain, dtype)
    if how is None:
        how = "glorot_uniform"
    if isinstance(how, (int, float, np.number)) and not isinstance(how, bool):
        return np.full(sizes, gain * float(how), dtype)
    if how not in NAMES:
        raise ValueError(
            f"initialize: nothing is called {how!r}; there are {', '.join(NAMES)}, a number, or a function of the shape and a Generator"
        )
    if how in ("zeros", "ones"):
        return np.full(sizes, gain * (how == "ones"), dtype)
    if how == "uniform":
        numbers = generator.uniform(-0.05, 0.05, sizes)
    elif how == "normal":
        numbers = generator.normal(0.0, 0.05, sizes)
    elif how == "identity":
        if len(sizes) != 2:
            raise ValueError(f"initialize: identity: expected a matrix, got shape {sizes}")
        numbers = np.eye(*sizes)
    elif how == "orthogonal":
        numbers = _orthogonal(sizes, generator)
    else:
        name, _, form = str(how).partition("_")
        deviation = np.sqrt(_VARIANCES[name](*_fans(sizes)))
        numbers = (
            generator.normal(0.0, deviation, sizes)
            if form == "normal"
            else generator.uniform(-np.sqrt(3) * deviation, np.sqrt(3) * deviation, sizes)
        )
    return (gain * numbers).astype(dtype)


def _fans(sizes: tuple[int, ...]) -> tuple[float, float]:
    """Fan-in and fan-out."""
    if not sizes:
        return 1.0, 1.0
    if len(sizes) == 1:
        return float(max(sizes[0], 1)), float(max(sizes[0], 1))
    taps = int(np.prod(sizes[:-2]))
    return float(max(taps * sizes[-2], 1)), float(max(taps * sizes[-1], 1))


def _orthogonal(sizes: tuple[int, ...], generator: np.random.Generator) -> NDArray[Any]:
    if len(sizes) < 2:
        raise ValueError(f"initialize: orthogonal: expected a shape of two axes or more, got {sizes}")
    rows, columns = int(np.prod(sizes[:-1])), sizes[-1]
    square, upper = np.linalg.qr(generator.normal(size=(max(rows, columns), min(rows, columns))))
    square = square * np.where(np.diag(upper) < 0, -1.0, 1.0)  # makes the distribution uniform over orthogonal matrices
    return (square if rows >= columns else square.T).reshape(sizes)


def _called(how: Callable[..., Any], sizes: tuple[int, ...], generator: np.random.Generator, gain: float, dtype: str) -> NDArray[Any]:
    try:
        numbers = how(sizes, generator)
    except TypeError as both:
        try:
            numbers = how(sizes)
        except TypeError:
            raise both from None
    array = np.asarray(numbers)
    if array.shape != sizes or array.dtype.kind not in "buif":
        raise ValueError(f"initialize: the function was to give numbers of shape {sizes}, and gave {array.dtype} of shape {array.shape}")
    return (gain * array).astype(dtype)
