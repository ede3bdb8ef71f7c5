"""The command ``plait``: each subcommand is a file here with ``add(commands)``; `main` runs the one that was asked for."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import sys
from collections.abc import Sequence

from . import align, bench, classifiers, demo, export, histogram, lstm, portfolio, search, tree, vae
from ._common import Failure, jsonable, lines

__all__ = ["main"]

COMMANDS = (demo, vae, lstm, classifiers, align, search, histogram, tree, portfolio, export, bench)
DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def version() -> str:
    """Of the installed package; a source tree that is only on the path has none."""
    try:
        return importlib.metadata.version("plait")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


def make_parser() -> argparse.ArgumentParser:
    """The command line as a whole."""
    parser = argparse.ArgumentParser(
        prog="plait",
        description="Write the mathematics once, as a graph; then train it, infer with it, optimise it under constraints, or align with it.",
        epilog="Exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. PLAIT_TRACEBACK=1 shows where an error comes from.",
    )
    parser.add_argument("--version", action="version", version=f"plait {version()}")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)
    for command in COMMANDS:
        command.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command ``plait``.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the command's name; ``sys.argv[1:]`` unless given.

    Returns
    -------
    int
        The exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.

    Examples
    --------
    >>> plait.cli.main(["vae", "--epochs", "0"])
    2
    """
    try:
        options = make_parser().parse_args(arguments)
    except SystemExit as stop:  # argparse has said what is wrong, or has shown the help
        return stop.code if isinstance(stop.code, int) else WRONG_USAGE
    try:
        result = options.run(options)
        if isinstance(result, str):  # as it is to be printed
            print(result, end="", flush=True)
        else:
            print(json.dumps(jsonable(result), allow_nan=False) if options.json else "\n".join(lines(result)), flush=True)
    except KeyboardInterrupt:
        print("plait: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough; nothing may be written any more, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if os.environ.get("PLAIT_TRACEBACK"):
            raise
        message = " ".join(str(error).split()) or "no message"
        kind = "" if isinstance(error, Failure) else f"{type(error).__name__}: "
        print(f"plait: {kind}{message}", file=sys.stderr)
        if options.json:
            print(json.dumps({"error": message, "kind": type(error).__name__}))
        return FAILED
    return DONE
