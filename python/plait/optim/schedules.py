"""Step sizes that change with the step: functions of t, the number of steps taken before this one."""

from __future__ import annotations

from typing import Any

import numpy as np


def _positive(name: str, value: float) -> float:
    """`value` as a float; refused unless finite and above zero."""
    number = float(value)
    if not (np.isfinite(number) and number > 0):
        raise ValueError(f"{name}: expected a finite number above 0, got {value!r}")
    return number


class Schedule:
    """A step size as a function of t, the number of steps taken before: called with a number, an array or a node.

    Subclasses write ``__call__`` with NumPy functions, which nodes answer too, so that one formula serves plots and graphs.
    """

    def __call__(self, t: Any) -> Any:
        """The step size at step `t`, counted from 0."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """The call that makes it."""
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"

    def __eq__(self, other: object) -> bool:
        """Whether the settings are the same."""
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        """Equal settings, equal hashes."""
        return hash((type(self), *vars(self).values()))


class Constant(Schedule):
    """The same step size at every step.

    Parameters
    ----------
    rate : float
        The step size, above 0.

    Examples
    --------
    >>> plait.optim.Constant(0.1)(1000)
    0.1
    """

    def __init__(self, rate: float) -> None:
        self.rate = _positive("Constant: rate", rate)

    def __call__(self, t: Any) -> Any:
        """The rate, whatever `t` is."""
        return self.rate + 0 * t


class Exponential(Schedule):
    """A step size that is multiplied by `decay` once in `steps` steps: rate · decay^(t / steps).

    Parameters
    ----------
    rate : float
        Step size at the first step.
    decay : float
        Factor in (0, 1].
    steps : float
        After how many steps the factor has been applied once.

    Examples
    --------
    >>> plait.optim.Exponential(1.0, decay=0.5, steps=10)(20)
    0.25
    """

    def __init__(self, rate: float, decay: float, steps: float = 1) -> None:
        self.rate = _positive("Exponential: rate", rate)
        self.decay = _positive("Exponential: decay", decay)
        if self.decay > 1:
            raise ValueError(f"Exponential: decay: expected a factor in (0, 1], got {decay!r}")
        self.steps = _positive("Exponential: steps", steps)

    def __call__(self, t: Any) -> Any:
        """The step size rate · decay^(t / steps)."""
        return self.rate * self.decay ** (t / self.steps)


class Cosine(Schedule):
    """Half a cosine from `rate` down to `final` over `steps` steps, after a linear start over `warmup` steps.

    Parameters
    ----------
    rate : float
        The largest step size.
    steps : int
        Steps after which `final` is reached; there it stays.
    final : float
        The last step size, at least 0.
    warmup : int
        Steps over which the size grows from rate / warmup to rate.

    References
    ----------
    Loshchilov and Hutter (2017), SGDR: stochastic gradient descent with warm restarts.

    Examples
    --------
    >>> cosine = plait.optim.Cosine(1.0, steps=100)
    >>> [round(float(cosine(t)), 3) for t in (0, 50, 100, 200)]
    [1.0, 0.5, 0.0, 0.0]
    """

    def __init__(self, rate: float, steps: int, final: float = 0.0, warmup: int = 0) -> None:
        self.rate = _positive("Cosine: rate", rate)
        self.steps = int(_positive("Cosine: steps", steps))
        self.final = float(final)
        self.warmup = int(warmup)
        if not 0 <= self.final <= self.rate:
            raise ValueError(f"Cosine: final: expected a number from 0 to the rate {self.rate}, got {final!r}")
        if not 0 <= self.warmup < self.steps:
            raise ValueError(f"Cosine: warmup: expected a count from 0 to below the {self.steps} steps, got {warmup!r}")

    def __call__(self, t: Any) -> Any:
        """The step size at step `t`."""
        part = np.maximum(np.minimum((t - self.warmup) / (self.steps - self.warmup), 1.0), 0.0)
        wave = self.final + (self.rate - self.final) * 0.5 * (1.0 + np.cos(np.pi * part))
        return wave * np.minimum((t + 1.0) / self.warmup, 1.0) if self.warmup else wave


class RobbinsMonro(Schedule):
    """The step sizes a / (b + t)^kappa, whose sum diverges while the sum of their squares converges.

    Parameters
    ----------
    a : float
        Above 0.
    b : float
        Above 0: delays the fall.
    kappa : float
        In (0.5, 1].

    References
    ----------
    Robbins and Monro (1951), A stochastic approximation method.

    Examples
    --------
    >>> plait.optim.RobbinsMonro(a=1.0, b=4.0, kappa=1.0)(4)
    0.125
    >>> plait.optim.RobbinsMonro(a=1.0, b=4.0, kappa=0.5)
    Traceback (most recent call last):
        ...
    ValueError: RobbinsMonro: kappa: expected 0.5 < kappa <= 1, got 0.5
    """

    def __init__(self, a: float = 1.0, b: float = 1.0, kappa: float = 0.75) -> None:
        self.a = _positive("RobbinsMonro: a", a)
        self.b = _positive("RobbinsMonro: b", b)
        self.kappa = float(kappa)
        if not 0.5 < self.kappa <= 1:
            raise ValueError(f"RobbinsMonro: kappa: expected 0.5 < kappa <= 1, got {kappa!r}")

    def __call__(self, t: Any) -> Any:
        """The step size a / (b + t)^kappa."""
        return self.a / (self.b + t) ** self.kappa
