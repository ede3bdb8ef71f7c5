"""Points on interleaved spiral arms: a small set that is not linearly separable."""

from __future__ import annotations

import numpy as np

from ._types import Floats, Labels, Points, Seed

TURN = 4.0  # radians that an arm winds from the centre to the rim


def spiral(n_per_arm: int = 100, arms: int = 3, noise: float = 0.2, rng: Seed = 0) -> Points:
    """Points in the plane on interleaved spiral arms, a class for each arm.

    Parameters
    ----------
    n_per_arm : int
        Points of each arm, in the training part and again in the test part.
    arms : int
        Number of arms.
    noise : float
        Standard deviation of the angle, in radians.
    rng : int, SeedSequence or Generator
        Source of the noise.

    Returns
    -------
    Points
        ``train_points``, ``train_labels``, ``test_points``, ``test_labels``, ``columns``, ``classes``; inside of the unit circle.

    Raises
    ------
    ValueError
        `n_per_arm` or `arms` is below 1, or `noise` is negative or not finite.

    Notes
    -----
    The two parts share no point: their radii alternate, and noise only changes the angle.

    Examples
    --------
    >>> data = plait.datasets.spiral(100)
    >>> data.train_points.shape, data.classes
    ((300, 2), ('arm 0', 'arm 1', 'arm 2'))
    """
    for name, count in (("n_per_arm", n_per_arm), ("arms", arms)):
        if count < 1:
            raise ValueError(f"spiral: {name} is {count}, expected was at least 1")
    if not (np.isfinite(noise) and noise >= 0):
        raise ValueError(f"spiral: noise is {noise}, expected was a finite number that is not negative")
    draw = np.random.default_rng(rng)

    def part(offset: float) -> tuple[Floats, Labels]:
        radius = np.tile((np.arange(n_per_arm) + offset) / n_per_arm, arms)
        labels = np.repeat(np.arange(arms, dtype=np.int64), n_per_arm)
        angle = TURN * radius + 2 * np.pi * labels / arms + noise * draw.standard_normal(len(labels))
        return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1).astype(np.float32), labels

    names = tuple(f"arm {i}" for i in range(arms))
    return Points(*part(0.5), *part(1.0), ("x", "y"), names)
