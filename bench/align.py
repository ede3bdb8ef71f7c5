"""plait's alignments beside the specialists.

    ./dev bench align [--only dtw,edit,words,pairwise,custom] [--match TEXT] [--quick] [--json FILE]

One thread for everybody; contestants take turns in short blocks in one process, and must agree before they are timed. GCUPS are billions of
cells of the n by m matrix in a second, also where a contestant has found a way to visit fewer.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from _align import Work
from _harness import QUICK, Plan, against, duration, local, machine, show_machine, show_table, take_turns, thread_environment, write_json

FAMILIES = ["dtw", "edit", "words", "pairwise", "custom"]
PEERS = [
    "plait",
    "numpy",
    "aeon",
    "dtaidistance",
    "tslearn",
    "rapidfuzz",
    "symspellpy",
    "edlib",
    "parasail",
    "pyopal",
    "biopython",
    "numba",
]


def measure(work: Work, plan: Plan) -> dict[str, Any]:
    print(f"\n{work.name}")
    contestants = dict(work.contestants())
    ours, *peers = contestants
    value = contestants[ours]()
    for peer in peers:
        other = contestants[peer]()
        if not work.agree(value, other):
            print(f"  ! {peer} disagrees: {other} against {value}")
    times = take_turns({name: local(contestant) for name, contestant in contestants.items()}, plan)
    best = min((times[peer].median for peer in peers), default=None)
    rows = []
    for name, timing in times.items():
        ratio = "" if name == ours else f"{timing.median / times[ours].median:.2f}"
        rows.append((name, duration(timing.median), duration(timing.minimum), f"{work.cells / timing.median / 1e9:.3f}", ratio))
    show_table(("", "median", "minimum", "GCUPS", "peer / plait"), rows)
    result: dict[str, Any] = {"times": {name: timing.as_dict() for name, timing in times.items()}, "goal": work.goal, "cells": work.cells}
    if best is not None:
        result["ratio"] = best / times[ours].median
        print(f"  best peer / plait {result['ratio']:.2f}  {against(result['ratio'], work.goal)}")
    if work.goal_gcups is not None:
        print(f"  GCUPS {against(work.cells / times[ours].median / 1e9, work.goal_gcups)}")
    return result


def show_worst(results: dict[str, dict[str, Any]]) -> None:
    """Of works that differ in their data alone, "name [data]", the one with the least lead."""
    by_work: dict[str, list[tuple[float, str]]] = {}
    for name, result in results.items():
        work, _, kind = name.partition(" [")
        if kind and "ratio" in result:
            by_work.setdefault(work, []).append((result["ratio"], kind.rstrip("]")))
    if rows := [(work, f"{min(found)[0]:.2f}", min(found)[1], f"{max(found)[0]:.2f}") for work, found in by_work.items()]:
        print()
        show_table(("best peer / plait", "worst", "on", "best"), rows)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench align", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--only", type=lambda text: text.split(","), default=FAMILIES, help="of " + ",".join(FAMILIES))
    parser.add_argument("--match", default="", help="only works whose name holds this")
    parser.add_argument("--quick", action="store_true", help="a look, not a measurement")
    parser.add_argument("--json", metavar="FILE", help="everything that was measured; - for the output")
    options = parser.parse_args(arguments)
    os.environ.update(thread_environment(1))  # before a peer is imported
    plan = QUICK if options.quick else Plan(rounds=9)
    about = machine(PEERS)
    show_machine(about)
    results = {}
    for family in options.only:
        for work in importlib.import_module(f"_align_{family}").WORKS:
            if options.match in work.name:
                results[work.name] = measure(work, plan)
    show_worst(results)
    write_json(options.json, {"machine": about, "works": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
