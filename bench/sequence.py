"""plait's LSTM beside PyTorch's nn.LSTM (oneDNN) and JAX, scanned and unrolled: training steps, compile times, generation.

    ./dev bench sequence [--threads 1,2] [--only train,compile,generation] [--configurations 32×5×1,…] [--full] [--quick] [--json FILE]

A configuration is hidden×steps×batch. Everybody runs in a process of their own on the same cores, and they take turns in short blocks. Before
a workload is timed, the losses of its first 20 steps must agree. JAX unrolled compiles for a minute at 50 steps, so there it runs only with
--full. The limit is what the step's products would take at the rate of a 1024³ product in OpenBLAS.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from typing import Any

import _sequence_data as sequence_data
from _harness import QUICK, Plan, against, cpus, duration, machine, on_threads, show_machine, show_table, write_json
from _sequence_data import Configuration
from _worker import Worker, WorkerError
from graph import HEAD, Bench, as_dict, ratio_rows, show_goal

PEERS = ["plait", "torch", "jax"]
SECTIONS = ["train", "compile", "generation"]
# Best peer over plait, by threads.
GOALS: dict[int, dict[Configuration, float]] = {
    1: dict(zip(sequence_data.CONFIGURATIONS, (4.0, 3.0, 2.0, 2.0, 2.5, 1.8, 1.5, 1.4), strict=True)),
    2: {(128, 50, 32): 1.2},
}
COMPILED: Configuration = (32, 50, 32)
COMPILE_GOALS = {"plait": 30e-3, "plait scan": 5e-3}
GENERATION_GOAL = 300_000.0
# Other ways to write the same in plait; they are shown, and no peers.
OURS = ["plait four weights", "plait nn.LSTM", "plait scan"]


def training(bench: Bench, configuration: Configuration, rate: float, full: bool) -> dict[str, Any]:
    hidden, steps, batch = configuration
    name = sequence_data.name(configuration)
    print(f"\n{hidden} hidden, {steps} steps, batch {batch}: a training step; {on_threads(bench.threads)}")
    suffixes = ["", " four weights", " nn.LSTM", " scan", *([" unrolled"] if steps < 50 or full else [])]
    labels = bench.agreeing(name, bench.serving(name, suffixes))
    bench.show_agreement()
    times = bench.time(labels)
    flops = sequence_data.flops(configuration)
    limit = flops / rate
    extra = {
        label: f"{flops / timing.median / 1e9:.1f} GFLOP/s, {limit / timing.median:.0%} of the limit" for label, timing in times.items()
    }
    show_table((*HEAD, ""), ratio_rows(times, extra))
    print(f"  limit: {duration(limit)} = {flops / 1e6:.2f} MFLOP")
    goal = show_goal(times, GOALS.get(bench.threads, {}).get(configuration), OURS)
    return {"times": as_dict(times), "limit": limit, "flops": flops, **goal}


def generation(bench: Bench) -> dict[str, Any]:
    hidden = sequence_data.GENERATING_HIDDEN
    print(f"\n{hidden} hidden, batch 1: generation by its own outputs; {on_threads(bench.threads)}")
    times = bench.time(bench.agreeing("generation", bench.serving("generation")))
    bench.show_agreement()
    rates = {label: sequence_data.GENERATED / timing.median for label, timing in times.items()}
    show_table((*HEAD, ""), ratio_rows(times, {label: f"{rate:,.0f} steps/s" for label, rate in rates.items()}))
    print(f"  steps/s: {against(rates.get('plait'), GENERATION_GOAL)}")
    return {"times": as_dict(times), "rates": rates, "goal": GENERATION_GOAL}


def compiling(peers: Sequence[str], samples: int, full: bool) -> dict[str, Any]:
    """Each in a fresh process: what there is before the second step."""
    name = sequence_data.name(COMPILED)
    print(f"\ncompile of {name}, seconds less those of a step; 1 thread")
    kinds = {"plait": ["", " nn.LSTM", " scan"], "torch": [""], "jax": ["", *([" unrolled"] if full else [])]}
    found: dict[str, Any] = {}
    rows = []
    for peer in peers:
        for kind in kinds[peer]:
            label, seconds = f"{peer}{kind}", []
            for _ in range(1 if kind == " unrolled" else samples):
                worker = Worker(f"_sequence_{peer}", 1)
                try:
                    seconds.append(worker.ask("call", "first_step", name, kind))
                except WorkerError as error:
                    if kind != " scan":
                        print(f"  ! {label}: {error}")
                finally:
                    worker.close()
            if not seconds:
                continue
            best = min(seconds, key=lambda s: s.get("compile", 0) + s["first"])
            compile_seconds = best.get("compile", 0.0) + best["first"] - best["step"]
            found[label] = {**best, "compiling": compile_seconds}
            note = against(compile_seconds * 1e3, COMPILE_GOALS[label] * 1e3, at_most=True) if label in COMPILE_GOALS else ""
            rows.append((label, duration(best.get("build")), duration(compile_seconds), duration(best["step"]), note))
    show_table(("", "build", "compile", "step", "ms"), rows)
    return found


def peak(threads: int) -> float:
    """Floating point operations a second of a 1024³ product in OpenBLAS."""
    worker = Worker("_graph_numpy", threads)
    try:
        seconds = min(worker.ask("time", "matmul 1024×1024×1024", 2) / 2 for _ in range(5))
    finally:
        worker.close()
    rate = 2 * 1024**3 / seconds
    print(f"  limit: {rate / 1e9:.0f} GFLOP/s (1024³ in OpenBLAS)")
    return rate


def running(options: argparse.Namespace, threads: int, peers: Sequence[str], plan: Plan) -> tuple[dict[str, Any], list[str]]:
    print(f"\n=== {on_threads(threads)}")
    rate = peak(threads)
    bench = Bench(threads, peers, plan, "sequence")
    result: dict[str, Any] = {"peak": rate}
    try:
        if "train" in options.only:
            for name in options.configurations:
                result[name] = training(bench, sequence_data.NAMED[name], rate, options.full)
        if "generation" in options.only:
            result["generation"] = generation(bench)
    finally:
        bench.close()
    return result, bench.failures


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench sequence", description=(__doc__ or "").split("\n\n")[0])
    listed = lambda text: text.replace("x", "×").split(",")  # noqa: E731
    plain = lambda text: text.split(",")  # noqa: E731
    parser.add_argument(
        "--threads", type=lambda text: [int(count) for count in text.split(",")], default=[1, 2], help="1, 2 or 1,2 (default)"
    )
    parser.add_argument("--only", type=plain, default=SECTIONS, help="of " + ",".join(SECTIONS))
    parser.add_argument(
        "--configurations", type=listed, default=list(sequence_data.NAMED), help="hidden×steps×batch, of those in the table"
    )
    parser.add_argument("--peers", type=plain, default=PEERS, help="of " + ",".join(PEERS))
    parser.add_argument("--full", action="store_true", help="JAX unrolled at 50 steps, too: minutes of compiling")
    parser.add_argument("--quick", action="store_true", help="a look, not a measurement")
    parser.add_argument("--rounds", type=int, help="blocks of each contestant (default 15)")
    parser.add_argument("--json", metavar="FILE", help="write everything measured, samples too")
    options = parser.parse_args(arguments)
    for given, known in ((options.only, SECTIONS), (options.peers, PEERS), (options.configurations, list(sequence_data.NAMED))):
        if unknown := set(given) - set(known):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}")

    peers = [peer for peer in PEERS if peer in options.peers and importlib.util.find_spec(peer)]
    about = machine(PEERS)
    show_machine(about)
    for peer in set(options.peers) - set(peers):
        print(f"{peer}: absent")
    plan = QUICK if options.quick else Plan()
    plan.rounds = options.rounds or plan.rounds
    result: dict[str, Any] = {"machine": about, "threads": {}}
    failures: list[str] = []
    for count in options.threads if {"train", "generation"} & set(options.only) else []:
        if count > len(cpus()):
            print(f"! fewer cores than {count} threads: left out")
            continue
        result["threads"][count], failed = running(options, count, peers, plan)
        failures += failed
    if "compile" in options.only:
        result["compile"] = compiling(peers, 2 if options.quick else 5, options.full)
    about["load after"] = machine()["load"]
    print(f"\nload after the run: {about['load after'][0]:.2f}")
    result["failures"] = failures
    write_json(options.json, result)
    for message in failures:
        print(f"FAILED: {message}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
