"""scikit-learn's own checks of the estimators that are layers: what fails of them is what is declared here, with reasons."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from plait import nn

Array = np.ndarray[Any, Any]

AT_ONCE = "a constructor that is told the sizes makes the weights, so that wrong settings are refused at once"
NOT_A_LAYER_OF_ROWS = "the rows of X are the steps of one series: order is meaning, a repeated row is another series"
EXPECTED = {
    "VAE": {
        "check_do_not_raise_errors_in_init_or_set_params": AT_ONCE,
        "check_sample_weight_equivalence_on_dense_data": "each row of a batch has its own draw of the latent numbers",
        "check_methods_sample_order_invariance": "score_samples draws for each row, one after the other",
        "check_methods_subset_invariance": "score_samples draws for each row, one after the other",
    },
    "SequenceRegressor": {
        "check_do_not_raise_errors_in_init_or_set_params": AT_ONCE,
        "check_sample_weight_equivalence_on_dense_data": NOT_A_LAYER_OF_ROWS,
        "check_methods_sample_order_invariance": NOT_A_LAYER_OF_ROWS,
        "check_methods_subset_invariance": NOT_A_LAYER_OF_ROWS,
        "check_regressors_train": "a list of lists is a list of sequences of one feature, not a matrix",
        "check_fit1d": "an array of one axis is a series of one feature",
    },
}


@pytest.mark.peer
@pytest.mark.parametrize(
    "estimator",
    [
        nn.VAE(hidden=(8,), latent=2, likelihood="gaussian", epochs=3, batch_size=1000, rng=0),
        nn.SequenceRegressor(hidden=8, epochs=30, rng=0),
    ],
    ids=["VAE", "SequenceRegressor"],
)
def test_scikit_learns_own_checks(estimator: Any) -> None:
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = checks.check_estimator(estimator, on_fail=None, on_skip=None)
    failed = {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"}
    declared = EXPECTED[type(estimator).__name__]
    assert {name: text for name, text in failed.items() if name not in declared} == {}
    assert set(failed) == set(declared)
    assert sum(r["status"] == "passed" for r in results) > 45


@pytest.mark.peer
def test_they_work_in_pipelines_and_searches() -> None:
    pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2)) @ rng.normal(size=(2, 6))
    vae = nn.VAE(hidden=(8,), latent=2, likelihood="gaussian", epochs=20, optimizer="adam", rng=0)
    codes = make_pipeline(StandardScaler(), vae).fit(X)
    assert codes.transform(X).shape == (80, 2)
    assert codes.inverse_transform(codes.transform(X)).shape == X.shape
    assert list(codes.get_feature_names_out()) == ["vae0", "vae1"]
    search = GridSearchCV(vae, {"optimizer__rate": [1e-7, 1e-2], "kl_weight": [1.0]}, cv=2).fit(X)
    assert search.best_params_["optimizer__rate"] == 1e-2
    assert clone(vae.set_params(inputs=6)).get_params()["inputs"] == 6

    series = np.sin(np.arange(160) / 3)[:, None]
    model = nn.SequenceRegressor(hidden=8, horizon=3, window=10, epochs=15, optimizer="adam", rng=0)
    search = GridSearchCV(model, {"optimizer__rate": [1e-7, 1e-2]}, cv=TimeSeriesSplit(2)).fit(series)
    assert search.best_params_["optimizer__rate"] == 1e-2
    assert search.best_estimator_.predict(series).shape == (3, 1)
    drivers, y = rng.normal(size=(120, 2)), rng.normal(size=120)
    assert len(cross_val_score(make_pipeline(StandardScaler(), model.set_params(horizon=None, epochs=2)), drivers, y, cv=3)) == 3


def test_a_vae_scores_each_sample_and_refits() -> None:
    rng = np.random.default_rng(0)
    X = np.where(rng.random((300, 8)) < 0.5, 0.05, 0.95) * np.repeat(rng.random((300, 1)) < 0.5, 8, axis=1)
    vae = nn.VAE(hidden=(16,), latent=2, epochs=40, batch_size=32, rng=0).fit(X, validation=X[:40])
    assert len(vae.loss) == len(vae.validation) == 40
    scores = vae.score_samples(X, 5)
    np.testing.assert_allclose(scores.mean(), vae.elbo(X, 5), rtol=1e-12)
    assert vae.score_samples(rng.random((50, 8)), 5).mean() < scores.mean()
    first = vae.transform(X)
    np.testing.assert_array_equal(vae.fit(X, validation=X[:40]).transform(X), first)
    stopped = nn.VAE(hidden=(64,), latent=4, epochs=200, batch_size=16, early_stopping=3, optimizer="adam", rng=0)
    stopped.set_params(optimizer__rate=1e-2).fit(X[:60])
    assert stopped.n_iter_ < 200
    assert stopped.best_epoch_ == 1 + int(np.argmin(stopped.validation))
    parts = nn.VAE(hidden=(16,), latent=2, batch_size=32, rng=0)
    for _ in range(5):
        parts.partial_fit(X)
    assert parts.loss[-1] < parts.loss[0]
    weights = np.where(np.arange(300) < 150, 1.0, 0.0)
    half = nn.VAE(hidden=(8,), latent=2, epochs=30, rng=0).fit(X, sample_weight=weights)
    assert half.elbo(X[:150], 20) > half.elbo(1.0 - X[150:], 20)


def test_settings_that_make_another_network_do_so() -> None:
    X = np.random.default_rng(0).random((20, 5))
    vae = nn.VAE(5, hidden=(4,), latent=2, epochs=1, rng=0).fit(X)
    assert vae.set_params(latent=3).fit(X).transform(X).shape == (20, 3)
    with pytest.raises(ValueError, match="expected shape"):
        vae.fit(X[:, :4])
    with pytest.raises(ValueError, match="not fitted"):
        nn.VAE().transform(X)
    with pytest.raises(ValueError, match="give the constructor the sizes"):
        nn.VAE().load("nowhere")
