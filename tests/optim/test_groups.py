"""Groups of parameters with settings of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait.optim import SGD, Adam, AdamW, Cosine, Groups, Plateau


def model_and_data() -> tuple[Any, Any, dict[Any, Any]]:
    rng = np.random.default_rng(0)
    model = plait.nn.MLP(3, (5,), 1, "tanh", dtype="float64", rng=0)
    x, t = plait.input("x", (None, 3), "float64"), plait.input("t", (None, 1), "float64")
    return model, plait.losses.mse(model(x), t), {x: rng.normal(size=(40, 3)), t: rng.normal(size=(40, 1))}


def trained(rule: Any, **options: Any) -> list[Any]:
    model, loss, data = model_and_data()
    plait.train(loss, data, model.parameters(), rule(model) if callable(rule) and not isinstance(rule, type) else rule, epochs=3, **options)
    return [np.array(p.value) for p in model.parameters()]


def test_equal_groups_are_one_rule() -> None:
    for rule in (
        Adam(1e-2),
        AdamW(1e-2, weight_decay=0.1),
        SGD(0.1, momentum=0.9),
        Adam(Cosine(1e-2, epochs=3)),
        Adam(1e-2, clip_norm=0.1),
    ):
        expected = trained(rule)
        for groups in ({"*.bias": {}}, {"mlp.0.*": type(rule)(**rule.get_params(deep=False)), "*": {}}):
            for a, b in zip(expected, trained(Groups(rule, groups)), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12)


def test_groups_by_name_layer_and_parameter_move_apart() -> None:
    begin = [np.array(p.value) for p in model_and_data()[0].parameters()]
    still = SGD(1e-300)
    for where in (
        lambda _: {"mlp.0.*": still},
        lambda m: [(m.layers[0], still)],
        lambda m: [(m.layers[0].parameters(), {"rate": 1e-300})],
        lambda m: [(m.layers[0].weight, still), ("mlp.0.bias", still)],
    ):
        ends = trained(lambda m, where=where: Groups(SGD(0.1), where(m)))
        moved = [bool((np.abs(a - b) > 1e-9).any()) for a, b in zip(begin, ends, strict=True)]
        assert moved == [False, False, True, True]


def test_decay_spares_what_it_shall() -> None:
    plain = trained(AdamW(1e-2, weight_decay=0.0))
    spared = trained(Groups(AdamW(1e-2, weight_decay=0.5), {"*.bias": {"weight_decay": 0.0}}))
    assert np.abs(spared[0]).sum() < np.abs(plain[0]).sum()
    whole = trained(AdamW(1e-2, weight_decay=0.5))
    assert (spared[3] != whole[3]).all()


def test_schedules_are_counted_together_and_plateaus_once(tmp_path: Path) -> None:
    groups = {"*.bias": {"rate": Cosine(1e-2, epochs=2)}}
    rule = Groups(Adam(Plateau(1e-2, patience=1)), groups)
    expected = trained(rule, batch_size=10)
    options: dict[str, Any] = {"batch_size": 10, "checkpoint": tmp_path / "c"}
    model, loss, data = model_and_data()
    plait.train(loss, data, model.parameters(), rule, epochs=1, **options)
    model, loss, data = model_and_data()
    plait.train(loss, data, model.parameters(), rule, epochs=3, resume=True, **options)
    for a, p in zip(expected, model.parameters(), strict=True):
        np.testing.assert_array_equal(a, p.value)


def test_settings_reach_into_groups() -> None:
    net = plait.nn.MLPRegressor((4,), 2, optimizer=Groups("adam", {"*.bias": {"weight_decay": 0.1}}))
    net.set_params(optimizer__rule__rate=0.5)
    assert net.optimizer.rate == 0.5
    assert net.fit(np.eye(3), np.arange(3.0)).n_iter_ == 2


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Groups(Adam(), {"a": {"speed": 1}}), "Invalid parameter 'speed'"),
        (lambda: Groups(Adam(), {"a": 3}), "expected a dict of settings or an optimizer"),
        (lambda: Groups(Adam(), 3), "expected a dict, or pairs"),
        (lambda: trained(Groups(Adam(), {"encoder.*": {}})), r"no parameter is in the group 'encoder\.\*'.*'mlp\.0\.weight'"),
        (lambda: trained(Groups(Adam(), [(3, {})])), "expected a pattern of names"),
        (lambda: Groups(Adam(), {"a": {"rate": -1.0}}), "rate"),
    ],
)
def test_wrong_groups_are_refused_by_name(make: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()
    with pytest.raises(TypeError, match="Groups: rule"):
        Groups(Groups(Adam(), {}), {})
