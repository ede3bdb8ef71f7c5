"""Fingerprints of plait's results, to check that a refactoring leaves them bitwise identical.

    python tools/record_results.py before.json          # on the tree before
    python tools/record_results.py before.json --check  # on the tree after: names what differs, exit code 1

Each row is a case by name with the SHA-256 of its arrays' bytes. Rows of one machine and one PLAIT_ISA only can be compared.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

import plait
from plait import nn

BINARY = ["add", "subtract", "multiply", "divide", "maximum", "minimum", "hypot", "logaddexp", "matmul"]
UNARY = [
    "tanh",
    "exp",
    "sin",
    "cos",
    "square",
    "abs",
    "expm1",
    "sqrt_abs",
    "softplus",
    "sigmoid",
    "sum",
    "mean",
    "max",
    "transpose",
    "slice",
    "concatenate",
]


def fingerprint(*arrays: object) -> str:
    """The SHA-256 of the bytes of arrays, with their dtypes and shapes."""
    digest = hashlib.sha256()
    for array in arrays:
        a = np.ascontiguousarray(array)
        digest.update(f"{a.dtype.str}{a.shape}".encode())
        digest.update(a.tobytes())
    return digest.hexdigest()


def unary(name: str, x: plait.Node) -> plait.Node:
    """The operation of that name on one matrix, shaped like it."""
    if name == "sqrt_abs":
        return np.sqrt(np.abs(x) + 1e-3)
    if name in ("softplus", "sigmoid"):
        return getattr(plait, name)(x)
    if name in ("sum", "mean", "max"):
        return x + getattr(np, name)(x, axis=0, keepdims=True)
    if name == "transpose":
        return x.T
    if name == "slice":
        return x * x[1:2, :]
    if name == "concatenate":
        return np.concatenate([x[:2], x[2:] * 2])
    return getattr(np, name)(x)


def random_graph(seed: int, dtype: str) -> str:
    """A graph of some thirty nodes over 5 x 5 matrices: its value, and its gradient with respect to three leaves."""
    rng = np.random.default_rng(seed)
    feeds = [rng.normal(size=(5, 5)).astype(dtype) for _ in range(3)]
    leaves = [plait.input(f"x{k}", (5, 5), dtype=dtype) for k in range(3)]
    nodes = list(leaves)
    for _ in range(30):
        a, b = (nodes[int(k)] for k in rng.integers(0, len(nodes), 2))
        if rng.random() < 0.5:
            name = BINARY[int(rng.integers(len(BINARY)))]
            made = a @ b * 0.2 if name == "matmul" else getattr(np, name)(a, b * b + 1 if name == "divide" else b)
        else:
            made = unary(UNARY[int(rng.integers(len(UNARY)))], a)
        nodes.append(np.tanh(made) if rng.random() < 0.7 else made)
    loss = sum(np.sum(np.tanh(node)) for node in nodes[-4:])
    outputs = [loss, *plait.gradient(loss, leaves)]
    return fingerprint(*plait.compile(outputs)(dict(zip(leaves, feeds, strict=True))))


Built = tuple[plait.Node, dict[plait.Node, np.ndarray], list[nn.Layer]]


def trained(build: Callable[[np.random.Generator], Built], optimizer: object, seed: int) -> str:
    """The losses and the parameters after three epochs."""
    loss, data, layers = build(np.random.default_rng(seed))
    history = plait.train(loss, data, optimizer=optimizer, epochs=3, batch_size=16, rng=seed)
    return fingerprint(np.asarray(history.loss), *[p.value for layer in layers for p in layer.parameters()])


def mlp(rng: np.random.Generator) -> Built:
    """A small classifier and its data."""
    x, y = plait.input("x", (None, 7)), plait.input("y", (None,), dtype="int64")
    net = nn.MLP(7, [19], 3, rng=rng)
    data = {x: rng.normal(size=(61, 7)).astype("float32"), y: rng.integers(0, 3, 61)}
    return plait.losses.cross_entropy_with_logits(net(x), y), data, [net]


def lstm(rng: np.random.Generator) -> Built:
    """A small recurrent regressor and its data."""
    x, y = plait.input("x", (None, 9, 2)), plait.input("y", (None, 1))
    layer, head = nn.LSTM(2, 11, rng=rng), nn.Dense(11, 1, rng=rng)
    data = {x: rng.normal(size=(40, 9, 2)).astype("float32"), y: rng.normal(size=(40, 1)).astype("float32")}
    return plait.losses.mse(head(layer(x)[0][:, -1]), y), data, [layer, head]


def scanned(seed: int) -> str:
    """A loop whose step reads a parameter: values and gradients."""
    rng = np.random.default_rng(seed)
    w = plait.parameter(rng.normal(size=(4, 4)) * 0.4, name="w")
    xs = plait.input("xs", (12, 4), dtype="float64")

    def step(state: plait.Node, x: plait.Node) -> tuple[plait.Node, plait.Node]:
        state = np.tanh(state @ w + x)
        return state, np.sum(state**2)

    last, ys = plait.scan(step, plait.constant(np.zeros(4)), xs)
    loss = np.sum(last) + np.sum(ys)
    return fingerprint(*plait.compile([loss, *plait.gradient(loss, [w, xs])])({xs: rng.normal(size=(12, 4))}))


def aligned(aligner: object, make: Callable[[np.random.Generator, int], object], seed: int) -> str:
    """Scores, all pairs and paths of an aligner on a dozen items."""
    rng = np.random.default_rng(seed)
    items = [make(rng, int(n)) for n in rng.integers(3, 90, 12)]
    parts: list[object] = [aligner.pairwise(items)]  # type: ignore[attr-defined]
    for a, b in pairwise(items):
        parts.append(aligner.score(a, b))  # type: ignore[attr-defined]
        if hasattr(aligner, "align"):
            found = aligner.align(a, b)
            parts += [found.score, np.asarray(found.path)]
    return fingerprint(*parts)


def walk(rng: np.random.Generator, n: int) -> np.ndarray:
    """A random walk of n steps."""
    return np.cumsum(rng.normal(size=n))


def word(letters: str) -> Callable[[np.random.Generator, int], str]:
    """A maker of random words over some letters."""
    return lambda rng, n: "".join(rng.choice(list(letters), n))


def cases() -> Iterator[tuple[str, Callable[[], str]]]:
    """Every case with its name, not yet computed."""
    for dtype in ("float32", "float64"):
        for seed in range(150):
            yield f"graph {dtype} {seed}", lambda s=seed, d=dtype: random_graph(s, d)
    for name, build in (("mlp", mlp), ("lstm", lstm)):
        for rule in (plait.optim.SGD(0.05, momentum=0.9), plait.optim.Adam(0.01)):
            yield f"train {name} {type(rule).__name__}", lambda b=build, r=rule: trained(b, r, 3)
    for seed in range(5):
        yield f"scan {seed}", lambda s=seed: scanned(s)
    a = plait.align
    series = [a.DTW(), a.DTW(window=85), a.DTW(open_begin=True, open_end=True), a.ERP(), a.EDR(0.3), a.MSM(0.5), a.TWE(), a.SoftDTW(0.7)]
    for aligner in series:
        for seed in range(3):
            yield f"align {aligner} {seed}", lambda x=aligner, s=seed: aligned(x, walk, s)
    strings = [a.Levenshtein(), a.Levenshtein(transposition="osa"), a.Levenshtein(insert=1.5, delete=2, substitute=3)]
    for aligner in strings:
        for seed in range(3):
            yield f"align {aligner} {seed}", lambda x=aligner, s=seed: aligned(x, word("acgt"), s)
    for aligner in (a.NeedlemanWunsch("BLOSUM62"), a.NeedlemanWunsch("BLOSUM62", gap_open=-11, gap_extend=-1), a.SmithWaterman("BLOSUM62")):
        for seed in range(3):
            yield f"align {aligner} {seed}", lambda x=aligner, s=seed: aligned(x, word("ARNDCQEGHILKMFPSTWYV"), s)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    options = parser.parse_args()
    found, refused = {}, {}
    for name, case in cases():
        try:
            found[name] = case()
        except Exception as error:  # a case that is refused is refused before and after
            refused[name] = found[name] = f"{type(error).__name__}: {error}"
    if not options.check:
        options.file.write_text(json.dumps(found, indent=0), encoding="utf-8")
        print(f"{len(found)} cases, {len(refused)} refused", *sorted(set(refused.values())), sep="\n  ")
        return 0
    before = json.loads(options.file.read_text(encoding="utf-8"))
    differ = [name for name in before if found.get(name) != before[name]]
    print(f"{len(before)} cases, {len(differ)} differ", *differ, sep="\n  ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
