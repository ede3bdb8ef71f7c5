"""Every update rule beside its NumPy twin, and beside PyTorch where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from reference import optimizers as twins

import plait
from plait import optim

SCALES = np.linspace(0.5, 4.0, 7)
START = np.linspace(-2.0, 3.0, 7)

CASES: dict[str, tuple[optim.Optimizer, Any, float]] = {
    "sgd": (optim.SGD(0.05), lambda: twins.sgd(), 0.0),
    "sgd momentum": (optim.SGD(0.05, 0.9), lambda: twins.sgd(0.9), 0.0),
    "sgd nesterov": (optim.SGD(0.05, momentum=0.9, nesterov=True), lambda: twins.sgd(0.9, True), 0.0),
    "sgd decay": (optim.SGD(0.05, weight_decay=0.1), lambda: twins.sgd(), 0.1),
    "rmsprop": (optim.RMSprop(0.05), lambda: twins.rmsprop(), 0.0),
    "rmsprop centred": (
        optim.RMSprop(0.05, decay=0.9, momentum=0.5, centered=True),
        lambda: twins.rmsprop(0.9, momentum=0.5, centered=True),
        0.0,
    ),
    "adagrad": (optim.AdaGrad(0.5), lambda: twins.adagrad(), 0.0),
    "adagrad initial": (optim.AdaGrad(0.5, initial=0.1), lambda: twins.adagrad(initial=0.1), 0.0),
    "adam": (optim.Adam(0.05), lambda: twins.adam(), 0.0),
    "adam decay": (optim.Adam(0.05, betas=(0.8, 0.99), weight_decay=0.1), lambda: twins.adam((0.8, 0.99)), 0.1),
    "adamw": (optim.AdamW(0.05, weight_decay=0.1), lambda: twins.adam(decoupled_decay=0.1), 0.0),
    "adam robbins-monro": (optim.Adam(optim.RobbinsMonro(0.5, 5.0, 0.7)), lambda: twins.adam(), 0.0),
    "sgd cosine": (optim.SGD(optim.Cosine(0.1, 30, final=0.01, warmup=5)), lambda: twins.sgd(), 0.0),
    "sgd exponential": (optim.SGD(optim.Exponential(0.1, 0.5, 10)), lambda: twins.sgd(), 0.0),
    "adamw constant": (optim.AdamW(optim.Constant(0.05)), lambda: twins.adam(decoupled_decay=0.01), 0.0),
}


def bowl(w: Any, dtype: str) -> Any:
    scales = SCALES.astype(dtype)
    return (0.5 * scales * (w - 1) ** 2).sum() + 0.3 * plait.tanh(w).sum()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 2e-5)])
def test_rule_follows_its_twin(name: str, dtype: str, tolerance: float) -> None:
    rule, make_twin, decay = CASES[name]
    w = plait.parameter(START.astype(dtype), name="w")
    loss = bowl(w, dtype)
    step = plait.compile([loss], updates=rule.updates(loss))
    rate = rule.rate if callable(rule.rate) else lambda _: rule.rate
    for expected in twins.descend(make_twin(), START, SCALES, rate, 40, decay):
        step()
        np.testing.assert_allclose(w.value, expected, rtol=tolerance, atol=tolerance)


def test_gradients_are_clipped_together_by_their_common_norm() -> None:
    a, b = plait.parameter(np.full(3, 4.0), name="a"), plait.parameter(np.array(-5.0), name="b")
    loss = 0.5 * (a * a).sum() + b * b
    step = plait.compile([loss], updates=optim.SGD(1.0, clip_norm=2.0).updates(loss))
    expected = twins.clipped([a.value, 2 * b.value], 2.0)
    want = a.value - expected[0], b.value - expected[1]
    step()
    np.testing.assert_allclose(a.value, want[0], rtol=1e-12)
    np.testing.assert_allclose(b.value, want[1], rtol=1e-12)
    a.value, b.value = np.full(3, 0.1), np.array(0.1)  # a short gradient passes as it is
    step()
    np.testing.assert_allclose(a.value, 0.0, atol=1e-15)


def test_all_parameters_below_the_loss_are_trained_unless_some_are_named() -> None:
    a, b, other = (plait.parameter(np.ones(2), name=name) for name in ("a", "b", "other"))
    whole = plait.parameter(np.array([0, 1]), name="whole", dtype="int64")
    loss = (a * b).sum() + plait.take(b, whole, axis=0).sum()
    assert [p.name for p in optim.SGD(0.1).updates(loss)] == ["a", "b"]
    assert [p.name for p in optim.SGD(0.1).updates(loss, [b, b])] == ["b"]
    assert [p.name for p in optim.Adam(0.1).updates(loss, [a])] == ["a", "a.mean", "a.square", "optimizer.step"]
    del other


def test_what_cannot_be_trained_is_refused() -> None:
    w = plait.parameter(np.ones(2), name="w")
    x = plait.input("x", (2,), dtype="float64")
    with pytest.raises(plait.GraphError, match="scalar"):
        optim.SGD(0.1).updates(w * w)
    with pytest.raises(plait.GraphError, match="parameter"):
        optim.SGD(0.1).updates((w * x).sum(), [x])
    with pytest.raises(plait.GraphError, match="no parameter"):
        optim.SGD(0.1).updates(x.sum())


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: optim.SGD(0.0), "rate"),
        (lambda: optim.SGD(float("nan")), "rate"),
        (lambda: optim.SGD(0.1, momentum=1.0), "momentum"),
        (lambda: optim.SGD(0.1, nesterov=True), "nesterov"),
        (lambda: optim.Adam(0.1, betas=(0.9, 1.0)), "betas"),
        (lambda: optim.AdamW(0.1, weight_decay=-1.0), "weight_decay"),
        (lambda: optim.RMSprop(0.1, decay=-0.1), "decay"),
        (lambda: optim.AdaGrad(0.1, clip_norm=0.0), "clip_norm"),
    ],
)
def test_settings_are_checked_by_name(make: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        make()


def test_rules_of_equal_settings_are_equal() -> None:
    rules = [optim.SGD(0.1), optim.SGD(0.2), optim.SGD(0.1, momentum=0.9), optim.Adam(0.1), optim.AdaGrad(0.1)]
    again = [optim.SGD(0.1), optim.SGD(0.2), optim.SGD(0.1, momentum=0.9), optim.Adam(0.1), optim.AdaGrad(0.1)]
    assert rules == again
    assert [hash(r) for r in rules] == [hash(r) for r in again]
    assert len({*rules, *again}) == len(rules)


def test_a_step_is_one_program_for_each_elements_and_one_for_the_scalars() -> None:
    w = plait.parameter(np.zeros((30, 20), "float32"), name="w")
    x = plait.input("x", (None, 30))
    loss = plait.tanh(x @ w).mean()
    program = plait.compile([loss], updates=optim.Adam(optim.RobbinsMonro(0.1, 5.0, 0.8)).updates(loss))
    program(x=np.ones((4, 30), "float32"))
    over_elements = [step for step in program.steps if step.shape == (30, 20) and "matmul" not in step.label]
    assert len(over_elements) <= 1
    assert len([step for step in program.steps if step.shape == ()]) <= 3


TORCH = {
    "SGD": ("SGD", {}, {}),
    "SGD nesterov": (
        "SGD",
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    ),
    "RMSprop": ("RMSprop", {}, {}),
    "RMSprop centred": ("RMSprop", {"decay": 0.9, "momentum": 0.5, "centered": True}, {"alpha": 0.9, "momentum": 0.5, "centered": True}),
    "AdaGrad": ("Adagrad", {}, {}),
    "Adam": ("Adam", {}, {}),
    "Adam decay": (
        "Adam",
        {"betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.1},
        {"betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.1},
    ),
    "AdamW": ("AdamW", {}, {}),
}


@pytest.mark.peer
@pytest.mark.parametrize("name", TORCH)
@pytest.mark.parametrize("clip", [None, 1.5])
def test_torch_goes_the_same_way(name: str, clip: float | None) -> None:
    torch = pytest.importorskip("torch")
    their_name, ours, their_options = TORCH[name]
    theirs = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, their_name)([theirs], lr=0.05, **their_options)
    w = plait.parameter(START, name="w")
    loss = bowl(w, "float64")
    step = plait.compile([loss], updates=getattr(optim, name.split()[0])(0.05, clip_norm=clip, **ours).updates(loss))
    for _ in range(30):
        optimizer.zero_grad()
        (0.5 * torch.tensor(SCALES) * (theirs - 1) ** 2 + 0.3 * torch.tanh(theirs)).sum().backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_([theirs], clip)
        optimizer.step()
        step()
        np.testing.assert_allclose(w.value, theirs.detach().numpy(), rtol=1e-10, atol=1e-12)
