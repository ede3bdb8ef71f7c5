"""The command ``plait``: each subcommand is a file here with ``add(commands)``; `main` runs the selected one."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import sys
from collections.abc import Sequence

from . import align, bench, classifiers, demo, export, histogram, lstm, portfolio, search, tree, vae
from ._common import Failure, jsonable, lines
from ._completion import SHELLS, PrintCompletion

__all__ = ["main"]

COMMANDS = (demo, vae, lstm, classifiers, align, search, histogram, tree, portfolio, export, bench)
#: One for each command, shown by ``plait --help``.
EXAMPLES = {
    "demo": "plait demo --out report.html",
    "vae": "plait vae --data digits --epochs 20 --out vae",
    "lstm": "plait lstm --hidden 32 --epochs 100",
    "mnist": "plait mnist --data digits --hidden 64",
    "spiral": "plait spiral --arms 3 --out spiral",
    "align": "plait align dna.fasta --method needleman-wunsch",
    "search": "plait search query.fasta database.fasta",
    "histogram": "plait histogram latencies.csv --column ms --bins 50 --log",
    "tree": "plait tree credit.csv --target class --rules",
    "portfolio": "plait portfolio prices.csv --method min-variance",
    "export": "plait export model.plait --c device --name model",
    "bench": "plait bench align --quick",
}
DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def version() -> str:
    """The version of the installed package; a source tree on the path has none."""
    try:
        return importlib.metadata.version("plait")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


def make_parser() -> argparse.ArgumentParser:
    """The command line as a whole."""
    parser = argparse.ArgumentParser(
        prog="plait",
        description="Write the mathematics once, as a graph; then train it, infer with it,\noptimise it under constraints, or align with it.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n"
        + "\n".join(f"  {example}" for example in EXAMPLES.values())
        + "\n\n`plait COMMAND --help` says more; every command takes --json.\n"
        "Exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.\nPLAIT_TRACEBACK=1 shows where an error comes from.",
    )
    parser.add_argument("--version", action="version", version=f"plait {version()}")
    told = "print what makes TAB complete in a shell: bash, zsh or tcsh"
    parser.add_argument("--print-completion", choices=SHELLS, action=PrintCompletion, help=told, metavar="SHELL")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)
    for command in COMMANDS:
        command.add(commands)
    return parser


def reader_is_gone() -> int:
    """The reading end of the pipe is closed: redirects stdout to null, so that the flush at exit does not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


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
    except BrokenPipeError:  # while printing help or a completion
        return reader_is_gone()
    except SystemExit as stop:  # argparse has printed an error or the help
        return stop.code if isinstance(stop.code, int) else WRONG_USAGE
    try:
        result = options.run(options)
        if isinstance(result, str):  # formatted already
            print(result, end="", flush=True)
        else:
            print(json.dumps(jsonable(result), allow_nan=False) if options.json else "\n".join(lines(result)), flush=True)
    except KeyboardInterrupt:
        print("plait: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return reader_is_gone()
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
