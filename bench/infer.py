"""plait.infer beside NumPyro and PyMC: time to 0.1 nat of the optimum, gradient steps a second, and a first answer from a cold process.

    PLAIT_PEERS=/path/to/bin/python ./dev bench infer [--only schools,logistic,garch,ar5] [--peers numpyro,pymc] [--json FILE]

Every figure is from a process of its own on one thread, compile included. `first` counts the import, `fit` does not. The peers run Adam at
0.02 with 16 samples in stages of 1000 steps (NumPyro's SVI, PyMC's ADVI) until their ELBO over 10000 samples is within 0.1 nat of plait's; the
time of judging is not counted, and after 20 stages or 120 seconds it is "never". PLAIT_PEERS is the interpreter that has them, where it is not
this one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from _harness import machine, show_machine, write_json
from _infer_models import NAMES

PEER_PYTHON = os.environ.get("PLAIT_PEERS", sys.executable)
MOST_STAGES, MOST_SECONDS = 20, 120.0
GOALS = {"fit": 0.25, "first": 0.5}
STEP_GOALS = {"schools": 48_000, "logistic": 9_800, "garch": 6_400, "ar5": 33_800}  # twice NumPyro's on the reference machine


def plait_work(name: str) -> dict[str, Any]:
    """One fresh process's figures for plait."""
    began = time.perf_counter()
    import numpy as np

    import plait
    import plait.infer
    from _infer_models import plait_models
    from plait.infer._show import Shower
    from plait.infer.model import trace
    from plait.infer.stochastic import Settings, Step, Stochastic

    plait.set_num_threads(1)
    function, latents = plait_models()[name]
    start = time.perf_counter()
    posterior = plait.infer.bbvi(function, latents, progress=False)
    end = time.perf_counter()
    found = {"fit": end - start, "first": end - began, "elbo": posterior.elbo, "converged": posterior.converged}
    for key, gradient, samples in (("steps", "reparameterization", 16), ("score_steps", "score_loo", 64)):
        model = trace(function, latents)
        fit = Stochastic(
            model, model, Settings(gradient, "mean_field", samples, None, None, 0.01, None), np.random.default_rng(0), Shower(False)
        )
        step = Step(fit, fit.estimators(), samples, None)
        step.window(200, 1, 0)
        rates = []
        for _ in range(7):
            start = time.perf_counter()
            step.window(1000, 1, 0)
            rates.append(1000 / (time.perf_counter() - start))
        found[key] = statistics.median(rates)
    return found


def numpyro_work(name: str, target: float) -> dict[str, Any]:
    """The same for NumPyro."""
    began = time.perf_counter()
    import jax

    jax.config.update("jax_enable_x64", True)
    import numpyro
    from numpyro.infer import SVI, Trace_ELBO
    from numpyro.infer.autoguide import AutoNormal

    from _infer_models import numpyro_models

    model = numpyro_models()[name]
    guide = AutoNormal(model)
    svi = SVI(model, guide, numpyro.optim.Adam(0.02), Trace_ELBO(num_particles=16))
    judge = Trace_ELBO(num_particles=10_000)
    start = time.perf_counter()
    state = svi.init(jax.random.PRNGKey(0))
    run = jax.jit(lambda s: jax.lax.fori_loop(0, 1000, lambda _i, t: svi.update(t)[0], s))
    spent = time.perf_counter() - start

    def stage() -> None:
        nonlocal state
        state = jax.block_until_ready(run(state))

    return staged(stage, lambda: -float(judge.loss(jax.random.PRNGKey(1), svi.get_params(state), model, guide)), target, began, spent)


def pymc_work(name: str, target: float) -> dict[str, Any]:
    """The same for PyMC."""
    began = time.perf_counter()
    import pymc as pm

    from _infer_models import pymc_models

    model = pymc_models()[name]()
    start = time.perf_counter()
    advi = pm.ADVI(model=model, random_seed=0)
    settings = {"obj_n_mc": 16, "obj_optimizer": pm.adam(learning_rate=0.02), "progressbar": False}
    begun = False
    judge: Any = None
    spent = time.perf_counter() - start

    def stage() -> None:
        nonlocal begun
        if begun:
            advi.refine(1000, progressbar=False)
        else:
            advi.fit(1000, **settings)
        begun = True

    def elbo() -> float:
        nonlocal judge
        if judge is None:
            import pytensor

            judge = pytensor.function([], advi.approx.set_size_and_deterministic(advi.approx.logp - advi.approx.logq, 10_000, 0))
        return float(judge())

    return staged(stage, elbo, target, began, spent)


def staged(stage: Any, judge: Any, target: float, began: float, spent: float) -> dict[str, Any]:
    """Stages until the target is reached, and the speed of further ones."""
    stages, elbo, first = 0, -float("inf"), 0.0
    while stages < MOST_STAGES and spent < MOST_SECONDS and not elbo >= target - 0.1:
        begin = time.perf_counter()
        stage()
        spent += time.perf_counter() - begin
        stages += 1
        first = first or time.perf_counter() - began
        elbo = judge()
    rates = []
    for _ in range(3):
        begin = time.perf_counter()
        stage()
        rates.append(1000 / (time.perf_counter() - begin))
    return {"fit": spent if elbo >= target - 0.1 else None, "first": first, "elbo": elbo, "steps": statistics.median(rates)}


def fresh(who: str, name: str, target: float = 0.0) -> dict[str, Any]:
    """Figures from a process of its own."""
    threads = {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    }
    command = [sys.executable if who == "plait" else PEER_PYTHON, __file__, "--work", who, name, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **threads})
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def installed(package: str) -> bool:
    """Whether the peers' interpreter has a package."""
    look = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({package!r}) is None)"
    return subprocess.run([PEER_PYTHON, "-c", look], check=False).returncode == 0


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--peers", default="numpyro,pymc")
    parser.add_argument("--json")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        who, name, target = options.work
        work = {"numpyro": numpyro_work, "pymc": pymc_work}
        print(json.dumps(plait_work(name) if who == "plait" else work[who](name, float(target))))
        return
    peers = [who for who in options.peers.split(",") if who and installed(who)]
    about = machine(["plait", "numpy"])
    show_machine(about)
    print(f"peers: {', '.join(peers) or 'none'}")
    print(f"{'':10s}{'':10s}{'fit s':>9s}{'first s':>9s}{'steps/s':>11s}{'score/s':>11s}{'ELBO':>12s}")
    results: dict[str, Any] = {}
    for name in options.only.split(","):
        runs = [fresh("plait", name) for _ in range(3)]
        ours = {k: statistics.median(r[k] for r in runs) for k in ("fit", "first", "steps", "score_steps", "elbo")}
        rows = {"plait": ours}
        for who in peers:
            rows[who] = fresh(who, name, ours["elbo"])
        for who, row in rows.items():
            fit = f"{row['fit']:9.3f}" if row["fit"] is not None else f"{'never':>9s}"
            score = f"{row['score_steps']:11.0f}" if "score_steps" in row else " " * 11
            print(f"{name:10s}{who:10s}{fit}{row['first']:9.3f}{row['steps']:11.0f}{score}{row['elbo']:12.3f}")
        for who in peers:
            theirs = rows[who]
            quicker = f"{theirs['fit'] / ours['fit']:8.1f}x" if theirs["fit"] is not None else f"{'':>9s}"
            print(
                f"{'':10s}{'ratio':10s}{quicker}{theirs['first'] / ours['first']:8.1f}x{ours['steps'] / theirs['steps']:10.1f}x  of {who}"
            )
        goal = f"{GOALS['fit']:9.3f}{GOALS['first']:9.3f}{STEP_GOALS[name]:11d}{20_000 if name == 'schools' else 0:11d}"
        print(f"{'':10s}{'goal':10s}{goal}")
        results[name] = rows
    works = {name: {"times": {who: {"median": row["fit"]} for who, row in rows.items()}, "rows": rows} for name, rows in results.items()}
    write_json(options.json, {"machine": about, "works": works})


if __name__ == "__main__":
    main()
