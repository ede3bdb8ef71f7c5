"""plait's graph module beside hand-written NumPy, PyTorch and JAX: training steps, products, calls, and further costs.

    ./dev bench graph [--threads 1,2] [--only a,d,c,matmul,call,math,import,compile,memory,wheel,subnormals] [--quick] [--json FILE]

Everybody runs in a process of their own with the same number of threads on the same cores, and they take turns in short blocks. Before a
workload is timed, the losses of its first 20 steps must agree. `/ plait` above 1 means that plait is faster; goals are compared with the
ratio of medians to the best peer. The limit is what the machine could do: the step's floating point operations at the rate of a 1024³
product in OpenBLAS, plus the update's bytes at the rate of a copy.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from typing import Any

import _graph_costs as costs
import _graph_data as graph_data
from _harness import QUICK, Plan, Timing, against, cpus, duration, machine, on_threads, show_machine, show_table, take_turns, write_json
from _worker import Worker, WorkerError

PEERS = ["plait", "numpy", "torch", "jax"]
SECTIONS = [*graph_data.DATA, "matmul", "call", "math", "import", "compile", "memory", "wheel", "subnormals"]
RUNNING = {*graph_data.DATA, "matmul", "call", "math"}  # those that need all workers

# Best peer over plait, by threads.
GOALS = {"a": {1: 1.6, 2: 1.6}, "d": {1: 1.4, 2: 1.5}, "c": {1: 1.2, 2: 1.2}}
MATMUL_GOALS = {shape: 0.95 if min(shape) >= 256 else 1.0 for shape in graph_data.MATMULS}
CALL_GOAL = 3.0  # µs
TOLERANCE = 1e-3

Times = dict[str, Timing]


class Bench:
    """The workers of one number of threads, and what was found."""

    def __init__(self, threads: int, peers: Sequence[str], plan: Plan, module: str = "graph"):
        self.threads, self.plan = threads, plan
        self.workers: dict[str, Worker] = {}
        self.works: dict[str, set[str]] = {}
        self.failures: list[str] = []
        self.largest_error = 0.0
        for peer in peers:
            worker = Worker(f"_{module}_{peer}", threads)
            try:
                self.works[peer] = set(worker.ask("names"))
                self.workers[peer] = worker
                print(f"  {peer}: " + ", ".join(f"{key} {value}" for key, value in worker.ask("facts").items()))
            except WorkerError as error:
                self.failed(str(error))
                worker.close()

    def failed(self, message: str) -> None:
        self.failures.append(message)
        print(f"  ! {message}")

    def agreeing(self, name: str, labels: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
        """Those of `labels` (label: peer, work) whose results agree with NumPy's; the others are named and left out."""
        expected: list[float] | None = None
        agreed, largest = {}, 0.0
        # NumPy first: the others are held against it.
        for label, (peer, work) in sorted(labels.items(), key=lambda item: item[1][0] != "numpy"):
            try:
                result = self.workers[peer].ask("check", work)
            except WorkerError as error:
                self.failed(f"{name}: {label}: {error}")
                continue
            expected = expected or result
            scale = max(map(abs, expected)) or 1.0
            errors = [abs(a - b) / max(abs(b), 1e-3 * scale) for a, b in zip(result, expected, strict=False)]
            worst = max(errors, default=0.0)
            if len(result) != len(expected) or not worst <= TOLERANCE:
                self.failed(f"{name}: {label} gives {result[-1]:.6g} where {expected[-1]:.6g} is right: not timed")
                continue
            agreed[label] = (peer, work)
            largest = max(largest, worst)
        self.largest_error = max(self.largest_error, largest)
        return agreed

    def show_agreement(self) -> None:
        """How far apart the results were since this was last asked."""
        print(f"  results agree to {self.largest_error:.1e}")
        self.largest_error = 0.0

    def time(self, labels: dict[str, tuple[str, str]]) -> Times:
        return take_turns({label: self.workers[peer].contestant(work) for label, (peer, work) in labels.items()}, self.plan)

    def serving(self, work: str, suffixes: Sequence[str] = ("",)) -> dict[str, tuple[str, str]]:
        """The contestants of this work: label -> (peer, work)."""
        return {
            f"{peer}{suffix}": (peer, f"{work}{suffix}")
            for peer, works in self.works.items()
            for suffix in suffixes
            if f"{work}{suffix}" in works
        }

    def limits(self) -> dict[str, float]:
        """Floating point operations and bytes a second, measured now."""
        worker = self.workers["numpy"]
        m, k, n = shape = (1024, 1024, 1024)
        work = graph_data.matmul_name(shape)
        seconds = min(worker.ask("time", work, 2) / 2 for _ in range(5))
        found = {"flops": 2 * m * k * n / seconds}
        for name, megabytes in (("cache", 4), ("memory", 256)):
            found[name] = worker.ask("call", "bandwidth", megabytes, self.threads)
        print(
            f"  limit: {found['flops'] / 1e9:.0f} GFLOP/s (1024³ in OpenBLAS), copies {found['cache'] / 1e9:.0f} GB/s in 4 MB, "
            f"{found['memory'] / 1e9:.0f} GB/s in 256 MB"
        )
        return found

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()


def best_peer(times: Times, apart: Sequence[str] = ()) -> str | None:
    peers = [label for label in times if not label.startswith("plait") and label not in apart]
    return min(peers, key=lambda label: times[label].median) if peers else None


def ratio_rows(times: Times, extra: dict[str, str] | None = None) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    ours = times.get("plait")
    for label, timing in times.items():
        ratio = f"{timing.median / ours.median:.2f}" if ours else "-"
        ratio_of_minima = f"{timing.minimum / ours.minimum:.2f}" if ours else "-"
        spread = "-" if timing.spread is None else f"{timing.spread:.0%}"
        cells = (label, duration(timing.median), duration(timing.minimum), spread, ratio, ratio_of_minima)
        rows.append((*cells, extra.get(label, "")) if extra is not None else cells)
    return rows


HEAD = ("", "median", "minimum", "spread", "/ plait", "of minima")


def as_dict(times: Times) -> dict[str, Any]:
    return {label: timing.as_dict() for label, timing in times.items()}


def show_goal(times: Times, goal: float | None, apart: Sequence[str] = ()) -> dict[str, Any]:
    best = best_peer(times, apart)
    if best is None or "plait" not in times:
        print(f"  best peer {best or '-'}; no time of plait; {against(None, goal)}")
        return {"best_peer": best, "goal": goal}
    ratio = times[best].median / times["plait"].median
    of_minima = min(timing.minimum for label, timing in times.items() if label != "plait" and label not in apart) / times["plait"].minimum
    print(f"  best peer / plait = {best} / plait = {ratio:.2f} (of minima {of_minima:.2f}); {against(ratio, goal)}")
    return {"best_peer": best, "ratio": ratio, "ratio_of_minima": of_minima, "goal": goal}


def training(bench: Bench, name: str, limits: dict[str, float], compiled: bool) -> dict[str, Any]:
    data = graph_data.DATA[name]()
    flops, update = graph_data.flops(data), graph_data.update_bytes(name, data)
    print(f"\n{name}: {graph_data.TITLES[name]}; a training step; {on_threads(bench.threads)}")
    labels = bench.agreeing(name, bench.serving(name, ("", " compiled") if compiled else ("",)))
    bench.show_agreement()
    alone = "products alone (NumPy)"
    labels[alone] = ("numpy", f"{name} products")
    times = bench.time(labels)
    limit = flops / limits["flops"] + update / limits["cache"]
    rates = {label: f"{flops / timing.median / 1e9:.0f} GFLOP/s" for label, timing in times.items()}
    extra = {label: f"{rate}, {limit / times[label].median:.0%} of the limit" for label, rate in rates.items()}
    extra[alone] = rates[alone]
    show_table((*HEAD, ""), ratio_rows(times, extra))
    print(f"  limit: {duration(limit)} = {flops / 1e6:.1f} MFLOP + {update / 1e6:.1f} MB of update")
    goal = show_goal(times, GOALS[name].get(bench.threads), [alone])
    return {"times": as_dict(times), "limit": limit, "flops": flops, "update_bytes": update, **goal}


def matmuls(bench: Bench, limits: dict[str, float]) -> dict[str, Any]:
    print(f"\nmatmul alone (m×k×n), one call from Python; {on_threads(bench.threads)}")
    result: dict[str, Any] = {}
    rows = []
    for shape, goal in MATMUL_GOALS.items():
        name = graph_data.matmul_name(shape)
        times = bench.time(bench.agreeing(name, bench.serving(name, ("", " kernel"))))
        result[name] = {"times": as_dict(times), "goal": goal}
        m, k, n = shape
        for label, timing in times.items():
            rate = 2 * m * k * n / timing.median
            openblas = times["numpy"].median / timing.median
            note = against(openblas, goal) if label == "plait" else ""
            cells = (duration(timing.median), duration(timing.minimum), f"{rate / 1e9:.1f}", f"{rate / limits['flops']:.0%}")
            rows.append((f"{name.removeprefix('matmul ')} {label}", *cells, f"{openblas:.2f}", note))
    bench.show_agreement()
    show_table(("", "median", "minimum", "GFLOP/s", "of limit", "OpenBLAS / this", ""), rows)
    return result


def calls(bench: Bench) -> dict[str, Any]:
    print(f"\none call from Python of ten operations on eight numbers; {on_threads(bench.threads)}")
    times = bench.time(bench.agreeing("call", bench.serving("call")))
    bench.show_agreement()
    show_table(HEAD, ratio_rows(times))
    ours = times["plait"].median * 1e6 if "plait" in times else None
    print(f"  a call: {against(ours, CALL_GOAL, 'µs', at_most=True)}")
    return {"times": as_dict(times), "goal_us": CALL_GOAL}


def functions(bench: Bench) -> dict[str, Any]:
    print(f"\nfunctions of {graph_data.ELEMENTS} float32, one call from Python; {on_threads(bench.threads)}")
    result: dict[str, Any] = {}
    rows = []
    for name in graph_data.FUNCTIONS:
        times = bench.time(bench.agreeing(name, bench.serving(name)))
        result[name] = {"times": as_dict(times)}
        for row, timing in zip(ratio_rows(times), times.values(), strict=True):
            rows.append((f"{name} {row[0]}", f"{timing.median / graph_data.ELEMENTS * 1e9:.2f} ns", *row[1:]))
    bench.show_agreement()
    show_table(("", "per element", *HEAD[1:]), rows)
    return result


def running(options: argparse.Namespace, threads: int, peers: Sequence[str], plan: Plan) -> tuple[dict[str, Any], list[str]]:
    """The sections with interleaved peers."""
    print(f"\n=== {on_threads(threads)}")
    bench = Bench(threads, peers, plan)
    result: dict[str, Any] = {}
    try:
        result["limits"] = limits = bench.limits()
        for section in options.only:
            if section in graph_data.DATA:
                result[section] = training(bench, section, limits, options.compiled)
            elif section == "matmul":
                result[section] = matmuls(bench, limits)
            elif section == "call":
                result[section] = calls(bench)
            elif section == "math":
                result[section] = functions(bench)
    finally:
        bench.close()
    return result, bench.failures


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench graph", description=(__doc__ or "").split("\n\n")[0])
    listed = lambda text: text.split(",")  # noqa: E731
    counts = lambda text: [int(count) for count in text.split(",")]  # noqa: E731
    parser.add_argument("--threads", type=counts, default=[1, 2], help="1, 2 or 1,2 (default)")
    parser.add_argument("--only", type=listed, default=SECTIONS, help="of " + ",".join(SECTIONS))
    parser.add_argument("--peers", type=listed, default=PEERS, help="of " + ",".join(PEERS) + "; NumPy always runs, as the yardstick")
    parser.add_argument("--quick", action="store_true", help="a look, not a measurement")
    parser.add_argument("--rounds", type=int, help="blocks of each contestant (default 15)")
    parser.add_argument("--compiled", action="store_true", help="torch.compile as well: half a minute more")
    parser.add_argument("--wheel", action="store_true", help="build a wheel to measure instead of looking into dist/")
    parser.add_argument("--json", metavar="FILE", help="write everything measured, samples too")
    options = parser.parse_args(arguments)
    for given, known in ((options.only, SECTIONS), (options.peers, PEERS)):
        if unknown := set(given) - set(known):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}")

    wanted = [peer for peer in PEERS if peer in options.peers or peer == "numpy"]
    peers = [peer for peer in wanted if importlib.util.find_spec(peer)]
    about = machine(["plait", "numpy", "torch", "jax"])
    show_machine(about)
    for peer in wanted:
        if peer not in peers:
            print(f"{peer}: absent")
    plan = QUICK if options.quick else Plan()
    plan.rounds = options.rounds or plan.rounds
    samples = 2 if options.quick else 7

    result: dict[str, Any] = {"machine": about, "threads": {}}
    failures: list[str] = []
    threads = [count for count in options.threads if count <= len(cpus())]
    if skipped := set(options.threads) - set(threads):
        print(f"! fewer cores than {max(skipped)} threads: left out")
    for count in threads if RUNNING & set(options.only) else []:
        result["threads"][count], failed = running(options, count, peers, plan)
        failures += failed
    if "subnormals" in options.only:
        # Imported here: it needs plait in this process, for the names of its workloads.
        from _graph_subnormals import sweep

        result["subnormals"] = {count: sweep(count, plan.rounds) for count in threads}
    if "import" in options.only:
        result["import"] = costs.imports(peers, samples)
    if "compile" in options.only:
        result["compile"] = costs.compiling(peers, 1, 2 if options.quick else 3, options.compiled)
    if "memory" in options.only:
        result["memory"] = costs.memory(peers, 1, 6_000 if options.quick else 60_000)
    if "wheel" in options.only:
        result["wheel"] = costs.wheel(options.wheel)
    about["load after"] = machine()["load"]
    print(f"\nload after the run: {about['load after'][0]:.2f}")
    result["failures"] = failures
    write_json(options.json, result)
    for message in failures:
        print(f"FAILED: {message}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
