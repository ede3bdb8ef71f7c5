"""Parameters by name: each block maps unconstrained numbers to parameters in the series' units, and back.

The maps are written with NumPy's functions on the last axis, so that they take nodes of shape (k,) while a likelihood is traced, and arrays
of shape (draws, k) when a posterior is read.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["Block", "Layout", "LogVariance", "Positive", "Real", "Shares", "Stationary"]


@dataclasses.dataclass
class Block:
    """Some parameters with one map; subclasses say which."""

    names: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many unconstrained numbers it takes."""
        return len(self.names)

    def forward(self, u: Sequence[Any]) -> list[Any]:
        """Parameters from unconstrained numbers."""
        raise NotImplementedError

    def backward(self, values: Sequence[float]) -> list[float]:
        """Unconstrained numbers from parameters; ValueError names one that is out of range."""
        raise NotImplementedError

    def log_jacobian(self, u: Sequence[Any], values: Sequence[Any]) -> Any:
        """Log of the determinant of the map's derivative."""
        raise NotImplementedError

    def log_prior(self, u: Sequence[Any]) -> Any:
        """Log density of the default prior, of the unconstrained numbers."""
        raise NotImplementedError

    def log_density(self, u: Sequence[Any]) -> Any:
        """Log density that a mode is of: of the parameters, or of quantities in which it is bounded."""
        return self.log_prior(u) - self.log_jacobian(u, self.forward(u))


# Variances are at least this share of their scale: where all of them vanished, a filter would divide rounding errors by each other.
FLOOR = 1e-10


def _log_normal(x: Any, mean: float, sd: float) -> Any:
    z = (x - mean) / sd
    return -0.5 * z * z - math.log(sd) - 0.5 * math.log(2 * math.pi)


@dataclasses.dataclass
class Real(Block):
    """Any number: offset + scale · u."""

    offsets: tuple[float, ...]
    scales: tuple[float, ...]

    def forward(self, u: Sequence[Any]) -> list[Any]:
        return [o + s * v for o, s, v in zip(self.offsets, self.scales, u, strict=True)]

    def backward(self, values: Sequence[float]) -> list[float]:
        return [(v - o) / s for o, s, v in zip(self.offsets, self.scales, values, strict=True)]

    def log_jacobian(self, u: Sequence[Any], values: Sequence[Any]) -> Any:  # noqa: ARG002
        return float(np.sum(np.log(self.scales)))

    def log_prior(self, u: Sequence[Any]) -> Any:
        """Normal about the offset, with ten scales."""
        return sum(_log_normal(v, 0.0, 10.0) for v in u)


@dataclasses.dataclass
class Positive(Block):
    """A variance: scale · (exp(u) + FLOOR)."""

    scales: tuple[float, ...]

    def forward(self, u: Sequence[Any]) -> list[Any]:
        return [s * (np.exp(v) + FLOOR) for s, v in zip(self.scales, u, strict=True)]

    def backward(self, values: Sequence[float]) -> list[float]:
        for name, value in zip(self.names, values, strict=True):
            if not value > 0:
                raise ValueError(f"start: {name} is {value}, a positive number is needed")
        return [float(np.log(max(v / s - FLOOR, FLOOR))) for s, v in zip(self.scales, values, strict=True)]

    def log_jacobian(self, u: Sequence[Any], values: Sequence[Any]) -> Any:  # noqa: ARG002
        return sum(v + math.log(s) for s, v in zip(self.scales, u, strict=True))

    def log_prior(self, u: Sequence[Any]) -> Any:
        """Log-normal: the median is a tenth of the scale, within a factor of e⁶ in either direction nearly surely."""
        return sum(_log_normal(v, -2.3, 2.0) for v in u)


@dataclasses.dataclass
class Stationary(Block):
    """Coefficients of a polynomial 1 - a₁z - … - aₚzᵖ with all roots outside of the unit circle, by partial autocorrelations tanh(u).

    Barndorff-Nielsen and Schou (1973), On the parametrization of autoregressive models by partial autocorrelations. With ``sign=-1`` the
    polynomial is 1 + a₁z + …, as moving averages have it.
    """

    sign: int = 1

    def forward(self, u: Sequence[Any]) -> list[Any]:
        found: list[Any] = []
        for value in u:
            last = np.tanh(value)
            found = [a - last * b for a, b in zip(found, reversed(found), strict=True)]
            found.append(last)
        return [self.sign * a for a in found]

    def backward(self, values: Sequence[float]) -> list[float]:
        found = [self.sign * float(v) for v in values]
        partial: list[float] = []
        while found:
            last = found.pop()
            if not abs(last) < 1:
                what = "stationary" if self.sign == 1 else "invertible"
                raise ValueError(f"start: {', '.join(self.names)} = {list(values)} is not {what}")
            found = [(a + last * b) / (1 - last * last) for a, b in zip(found, reversed(found), strict=True)]
            partial.append(last)
        return [float(np.arctanh(v)) for v in reversed(partial)]

    def log_jacobian(self, u: Sequence[Any], values: Sequence[Any]) -> Any:  # noqa: ARG002
        total: Any = 0.0
        for k, value in enumerate(u, start=1):
            # log(1 - tanh) and log(1 + tanh), without cancellation
            below, above = np.log(2.0) - np.logaddexp(0.0, 2 * value), np.log(2.0) - np.logaddexp(0.0, -2 * value)
            total = total + below + above  # of tanh itself
            # order k maps the k - 1 coefficients before it by I - ρ·(reversal): eigenvalues 1 - ρ and 1 + ρ
            total = total + (k // 2) * below + ((k - 1) // 2) * above
        return total

    def log_density(self, u: Sequence[Any]) -> Any:  # noqa: ARG002
        """Of the partial autocorrelations: that of the coefficients has no bound near a unit root."""
        return -self.size * math.log(2.0)

    def log_prior(self, u: Sequence[Any]) -> Any:
        """Each partial autocorrelation uniform on (-1, 1)."""
        return sum(np.log(2.0) - np.logaddexp(0.0, 2 * v) - np.logaddexp(0.0, -2 * v) for v in u)


@dataclasses.dataclass
class Shares(Block):
    """ω and shares of persistence of a GARCH model: positive, the shares' weighted sum below 1.

    u₀ is the log of the unconditional variance over `scale`; shares are a softmax with one more, the slack, whose logit is 0.
    `weights` is how much each share counts in the sum (½ for asymmetric terms).
    """

    scale: float
    weights: tuple[float, ...] = ()

    def forward(self, u: Sequence[Any]) -> list[Any]:
        shares, slack = self._shares(u)
        omega = self.scale * np.exp(u[0]) * slack
        return [omega, *(s / w for s, w in zip(shares, self.weights, strict=True))]

    def _shares(self, u: Sequence[Any]) -> tuple[list[Any], Any]:
        log_total: Any = 0.0
        for value in u[1:]:
            log_total = np.logaddexp(log_total, value)
        return [np.exp(v - log_total) for v in u[1:]], np.exp(-log_total)

    def backward(self, values: Sequence[float]) -> list[float]:
        shares = [v * w for v, w in zip(values[1:], self.weights, strict=True)]
        slack = 1.0 - sum(shares)
        for name, value in zip(self.names, values, strict=True):
            if not value > 0:
                raise ValueError(f"start: {name} is {value}, a positive number is needed")
        if not slack > 0:
            raise ValueError(f"start: {', '.join(self.names[1:])} are not stationary: their sum is {sum(shares):g}, less than 1 is needed")
        return [float(np.log(values[0] / slack / self.scale)), *(float(np.log(s / slack)) for s in shares)]

    def log_jacobian(self, u: Sequence[Any], values: Sequence[Any]) -> Any:
        shares, slack = self._shares(u)
        total = np.log(values[0]) + np.log(slack) if len(u) > 1 else np.log(values[0])
        for share in shares:
            total = total + np.log(share)
        return total - float(np.sum(np.log(self.weights)))

    def log_density(self, u: Sequence[Any]) -> Any:
        """Of the unconditional variance and the shares: that of ω has no bound where the sum of the shares goes to 1."""
        return _log_normal(u[0], 0.0, 1.0) - u[0] + math.lgamma(len(u))

    def log_prior(self, u: Sequence[Any]) -> Any:
        """The unconditional variance log-normal about `scale`; the shares and the slack uniform on their simplex."""
        shares, slack = self._shares(u)
        total = _log_normal(u[0], 0.0, 1.0) + math.lgamma(len(u))
        for share in [*shares, slack] if shares else []:
            total = total + np.log(share)
        return total


@dataclasses.dataclass
class LogVariance(Block):
    """ω, responses and persistence of a recursion of log variances: (ω, responses …, β …).

    The responses are 0.3·u, the `lags` last are a stationary polynomial, and ω = (level + u₀)(1 - Σ β), so that level + u₀ is the mean.
    """

    level: float
    lags: int

    def _split(self, u: Sequence[Any]) -> tuple[Any, Sequence[Any], Sequence[Any], Stationary]:
        at = self.size - self.lags
        return u[0], u[1:at], u[at:], Stationary(self.names[at:])

    def forward(self, u: Sequence[Any]) -> list[Any]:
        mean, responses, lags, polynomial = self._split(u)
        beta = polynomial.forward(lags)
        return [(self.level + mean) * (1.0 - sum(beta)), *(0.3 * r for r in responses), *beta]

    def backward(self, values: Sequence[float]) -> list[float]:
        omega, responses, beta, polynomial = self._split(values)
        lags = polynomial.backward(beta)
        return [omega / (1.0 - sum(beta)) - self.level, *(r / 0.3 for r in responses), *lags]

    def log_jacobian(self, u: Sequence[Any], values: Sequence[Any]) -> Any:
        _, responses, lags, polynomial = self._split(u)
        beta = self._split(values)[2]
        slope = np.log(1.0 - sum(beta)) if self.lags else 0.0
        return slope + len(responses) * math.log(0.3) + (polynomial.log_jacobian(lags, beta) if self.lags else 0.0)

    def log_density(self, u: Sequence[Any]) -> Any:
        """Of the mean log variance, the responses and the partial autocorrelations."""
        mean, responses, lags, polynomial = self._split(u)
        total = _log_normal(mean, 0.0, 1.0) + sum(_log_normal(r, 0.0, 1.0) for r in responses)
        return total + (polynomial.log_density(lags) if self.lags else 0.0)

    def log_prior(self, u: Sequence[Any]) -> Any:
        """The mean log variance normal about the series', responses normal with sd 0.3, partial autocorrelations uniform."""
        mean, responses, lags, polynomial = self._split(u)
        total = _log_normal(mean, 0.0, 1.0) + sum(_log_normal(r, 0.0, 1.0) for r in responses)
        return total + (polynomial.log_prior(lags) if self.lags else 0.0)


class Layout:
    """All parameters of a model, in order: names, maps, and where they stand in the vector of unconstrained numbers."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = [b for b in blocks if b.size]
        self.names: list[str] = [name for b in self.blocks for name in b.names]

    @property
    def size(self) -> int:
        """How many parameters there are."""
        return len(self.names)

    def _parts(self, u: Any) -> list[tuple[Block, list[Any]]]:
        parts, at = [], 0
        for block in self.blocks:
            parts.append((block, [u[..., k] for k in range(at, at + block.size)]))
            at += block.size
        return parts

    def parameters(self, u: Any) -> dict[str, Any]:
        """Name -> parameter, from a vector of unconstrained numbers (or rows of them)."""
        return {name: value for block, part in self._parts(u) for name, value in zip(block.names, block.forward(part), strict=True)}

    def log_jacobian(self, u: Any) -> Any:
        """Log determinant of the map from `u` to the parameters."""
        total: Any = 0.0
        for block, part in self._parts(u):
            total = total + block.log_jacobian(part, block.forward(part))
        return total

    def log_prior(self, u: Any, priors: Mapping[str, Any]) -> Any:
        """Log prior density of `u`: of the distributions by name, and of the default where none is given.

        In a block of coupled parameters (of one polynomial, say) of which one has a prior by name, the others are uniform.
        """
        total: Any = 0.0
        for block, part in self._parts(u):
            if not any(name in priors for name in block.names):
                total = total + block.log_prior(part)
                continue
            values = block.forward(part)
            total = total + block.log_jacobian(part, values)
            for name, value in zip(block.names, values, strict=True):
                if name in priors:
                    total = total + priors[name].log_prob(value)
        return total

    def log_density(self, u: Any, priors: Mapping[str, Any]) -> Any:
        """The log prior density that a mode is of: of the parameters with a prior by name, else as each block has it."""
        total: Any = 0.0
        for block, part in self._parts(u):
            if not any(name in priors for name in block.names):
                total = total + block.log_density(part)
                continue
            for name, value in zip(block.names, block.forward(part), strict=True):
                if name in priors:
                    total = total + priors[name].log_prob(value)
        return total

    def unconstrained(self, values: Mapping[str, float]) -> np.ndarray[Any, Any]:
        """The vector whose parameters are `values`."""
        return np.array([v for block in self.blocks for v in block.backward([float(values[n]) for n in block.names])])
