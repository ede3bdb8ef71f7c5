"""What people do with estimators: parts after a stopped fit, rates changed between parts, names, tables, places of NaN."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import plait
from plait import nn
from plait.train import EarlyStopping


def test_parts_go_on_after_a_stopped_fit() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 2))
    for net in (nn.MLPRegressor((8,), 40, early_stopping=2), nn.MLPClassifier((8,), 40, early_stopping=2)):
        net.fit(X, (X[:, 0] > 0).astype(int))
        epochs = net.n_iter_
        assert net.partial_fit(X, (X[:, 0] > 0).astype(int)).n_iter_ == epochs + 1


def test_settings_that_change_between_parts_take_effect() -> None:
    X = np.random.default_rng(0).normal(size=(60, 2))
    net = nn.MLPRegressor((4,), optimizer=plait.optim.SGD(1e-3)).partial_fit(X, X[:, 0])
    before = [np.array(p.value) for p in net.model_.parameters()]
    net.set_params(optimizer__rate=1e-30).partial_fit(X, X[:, 0])
    for p, old in zip(net.model_.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.value, old)


def test_early_stopping_is_settings() -> None:
    net = nn.MLPRegressor((4,), early_stopping=EarlyStopping(3))
    assert net.get_params()["early_stopping__patience"] == 3
    assert net.set_params(early_stopping__patience=5).early_stopping.patience == 5
    assert nn.MLPRegressor((4,), early_stopping=True).set_params(early_stopping__min_delta=0.1).early_stopping.min_delta == 0.1
    assert plait.train.EarlyStopping is EarlyStopping
    assert plait.train.History.__name__ == "History"


def test_nan_is_named_by_row_and_column() -> None:
    X = np.ones((9, 3))
    X[7, 2] = np.nan

    class Frame:
        columns = ("a", "b", "c")
        shape = X.shape

        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return X

    for given, place in ((X, "column 2"), (Frame(), "column 'c'")):
        for fit in (
            lambda data: nn.MLPRegressor((2,), 1).fit(data, np.ones(9)),
            lambda data: nn.VAE(hidden=(2,), latent=1, epochs=1).fit(data),
        ):
            with pytest.raises(ValueError, match=f"contains NaN.* row 7, {place}"):
                fit(given)
    with pytest.raises(ValueError, match=r"NaN or infinity at step 7, column 2"):
        nn.SequenceRegressor(hidden=2, epochs=1).fit(X)


def test_losses_by_name_and_with_settings() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 1))
    y = X[:, 0] + rng.normal(size=400)
    upper = nn.MLPRegressor((16,), 60, loss=plait.losses.Quantile(0.9), rng=0).fit(X, y)
    assert 0.82 < (y < upper.predict(X)).mean() < 0.97
    wild = np.where(np.arange(400) % 20 == 0, 100.0, y)
    robust = nn.MLPRegressor((16,), 200, loss="student_t", standardize=False, rng=0).fit(X, wild)
    assert np.median(np.abs(robust.predict(X) - X[:, 0])) < 0.6
    net = nn.MLPRegressor((2,), 1, loss="huber")
    assert net.set_params(loss__delta=0.3).loss == plait.losses.Huber(0.3)
    both = nn.MLPRegressor((2,), 1, loss=plait.losses.Weighted(["mse", "mae"], [0.5, 2.0])).fit(X, y)
    assert both.set_params(loss__weights=[1.0, 0.0]).loss.weights == [1.0, 0.0]
    assert np.isfinite(nn.MLPRegressor((2,), 1, loss=plait.losses.mae).fit(X, y).loss_)


def test_tables_and_integers_are_series() -> None:
    pandas = pytest.importorskip("pandas")
    index = pandas.date_range("2024-01-01", periods=90)
    table = pandas.DataFrame({"sales": np.arange(90) % 7, "visits": np.arange(90) % 7 + 3}, index=index)
    model = nn.SequenceRegressor(hidden=4, horizon=7, epochs=2, rng=0).fit(table)
    assert list(model.feature_names_in_) == ["sales", "visits"]
    assert model.predict(table).shape == (7, 2)
    column = nn.SequenceRegressor(hidden=4, horizon=7, epochs=2, rng=0).fit(table["sales"])
    assert column.predict(table["sales"]).shape == (7, 1)
    np.testing.assert_array_equal(column.predict(table["sales"]), column.predict(np.arange(90) % 7))
    drivers = nn.SequenceRegressor(hidden=4, horizon=7, epochs=2, rng=0).fit(table, table["sales"])
    assert drivers.predict(table).shape == (7,)


def test_series_that_never_change_are_no_trouble() -> None:
    for distribution in (None, "normal", "student_t", "quantiles"):
        model = nn.SequenceRegressor(hidden=4, horizon=3, epochs=20, distribution=distribution, rng=0).fit(np.full(60, 7.0))
        assert np.isfinite(model.predict(np.full(60, 7.0))).all()
    for scale in (1e-30, 1e30):
        series = scale * np.sin(np.arange(80.0))
        model = nn.SequenceRegressor(hidden=4, horizon=3, epochs=2, distribution="normal", rng=0).fit(series)
        assert (np.abs(model.predict(series)) < 10 * scale).all()


INTERRUPTED = """
import os, signal, threading, numpy as np, plait
X = np.random.default_rng(0).normal(size=(200_000, 64))
threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
net = plait.nn.MLPRegressor(epochs=10_000)
try:
    net.fit(X, X[:, 0])
except KeyboardInterrupt:
    try:
        net.predict(X)
    except ValueError as error:
        print("not fitted" in str(error))
"""


def test_an_interrupted_fit_is_no_fit() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "True\n", done.stderr


def test_codes_come_as_tables_where_asked() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(np.random.default_rng(0).random((12, 3)), columns=list("abc"), index=range(5, 17))
    vae = nn.VAE(hidden=(4,), latent=2, epochs=1, rng=0).set_output(transform="pandas").fit(table)
    codes = vae.transform(table)
    assert list(codes.columns) == ["vae0", "vae1"]
    assert list(codes.index) == list(table.index)
    np.testing.assert_array_equal(codes.to_numpy(), vae.set_output(transform="default").transform(table))
    with pytest.raises(ValueError, match="set_output"):
        vae.set_output(transform="lists")
