"""Edit distances beside rapidfuzz, edlib, polyleven and Levenshtein."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from _align import DATA, Work, present

LETTERS = "abcdefghijklmnopqrstuvwxyz"
Contestants = Callable[[], dict[str, Callable[[], Any]]]


def text(n: int, letters: int, seed: int) -> str:
    return "".join(random.Random(seed).choices(LETTERS[:letters], k=n))


def edited(x: str, edits: int, letters: int) -> str:
    """`x` after so many random insertions, deletions and substitutions."""
    rng = random.Random(edits)
    symbols = list(x)
    for _ in range(edits):
        at = rng.randrange(len(symbols))
        symbols[at : at + rng.randrange(2)] = rng.choices(LETTERS[:letters], k=rng.randrange(2))
    return "".join(symbols)


def words(count: int, seed: int) -> list[str]:
    path = DATA / "words" / "american-english"
    known = path.read_text(encoding="utf-8").split() if path.exists() else [text(3 + k % 12, 26, k) for k in range(5000)]
    return random.Random(seed).sample(known, count)


def called(function: Callable[[str, str], float], x: str, y: str) -> Callable[[], float]:
    """A plain call: `partial` would add overhead for Python functions."""
    return lambda: function(x, y)


def alone_does(what: str, weights: tuple[float, float, float], transposition: str | None, x: str, y: str) -> Contestants:
    return lambda: present(
        {"plait.align": lambda plait: partial(getattr(plait.Levenshtein(*weights, transposition=transposition), what), x, y)}
    )


def score_of(align: Callable[[], Any]) -> Callable[[], float]:
    return lambda: float(align().score)


def total_of(nearest: Callable[[], Any]) -> Callable[[], float]:
    return lambda: float(nearest()[1].sum())


def pair(x: str, y: str) -> Contestants:
    def contestants() -> dict[str, Callable[[], Any]]:
        return present(
            {
                "plait.align": lambda plait: called(plait.Levenshtein().score, x, y),
                "rapidfuzz.distance.Levenshtein": lambda m: called(m.distance, x, y),
                "edlib": lambda m: lambda: m.align(x, y)["editDistance"],
                "polyleven": lambda m: called(m.levenshtein, x, y),
                "Levenshtein": lambda m: called(m.distance, x, y),
            }
        )

    return contestants


def against_rapidfuzz(ours: Callable[[Any], Any], name: str, x: str, y: str, **options: Any) -> Contestants:
    def contestants() -> dict[str, Callable[[], Any]]:
        function = "similarity" if name == "LCSseq" else "distance"
        return present(
            {
                "plait.align": lambda plait: partial(ours(plait).score, x, y),
                f"rapidfuzz.distance.{name}": lambda m: partial(getattr(m, function), x, y, **options),
            }
        )

    return contestants


def alone(ours: Callable[[Any], Any], x: Any, y: Any) -> Contestants:
    """Cases without a peer."""
    return lambda: present({"plait.align": lambda plait: partial(ours(plait).score, x, y)})


def matrix(X: list[str], Y: list[str]) -> Contestants:
    def contestants() -> dict[str, Callable[[], Any]]:
        from rapidfuzz.distance import Levenshtein

        return present(
            {
                "plait.align": lambda plait: partial(plait.Levenshtein().pairwise, X, Y, threads=1),
                "rapidfuzz.process": lambda m: lambda: m.cdist(X, Y, scorer=Levenshtein.distance),
            }
        )

    return contestants


def nearest(query: str, references: list[str]) -> Contestants:
    def contestants() -> dict[str, Callable[[], Any]]:
        from rapidfuzz.distance import Levenshtein

        return present(
            {
                "plait.align": lambda plait: total_of(partial(plait.Levenshtein().nearest, query, references, k=5)),
                "rapidfuzz.process": lambda m: (
                    lambda: sum(score for _, score, _ in m.extract(query, references, scorer=Levenshtein.distance, limit=5))
                ),
            }
        )

    return contestants


def path(x: str, y: str) -> Contestants:
    def contestants() -> dict[str, Callable[[], Any]]:
        return present(
            {
                "plait.align": lambda plait: score_of(partial(plait.Levenshtein().align, x, y)),
                "rapidfuzz.distance.Levenshtein": lambda m: lambda: len(m.editops(x, y)),
                "edlib": lambda m: lambda: m.align(x, y, task="path")["editDistance"],
            }
        )

    return contestants


MANY = [random.Random(7).randrange(2000) for _ in range(2000)]


def equal(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b))


GOALS = ((10, 1.0), (100, 1.2), (1000, 1.3), (10_000, 1.3))
X, Y = text(1000, 26, 1), text(1000, 26, 2)
SHORT, OTHERS = words(1000, 1), words(1000, 2)
WORKS = [
    Work("one pair, kitten and sitting", 1.0, 42, pair("kitten", "sitting")),
    *(
        Work(f"one pair, n = {n}, {letters} letters", goal, n * n, pair(text(n, letters, 1), text(n, letters, 2)))
        for n, goal in GOALS
        for letters in (4, 26)
    ),
    *(
        Work(f"one pair, n = {n}, {edits} edits apart", goal, n * n, pair(text(n, 26, 1), edited(text(n, 26, 1), edits, 26)))
        for n, goal in GOALS[1:]
        for edits in (n // 100, n // 10)
    ),
    Work("1000 x 1000 words", 3.0, sum(map(len, SHORT)) * sum(map(len, OTHERS)), matrix(SHORT, OTHERS), equal),
    Work("5 nearest of 1000 words", None, len(X) * 10, nearest("kitchen", SHORT)),
    Work("path, n = 1000, 26 letters", None, 1e6, path(X, Y)),
    Work("path, n = 10000, 4 letters", None, 1e8, path(text(10_000, 4, 1), text(10_000, 4, 2))),
    Work(
        "weights 1, 2, 2, n = 1000",
        8.0,
        1e6,
        against_rapidfuzz(lambda plait: plait.Levenshtein(1, 2, 2), "Levenshtein", X, Y, weights=(1, 2, 2)),
    ),
    Work("weights 1, 1.3, 0.7, n = 1000", None, 1e6, alone(lambda plait: plait.Levenshtein(1, 1.3, 0.7), X, Y)),
    Work("one pair, n = 1000, 2000 symbols", None, 1e6, alone(lambda plait: plait.Levenshtein(), MANY[:1000], MANY[1000:])),
    Work("common subsequence, n = 1000", 1.3, 1e6, against_rapidfuzz(lambda plait: plait.LCS(), "LCSseq", X, Y)),
    Work("osa, n = 1000", 1.3, 1e6, against_rapidfuzz(lambda plait: plait.Levenshtein(transposition="osa"), "OSA", X, Y)),
    Work(
        "damerau, n = 1000",
        None,
        1e6,
        against_rapidfuzz(lambda plait: plait.Levenshtein(transposition="damerau"), "DamerauLevenshtein", X, Y),
    ),
    *(
        Work(
            f"{transposition or 'no'} transpositions, weights {weights[0]:.3g}, {weights[1]:.3g}, {weights[2]:.3g}, {what} [{kind}]",
            None,
            1e6,
            alone_does(what, weights, transposition, *texts),
            goal_gcups=2.0 if what == "score" else 1.0,
        )
        for transposition in (None, "osa", "damerau")
        for weights in ((1, 1, 1), (0.5, 1.5, 1.25), (3.14159, 2.71828, 2.99))
        for what in ("score", "count")
        for kind, texts in {
            "26 letters": (X, Y),
            "2 letters": (text(1000, 2, 1), text(1000, 2, 2)),
            "alike": (X, edited(X, 50, 26)),
        }.items()
        if what == "count" or weights != (1, 1, 1) or transposition == "damerau"
    ),
]
