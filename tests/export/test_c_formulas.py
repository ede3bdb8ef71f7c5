"""Activations and losses with their slopes and curvatures in C, beside the program: ordinary numbers, infinities, ties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from export.c_models import CModel, needs_compiler

import plait


@needs_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_formulas_with_slopes_and_curvatures(tmp_path: Path, dtype: str) -> None:
    x, y = plait.input("x", (12,), dtype), plait.input("y", (12,), dtype)
    binary = [np.logaddexp, np.hypot, np.fmod, lambda a, b: plait.losses.binary_cross_entropy_with_logits(a, plait.sigmoid(b), "none")]
    values = [plait.silu(x), plait.gelu(x), plait.erf(x), *(f(x, y) for f in binary)]
    slopes = [plait.gradient(v.sum(), x) for v in values]
    curvatures = [plait.gradient(s.sum(), x) for s in slopes[:5]]
    target = plait.losses.binary_cross_entropy_with_logits(x, (y > 0).astype(dtype), "none")
    program = plait.compile([*values, *slopes, *curvatures, target, plait.gradient(target.sum(), x)])
    feeds = {
        "x": np.array([0.0, 0.5, -0.5, 2.0, -3.0, 20.0, -30.0, 7.5, np.inf, -np.inf, 1.0, 3.0]),
        "y": np.array([0.0, 0.5, 1.5, -2.0, 4.0, 3.0, 2.0, -2.0, np.inf, -2.0, 1.0, -3.0]),
    }
    CModel(program, tmp_path, feeds).check(rtol=2e-6 if dtype == "float32" else 1e-13)
