"""Shared by the subcommands: options, results as text or JSON, facts about the machine."""

from __future__ import annotations

import argparse
import math
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .. import _core

Result = Mapping[str, Any]


class Failure(Exception):
    """A command fails; its message is shown without a traceback or an error type."""


def at_least(least: int) -> Any:
    """A type for argparse: an integer not below `least`."""

    def parse(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is below {least}")
        return value

    parse.__name__ = "integer"  # argparse puts it into its message
    return parse


def positive(text: str) -> float:
    """A type for argparse: a finite number above 0."""
    value = float(text)
    if not (0 < value < math.inf):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


positive.__name__ = "number"


def add_common(parser: argparse.ArgumentParser) -> None:
    """Options of every command."""
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object, for machines")


def add_training(parser: argparse.ArgumentParser, *, epochs: int, batch_size: int) -> None:
    """Options of the commands that train."""
    parser.add_argument("--epochs", type=at_least(1), default=epochs, help=f"passes over all samples (default {epochs})")
    parser.add_argument("--batch-size", type=at_least(1), default=batch_size, help=f"samples per step (default {batch_size})")
    parser.add_argument("--rate", type=positive, default=1e-3, help="rate of Adam (default 0.001)")
    parser.add_argument("--seed", type=at_least(0), default=0, help="seed of all random numbers (default 0)")
    parser.add_argument("--threads", type=at_least(1), help="threads to compute with (default: all cores, or PLAIT_NUM_THREADS)")
    parser.add_argument("--quiet", action="store_true", help="show no progress on stderr")
    add_common(parser)


def use_threads(options: argparse.Namespace) -> None:
    """Applies ``--threads``."""
    if options.threads is not None:
        _core.set_num_threads(options.threads)


class Lines:
    """Progress where there is no terminal, as in a log: a line at most every few seconds, and the last."""

    def __init__(self, every_s: float = 5.0) -> None:
        self.every_s, self.last = every_s, -math.inf

    def __call__(self, now: Any) -> None:
        """The callback of ``plait.train``."""
        at_end = now.epoch == now.epochs and now.step == now.steps and now.validation is not None
        if at_end or time.monotonic() - self.last >= self.every_s:
            self.last = time.monotonic()
            held_out = "" if now.validation is None else f", held out {now.validation:.5g}"
            print(
                f"epoch {now.epoch}/{now.epochs}, step {now.step}/{now.steps}: loss {now.loss:.5g}{held_out}", file=sys.stderr, flush=True
            )


def progress(options: argparse.Namespace) -> Any:
    """The value of ``progress=``: a bar on a terminal, lines elsewhere, or none with ``--quiet``."""
    if options.quiet:
        return False
    return True if sys.stderr.isatty() else Lines()


def machine_facts() -> dict[str, object]:
    """Facts about the machine of a run, for its report."""
    return {
        "threads": _core.get_num_threads(),
        "instruction set": _core.isa(),
        "processor": platform.machine(),
        "system": platform.system(),
        "Python": platform.python_version(),
        "NumPy": np.__version__,
    }


def jsonable(value: Any) -> Any:
    """A value converted to JSON's types; NaN and infinity become null."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [jsonable(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value if value is None else str(value)


def lines(result: Result) -> Iterator[str]:
    """The result as text: a line for each entry, lists by their last entry, files by their absolute path."""
    for key, value in result.items():
        name = key.replace("_", " ")
        if value is None or isinstance(value, Mapping):
            continue
        if isinstance(value, list):
            if not value:
                continue
            name, value = (f"{name}, last", value[-1]) if isinstance(value[-1], float) else (name, ", ".join(map(str, value)))
        if isinstance(value, float):
            value = f"{value:.5g}"
        if isinstance(value, Path):
            value = Path(os.path.abspath(value))  # noqa: PTH100 (resolve would follow links)
        yield f"{name}: {value}"
