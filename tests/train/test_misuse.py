"""Arguments of a training run: used as given, or refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait import optim


def line(names: str = "ab") -> tuple[Any, Any, list[Any]]:
    x = plait.input("x", (None, 2))
    ws = [plait.parameter(np.full(2, k + 1.0, "float32"), name=name) for k, name in enumerate(names)]
    return x, (plait.square(x @ ws[0] - x @ ws[1])).mean(), ws


DATA = np.ones((8, 2), "float32")


@pytest.mark.parametrize("answer", [True, np.True_, np.array(True)], ids=repr)
def test_a_callback_that_says_true_stops(answer: Any) -> None:
    x, loss, _ = line()
    assert plait.train(loss, {x: DATA}, epochs=5, callbacks=lambda _: answer).epochs == 1


@pytest.mark.parametrize("answer", [None, False, np.False_, np.array(False), 1.5, "yes"], ids=repr)
def test_a_callback_that_says_anything_else_does_not(answer: Any) -> None:
    x, loss, _ = line()
    assert plait.train(loss, {x: DATA}, epochs=3, callbacks=lambda _: answer).epochs == 3


def test_checkpoints_are_matched_by_names_rule_and_rng(tmp_path: Path) -> None:
    file = tmp_path / "run.ckpt"
    x, loss, ws = line("ab")
    common: dict[str, Any] = {"epochs": 2, "checkpoint": file}
    plait.train(loss, {x: DATA}, ws, optim.SGD(0.01, momentum=0.9), **common)
    with pytest.raises(plait.FormatError, match="array 0 is 'a' there and 'b' here; arrays are matched by their names"):
        plait.train(loss, {x: DATA}, ws[::-1], optim.SGD(0.01, momentum=0.9), resume=True, **common)
    with pytest.raises(plait.FormatError, match="written by a run with the rule SGD, this one has AdaGrad"):
        plait.train(loss, {x: DATA}, ws, optim.AdaGrad(0.01), resume=True, **common)
    with pytest.raises(plait.FormatError, match="written by a run with rng seed 0, this one has seed 1"):
        plait.train(loss, {x: DATA}, ws, optim.SGD(0.01, momentum=0.9), resume=True, rng=1, **common)
    with pytest.raises(plait.FormatError, match=r"this one has momentum=0\.9, nesterov=True"):
        plait.train(loss, {x: DATA}, ws, optim.SGD(0.01, momentum=0.9, nesterov=True), resume=True, **common)
    for other in (optim.SGD(0.02, momentum=0.9), optim.SGD(0.01, momentum=0.9, clip_norm=1.0, weight_decay=1e-3)):  # a user's to change
        assert plait.train(loss, {x: DATA}, ws, other, resume=True, **common).epochs == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (optim.SGD(0.1, momentum=0.9), optim.SGD(0.1, momentum=0.5)),
        (optim.Adam(0.1), optim.Adam(0.1, betas=(0.9, 0.99))),
        (optim.AdamW(0.1), optim.AdamW(0.1, betas=(0.8, 0.999))),
        (optim.RMSprop(0.1), optim.RMSprop(0.1, decay=0.9)),
        (optim.RMSprop(0.1, momentum=0.5), optim.RMSprop(0.1, centered=True)),
    ],
)
def test_a_state_goes_on_under_the_settings_that_it_was_made_with(first: optim.Optimizer, second: optim.Optimizer, tmp_path: Path) -> None:
    x, loss, ws = line("ab")
    plait.train(loss, {x: DATA}, ws, first, epochs=1, checkpoint=tmp_path / "run")
    before = [w.value.copy() for w in ws]
    with pytest.raises(plait.FormatError, match=r"written by a run with .*, this one has .*: the averages mean something else"):
        plait.train(loss, {x: DATA}, ws, second, epochs=2, checkpoint=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(before, [w.value for w in ws])


def test_parameters_without_names_are_matched_by_what_the_loss_does_with_them(tmp_path: Path) -> None:
    def run(swapped: bool, alike: bool = False, **settings: Any) -> list[np.ndarray]:
        a, b = plait.parameter(np.ones(())), plait.parameter(np.full((), 2.0))
        x = plait.input("x", (None, 2), "float64")
        loss = (plait.square(a * x - 3.0) + plait.square(b * x - 3.0 if alike else b * x * x - 1.0)).mean()
        order = [b, a] if swapped else [a, b]
        plait.train(loss, {x: DATA}, order, optim.SGD(0.01), epochs=2, checkpoint=tmp_path / f"{alike}", **settings)
        return [p.value for p in (a, b)]

    whole = run(False)
    assert run(False, resume=True) == whole
    with pytest.raises(plait.FormatError, match="without names, of a loss of another structure or in another order; give them names"):
        run(True, resume=True)
    plait.normal((2,))  # other random nodes of the process change nothing
    assert run(False, resume=True) == whole


def test_layers_without_names_are_loaded_by_attributes(tmp_path: Path) -> None:
    class Two(plait.nn.Layer):
        def __init__(self, *places: str) -> None:
            for k, place in enumerate(places):
                setattr(self, place, {"inner": [plait.parameter(np.full(2, float(k)))]})

    Two("a", "b").save(tmp_path / "f")
    with pytest.raises(plait.FormatError, match=r"attribute 'a.inner.0' there and 'b.inner.0' here"):
        Two("b", "a").load(tmp_path / "f")
    assert [p.value.tolist() for p in Two("a", "b").load(tmp_path / "f").parameters()] == [[0, 0], [1, 1]]


def test_layers_are_loaded_by_names(tmp_path: Path) -> None:
    class Two(plait.nn.Layer):
        def __init__(self, *names: str) -> None:
            self.parts = [plait.parameter(np.zeros(2), name=name) for name in names]

    Two("a", "b").save(tmp_path / "f")
    with pytest.raises(plait.FormatError, match="array 0 is 'a' there and 'b' here"):
        Two("b", "a").load(tmp_path / "f")
    Two("a", "b").load(tmp_path / "f")


@pytest.mark.parametrize("name", ["adam", "Adam", "SGD", "rmsprop", "adagrad", "adamw"])
def test_rules_by_name(name: str) -> None:
    x, loss, _ = line()
    assert plait.train(loss, {x: DATA}, optimizer=name, epochs=1).epochs == 1


def test_what_is_no_rule_is_refused_kindly() -> None:
    x, loss, _ = line()
    with pytest.raises(ValueError, match=r"optimizer: expected one of 'sgd', .*, or a rule such as plait.optim.Adam"):
        plait.train(loss, {x: DATA}, optimizer="adagard")
    with pytest.raises(TypeError, match=r"got the class Adam; an instance was expected, such as plait\.optim\.Adam\(\)"):
        plait.train(loss, {x: DATA}, optimizer=optim.Adam)  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "kind"), [(np.nan, "NaN"), (np.inf, "infinite")])
def test_what_is_not_finite_in_the_data_is_found_there(value: float, kind: str) -> None:
    x, loss, _ = line()
    data = DATA.copy()
    data[5, 1] = value
    with pytest.raises(plait.NotFiniteError, match=f"it is in the data: 'x' is {kind} at row 5, column 1") as told:
        plait.train(loss, {x: data}, epochs=1)
    assert "rate" not in str(told.value)


def test_centred_rmsprop_with_constant_gradients() -> None:
    w = plait.parameter(np.zeros(3, "float32"), name="w")
    loss = (w * np.array([0.1, 1.0, 3.0], "float32")).sum()
    step = plait.compile([loss], updates=optim.RMSprop(1e-3, centered=True).updates(loss))
    for _ in range(3000):
        step()
    assert np.isfinite(w.value).all()


SIZES = {"float32": [1e20, 1e38, 1e-20, 1e-8, 1.0], "float64": [1e20, 1e38, 1e-20, 1e-8, 1.0, 1e200, 1e-200]}


@pytest.mark.parametrize(("dtype", "size"), [(dtype, size) for dtype, sizes in SIZES.items() for size in sizes])
def test_gradients_of_any_size_are_clipped(size: float, dtype: str) -> None:
    for limit in (1.0, size / 10 if size < 1 else 1.0):
        w = plait.parameter(np.zeros(2, dtype), name="w")
        loss = (w * np.array([0.6 * size, 0.8 * size], dtype)).sum()
        step = plait.compile([loss], updates=optim.SGD(0.5, clip_norm=limit).updates(loss))
        step()
        length = 0.5 * min(limit, size)
        np.testing.assert_allclose(w.value, [-0.6 * length, -0.8 * length], rtol=3e-6)


def test_labels_are_classes() -> None:
    ce = plait.losses.cross_entropy_with_logits
    logits = [[2.0, 0, 0], [0.0, 2, 0]]
    for shape in ([[0], [1]], [0], [[0, 1]]):
        with pytest.raises(plait.ShapeError):
            ce(logits, np.array(shape))
    for label in (-1, 3):
        with pytest.raises(ValueError, match=f"label {label} at 1 is no class; there are 0 to 2"):
            ce(logits, [0, label])
    assert float(plait.evaluate(ce(logits, [0, 1]))) == pytest.approx(np.log1p(2 * np.exp(-2.0)), rel=1e-12)
    with pytest.raises(plait.ShapeError):
        ce(plait.input("x", (None, 3)), plait.input("t", (None, 1), dtype="int64"))


def test_labels_that_are_known_late_are_classes_too() -> None:
    x, t = plait.input("x", (None, 3), dtype="float64"), plait.input("t", (None,), dtype="int64")
    each = plait.losses.cross_entropy_with_logits(x, t, reduction="none")
    w = plait.parameter(np.zeros((3, 3)), name="w")
    loss = plait.losses.cross_entropy_with_logits(x @ w, t)
    for label in (-1, -3, -100, 3):
        feeds = {x: np.zeros((2, 3)), t: np.array([0, label])}
        for call in (plait.compile(each), lambda f: plait.evaluate(each, f), lambda f: plait.train(loss, f, epochs=1)):
            with pytest.raises(plait.ShapeError, match=r"cross_entropy_with_logits: label .* is no class"):
                call(feeds)
    assert plait.compile(each)({x: np.zeros((2, 3)), t: [0, 2]}).tolist() == pytest.approx([np.log(3)] * 2)


@pytest.mark.parametrize("ignored", [-1, -100, 1])
def test_labels_that_do_not_count(ignored: int) -> None:
    x, t = plait.input("x", (None, 3), dtype="float64"), plait.input("t", (None,), dtype="int64")
    rows, labels = np.random.default_rng(0).normal(size=(5, 3)), np.array([0, ignored, 2, ignored, 0])
    kept = labels != ignored
    ce = plait.losses.cross_entropy_with_logits
    for reduction in ("mean", "sum"):
        right = float(plait.evaluate(ce(rows[kept], labels[kept], reduction=reduction)))
        late = ce(x, t, reduction=reduction, ignore_index=ignored)
        assert float(plait.compile(late)({x: rows, t: labels})) == pytest.approx(right)
        assert float(plait.evaluate(ce(rows, labels, reduction=reduction, ignore_index=ignored))) == pytest.approx(right)
        slope = plait.compile(plait.gradient(late, x))({x: rows, t: labels})
        assert np.isfinite(slope).all()
        assert (slope[~kept] == 0).all()


def test_what_is_no_callback_is_refused_before_anything_runs() -> None:
    x, loss, _ = line()
    with pytest.raises(TypeError, match="train: callbacks: expected functions of the progress, got 5"):
        plait.train(loss, {x: DATA}, callbacks=[5])


def test_a_loss_that_starts_as_nan_is_not_blamed_on_the_rate() -> None:
    x, loss, (a, _) = line()
    a.value = np.array([np.nan, 1.0], "float32")
    with pytest.raises(plait.NotFiniteError) as told:
        plait.train(loss, {x: DATA}, epochs=1)
    assert "the rate is not the cause" in str(told.value)
    assert "smaller rate" not in str(told.value)


@pytest.mark.parametrize(("wrong", "told"), [(2.0, "got 2.0 in row 1"), (-0.5, "got -0.5 in row 1"), (255, "got 255 in row 1")])
def test_targets_of_a_binary_cross_entropy_are_probabilities(wrong: float, told: str) -> None:
    x, w = plait.input("x", (None, 1)), plait.parameter(np.zeros((1, 1), "float32"), name="w")
    t = plait.input("t", (None, 1), "int64" if isinstance(wrong, int) else "float32")
    loss = plait.losses.binary_cross_entropy_with_logits(x @ w, t)
    targets = np.array([[1], [wrong], [0]])
    with pytest.raises(ValueError, match=f"train: data: 't' holds targets of binary_cross_entropy_with_logits, .* {told}"):
        plait.train(loss, {x: np.ones((3, 1)), t: targets}, epochs=1)
    targets[1] = 1
    assert plait.train(loss, {x: np.ones((3, 1)), t: targets}, epochs=1).epochs == 1
