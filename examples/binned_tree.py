"""A tree on a stream: a mergeable sketch finds the borders, histograms' slots take the place of numbers, and one small table is sorted.

Each part of the data could come from another machine: sketches add up, and so do histograms. The tree then sees at most `BINS` different values
a column, whatever the number of rows.
"""

from __future__ import annotations

import numpy as np

import plait

BINS = 64


def parts(count: int = 10, rows: int = 2_000, rng: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pieces of a table with heavy-tailed columns, and classes that two of them decide."""
    generator = np.random.default_rng(rng)
    found = []
    for _ in range(count):
        X = generator.standard_t(2, size=(rows, 4))
        found.append((X, np.where(X[:, 0] > 0.5, "high", np.where(X[:, 2] < -1, "low", "middle"))))
    return found


def main() -> tuple[float, float]:
    """Accuracy on new rows of the tree over slots and of the tree over the numbers themselves."""
    pieces = parts()
    sketches = [plait.QuantileSketch(k=400, rng=0) for _ in range(4)]
    for X, _ in pieces:
        for sketch, column in zip(sketches, X.T, strict=True):
            sketch.update(column)
    axes = [plait.Histogram(sketch.borders(BINS)) for sketch in sketches]

    def slots(X: np.ndarray) -> np.ndarray:
        return np.stack([axis.find(column) for axis, column in zip(axes, X.T, strict=True)], axis=1).astype(float)

    X, y = np.concatenate([p[0] for p in pieces]), np.concatenate([p[1] for p in pieces])
    new, truth = parts(1, rng=1)[0]
    binned = plait.tree.C45Classifier().fit(slots(X), y).score(slots(new), truth)
    exact = plait.tree.C45Classifier().fit(X, y).score(new, truth)
    return binned, exact


if __name__ == "__main__":
    slot_score, score = main()
    print(f"accuracy over slots {slot_score:.4f}, over the numbers themselves {score:.4f}")
