"""How a fit shows where it stands."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

_QUIET = 1.0  # seconds before anything is shown
_EVERY = 0.1


class Shower:
    """A line on stderr for what takes longer than a second, a callable's choice, or nothing."""

    def __init__(self, progress: bool | Callable[..., Any]) -> None:
        self.function = progress if callable(progress) else None
        self.on = progress is True and sys.stderr.isatty()
        self.begin = self.last = time.monotonic()
        self.shown = False

    def __call__(self, step: int, elbo: float) -> None:
        """Where the fit stands."""
        if self.function is None and not self.on:
            return
        now = time.monotonic()
        if self.function is not None:
            if step <= 1 or now - self.last >= _EVERY:
                self.last = now
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
        if self.shown:
            sys.stderr.write("\n")
