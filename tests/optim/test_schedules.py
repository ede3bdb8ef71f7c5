"""Schedules as functions of numbers, of arrays and of nodes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plait
from plait import optim

SCHEDULES: list[optim.Schedule] = [
    optim.Constant(0.3),
    optim.Exponential(0.3, 0.9, 7),
    optim.Cosine(0.3, 50),
    optim.Cosine(0.3, 50, final=0.1, warmup=10),
    optim.RobbinsMonro(0.3, 2.0, 0.6),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_a_node_gives_what_numbers_and_arrays_give(schedule: optim.Schedule) -> None:
    t = plait.input("t", (), dtype="float64")
    node = schedule(t)
    program = plait.compile([node if hasattr(node, "op") else plait.constant(node)])
    times = np.arange(0.0, 80.0)
    over_array = schedule(times) + 0 * times
    for i, value in enumerate(times):
        assert math.isclose(float(schedule(value)), over_array[i], rel_tol=1e-15)
        got = program(t=value) if program.inputs else program()
        assert math.isclose(float(got[0]), over_array[i], rel_tol=1e-14)


def test_cosine_and_exponential_are_their_formulas() -> None:
    for t in range(80):
        wave = 0.1 + 0.2 * 0.5 * (1 + math.cos(math.pi * min(max((t - 10) / 40, 0), 1)))
        assert math.isclose(float(optim.Cosine(0.3, 50, final=0.1, warmup=10)(t)), wave * min((t + 1) / 10, 1), rel_tol=1e-12)
        assert math.isclose(
            float(optim.Cosine(0.3, 50)(t)), 0.3 * 0.5 * (1 + math.cos(math.pi * min(t / 50, 1))), rel_tol=1e-12, abs_tol=1e-16
        )
        assert math.isclose(float(optim.Exponential(0.3, 0.9, 7)(t)), 0.3 * 0.9 ** (t / 7), rel_tol=1e-12)


@given(a=st.floats(1e-3, 1e3), b=st.floats(1e-2, 1e3), kappa=st.floats(0.5, 1.0, exclude_min=True), t=st.integers(0, 10**6))
def test_robbins_monro_is_its_formula(a: float, b: float, kappa: float, t: int) -> None:
    assert math.isclose(optim.RobbinsMonro(a, b, kappa)(t), a / (b + t) ** kappa, rel_tol=1e-12)


def test_robbins_monro_solves_a_stochastic_equation() -> None:
    """The mean of noisy samples as the root of E[w - x] = 0: with a = b = kappa = 1 the iterate is the running mean itself."""
    x = plait.input("x", (), dtype="float64")
    w = plait.parameter(np.zeros(()), name="w")
    loss = 0.5 * (w - x) ** 2
    step = plait.compile([loss], updates=optim.SGD(optim.RobbinsMonro(1.0, 1.0, 1.0)).updates(loss))
    samples = np.random.default_rng(0).normal(3.0, 1.0, 500)
    for sample in samples:
        step(x=sample)
    assert math.isclose(float(w.value), samples.mean(), rel_tol=1e-10)


@pytest.mark.parametrize("kappa", [0.5, 0.3, 1.01, float("nan")])
def test_robbins_monro_refuses_what_does_not_converge(kappa: float) -> None:
    with pytest.raises(ValueError, match="kappa"):
        optim.RobbinsMonro(1.0, 1.0, kappa)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: optim.RobbinsMonro(0.0), "a:"),
        (lambda: optim.RobbinsMonro(1.0, 0.0), "b:"),
        (lambda: optim.Exponential(0.1, 1.5), "decay"),
        (lambda: optim.Cosine(0.1, 10, final=0.2), "final"),
        (lambda: optim.Cosine(0.1, 10, warmup=10), "warmup"),
        (lambda: optim.Constant(math.inf), "rate"),
    ],
)
def test_settings_are_checked_by_name(make: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        make()
