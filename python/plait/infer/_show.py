"""Progress and summary of a fit."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

_QUIET = 1.0  # seconds before anything is shown
_EVERY = 0.1


class Shower:
    """Progress of fits that take longer than a second by a line on stderr, by a callable, or none."""

    def __init__(self, progress: bool | Callable[..., Any]) -> None:
        self.function = progress if callable(progress) else None
        self.on = progress is True and sys.stderr.isatty()
        self.begin = self.last = time.monotonic()
        self.shown = False

    def __call__(self, step: int, elbo: float) -> None:
        """Report progress."""
        if self.function is None and not self.on:
            return
        now = time.monotonic()
        if self.function is not None:
            if not self.shown or now - self.last >= _EVERY:
                self.last, self.shown = now, True
                self.function(step, elbo)
        elif now - self.begin > _QUIET and now - self.last >= _EVERY:
            self.last = now
            self.shown = True
            sys.stderr.write(f"\rbbvi: step {step}, ELBO {elbo:.3f}, {now - self.begin:.0f} s   ")
            sys.stderr.flush()

    def negative(self, step: int, value: float) -> None:
        """The same for a negative ELBO."""
        self(step, -value)

    def close(self) -> None:
        """The fit has ended."""
        if self.shown and self.function is None:
            sys.stderr.write("\n")


def summarize(posterior: Any) -> str:
    """A table of the latents, and a line with the warnings and what to try."""
    lines = [f"{'':24s}{'mean':>12s}{'sd':>12s}{'5 %':>12s}{'95 %':>12s}"]
    for name in posterior.names:
        mean, sd = np.asarray(posterior.mean(name)), np.asarray(posterior.std(name))
        low, high = (np.asarray(x) for x in posterior.interval(name, 0.9))
        for at in list(np.ndindex(mean.shape))[:20]:
            label = name + (f"[{','.join(map(str, at))}]" if at else "")
            lines.append(f"{label:24s}{mean[at]:12.5g}{sd[at]:12.5g}{low[at]:12.5g}{high[at]:12.5g}")
        if mean.size > 20:
            lines.append(f"{name}: {mean.size - 20} more")
    state = "converged" if posterior.converged else "NOT converged"
    lines.append(f"ELBO {posterior.elbo:.3f} ± {posterior.elbo_error:.2g}, k-hat {posterior.khat:.2f}, {state}: {posterior.reason}")
    lines.append(
        "Against it: " + "; ".join(posterior.warnings)
        if posterior.warnings
        else "Nothing found that speaks against it; k-hat sees only the mode that the fit sits in (restarts= looks for others)"
    )
    return "\n".join(lines)
