"""The contents of each data set."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from plait import datasets


@pytest.mark.parametrize(
    ("load", "folder", "mean", "std", "counts"),
    [
        (datasets.fashion_mnist, "fashion-mnist", 0.2860, 0.3530, [6000] * 10),
        (datasets.mnist, "mnist", 0.1307, 0.3081, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
    ],
)
def test_the_mnist_family(
    data_file: Callable[[str], Path], load: Callable[..., datasets.Images], folder: str, mean: float, std: float, counts: list[int]
) -> None:
    data_file(folder)
    data = load(progress=False)
    assert data.train_images.shape == (60000, 784)
    assert data.test_images.shape == (10000, 784)
    assert {data.train_images.dtype, data.test_images.dtype} == {np.dtype(np.float32)}
    assert {data.train_labels.dtype, data.test_labels.dtype} == {np.dtype(np.int64)}
    assert (data.train_images.min(), data.train_images.max()) == (0, 1)
    assert data.train_images.mean(dtype=np.float64) == pytest.approx(mean, abs=5e-5)
    assert data.train_images.std(dtype=np.float64) == pytest.approx(std, abs=5e-5)
    assert np.bincount(data.train_labels).tolist() == counts
    assert len(data.test_labels) == 10000


def test_digits() -> None:
    pytest.importorskip("sklearn")
    data = datasets.digits(flatten=False)
    assert data.train_images.shape[1:] == (8, 8)
    assert data.train_images.dtype == np.float32
    assert (data.train_images.min(), data.train_images.max()) == (0, 1)
    assert len(data.train_images) + len(data.test_images) == 1797
    assert set(data.train_labels) == set(data.test_labels) == set(range(10))
    other = datasets.digits(rng=1)
    assert not np.array_equal(other.test_labels, data.test_labels)
    np.testing.assert_array_equal(datasets.digits().test_images, data.test_images.reshape(len(data.test_images), 64))


def test_iris() -> None:
    pytest.importorskip("sklearn")
    data = datasets.iris(test_fraction=0.3)
    assert np.bincount(data.test_labels).tolist() == [15, 15, 15]
    assert np.bincount(data.train_labels).tolist() == [35, 35, 35]
    assert len(data.columns) == 4


@pytest.mark.parametrize("fraction", [0.0, 1.0, -1.0, float("nan")])
def test_a_fraction_that_is_none_is_refused(fraction: float) -> None:
    pytest.importorskip("sklearn")
    with pytest.raises(ValueError, match="test_fraction"):
        datasets.digits(test_fraction=fraction)


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    for load in (datasets.digits, datasets.iris):
        with pytest.raises(ModuleNotFoundError, match="pip install scikit-learn"):
            load()


def test_the_spiral_shares_no_point_between_its_parts() -> None:
    for noise in (0.0, 0.2, 5.0):
        data = datasets.spiral(200, arms=4, noise=noise)
        train = {tuple(p) for p in data.train_points.tolist()}
        test = {tuple(p) for p in data.test_points.tolist()}
        assert len(train) == len(test) == 800
        assert train & test == set()
        assert np.bincount(data.train_labels).tolist() == np.bincount(data.test_labels).tolist() == [200] * 4


def test_the_spiral_is_the_same_for_the_same_seed() -> None:
    one, two, other = datasets.spiral(rng=3), datasets.spiral(rng=np.random.default_rng(3)), datasets.spiral(rng=4)
    np.testing.assert_array_equal(one.train_points, two.train_points)
    np.testing.assert_array_equal(one.test_points, two.test_points)
    assert not np.array_equal(one.train_points, other.train_points)


@pytest.mark.parametrize("arguments", [{"n_per_arm": 0}, {"arms": 0}, {"noise": -1.0}, {"noise": float("nan")}])
def test_a_spiral_that_is_none_is_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        datasets.spiral(**arguments)  # type: ignore[arg-type]


def test_importing_brings_in_nothing_but_numpy() -> None:
    code = "import sys, plait.datasets; print(sorted({'sklearn', 'tqdm', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
