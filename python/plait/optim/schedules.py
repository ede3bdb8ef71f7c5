"""Step sizes that change with the step: functions of t, the number of steps taken before this one."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from .._settings import Settings

S = TypeVar("S", bound="Schedule")


def _positive(name: str, value: float) -> float:
    """`value` as a float; refused unless finite and above zero."""
    number = float(value)
    if not (np.isfinite(number) and number > 0):
        raise ValueError(f"{name}: expected a finite number above 0, got {value!r}")
    return number


def _length(name: str, steps: float | None, epochs: float | None) -> None:
    """Refuses a length in both units, or in none."""
    if (steps is None) == (epochs is None):
        raise ValueError(f"{name}: expected one of steps= and epochs=, got {'none' if steps is None else 'both'}")


class Schedule(Settings):
    """A step size as a function of t, the number of steps taken before: called with a number, an array or a node.

    Subclasses define ``__call__`` with NumPy functions, which nodes support too, so that one formula is for plots and graphs. `plait.train`
    converts lengths in epochs to steps by `in_steps`.
    """

    def in_steps(self: S, steps_per_epoch: int) -> S:  # noqa: ARG002 - used by schedules in epochs
        """The schedule with its lengths in steps.

        Parameters
        ----------
        steps_per_epoch : int
            Steps that an epoch has.

        Returns
        -------
        Schedule
            Itself where no length is in epochs.
        """
        return self

    def _known(self, steps: float | None) -> float:
        """The length in steps, which a schedule in epochs has only after `in_steps`."""
        if steps is None:
            name = type(self).__name__
            raise ValueError(f"{name}: its length is in epochs, which plait.train converts to steps; use steps=, or in_steps(n)")
        return steps

    def __call__(self, t: Any) -> Any:
        """The step size at step `t`, counted from 0."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """The call that makes it."""
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items() if v is not None)})"

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
    """Exponential decay by the factor `decay` every `steps` steps: rate · decay^(t / steps).

    Parameters
    ----------
    rate : float
        Step size at the first step.
    decay : float
        Factor in (0, 1].
    steps : float, optional
        Steps for one application of the factor: 1 unless `epochs` is given.
    epochs : float, optional
        The same in epochs, for `plait.train`.

    Examples
    --------
    >>> plait.optim.Exponential(1.0, decay=0.5, steps=10)(20)
    0.25
    """

    def __init__(self, rate: float, decay: float, steps: float | None = None, *, epochs: float | None = None) -> None:
        if steps is None and epochs is None:
            steps = 1.0
        _length("Exponential", steps, epochs)
        self.rate = _positive("Exponential: rate", rate)
        self.decay = _positive("Exponential: decay", decay)
        if self.decay > 1:
            raise ValueError(f"Exponential: decay: expected a factor in (0, 1], got {decay!r}")
        self.steps = None if steps is None else _positive("Exponential: steps", steps)
        self.epochs = None if epochs is None else _positive("Exponential: epochs", epochs)

    def __call__(self, t: Any) -> Any:
        """The step size rate · decay^(t / steps)."""
        return self.rate * self.decay ** (t / self._known(self.steps))

    def in_steps(self, steps_per_epoch: int) -> Exponential:
        """See `Schedule.in_steps`."""
        return self if self.epochs is None else Exponential(self.rate, self.decay, self.epochs * steps_per_epoch)


class Cosine(Schedule):
    """Cosine annealing from `rate` to `final` over `steps` steps, after a linear warm-up over `warmup` steps.

    Parameters
    ----------
    rate : float
        The largest step size.
    steps : int, optional
        Steps after which `final` is reached; it is constant afterwards.
    final : float
        The last step size, at least 0.
    warmup : float
        Steps over which the size grows from rate / warmup to rate; epochs, where the length is given in epochs.
    epochs : float, optional
        The length in epochs in place of `steps`, for `plait.train`.

    References
    ----------
    Loshchilov and Hutter (2017), SGDR: stochastic gradient descent with warm restarts.

    Examples
    --------
    >>> cosine = plait.optim.Cosine(1.0, steps=100)
    >>> [round(float(cosine(t)), 3) for t in (0, 50, 100, 200)]
    [1.0, 0.5, 0.0, 0.0]
    >>> plait.optim.Cosine(5e-3, epochs=40, warmup=2).in_steps(100)
    Cosine(rate=0.005, steps=4000, final=0.0, warmup=200)
    """

    def __init__(
        self, rate: float, steps: int | None = None, final: float = 0.0, warmup: float = 0, *, epochs: float | None = None
    ) -> None:
        _length("Cosine", steps, epochs)
        self.rate = _positive("Cosine: rate", rate)
        self.steps = None if steps is None else int(_positive("Cosine: steps", steps))
        self.final = float(final)
        self.warmup = int(warmup) if epochs is None else float(warmup)
        self.epochs = None if epochs is None else _positive("Cosine: epochs", epochs)
        if not 0 <= self.final <= self.rate:
            raise ValueError(f"Cosine: final: expected a number from 0 to the rate {self.rate}, got {final!r}")
        length = self.steps if self.epochs is None else self.epochs
        if not 0 <= self.warmup < (length or 0):
            unit = "steps" if self.epochs is None else "epochs"
            raise ValueError(f"Cosine: warmup: expected a count from 0 to below the {length:g} {unit}, got {warmup!r}")

    def in_steps(self, steps_per_epoch: int) -> Cosine:
        """See `Schedule.in_steps`."""
        if self.epochs is None:
            return self
        steps, warmup = max(round(self.epochs * steps_per_epoch), 1), round(self.warmup * steps_per_epoch)
        return Cosine(self.rate, steps, self.final, min(warmup, steps - 1))

    def __call__(self, t: Any) -> Any:
        """The step size at step `t`."""
        part = np.maximum(np.minimum((t - self.warmup) / (self._known(self.steps) - self.warmup), 1.0), 0.0)
        wave = self.final + (self.rate - self.final) * 0.5 * (1.0 + np.cos(np.pi * part))
        return wave * np.minimum((t + 1.0) / self.warmup, 1.0) if self.warmup else wave


class RobbinsMonro(Schedule):
    """The step sizes a / (b + t)^kappa, whose sum diverges while the sum of their squares converges.

    Parameters
    ----------
    a : float
        Above 0.
    b : float
        Above 0: delays the decay.
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
