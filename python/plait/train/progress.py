"""Progress reporters of a run: none, a bar, a line on stderr, or a callable."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from .history import Progress


class Silent:
    """Shows nothing."""

    wants_steps = False

    def show(self, progress: Progress, done: bool) -> None:
        """Called at most ten times a second within an epoch, and (`done`) at its end."""

    def close(self) -> None:
        """Called at the end of the run, also after an exception."""


class Calling(Silent):
    """Calls a function."""

    wants_steps = True

    def __init__(self, function: Callable[[Progress], Any]) -> None:
        self.function = function

    def show(self, progress: Progress, done: bool) -> None:  # noqa: ARG002 - not used
        """See `Silent`."""
        self.function(progress)


def _text(progress: Progress) -> str:
    text = f"loss {progress.loss:.6g}"
    return text if progress.validation is None else f"{text}, validation {progress.validation:.6g}"


class Line(Silent):
    """One line on stderr, written over; a line per epoch where stderr is not a terminal."""

    wants_steps = True

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.width = 0
        self.last = 0.0

    def show(self, progress: Progress, done: bool) -> None:
        """See `Silent`."""
        now = time.monotonic()
        ended = done and progress.epoch == progress.epochs
        if not ended and (now - self.last < 0.1 or (not self.terminal and not done)):
            return
        self.last = now
        text = f"epoch {progress.epoch}/{progress.epochs}, step {progress.step}/{progress.steps}, {_text(progress)}"
        if self.terminal:
            sys.stderr.write("\r" + text.ljust(self.width))
            self.width = len(text)
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def close(self) -> None:
        """See `Silent`."""
        if self.terminal and self.width:
            sys.stderr.write("\n")


class Bar(Silent):
    """A tqdm bar over the steps of all epochs."""

    wants_steps = True

    def __init__(self, tqdm: Any) -> None:
        self.tqdm = tqdm
        self.bar: Any = None

    def show(self, progress: Progress, done: bool) -> None:  # noqa: ARG002 - the bar itself decides when to draw
        """See `Silent`."""
        at = (progress.epoch - 1) * progress.steps + progress.step
        if self.bar is None:
            begin = (progress.epoch - 1) * progress.steps
            self.bar = self.tqdm(total=progress.epochs * progress.steps, initial=begin, unit="step", mininterval=0.1)
        self.bar.set_postfix_str(f"epoch {progress.epoch}/{progress.epochs}, {_text(progress)}", refresh=False)
        self.bar.update(at - self.bar.n)

    def close(self) -> None:
        """See `Silent`."""
        if self.bar is not None:
            self.bar.close()


def reporter(progress: bool | Callable[[Progress], Any]) -> Silent:
    """The reporter for a value of `progress=`."""
    if callable(progress):
        return Calling(progress)
    if not progress:
        return Silent()
    try:
        from tqdm import tqdm
    except ImportError:
        return Line()
    return Bar(tqdm)
