"""Plots: what is drawn, and what is refused."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from plait import plot
from plait.align import DTW, ERP, Levenshtein
from plait.plot._sequences import SHADES
from plait.plot._training import in_the_plane

figure = pytest.importorskip("matplotlib.figure")


@pytest.fixture
def ax() -> Any:
    return figure.Figure().add_subplot()


def test_loss_curve(ax: Any) -> None:
    assert plot.loss_curve(SimpleNamespace(loss=[3.0, 2.0, 1.0], validation=[3.5, 2.5, 2.0]), ax) is ax
    assert [line.get_xdata().tolist() for line in ax.lines] == [[1, 2, 3], [1, 2, 3]]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["training", "held out"]


@pytest.mark.parametrize("validation", [[], None])
def test_loss_curve_without_held_out_data_or_anything(ax: Any, validation: Any) -> None:
    plot.loss_curve(SimpleNamespace(loss=[3.0], validation=validation), ax)
    assert len(ax.lines) == 1
    plot.loss_curve(SimpleNamespace(loss=[], validation=[]), figure.Figure().add_subplot())


def test_image_grid_puts_each_image_in_its_place(ax: Any) -> None:
    images = np.arange(5 * 4).reshape(5, 4) / 20
    plot.image_grid(images, columns=2, ax=ax)
    sheet = np.ma.filled(ax.images[0].get_array(), np.nan)
    assert sheet.shape == (8, 5)
    np.testing.assert_array_equal(sheet[3:5, 3:5], images[3].reshape(2, 2))
    assert np.isnan(sheet[6:, 3:]).all()
    assert np.isnan(sheet[2]).all()


@pytest.mark.parametrize(("images", "shape"), [((3, 6), (2, 3)), ((3, 2, 3), None), ((3, 2, 3), (2, 3))])
def test_images_that_are_not_square(ax: Any, images: tuple[int, ...], shape: tuple[int, int] | None) -> None:
    plot.image_grid(np.zeros(images), shape=shape, columns=3, ax=ax)
    assert ax.images[0].get_array().shape == (2, 11)


@pytest.mark.parametrize(
    ("images", "shape", "says"),
    [((3, 6), None, "no square"), ((3, 6), (2, 2), "do not fill"), ((6,), None, "was expected"), ((0, 4), None, "none")],
)
def test_images_that_cannot_be_are_refused(images: tuple[int, ...], shape: tuple[int, int] | None, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        plot.image_grid(np.zeros(images), shape=shape)


def test_reconstructions_stand_below_their_originals(ax: Any) -> None:
    originals = np.linspace(0, 0.4, 5)[:, None] * np.ones((1, 4))
    plot.reconstructions(originals, originals + 0.5, columns=3, ax=ax)
    sheet = np.ma.filled(ax.images[0].get_array(), np.nan)
    assert sheet.shape == (11, 8)
    np.testing.assert_allclose(sheet[::3, ::3], [[0, 0.1, 0.2], [0.5, 0.6, 0.7], [0.3, 0.4, np.nan], [0.8, 0.9, np.nan]])
    with pytest.raises(ValueError, match="originals have shape"):
        plot.reconstructions(originals, originals[:2])


@pytest.mark.parametrize("latent", [1, 2, 5])
def test_latent_map(ax: Any, latent: int) -> None:
    rng = np.random.default_rng(0)
    means, labels = rng.normal(size=(40, latent)), np.arange(40) % 3
    plot.latent_map(means, labels, ax=ax)
    assert [len(part.get_offsets()) for part in ax.collections] == [14, 13, 13]
    plot.latent_map(means, ax=figure.Figure().add_subplot())


def test_the_map_of_many_dimensions_keeps_the_largest_spread() -> None:
    rng = np.random.default_rng(0)
    means = rng.normal(size=(200, 6)) * [0.1, 5, 0.1, 0.1, 3, 0.1]
    plane, _ = in_the_plane(means)
    assert abs(np.corrcoef(plane[:, 0], means[:, 1])[0, 1]) > 0.99
    assert abs(np.corrcoef(plane[:, 1], means[:, 4])[0, 1]) > 0.99


def test_latent_maps_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="latent"):
        plot.latent_map(np.zeros(3))
    with pytest.raises(ValueError, match="labels of shape"):
        plot.latent_map(np.zeros((3, 2)), [0, 1])


@pytest.mark.parametrize("names", [np.array([0, 1]), np.array(["left", "right"])])
def test_decision_regions(ax: Any, names: np.ndarray) -> None:
    points = np.random.default_rng(0).normal(size=(50, 2))
    plot.decision_regions(lambda p: names[(p[:, 0] > 0).astype(int)], points, names[(points[:, 0] > 0).astype(int)], resolution=21, ax=ax)
    regions = np.asarray(ax.images[0].get_array())
    assert len(np.unique(regions.reshape(-1, 4), axis=0)) == 2
    assert (regions[0] == regions[-1]).all()
    assert len(ax.collections) == 2


@pytest.mark.parametrize(("points", "labels"), [((3, 3), 3), ((3, 2), 2), ((0, 2), 0)])
def test_decision_regions_that_cannot_be_are_refused(points: tuple[int, int], labels: int) -> None:
    with pytest.raises(ValueError, match="decision_regions"):
        plot.decision_regions(lambda p: np.zeros(len(p)), np.zeros(points), np.zeros(labels))


def test_without_axes_a_figure_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    made = plot.image_grid(np.zeros((4, 4)))
    assert plt.fignum_exists(made.figure.number)
    plt.close(made.figure)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ModuleNotFoundError, match="pip install matplotlib"):
        plot.latent_map(np.zeros((3, 2)))


def test_a_continuation_stands_at_the_series_end(ax: Any) -> None:
    truth = np.linspace(0, 1, 12).reshape(6, 2)
    plot.continuation(truth, truth[2:] + 1, names=("a", "b"), ax=ax)
    assert [line.get_xdata().tolist() for line in ax.lines] == [[0, 1, 2, 3, 4, 5], [2, 3, 4, 5]] * 2
    np.testing.assert_array_equal(ax.lines[3].get_ydata(), truth[2:, 1] + 1)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a, true", "a, generated", "b, true", "b, generated"]
    for made in (np.zeros((7, 2)), np.zeros(3)):
        with pytest.raises(ValueError, match="for a series of shape"):
            plot.continuation(truth, made)


def test_alignments_of_nothing_of_gaps_in_series_and_of_very_much(ax: Any) -> None:
    plot.alignment(ERP().align([], [1.0, 2.0]), ax)
    plot.alignment(ERP().align([], []), figure.Figure().add_subplot())
    plot.alignment(DTW(nan_policy="omit").align([1.0, np.nan, 2.0], [1.0, 2.0]), linked := figure.Figure().add_subplot())
    assert [line.get_xdata().tolist() for line in linked.lines[:2]] == [[0, 0], [2, 1]]
    assert all(np.isfinite(line.get_ydata()).all() for line in linked.lines[:2])
    long = Levenshtein().align("ACGT" * 10_000, "GATTACA" * 5_000)
    plot.alignment(long, shown := figure.Figure().add_subplot())
    assert max(shown.images[0].get_array().shape) <= SHADES
    assert shown.images[0].get_extent() == [-0.5, 34_999.5, 39_999.5, -0.5]
