"""Parameters of Karlin and Altschul for tables and gaps that have none published: estimated from alignments of random sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pairwise import SmithWaterman, resolve
from .substitution import Substitution

#: Frequencies of amino acids in proteins, in thousandths (Robinson and Robinson 1991).
AMINO_ACIDS = {
    "A": 78.05, "R": 51.29, "N": 44.87, "D": 53.64, "C": 19.25, "Q": 42.64, "E": 62.95, "G": 73.77, "H": 21.99, "I": 51.42,
    "L": 90.19, "K": 57.44, "M": 22.43, "F": 38.56, "P": 52.03, "S": 71.20, "T": 58.41, "W": 13.30, "Y": 32.16, "V": 64.41,
}  # fmt: skip
BASES = "ACGT"
#: The number of pairs (the relative standard error of lambda is .78 / sqrt(PAIRS)), the length of sequences, and the number of aligned pairs.
PAIRS, LENGTH, LAID_OUT = 3000, 1000, 400
#: Where an alignment by chance is longer than this share of the sequences, scores grow with the length, and no such law holds.
LONGEST = 0.3


def frequencies(similarity: Substitution | tuple[float, float]) -> tuple[list[str], NDArray[np.float64]]:
    """The letters of random sequences and their frequencies."""
    alphabet = set(similarity.alphabet) if isinstance(similarity, Substitution) else set(BASES)
    if set(AMINO_ACIDS) <= alphabet:
        letters, often = list(AMINO_ACIDS), np.array(list(AMINO_ACIDS.values()))
    elif set(BASES) <= alphabet:
        letters, often = list(BASES), np.ones(4)
    else:
        raise ValueError("statistics: only tables of amino acids or bases can be simulated; statistics=None goes without")
    return letters, often / often.sum()


def simulated(aligner: SmithWaterman, random: np.random.Generator, threads: int) -> tuple[float, float, float, float, float]:
    """Lambda, K, H, alpha and beta."""
    letters, often = frequencies(resolve(aligner.similarity))
    x, y = (["".join(row) for row in random.choice(letters, (PAIRS // 50, LENGTH), p=often)] for _ in "xy")
    scores = aligner.pairwise(x, y[:50], threads=threads).reshape(-1)  # each sequence in fifty pairs, which are nearly independent
    laid = [alignment for query in x[: LAID_OUT // 50] for alignment in aligner.align_many(query, y[:50], threads=threads)]
    lengths = np.array([np.subtract(a.end, a.begin).mean() for a in laid])
    if lengths.mean() > LONGEST * LENGTH or scores.min() <= 0:
        raise ValueError(
            "statistics: random sequences are similar over their whole length with this table and these gaps, so that scores have no E-values; "
            "dearer gaps or mismatches are needed, or statistics=None"
        )
    lambda_, mode = gumbel(scores)
    mode += step(resolve(aligner.similarity)) / 2  # a score stands for all up to the next one that there is
    mean = scores[: len(lengths)]
    alpha = max(float(np.cov(mean, lengths)[0, 1] / mean.var(ddof=1)), 1e-3)
    beta = float(lengths.mean() - alpha * mean.mean())
    left = LENGTH - (alpha * scores.mean() + beta)
    k = float(np.exp(lambda_ * mode) / left**2)
    return lambda_, k, lambda_ / alpha, alpha, beta


def step(similarity: Substitution | tuple[float, float]) -> float:
    """The spacing of scores; 0 for a table of fractions."""
    scores = np.ravel(similarity.scores if isinstance(similarity, Substitution) else similarity)
    return float(np.gcd.reduce(scores.astype(np.int64))) if (scores == np.round(scores)).all() else 0.0


def gumbel(scores: NDArray[np.float64]) -> tuple[float, float]:
    """Lambda and the mode of the extreme value distribution by maximum likelihood (Lawless 1982, section 4.1)."""
    low, high = (float(np.pi / np.sqrt(6 * scores.var())) * factor for factor in (0.2, 5.0))
    shifted = scores - scores.min()

    def slope(lambda_: float) -> Any:
        weights = np.exp(-lambda_ * shifted)
        return 1 / lambda_ - scores.mean() + (scores * weights).sum() / weights.sum()

    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    mode = -np.log(np.exp(-low * shifted).mean()) / low + scores.min()
    return low, float(mode)
