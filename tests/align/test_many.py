"""Many series at once: tiles, executors, progress, neighbours and averages."""

# ruff: noqa: ARG001, ARG005 - init and rank have arguments that not all of them need
from __future__ import annotations

import itertools
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import plait
from plait.align import DTW, Aligner, SoftDTW, TimeSeriesKNN, _tiles, barycenter

RNG = np.random.default_rng(0)
SERIES = [RNG.normal(size=n).cumsum() for n in (5, 9, 12, 7, 8, 30, 4, 11, 6, 10)]


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("other", [None, SERIES[:4]])
def test_scores_in_tiles_are_those_in_one(monkeypatch: pytest.MonkeyPatch, symmetric: bool, other: Any) -> None:
    monkeypatch.setattr(_tiles, "LEAST_SECONDS", 1e-5)
    aligner = DTW() if symmetric else DTW(open_end=True)
    whole = aligner.pairwise(SERIES, other)
    seen: list[tuple[int, int]] = []
    assert (aligner.pairwise(SERIES, other, progress=lambda done, total: seen.append((done, total))) == whole).all()
    assert seen[-1][0] == seen[-1][1]
    assert len(seen) > 1
    with ThreadPoolExecutor(2) as executor:
        assert (aligner.pairwise(SERIES, other, executor=executor) == whole).all()
    assert (aligner.pairwise(SERIES, other, executor=executor_of_now(), cutoff=3.0) == aligner.pairwise(SERIES, other, cutoff=3.0)).all()


@pytest.mark.parametrize("options", [{}, {"open_end": True}])
def test_progress_counts_every_pair_once(options: Any) -> None:
    for other, pairs in ((None, 55 if not options else 100), (SERIES[:4], 40)):
        seen: list[tuple[int, int]] = []
        DTW(**options).pairwise(SERIES, other, progress=lambda done, total: seen.append((done, total)))  # noqa: B023 - called at once
        assert seen[-1] == (pairs, pairs)
        assert all(done < total for done, total in seen[:-1])


class executor_of_now:
    """The least that an executor can be; its futures are not those of concurrent.futures."""

    def submit(self, f: Any, *arguments: Any) -> Any:
        class Future:
            def result(self) -> Any:
                return f(*arguments)

            def cancel(self) -> None:
                pass

        return Future()


def test_processes_compute_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import multiprocessing

    monkeypatch.setattr(_tiles, "LEAST_SECONDS", 1e-5)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        assert (DTW().pairwise(SERIES, executor=executor) == DTW().pairwise(SERIES)).all()


def test_an_error_in_a_tile_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tiles, "LEAST_SECONDS", 1e-9)

    class Mine(Exception):
        pass

    def fails(insertion: float, match: float, deletion: float, x: float, y: float) -> float:
        if x > 5:
            raise Mine
        return float(match)

    aligner = Aligner(lambda i, j: 0.0, fails)
    with ThreadPoolExecutor(2) as executor, pytest.warns(plait.PerformanceWarning), pytest.raises(Mine):
        aligner.pairwise([[1.0]] * 8 + [[6.0]], executor=executor)


def test_progress_may_be_a_bar(capfd: pytest.CaptureFixture[str]) -> None:
    DTW().pairwise(SERIES, progress=True)
    assert "pair" in capfd.readouterr().err


# ---- neighbours ----


def test_neighbours_vote() -> None:
    X = [[0, 0, 1], [0, 1, 1, 1], [5, 5], [5, 6, 6], [9, 9, 9]]
    y = ["low", "low", "mid", "mid", "high"]
    model = TimeSeriesKNN(k=2).fit(X, y)
    assert model.classes_.tolist() == ["high", "low", "mid"]
    assert model.predict([[0, 1], [5, 5, 6], [9]]).tolist() == ["low", "mid", "high"]  # the last is a tie: the nearest decides
    assert model.predict_proba([[9]]).tolist() == [[0.5, 0.0, 0.5]]
    scores, indices = model.kneighbors([[5, 5, 5]])
    assert indices[0].tolist() == [2, 3]
    assert scores[0].tolist() == [0.0, 2.0]
    assert model.kneighbors(n_neighbors=1, return_distance=False).ravel().tolist() == [1, 0, 3, 2, 3]
    assert model.score(X, y) == 1.0


def test_neighbours_of_symbols_and_similarities() -> None:
    words = Aligner(lambda i, j: 0.0, lambda a, b, c, x, y: plait.where(x == y, b + 1, plait.maximum(a, c)), minimize=False)
    model = TimeSeriesKNN(words).fit(["kitten", "flour"], [1, 2])
    assert model.predict(["sitting", "flower"]).tolist() == [1, 2]


def test_real_gestures_are_told_apart(data_file: Any) -> None:
    data_file("ucr/GunPoint_TRAIN.ts")
    data = plait.datasets.ucr("GunPoint")
    model = TimeSeriesKNN().fit(data.train_series, data.train_labels)
    assert 1 - model.score(data.test_series, data.test_labels) == pytest.approx(
        0.0933, abs=1e-4
    )  # the archive's error of DTW without window


def test_neighbours_keep_scikit_learns_conventions() -> None:
    base = pytest.importorskip("sklearn.base")
    selection = pytest.importorskip("sklearn.model_selection")
    pipeline = pytest.importorskip("sklearn.pipeline")
    X = np.concatenate([RNG.normal(size=(12, 10)), RNG.normal(size=(12, 10)) + 4])
    y = np.repeat([0, 1], 12)
    model = TimeSeriesKNN(DTW(window=2), k=3)
    again = base.clone(model)
    assert again.get_params()["aligner__window"] == 2
    again.set_params(aligner__window=0.1)
    assert selection.cross_val_score(again, X, y, cv=3).tolist() == [1.0] * 3
    piped = pipeline.make_pipeline(model)
    assert piped.fit(X, y).score(X, y) == 1.0
    assert (pickle.loads(pickle.dumps(model.fit(X, y))).predict(X) == y).all()
    with pytest.raises(ValueError, match="not fitted"):
        base.clone(model).predict(X)


@pytest.mark.parametrize(
    ("k", "X", "error"), [(0, [[1.0]], "n_neighbors: expected 1 to 1"), (2, [[1.0]], "n_neighbors: expected"), (1, [], "no series")]
)
def test_what_does_not_fit_is_named(k: int, X: Any, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        TimeSeriesKNN(k=k).fit(X, [0] * len(X))


# ---- averages ----


def inertia(middle: Any, aligner: Any, series: Any) -> float:
    return float(np.mean([aligner.score(middle, s) for s in series]))


@pytest.mark.parametrize("aligner", [DTW(), SoftDTW(0.5), DTW(window=4)])
def test_average_is_better_than_every_member(aligner: Any) -> None:
    steps = np.linspace(0, 1, 25)
    series = [np.sin(2 * np.pi * steps**p) + 0.1 * RNG.normal(size=25) for p in (0.7, 0.9, 1.0, 1.2, 1.5)]
    middle = barycenter(series, aligner)
    best = min(inertia(s, aligner, series) for s in series)
    assert inertia(middle, aligner, series) < best
    costs = [inertia(barycenter(series, aligner, iterations=k, tolerance=0), aligner, series) for k in range(1, 8)]
    assert all(after <= before + 1e-12 for before, after in itertools.pairwise(costs))


def test_average_of_vectors_and_of_one_series() -> None:
    one = RNG.normal(size=(12, 3))
    assert barycenter([one]) == pytest.approx(one)
    assert barycenter([one, one + 1], length=7).shape == (7, 3)
    heavy = barycenter([np.zeros(4), np.ones(4)], weights=[1, 3], start=np.full(4, 0.5))
    assert heavy == pytest.approx(np.full(4, 0.75))


def test_averages_of_misfits_are_refused() -> None:
    with pytest.raises(ValueError, match="none to average"):
        barycenter([])
    with pytest.raises(ValueError, match="weights"):
        barycenter([[1.0], [2.0]], weights=[-1, 1])
    with pytest.raises(ValueError, match="small scores"):
        barycenter([[1.0]], Aligner(lambda i, j: 0.0, lambda a, b, c, x, y: b, minimize=False))


@pytest.mark.peer
def test_average_is_as_good_as_tslearns() -> None:
    theirs = pytest.importorskip("tslearn.barycenters")
    steps = np.linspace(0, 1, 40)
    series = [np.sin(2 * np.pi * steps**p) for p in (0.7, 0.9, 1.0, 1.2, 1.5)]
    ours = inertia(barycenter(series), DTW(), series)
    assert ours <= 1.1 * inertia(theirs.dtw_barycenter_averaging(series).ravel(), DTW(), series)
