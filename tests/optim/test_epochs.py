"""Schedules in epochs, warm-up, plateaus, and settings by name."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait.optim import SGD, Adam, Constant, Cosine, Exponential, Plateau, RMSprop, Warmup


def weights_after(rate: Any, epochs: int = 6, **options: Any) -> tuple[Any, Any]:
    x, t = plait.input("x", (None, 2), dtype="float64"), plait.input("t", (None,), dtype="float64")
    w = plait.parameter(np.zeros(2), name="w")
    X = np.random.default_rng(0).normal(size=(40, 2))
    history = plait.train(
        plait.losses.mse(x @ w, t), {x: X, t: X @ [1.0, -2.0] + 0.1}, optimizer=SGD(rate), epochs=epochs, batch_size=16, **options
    )
    return w.value.copy(), history


@pytest.mark.parametrize(
    ("epochs", "steps"),
    [
        (Cosine(0.2, epochs=4, final=0.01, warmup=1), Cosine(0.2, 12, 0.01, 3)),
        (Exponential(0.2, 0.5, epochs=2), Exponential(0.2, 0.5, 6)),
        (Warmup(0.2, epochs=2), Warmup(0.2, steps=6)),
        (Warmup(Cosine(0.2, epochs=5), epochs=2), Warmup(Cosine(0.2, 15), 6)),
        (Warmup(Cosine(0.2, epochs=5), steps=4), Warmup(Cosine(0.2, 15), 4)),
    ],
)
def test_an_epoch_is_as_many_steps_as_the_data_make(epochs: Any, steps: Any) -> None:
    assert epochs.in_steps(3) == steps
    np.testing.assert_array_equal(weights_after(epochs)[0], weights_after(steps)[0])
    with pytest.raises(ValueError, match="its length is in epochs"):
        epochs(0)
    assert pickle.loads(pickle.dumps(epochs)) == epochs


def test_schedules_in_steps_stay_what_they_are() -> None:
    for schedule in (Constant(0.1), Cosine(0.1, 5), Exponential(0.1, 0.5), Warmup(0.1, 3), Plateau(0.1)):
        assert schedule.in_steps(7) is schedule
    rule = Adam(Cosine(0.1, 5))
    assert rule.in_steps(7) is rule
    assert Adam(Cosine(0.1, epochs=5)).in_steps(7) == Adam(Cosine(0.1, 35))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cosine(0.1), "Cosine: expected one of steps= and epochs=, got none"),
        (lambda: Cosine(0.1, 5, epochs=5), "got both"),
        (lambda: Cosine(0.1, epochs=-1), "Cosine: epochs"),
        (lambda: Cosine(0.1, epochs=2, warmup=2), "below the 2 epochs"),
        (lambda: Exponential(0.1, 0.5, 3, epochs=1), "got both"),
        (lambda: Warmup(0.1), "Warmup: expected one of"),
        (lambda: Warmup(-0.1, 3), "Warmup: rate"),
        (lambda: Plateau(0.1, factor=1.0), "Plateau: factor"),
        (lambda: Plateau(0.1, patience=-1), "Plateau: patience"),
        (lambda: Plateau(0.1, threshold=1.0), "Plateau: threshold"),
        (lambda: Plateau(0.1, least=1.0), "Plateau: least"),
    ],
)
def test_wrong_settings_are_refused_by_name(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
    with pytest.raises(TypeError, match="Warmup: a Plateau"):
        Warmup(Plateau(0.1), 3)


@pytest.mark.peer
def test_a_plateau_falls_when_torchs_does() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    for trial in range(20):
        losses = np.abs(np.cumsum(rng.normal(size=40))) if trial % 2 else np.round(rng.random(40), 1)
        factor, patience, least = rng.uniform(0.1, 0.9), int(rng.integers(0, 4)), float(rng.choice([0.0, 0.01]))
        p = torch.nn.Parameter(torch.zeros(1))
        rule = torch.optim.SGD([p], lr=0.1)
        theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(rule, factor=factor, patience=patience, threshold=1e-4, min_lr=least)
        ours = Plateau(0.1, factor, patience, 1e-4, least)
        for k, loss in enumerate(losses):
            theirs.step(loss)
            assert ours.after(losses[: k + 1].tolist()) == pytest.approx(rule.param_groups[0]["lr"], rel=1e-6, abs=1e-8)


def test_a_plateau_follows_the_history_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    plateau = Plateau(0.9, factor=0.5, patience=0)
    whole, history = weights_after(plateau, 8)
    assert plateau.after(history.loss) < 0.9
    assert not np.array_equal(whole, weights_after(0.9, 8)[0])
    weights_after(plateau, 5, checkpoint=tmp_path / "run")
    resumed, _ = weights_after(plateau, 8, checkpoint=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(whole, resumed)


def test_settings_are_read_and_set_all_the_way_down() -> None:
    rule = Adam(Cosine(1e-3, 100), betas=(0.8, 0.9))
    assert rule.get_params()["rate__final"] == 0.0
    assert set(rule.get_params(deep=False)) == {"rate", "betas", "eps", "weight_decay", "clip_norm"}
    assert rule.set_params(rate__rate=0.5, eps=1e-6) is rule
    assert rule == Adam(Cosine(0.5, 100), betas=(0.8, 0.9), eps=1e-6)
    before = repr(rule)
    for wrong, message in (({"rat": 1}, "Invalid parameter 'rat'"), ({"eps": -1.0}, "eps"), ({"eps__x": 1}, "no parameters to set")):
        with pytest.raises(ValueError, match=message):
            rule.set_params(rate__rate=0.1, **wrong)
        assert repr(rule) == before
    assert RMSprop().set_params(momentum=0.5).momentum == 0.5


@pytest.mark.peer
def test_scikit_learn_clones_rules() -> None:
    base = pytest.importorskip("sklearn.base")
    rule = Adam(Cosine(1, epochs=3), betas=[0.8, 0.9])
    twin = base.clone(rule)
    assert twin == rule
    assert twin is not rule
    assert twin.rate is not rule.rate
