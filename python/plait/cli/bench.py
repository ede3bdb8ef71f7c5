"""``plait bench``: measure plait beside its peers, from a checkout of the sources."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ._common import Failure, Result, add_common


def add(commands: Any) -> None:
    """Adds the subcommand to the parser."""
    parser = commands.add_parser("bench", help="measure beside peers (from a source checkout)", description=__doc__.split(": ", 1)[1])
    parser.add_argument("bench", nargs="?", help="what to measure; without it the choices are listed")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="passed on to the bench")
    add_common(parser)
    parser.set_defaults(run=run)


def checkout() -> Path:
    """The checkout around the current folder, or around the package itself.

    Failure: neither has the benches; an installed package does not contain them.
    """
    for start in (Path.cwd(), Path(__file__).resolve()):
        for folder in (start, *start.parents):
            if (folder / "dev").is_file() and (folder / "bench").is_dir() and (folder / "python" / "plait").is_dir():
                return folder
    raise Failure("the folder bench/ is not here: it belongs to the sources, not to the installed package. Run ./dev bench in a checkout")


def run(options: argparse.Namespace) -> Result:
    """Runs ``./dev bench``, which builds what it measures."""
    top = checkout()
    benches = sorted(path.stem for path in (top / "bench").glob("[!_]*.py"))
    if options.bench is None:
        return {"command": "bench", "benches": benches, "run": f"{top / 'dev'} bench NAME"}
    if options.bench not in benches:
        raise Failure(f"no bench named {options.bench}; there are: {', '.join(benches) or 'none'}")
    passed = list(options.options)
    if passed[-1:] == ["--json"]:  # after the name it would be passed to the bench, whose --json needs a file
        options.json = bool(passed.pop())
    command = [str(top / "dev"), "bench", options.bench, *passed]
    if not options.json:
        finish(command)
        return {"command": "bench", "bench": options.bench}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "measured.json"
        finish([*command, "--json", str(file)], stdout=sys.stderr)  # the table; stdout is for the JSON alone
        return {
            "command": "bench",
            "bench": options.bench,
            "measured": json.loads(file.read_text(encoding="utf-8")) if file.exists() else None,
        }


def finish(command: list[str], stdout: Any = None) -> None:
    """Runs a command; Failure: the exit code is not 0."""
    code = subprocess.run(command, check=False, stdout=stdout).returncode
    if code != 0:
        raise Failure(f"{' '.join(command)} ended with {code}")
