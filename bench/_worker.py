"""A contestant in a process of its own: `Worker` in the bench, `serve` in the process it starts.

They speak in JSON, a line for a request and a line for an answer. A module that can be served has a dictionary `WORK` from a name to a
function that gives a `Work`; it is imported only in the worker, after the thread counts are set.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from _harness import Contestant, cpus, thread_environment


class Work(Protocol):
    """Something that can be done again and again, and checked."""

    def reset(self) -> None:
        """Go back to the start, untimed: every block does the same work, and no training drifts into denormal numbers."""

    def run(self, n: int) -> None:
        """Do it n times, and be done when this returns."""

    def check(self) -> list[float]:
        """From the start: numbers in which all contestants must agree."""


class WorkerError(RuntimeError):
    """The other process returned an error or ended."""


class Worker:
    """A process that serves one module with a given number of threads."""

    def __init__(self, module: str, threads: int, python: str = sys.executable, pin: bool = True):
        here = Path(__file__).resolve()
        allowed = cpus()
        # The last cores: the first one also serves most interrupts.
        chosen = allowed[-threads:] if pin and threads < len(allowed) else []
        self.module = module
        self._process = subprocess.Popen(
            [python, str(here), module, ",".join(map(str, chosen))],
            env=thread_environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, request: str, *arguments: Any) -> Any:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps([request, *arguments]) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise WorkerError(f"{self.module}: the worker ended with exit code {process.wait()} at {request} {arguments}")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(f"{self.module}: {answer['error']}")
        return answer["value"]

    def contestant(self, name: str) -> Contestant:
        return lambda n: float(self.ask("time", name, n))

    def close(self) -> None:
        process = self._process
        if process.stdin is not None:
            process.stdin.close()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


# --- the other side -------------------------------------------------------------------------------------------------------------------


def peak_memory() -> int:
    """Bytes; the system counts in KiB, but in bytes on macOS."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Server:
    def __init__(self, module: str):
        self._module = importlib.import_module(module)
        self._works: dict[str, Work] = {}

    def _work(self, name: str) -> Work:
        if name not in self._works:
            self._works[name] = self._module.WORK[name]()
        return self._works[name]

    def names(self) -> list[str]:
        return list(self._module.WORK)

    def facts(self) -> dict[str, Any]:
        """What the module can say of itself: versions, thread counts."""
        return dict(self._module.facts())

    def call(self, name: str, *arguments: Any) -> Any:
        """A function of the module, once."""
        return getattr(self._module, name)(*arguments)

    def check(self, name: str) -> list[float]:
        return [float(value) for value in self._work(name).check()]

    def time(self, name: str, n: int) -> float:
        work = self._work(name)
        work.reset()
        work.run(1)  # what the other contestants pushed out of the caches comes back, threads wake up
        gc.collect()
        gc.disable()
        begin = time.perf_counter()
        work.run(n)
        taken = time.perf_counter() - begin
        gc.enable()
        return taken

    def epoch_memory(self, images: int) -> int:
        """Bytes by which the peak of this process grows in an epoch over so many images. Only in a fresh process: a peak never falls."""
        import numpy as np

        data = np.empty((images, 784), np.float32)
        np.random.default_rng(7).random(out=data, dtype=np.float32)
        before = peak_memory()
        self._module.epoch(data)
        return peak_memory() - before


def serve(module: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes to the error output, not between the answers
    server: Server | None = None
    for line in sys.stdin:
        request, *arguments = json.loads(line)
        try:
            if server is None:
                server = Server(module)
            answer: Callable[..., Any] = getattr(server, request)
            reply = {"value": answer(*arguments)}
        except Exception as error:  # the bench decides what a failing peer means
            reply = {"error": f"{type(error).__name__}: {error}".split("\n", 1)[0]}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


if __name__ == "__main__":
    cores = [int(core) for core in sys.argv[2].split(",") if core]
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    serve(sys.argv[1])
