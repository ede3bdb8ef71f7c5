"""MLPClassifier and MLPRegressor: weights, early stopping, partial fits, and settings all the way down."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import plait
from plait.nn import MLPClassifier, MLPRegressor
from plait.train import EarlyStopping


def wave(n: int = 150, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    X = rng.uniform(-3, 3, (n, 2))
    return X, 50 + 10 * np.sin(X[:, 0]) + X[:, 1] ** 2


def blobs(n: int = 120, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return rng.normal(0, 0.9, (n, 2)) + np.array([[0, 2], [2, -1], [-2, -1]])[y], np.array(["a", "b", "c"])[y]


def regressor(**options: Any) -> MLPRegressor:
    return MLPRegressor(
        **{"hidden": (32,), "epochs": 80, "batch_size": 16, "optimizer": plait.optim.Adam(1e-2), "activation": "tanh", **options}
    )


def classifier(**options: Any) -> MLPClassifier:
    return MLPClassifier(**{"hidden": (16,), "epochs": 20, "batch_size": 16, "optimizer": plait.optim.Adam(1e-2), **options})


def test_a_regressor_learns_one_target_or_several_in_their_own_shape() -> None:
    X, y = wave()
    X_test, y_test = wave(seed=1)
    one = regressor().fit(X, y)
    assert one.score(X_test, y_test) > 0.95
    assert one.predict(X_test).shape == y_test.shape
    assert one.predict(X_test).dtype == np.float64
    two = regressor().fit(X, np.stack([y, -1e3 * y], axis=1))
    assert two.predict(X_test).shape == (150, 2)
    assert two.score(X_test, np.stack([y_test, -1e3 * y_test], axis=1)) > 0.95
    assert regressor(epochs=1).fit(X, y[:, None]).predict(X).shape == (150, 1)
    again = pickle.loads(pickle.dumps(one))
    np.testing.assert_array_equal(again.predict(X), one.predict(X))


@pytest.mark.peer
def test_scores_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    X, y = wave()
    w = np.random.default_rng(0).random(150)
    net = regressor(epochs=5).fit(X, np.stack([y, y**2], axis=1))
    for weights in (None, w):
        truth = np.stack([y, y**2], axis=1)
        assert net.score(X, truth, weights) == pytest.approx(metrics.r2_score(truth, net.predict(X), sample_weight=weights), abs=1e-12)


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", lambda p, t: (p - t) ** 4])
def test_losses_of_the_regressor(loss: Any) -> None:
    X, y = wave()
    assert regressor(loss=loss).fit(X, y).score(X, y) > 0.8


@pytest.mark.peer
def test_training_is_torchs() -> None:
    torch = pytest.importorskip("torch")
    X, y = wave(40)
    net = regressor(hidden=(8,), epochs=1, dtype="float64", standardize=False).fit(X, y)
    start = plait.nn.MLP(2, (8,), 1, "tanh", dtype="float64", rng=np.random.default_rng(0))
    model = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)).double()
    with torch.no_grad():
        for theirs, ours in zip(model.parameters(), start.parameters(), strict=True):
            theirs.copy_(torch.tensor(np.asarray(ours.value).T))
    rule = torch.optim.Adam(model.parameters(), 1e-2)
    w = np.random.default_rng(1).random(40) + 0.1
    for _ in range(25):
        rule.zero_grad()
        (torch.tensor(w / w.mean()) * (model(torch.tensor(X))[:, 0] - torch.tensor(y)) ** 2).mean().backward()
        rule.step()
    net = regressor(hidden=(8,), epochs=25, batch_size=40, dtype="float64", standardize=False).fit(X, y, w)
    np.testing.assert_allclose(net.predict(X), model(torch.tensor(X)).detach().numpy()[:, 0], rtol=1e-8)


@pytest.mark.parametrize("make", [regressor, classifier])
def test_a_weight_of_two_is_the_sample_twice(make: Any) -> None:
    X, y = wave(60) if make is regressor else blobs(60)
    count = np.random.default_rng(3).integers(0, 4, 60)
    options = {"batch_size": 1000, "dtype": "float64", "epochs": 15}
    weighted = make(**options).fit(X, y, sample_weight=count)
    repeated = make(**options).fit(np.repeat(X, count, axis=0), np.repeat(y, count))
    say = (lambda m: m.predict(X)) if make is regressor else (lambda m: m.predict_proba(X))
    np.testing.assert_allclose(say(weighted), say(repeated), rtol=1e-7, atol=1e-9)
    assert np.abs(say(weighted) - say(make(**options).fit(X, y))).max() > 1e-3


def test_class_weights_are_sample_weights() -> None:
    X, y = blobs()
    y = np.where(np.arange(120) < 100, "a", y)
    by_hand = {"a": 0.5, "c": 3.0}
    weights = np.array([by_hand.get(label, 1.0) for label in y])
    np.testing.assert_array_equal(
        classifier(class_weight=by_hand).fit(X, y).predict_proba(X), classifier().fit(X, y, weights).predict_proba(X)
    )
    labels, counts = np.unique(y, return_counts=True)
    balanced = dict(zip(labels.tolist(), 120 / (3 * counts), strict=True))
    a = classifier(class_weight="balanced").fit(X, y).predict_proba(X)
    np.testing.assert_allclose(a, classifier(class_weight=balanced).fit(X, y).predict_proba(X), rtol=1e-5)


def test_early_stopping_keeps_the_best_weights() -> None:
    X, y = blobs(60)
    held = blobs(60, seed=1)
    clf = classifier(epochs=300, early_stopping=5, optimizer=plait.optim.Adam(3e-2)).fit(X, y, validation=held)
    best = int(np.argmin(clf.history_.validation))
    assert clf.n_iter_ == best + 6 == clf.best_epoch_ + 5
    assert clf.n_iter_ < 300
    code = np.searchsorted(clf.classes_, held[1])
    loss = -np.log(clf.predict_proba(held[0])[np.arange(60), code]).mean()
    assert loss == pytest.approx(clf.history_.validation[best], rel=1e-5)
    for given in (True, EarlyStopping(10)):
        own = classifier(early_stopping=given, validation_fraction=0.3).fit(X, y)
        assert len(own.history_.validation) == own.n_iter_
    X, y = wave()
    net = regressor(early_stopping=EarlyStopping(3, monitor="loss"), epochs=500).fit(X, y)
    assert net.n_iter_ < 500
    assert net.history_.validation == []


def test_the_samples_kept_back_are_of_every_class() -> None:
    y = np.array(["a"] * 50 + ["b"] * 10 + ["c"])
    clf = classifier(epochs=1, early_stopping=True, validation_fraction=0.2).fit(np.random.default_rng(0).normal(size=(61, 2)), y)
    keep, out = clf._split({"y": np.searchsorted(clf.classes_, y)}, np.random.default_rng(0))
    assert np.unique(y[out], return_counts=True)[1].tolist() == [10, 2]
    assert sorted([*keep, *out]) == list(range(61))


def test_partial_fits_go_on() -> None:
    X, y = blobs()
    clf = classifier()
    for _ in range(20):
        clf.partial_fit(X, y, classes=["a", "b", "c", "d"])
    assert clf.score(X, y) > 0.85
    assert clf.n_iter_ == 20
    assert clf.history_.loss[-1] < clf.history_.loss[0]
    assert clf.predict_proba(X).shape == (120, 4)
    before = clf.predict_proba(X)
    kept = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(kept.predict_proba(X), before)
    assert not np.array_equal(kept.partial_fit(X, y).predict_proba(X), before)
    for call, message in (
        (lambda: classifier().partial_fit(X, y), "classes must be passed"),
        (lambda: clf.partial_fit(X, np.full(120, "z")), "y has a label that classes has not: .*'z'"),
        (lambda: clf.partial_fit(X, y, classes=["a"]), "not the same as on the first call"),
        (lambda: classifier(class_weight="balanced").partial_fit(X, y, classes=["a", "b", "c"]), "balanced"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    X, y = wave()
    net = regressor()
    for _ in range(40):
        net.partial_fit(X, y)
    assert net.score(X, y) > 0.8
    with pytest.raises(ValueError, match="y has shape"):
        net.partial_fit(X, np.stack([y, y], axis=1))


def test_settings_reach_all_the_way_down() -> None:
    net = MLPRegressor(optimizer=plait.optim.Adam(plait.optim.Cosine(1e-3, epochs=5)))
    assert net.get_params()["optimizer__rate__epochs"] == 5
    net.set_params(optimizer__rate__rate=0.5, hidden=(4,))
    assert net.optimizer.rate.rate == 0.5
    assert MLPRegressor(optimizer="adam").set_params(optimizer__rate=0.5).optimizer == plait.optim.Adam(0.5)
    assert MLPClassifier(epochs=7).set_params(optimizer__clip_norm=1.0).optimizer.rate.epochs == 7
    with pytest.raises(ValueError, match="Invalid parameter"):
        MLPRegressor().set_params(optimizer__speed=1)
    assert MLPClassifier(optimizer="AdamW", epochs=1).fit(*blobs()).n_iter_ == 1


@pytest.mark.peer
def test_a_search_goes_over_rates_of_a_named_rule() -> None:
    selection = pytest.importorskip("sklearn.model_selection")
    X, y = wave(60)
    grid = {"optimizer__rate": [1e-9, 1e-2], "batch_size": [8]}
    for rule in ("adam", plait.optim.RMSprop(), None):
        search = selection.GridSearchCV(regressor(epochs=20, optimizer=rule), grid, cv=2).fit(X, y)
        assert search.best_params_["optimizer__rate"] == 1e-2


@pytest.mark.peer
def test_scikit_learns_own_checks_pass() -> None:
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    # Full batches: a check requires that weight two equals repeating the sample, which does not hold for mini-batches.
    estimator = regressor(epochs=200, batch_size=1000, dtype="float64")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = checks.check_estimator(estimator, on_fail=None, on_skip=None)
    assert {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"} == {}
    assert len(results) > 40


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X, y: regressor(loss="cosine").fit(X, y), "MLPRegressor: loss: expected one of 'mse'"),
        (lambda X, y: regressor(loss=lambda p, t: (p - t).sum()).fit(X, y), "one number for each value"),
        (lambda X, y: regressor().fit(X, np.where(y > 55, np.nan, y)), "Input y contains NaN"),
        (lambda X, y: regressor().fit(X, np.where(np.arange(len(y)) == 5, np.inf, y)), "Input y contains infinity. The first is in row 5"),
        (lambda X, y: classifier().fit(X, [np.nan if k == 4 else k % 2 for k in range(len(y))]), "Input y contains NaN. The first is in row 4"),
        (lambda X, y: regressor().fit(X, y[1:]), "inconsistent numbers of samples"),
        (lambda X, y: regressor().fit(X, np.full(len(y), "z")), "no array of numbers"),
        (lambda X, y: regressor().fit(X, y, np.ones(3)), "sample_weight.shape"),
        (lambda X, y: regressor().fit(X, y, np.zeros(150)), "sample_weight: .* only zeros"),
        (lambda X, y: regressor().fit(X, y, np.full(150, -1.0)), "sample_weight: .* got -1"),
        (lambda X, y: regressor().fit(X, y, validation=(X, np.stack([y, y], axis=1))), "validation targets have shape"),
        (lambda X, y: regressor(early_stopping="yes").fit(X, y), "early_stopping: expected"),
        (lambda X, y: regressor(early_stopping=True, validation_fraction=1.0).fit(X, y), "validation_fraction"),
        (lambda X, y: regressor(early_stopping=True).fit(X[:1], y[:1]), "cannot be divided"),
        (lambda X, y: regressor(optimizer="adamant").fit(X, y), "optimizer: expected one of"),
        (lambda X, y: classifier(class_weight={9: 1.0}).fit(X, y > 55), "class_weight: the label 9 is not in y"),
        (lambda X, y: classifier(class_weight={True: -1.0}).fit(X, y > 55), "class_weight: expected a finite"),
        (lambda X, y: classifier(class_weight="even").fit(X, y > 55), "class_weight: expected a dict"),
    ],
)
def test_wrong_input_is_refused_by_name(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(*wave())
