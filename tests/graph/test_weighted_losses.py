"""Losses with weights of classes, smoothed labels and lines for large errors: torch's values, slopes and curvature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import plait
from plait import losses

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(0, 3, (7, 4))
LABELS = np.array([0, 3, 1, 2, 0, 3, 1])
WEIGHTS = np.array([0.5, 2.0, 0.0, 3.0])


def ours(build: Any, at: Any) -> tuple[Any, Any, Any]:
    """Value, slope, and curvature along ones."""
    x = plait.constant(at)
    loss = build(x)
    (slope,) = plait.gradient(loss, [x])
    (curve,) = plait.gradient(slope.sum(), [x])
    value, slope, curve = plait.compile([loss, slope, curve])()
    return value, slope, curve


def theirs(build: Any, at: Any) -> tuple[Any, Any, Any]:
    torch = pytest.importorskip("torch")
    x = torch.tensor(at, requires_grad=True)
    loss = build(x)
    (slope,) = torch.autograd.grad(loss, x, create_graph=True)
    (curve,) = torch.autograd.grad(slope.sum(), x)
    return loss.detach().numpy(), slope.detach().numpy(), curve.numpy()


def alike(a: Any, b: Any) -> None:
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-12)


@pytest.mark.peer
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("ignore", [None, 1])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_cross_entropy_is_torchs(reduction: Any, ignore: Any, smoothing: float, weights: Any) -> None:
    torch = pytest.importorskip("torch")
    given = {"weight": None if weights is None else torch.tensor(weights), "label_smoothing": smoothing, "reduction": reduction}
    if ignore is not None:
        given["ignore_index"] = ignore
    options: Any = {"ignore_index": ignore, "class_weight": weights, "label_smoothing": smoothing, "reduction": reduction}
    cross = torch.nn.functional.cross_entropy
    alike(
        ours(lambda x: losses.cross_entropy_with_logits(x, LABELS, **options), LOGITS),
        theirs(lambda x: cross(x, torch.tensor(LABELS), **given), LOGITS),
    )
    first = LOGITS.T.copy()  # classes on the first axis
    alike(
        ours(lambda x: losses.cross_entropy_with_logits(x, LABELS, axis=0, **options), first),
        theirs(lambda x: cross(x.T, torch.tensor(LABELS), **given), first),
    )
    if ignore is None:
        shares = RNG.dirichlet(np.ones(4), 7)
        alike(
            ours(lambda x: losses.cross_entropy_with_logits(x, shares, **options), LOGITS),
            theirs(lambda x: cross(x, torch.tensor(shares), **given), LOGITS),
        )


@pytest.mark.peer
@pytest.mark.parametrize("weight", [3.0, np.array([0.5, 0.0, 2.0, 9.0])])
def test_positive_cases_may_count_more(weight: Any) -> None:
    torch = pytest.importorskip("torch")
    t = RNG.random((7, 4))
    at = LOGITS.copy()
    at[0] = [0.0, 900.0, -900.0, 40.0]
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    alike(
        ours(lambda x: losses.binary_cross_entropy_with_logits(x, t, pos_weight=weight), at),
        theirs(lambda x: bce(x, torch.tensor(t), pos_weight=torch.as_tensor(weight, dtype=torch.float64)), at),
    )


@pytest.mark.peer
@pytest.mark.parametrize("delta", [0.3, 1.0, 5.0])
def test_huber_and_mae_are_torchs(delta: float) -> None:
    torch = pytest.importorskip("torch")
    t = RNG.normal(size=(7, 4))
    target = torch.tensor(t)
    at = LOGITS.copy()
    at[0] = [1e200, -1e200, 0.0, 1.0]
    alike(ours(lambda x: losses.huber(x, t, delta), at), theirs(lambda x: torch.nn.functional.huber_loss(x, target, delta=delta), at))
    value, slope, _ = ours(lambda x: losses.mae(x, t), LOGITS)
    np.testing.assert_allclose(value, np.abs(LOGITS - t).mean(), rtol=1e-12)
    np.testing.assert_allclose(slope, np.sign(LOGITS - t) / t.size, rtol=1e-12)


def test_losses_at_a_border_are_defined() -> None:
    for at, slope, curve in ((0.0, 0.0, 1.0), (1.0, 1.0, 1.0), (-1.0, -1.0, 1.0), (2.0, 1.0, 0.0)):
        _, s, c = ours(lambda x: losses.huber(x, 0.0, reduction="sum"), np.array(at))
        assert (float(s), float(c)) == (slope, curve)
    none = losses.cross_entropy_with_logits(LOGITS, np.full(7, 2), class_weight=WEIGHTS)  # all of weight 0
    assert float(plait.evaluate(none)) == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: losses.cross_entropy_with_logits(LOGITS, LABELS, class_weight=WEIGHTS[:3]),
            r"class_weight: expected shape \(4,\), got \(3,\)",
        ),
        (lambda: losses.cross_entropy_with_logits(LOGITS, LABELS, class_weight=-WEIGHTS), "class_weight: expected finite numbers"),
        (lambda: losses.cross_entropy_with_logits(LOGITS, LABELS, label_smoothing=1.0), "label_smoothing: expected a share"),
        (lambda: losses.binary_cross_entropy_with_logits(LOGITS, LOGITS > 0, pos_weight=np.nan), "pos_weight: expected finite"),
        (lambda: losses.binary_cross_entropy_with_logits(LOGITS, LOGITS > 0, pos_weight=np.ones(3)), "pos_weight has shape"),
        (lambda: losses.huber(LOGITS, LOGITS, delta=0.0), "huber: delta"),
        (lambda: losses.huber(LOGITS, LOGITS, reduction="max"), "huber: reduction"),  # type: ignore[arg-type]
    ],
)
def test_wrong_input_is_refused_by_name(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
