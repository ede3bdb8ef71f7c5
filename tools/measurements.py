"""The tables of measurements in README.md and docs/measurements.md, generated from the benches' files only.

    python tools/measurements.py record [--quick] NAME ...    run these benches (and `build`), keep their results in docs/measurements/
    python tools/measurements.py write                        write the tables anew
    python tools/measurements.py check                        exit code 1 where a table is not what the files say

A table names the machine, its load and the day of its file. `ROWS` says which works the README shows; the page shows them all.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "measurements"
sys.path.insert(0, str(ROOT / "bench"))

from _harness import duration, machine  # noqa: E402

BENCHES = {
    "graph": "Graphs", "sequence": "Recurrent networks", "align": "Alignment", "sparse": "Sparse vectors", "histogram": "Histograms", "tree": "Trees",
    "optimize": "Optimisation", "portfolio": "Portfolios", "infer": "Inference",
}  # fmt: skip
NAMES = {
    "numpy": "NumPy", "torch": "PyTorch", "jax": "JAX", "jax unrolled": "JAX unrolled", "numpyro": "NumPyro", "pymc": "PyMC", "ydf": "YDF",
    "eigen": "Eigen", "scipy": "SciPy", "lightgbm": "LightGBM",
}  # fmt: skip


class Row(NamedTuple):
    """One line of the README: its words, the bench, and the place in the bench's file; of several kinds of data the one of least lead is taken."""

    words: str
    bench: str
    place: tuple[str, ...]


NETWORKS = [
    Row("a training step of the MLP 2-100-3, 300 points, SGD", "graph", ("threads", "1", "a")),
    Row("the same on two threads", "graph", ("threads", "2", "a")),
    Row("a training step of the MLP 784-256-128-10, batch 64, Adam", "graph", ("threads", "1", "d")),
    Row("the same on two threads", "graph", ("threads", "2", "d")),
    Row("a training step of the VAE 784-512-256-20, batch 128, Adam", "graph", ("threads", "1", "c")),
    Row("the same on two threads", "graph", ("threads", "2", "c")),
    Row("a call of ten operations on eight numbers", "graph", ("threads", "1", "call")),
    Row("a product 256 × 256 × 256", "graph", ("threads", "1", "matmul", "matmul 256×256×256")),
    Row("a product 1024 × 1024 × 1024", "graph", ("threads", "1", "matmul", "matmul 1024×1024×1024")),
    Row("`import`, over NumPy", "graph", ("import",)),
    Row("an LSTM step, 32 hidden, 5 steps, batch 1", "sequence", ("threads", "1", "32×5×1")),
    Row("an LSTM step, 32 hidden, 50 steps, batch 32", "sequence", ("threads", "1", "32×50×32")),
    Row("an LSTM step, 128 hidden, 50 steps, batch 32", "sequence", ("threads", "1", "128×50×32")),
    Row("the same on two threads", "sequence", ("threads", "2", "128×50×32")),
    Row("generating with an LSTM of 32 hidden", "sequence", ("threads", "1", "generation")),
]
ALIGNMENTS = [
    Row(words, "align", ("works", work))
    for words, work in [
        ("DTW, n = 1000, score", "one DTW pair, n = 1000, score"),
        ("DTW, n = 1000, path", "one DTW pair, n = 1000, path"),
        ("DTW, all pairs of 200 series of 128", "all pairs of 200 x 128 DTW, one value"),
        ("1-NN DTW, 150 series against 50, 10 % window, exact", "1-NN DTW, 150 series of 150 against 50, window 10 %"),
        ("Levenshtein, `kitten` and `sitting`", "one pair, kitten and sitting"),
        ("Levenshtein, 1000 × 1000 words", "1000 x 1000 words"),
        ("20 misspelled words in a dictionary, within 2", "dictionary, 20 queries within 2"),
        ("Needleman–Wunsch, BLOSUM62, affine, n = 3000, score", "one NW pair, n = 3000, score"),
        ("the same with its path", "one NW pair, n = 3000, path"),
        ("one protein against 1000, Smith–Waterman, scores", "SW, 1 against 1000, score"),
        ("the same with paths", "SW, 1 against 1000, paths"),
        ("soft-DTW, n = 1000, value and gradient", "soft-DTW, n = 1000, value and gradient"),
        ("DTW written as a Python rank, n = 1000", "a traced rank (DTW by hand), n = 1000, score"),
    ]
]
SOLVERS = [
    Row(words, bench, ("works", work))
    for words, bench, work in [
        ("sparse dot, 10⁴ against 10⁴ values, 1 % in common", "sparse", "dot, 10000 against 10000 values, 1% common, spread"),
        ("ten nearest of 2000 sparse rows, for each", "sparse", "top-10 cosine, 2000 rows of 100 words of 20000"),
        ("histogram, 100 uniform bins, a value", "histogram", "uniform, 100 bins, normal"),
        ("histogram, 100 logarithmic bins, a value", "histogram", "log, 100 bins"),
        ("C4.5 of 10⁵ × 20, exact", "tree", "fit 10^5 x 20, exact"),
        ("least variance of 100 assets", "portfolio", "least variance, n = 100"),
        ("greatest Sharpe ratio of 20 assets", "portfolio", "greatest Sharpe ratio, n = 20"),
        ("frontier of 50 points, 20 assets", "portfolio", "frontier of 50 points, n = 20"),
        ("Hock–Schittkowski problems, median", "optimize", "hock-schittkowski, median of"),
        ("eight schools, mean field, with compiling and report", "infer", "schools"),
        ("GARCH(1,1) of 200 returns", "infer", "garch"),
        ("AR(5) of 200 values", "infer", "ar5"),
    ]
]
ROWS = {"Networks": NETWORKS, "Alignments, one thread": ALIGNMENTS, "Counts, trees, solvers and posteriors, one thread": SOLVERS}


# --- recording ------------------------------------------------------------------------------------------------------------------------


def slim(found: Any) -> Any:
    """Without the samples, and to four digits: what a table needs."""
    if isinstance(found, dict):
        return {key: slim(value) for key, value in found.items() if key != "samples"}
    if isinstance(found, list):
        return [slim(value) for value in found]
    return float(f"{found:.4g}") if isinstance(found, float) else found


def record_build() -> dict[str, Any]:
    """A wheel from nothing, without a compiler's cache: how long it takes, how large it is, which systems take it."""
    about = machine(["numpy", "pybind11", "scikit-build-core"])
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", folder]
        begin = time.perf_counter()
        subprocess.run(
            [*command, f"--config-settings=build-dir={folder}/build", str(ROOT)], check=True, env={**os.environ, "CCACHE_DISABLE": "1"}
        )
        seconds = time.perf_counter() - begin
        (wheel,) = Path(folder).glob("*.whl")
        shown = subprocess.run([sys.executable, "-m", "auditwheel", "show", str(wheel)], capture_output=True, text=True, check=False).stdout
        tag = re.search(r'"(manylinux_\d+_\d+\w*)"', shown)
        return {"machine": about, "seconds": seconds, "bytes": wheel.stat().st_size, "tag": tag[1] if tag else None}


def record(benches: list[str], quick: bool) -> None:
    """Run benches and record their results."""
    FOLDER.mkdir(exist_ok=True)
    for bench in benches:
        if bench == "build":
            result = record_build()
        else:
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder) / "result.json"
                command = [sys.executable, str(ROOT / "bench" / f"{bench}.py"), "--json", str(target)]
                subprocess.run([*command, *(["--quick"] if quick and bench != "infer" else [])], check=False)
                if not target.exists():
                    raise SystemExit(f"{bench}: the bench wrote nothing; docs/measurements/{bench}.json stays as it was")
                result = {**json.loads(target.read_text(encoding="utf-8")), "quick": quick and bench != "infer"}
        (FOLDER / f"{bench}.json").write_text(json.dumps(slim(result), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


# --- tables ---------------------------------------------------------------------------------------------------------------------------


def load_all() -> dict[str, Any]:
    """The recorded files, by bench."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def works(found: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Each thing that was timed, with its place in the file."""
    if not isinstance(found, dict):
        return
    if isinstance(found.get("times"), dict):
        if all(isinstance(entry, dict) for entry in found["times"].values()):  # else they are a sweep's ratios, and nobody's times
            yield place, found
        return
    if isinstance(found.get("seconds"), dict):  # of imports
        yield place, {"times": {name: {"median": seconds} for name, seconds in found["seconds"].items() if name != "numpy"}}
        return
    for key, value in found.items():
        yield from works(value, (*place, key))


def is_ours(label: str) -> bool:
    """Variants of plait, and reference values that are not peers."""
    return label.startswith(("plait", "products alone"))


def cells(work: dict[str, Any]) -> tuple[str, str, str, float | None]:
    """Time of plait, best peer with its time, their ratio as text and as a number."""
    measured = {label: entry["median"] for label, entry in work["times"].items() if entry["median"] is not None}
    ours = next((measured[label] for label in ("plait", "plait.align") if label in measured), None)
    if ours is None:
        return "–", "–", "–", None
    per = work["values"] if work.get("values") and ours > 1e-4 else 1  # for each value
    ours /= per
    peers = {label: value / per for label, value in measured.items() if not is_ours(label)}
    if not peers:
        return duration(ours), "–", "–", None
    best = min(peers, key=lambda label: peers[label])
    ratio = peers[best] / ours
    name = NAMES.get(best, best.partition(".")[0])  # of a module, its package
    return duration(ours), f"{name} {duration(peers[best])}", f"{ratio:.2f}" if ratio < 9.995 else f"{ratio:.0f}", ratio


def chosen(row: Row, benches: dict[str, Any]) -> list[str] | None:
    """The cells of a row of the README; of works that differ in their data alone, the one in which plait leads least."""
    *above, last = row.place
    found = [
        (cells(work), place[-1])
        for place, work in works(benches.get(row.bench, {}))
        if place[:-1] == tuple(above) and (place[-1] == last or (row.place[0] == "works" and place[-1].startswith(last)))
    ]
    exact = [entry for entry in found if entry[1] == last]
    found = [entry for entry in exact or found if entry[0][0] != "–"]
    if not found:
        return None
    (ours, peer, ratio, _), _ = min(found, key=lambda entry: entry[0][3] if entry[0][3] is not None else float("inf"))
    return [row.words + (f" (worst of {len(found)} kinds of data)" if len(found) > 1 else ""), ours, peer, ratio]


def table(head: list[str], rows: list[list[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def where(bench: str, found: dict[str, Any]) -> str:
    """The machine and the day of a file."""
    about = found["machine"]
    load = about.get("load", [0.0])[0]
    others = ", ".join(f"{name} {version}" for name, version in about.get("versions", {}).items() if version and name != "plait")
    quick = "; a quick look" if found.get("quick") else ""
    return f"`./dev bench {bench}`, {about['time'][:10]}: {about['cpu']}, {about['cores']} cores, load {load:.1f}{quick}; {others}"


def readme_block(benches: dict[str, Any]) -> str:
    """The README's tables."""
    parts = []
    for title, rows in ROWS.items():
        lines = [line for row in rows if (line := chosen(row, benches)) is not None]
        if not lines:
            continue
        parts.append(f"{title}:\n\n" + table(["work", "plait", "best peer", "peer / plait"], lines))
        used = dict.fromkeys(row.bench for row in rows if row.bench in benches)
        parts.append("\n".join(f"- {where(bench, benches[bench])}" for bench in used) + "\n")
    return "\n" + "\n".join(parts) + "\n" if parts else "\nNothing has been measured yet.\n\n"


def page_block(benches: dict[str, Any]) -> str:
    """Every work of every bench."""
    parts = []
    for bench, title in BENCHES.items():
        if bench not in benches:
            continue
        lines = []
        for place, work in works(benches[bench]):
            ours, peer, ratio, _ = cells(work)
            name = ", ".join(part for part in place if part not in ("works", "matmul", "math"))
            lines.append([re.sub(r"threads, (\d)", lambda m: f"{m[1]} thread{'s' * (m[1] != '1')}", name), ours, peer, ratio])
        parts.append(f"## {title}\n\n{where(bench, benches[bench])}\n\n" + table(["work", "plait", "best peer", "peer / plait"], lines))
    return "\n" + "\n".join(parts) + "\n"


def build_words(benches: dict[str, Any]) -> str:
    """The build times as text."""
    if "build" not in benches:
        return "not measured yet"
    found = benches["build"]
    minutes = found["seconds"] / 60
    about = found["machine"]
    return f"{minutes:.0f} minutes on {about['cores']} cores of an {about['cpu']} at load {about['load'][0]:.0f}, {about['time'][:10]}"


def wheel_words(benches: dict[str, Any]) -> str:
    """The size of the wheel, and its requirements."""
    if "build" not in benches:
        return "not measured yet"
    found = benches["build"]
    tag = f", `{found['tag']}` by `auditwheel show`" if found.get("tag") else ""
    return f"{found['bytes'] / 1e6:.1f} MB{tag}"


BLOCKS = {"measurements": readme_block, "all-measurements": page_block, "build": build_words, "wheel": wheel_words}
FILES = ("README.md", "docs/measurements.md", "docs/start.md")


def written(text: str, benches: dict[str, Any]) -> str:
    """A text with each block between ``<!-- measured: NAME -->`` and ``<!-- end -->`` made anew."""

    def block(match: re.Match[str]) -> str:
        return f"<!-- measured: {match[1]} -->{BLOCKS[match[1]](benches)}<!-- end -->"

    return re.sub(r"<!-- measured: ([\w-]+) -->.*?<!-- end -->", block, text, flags=re.DOTALL)


def main(arguments: list[str] | None = None) -> int:
    """See above."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("task", choices=["record", "write", "check"])
    parser.add_argument("benches", nargs="*", help="of " + ", ".join([*BENCHES, "build"]) + "; all of them unless named")
    parser.add_argument("--quick", action="store_true", help="a look, not a measurement; the tables say so")
    options = parser.parse_intermixed_args(arguments)
    if unknown := set(options.benches) - {*BENCHES, "build"}:
        parser.error(f"no bench {min(unknown)!r}")
    if options.task == "record":
        record(options.benches or [*BENCHES, "build"], options.quick)
    stale = []
    for name in FILES:
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        fresh = written(text, load_all())
        if fresh != text:
            stale.append(name)
            if options.task != "check":
                path.write_text(fresh, encoding="utf-8")
    print("written: " if options.task != "check" else "not what the files say: ", ", ".join(stale) or "nothing", sep="")
    return 1 if stale and options.task == "check" else 0


if __name__ == "__main__":
    sys.exit(main())
