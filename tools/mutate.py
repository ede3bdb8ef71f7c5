"""Mutation testing: one change after another, and a list of those that no test detects.

    python tools/mutate.py --count 20 cpp/src/graph/core/gradient.cpp python/plait/optim/*.py

A change flips a comparison, a sign, a bound or a truth value. Each is built and tested with its module's tests, and put back. Run it in a tree of
its own, with a build in build/dev (CONTRIBUTING.md).
"""

from __future__ import annotations

import argparse
import io
import os
import random
import re
import signal
import subprocess
import sys
import time
import tokenize
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent

# What a token becomes. Pairs that mean the same in most places (`<` and `!=` at the end of a loop) are left out.
SWAPS = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "+": "-",
    "-": "+",
    "*": "+",
    "+=": "-=",
    "-=": "+=",
    "&&": "||",
    "||": "&&",
    "and": "or",
    "or": "and",
    "min": "max",
    "max": "min",
    "true": "false",
    "false": "true",
    "True": "False",
    "False": "True",
    "not": "",
}
CPP_TOKEN = re.compile(r"(?<= )(<=|>=|==|!=|\+=|-=|&&|\|\||[<>+*-])(?= )|\b(min|max)(?=\()|\b(true|false)\b")
CPP_COMMENT = re.compile(r'//.*|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)\'|PLAIT_(?:ASSERT|REQUIRE|FILE)\w*\(.*')


class Place(NamedTuple):
    """A token that can be swapped."""

    path: Path
    line: int  # from 0
    begin: int
    end: int
    text: str


def python_places(path: Path) -> list[Place]:
    """Tokens that can be swapped, outside of annotations, imports and raise statements."""
    places = []
    lines = path.read_text().splitlines()
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        line = lines[token.start[0] - 1] if token.start[0] <= len(lines) else ""
        swaps = token.type in (tokenize.OP, tokenize.NAME) and token.string in SWAPS
        spaced = token.string.isalpha() or line[token.start[1] - 1 : token.end[1] + 1].count(" ") == 2  # an operator of two operands
        if swaps and spaced and not re.match(r"\s*(from|import|raise|def|class|@|>>>|msg|\)\s*->)", line):
            places.append(Place(path, token.start[0] - 1, token.start[1], token.end[1], token.string))
    return places


def cpp_places(path: Path) -> list[Place]:
    """The same by the form that clang-format gives: operators of two operands stand between spaces."""
    places = []
    for number, line in enumerate(path.read_text().splitlines()):
        if re.match(r"\s*(#|template|using|struct|class|return \w+\.what)", line):
            continue
        code = CPP_COMMENT.sub(lambda found: " " * len(found[0]), line)
        places += [Place(path, number, found.start(), found.end(), found[0]) for found in CPP_TOKEN.finditer(code)]
    return places


def places_in(path: Path) -> list[Place]:
    """All places of a file."""
    return python_places(path) if path.suffix == ".py" else cpp_places(path)


def run(command: list[str], limit: float) -> int | None:
    """Its exit code; None if it took too long, as where a change makes a loop endless."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT / "python"))
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None


def outcome(path: Path, tests: list[str], limit: float) -> str:
    """The tests' result for the unchanged sources."""
    module = re.sub(r".*/(?:src|plait)/", "", path.as_posix()).split("/")[0].removesuffix(".py")
    commands = [[sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *(tests or [f"tests/{module}"])]]
    if path.suffix != ".py":
        if run(["ninja", "-C", "build/dev", "_core", "plait_tests"], 1800) != 0:
            return "does not compile"
        commands.insert(0, ["build/dev/cpp/tests/plait_tests", f"--source-file=*/cpp/tests/{module}/*"])
    for command in commands:
        if (code := run(command, limit)) != 0:
            return "takes too long" if code is None else "noticed"
    return "SURVIVES"


def main() -> None:
    """Reads the command line, and prints a line for each change."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, help="sources to change")
    parser.add_argument("--count", type=int, default=20, help="changes in all, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tests", nargs="*", default=[], help="what pytest runs; the module's tests by default")
    parser.add_argument("--limit", type=float, default=300, help="seconds for the tests of one change")
    parser.add_argument("--trust", action="store_true", help="do not first run the tests on the sources as they are")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it, and so would the tests of Ctrl-C
    for path in [] if options.trust else options.files[:1]:
        if (before := outcome(path.resolve(), options.tests, options.limit)) != "SURVIVES":
            sys.exit(f"the tests of {path} do not pass as it is: {before}")
    places = [place for path in options.files for place in places_in(path.resolve())]
    drawn = random.Random(options.seed).sample(places, min(options.count, len(places)))
    counts: dict[str, int] = {}
    for place in drawn:
        original = place.path.read_text()
        lines = original.splitlines(keepends=True)
        line = lines[place.line]
        lines[place.line] = line[: place.begin] + SWAPS[place.text] + line[place.end :]
        begin = time.perf_counter()
        try:
            place.path.write_text("".join(lines))
            result = outcome(place.path, options.tests, options.limit)
        finally:
            place.path.write_text(original)
        counts[result] = counts.get(result, 0) + 1
        where = f"{place.path.relative_to(ROOT)}:{place.line + 1}"
        print(
            f"{result:16}  {time.perf_counter() - begin:5.0f} s  {where}  {place.text} -> {SWAPS[place.text]}   {line.strip()}", flush=True
        )
    print(", ".join(f"{n} {result}" for result, n in sorted(counts.items())) + f", of {len(places)} places")


if __name__ == "__main__":
    main()
