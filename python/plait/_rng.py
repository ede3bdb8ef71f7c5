"""Seeds: converts ``rng=`` to 64 bits for the counter-based generators of the core."""

from __future__ import annotations

import operator
from typing import TypeAlias

import numpy as np

RandomSource: TypeAlias = "int | np.random.SeedSequence | np.random.Generator | None"


def seed(rng: RandomSource = None) -> int:
    """64 bits from an int, a SeedSequence, or a Generator (which advances by one draw); fresh entropy for None."""
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(0, 2**64, dtype=np.uint64))
    if isinstance(rng, np.random.SeedSequence):
        return int(rng.generate_state(1, np.uint64)[0])
    if rng is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
    try:
        number = operator.index(rng)
    except TypeError:
        raise TypeError(f"rng: expected an int, a SeedSequence or a Generator, got {type(rng).__name__}") from None
    if number < 0:
        raise ValueError(f"rng: a seed is not negative, got {number}")
    return int(np.random.SeedSequence(number).generate_state(1, np.uint64)[0])
