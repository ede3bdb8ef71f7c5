"""Every result of the package has a plot, which draws on the axes that it is given, in the dark as in the light, and gives them back."""

from __future__ import annotations

import functools
import inspect
import itertools
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait import plot
from plait.infer.timeseries import LocalLevel
from plait.plot import _style

matplotlib = pytest.importorskip("matplotlib")
figure = pytest.importorskip("matplotlib.figure")
RNG = np.random.default_rng(0)


@pytest.fixture
def ax() -> Any:
    return figure.Figure().add_subplot()


@cache
def posterior() -> Any:
    def model(m: Any) -> None:
        mu, tau = m.latent("mu", plait.infer.Normal(0, 5)), m.latent("tau", plait.infer.HalfCauchy(1))
        m.observe(plait.infer.Normal(m.latent("theta", plait.infer.Normal(mu, tau), shape=3), 1.0), np.array([0.3, -0.2, 1.1]))

    return plait.infer.bbvi(model, rng=0, progress=False)


@cache
def fitted() -> Any:
    y = np.cumsum(np.random.default_rng(1).normal(size=60))
    return y, LocalLevel().fit(y, method="mle")


@cache
def money() -> Any:
    return plait.portfolio.Portfolio([0.08, 0.1, 0.12], [[0.04, 0.01, 0], [0.01, 0.05, 0.02], [0, 0.02, 0.09]], assets=["a", "b", "c"])


@cache
def course() -> Any:
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.01, (300, 3)), axis=0))
    return plait.portfolio.backtest(prices, [0.2, 0.3, 0.5], rebalance=20)


@cache
def tree() -> Any:
    x = np.random.default_rng(3).normal(size=(80, 2))
    return plait.tree.C45Classifier().fit(x, np.where(x[:, 0] > 0, x[:, 1] > 0.5, x[:, 1] > -0.5))


def counted(*shape: int) -> Any:
    h = plait.Histogram(*[np.linspace(-2, 2, n) for n in shape])
    return h.fill(*RNG.normal(size=(len(shape), 500)))


def network() -> Any:
    x = plait.input("x", (None, 3))
    return plait.tanh(x @ plait.parameter(np.ones((3, 2)), name="w")).mean()


@cache
def minimised() -> Any:
    disc = {"type": "ineq", "fun": lambda x: 1 - x[0] ** 2 - x[1] ** 2}
    return plait.optimize.minimize(lambda x: (x[0] - 2) ** 2 + (x[1] - 1) ** 2, [3.0, 3.0], constraints=disc)


@cache
def rolled() -> Any:
    t = np.arange(120) % 12.0
    return plait.nn.SequenceRegressor(hidden=4, horizon=3, epochs=1, distribution="normal", rng=0).fit(t[:90]).backtest(t, start=90)


@cache
def windows() -> Any:
    X = [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 1], [0, 0, 1, 1, 1]]
    return plait.align.best_window(X, ["peak", "peak", "step", "step"], windows=[2, 0, 1])


@cache
def hits() -> Any:
    database = {"one": "MKVLAAGIVGAWTQRR", "two": "KVLAGTVGAPPPP"}
    return plait.align.SmithWaterman("BLOSUM62", gap_open=-12, gap_extend=-1).search({"q": "KVLAGIVGAWTQ", "r": "PPPP"}, database)


@cache
def clustered() -> Any:
    X = [[0, 0, 1, 0], [0, 1, 0], [5, 6, 7], [5, 5, 6, 7], [0, 1, 1, 0]]
    return plait.align.TimeSeriesKMeans(n_clusters=2, rng=0).fit(X), X


def sketched() -> Any:
    found = plait.QuantileSketch()
    found.update(RNG.normal(size=5000))
    return found


POINTS = RNG.normal(size=(30, 2))
#: One call for each function of the module that draws; the test below asks that none is missing.
CALLS: dict[str, Callable[[Any], Any]] = {
    "alignment": lambda ax: plot.alignment(plait.align.DTW().align(POINTS[:, 0], POINTS[:20, 1]), ax),
    "backtest": lambda ax: plot.backtest(course(), ax, others={"the same": course()}),
    "best_window": lambda ax: plot.best_window(windows(), ax),
    "clusters": lambda ax: plot.clusters(*clustered(), ax),
    "composition": lambda ax: plot.composition(money().efficient_frontier(10), ax),
    "continuation": lambda ax: plot.continuation(POINTS, POINTS[10:] + 0.1, ax=ax),
    "convergence": lambda ax: plot.convergence(minimised(), ax),
    "decision_regions": lambda ax: plot.decision_regions(lambda p: p[:, 0] > 0, POINTS, POINTS[:, 0] > 0, resolution=20, ax=ax),
    "density": lambda ax: plot.density(posterior(), "theta", ax),
    "elbo": lambda ax: plot.elbo(posterior(), ax),
    "fit": lambda ax: plot.fit(fitted()[0], fitted()[0] * 0.9, np.ones(60), ax),
    "forecast": lambda ax: plot.forecast(fitted()[1].predict(5), fitted()[0], ax),
    "frontier": lambda ax: plot.frontier(
        money().efficient_frontier(10), ax, corners=money().turning_points(), named={"least": money().min_variance()}
    ),
    "graph": lambda ax: plot.graph(network(), ax),
    "histogram": lambda ax: plot.histogram(counted(21), ax),
    "hits": lambda ax: plot.hits(hits().by_query()[0], ax),
    "image_grid": lambda ax: plot.image_grid(np.zeros((4, 9)), ax=ax),
    "latent_map": lambda ax: plot.latent_map(POINTS, np.arange(30) % 10, ax=ax),
    "loss_curve": lambda ax: plot.loss_curve(
        plait.nn.MLPClassifier(hidden=(4,), epochs=2, rng=0).fit(POINTS, POINTS[:, 0] > 0).history_, ax
    ),
    "pairwise": lambda ax: plot.pairwise(plait.align.Levenshtein().pairwise(["ab", "abc", "b"]), ["ab", "abc", "b"], ax),
    "places": lambda ax: plot.places(plait.align.DTW(window=1).search(POINTS[4:9, 0], POINTS[:, 0], k=2), POINTS[:, 0], ax),
    "portfolio": lambda ax: plot.portfolio(money(), ax),
    "posterior": lambda ax: plot.posterior(posterior(), ax=ax),
    "quantiles": lambda ax: plot.quantiles(POINTS[:, 0], [POINTS[:, 1]], ax),
    "reconstructions": lambda ax: plot.reconstructions(np.zeros((4, 9)), np.ones((4, 9)), ax=ax),
    "rolling": lambda ax: plot.rolling(rolled(), ax, ahead=2),
    "sketch": lambda ax: plot.sketch(sketched(), ax),
    "tree": lambda ax: plot.tree(tree(), ax, names=["left", "right"]),
    "weights": lambda ax: plot.weights(money().max_sharpe(), ax),
}
#: The methods of results, each of which is its function.
METHODS: dict[str, Callable[[Any], Any]] = {
    "Alignment": lambda ax: plait.align.Levenshtein().align("kitten", "sitting").plot(ax),
    "Backtest": lambda ax: course().plot(ax),
    "Frontier": lambda ax: money().efficient_frontier(5).plot(ax),
    "Histogram": lambda ax: counted(9, 9).plot(ax),
    "History": lambda ax: plait.nn.MLPClassifier(hidden=(4,), epochs=1, rng=0).fit(POINTS, POINTS[:, 0] > 0).history_.plot(ax),
    "Portfolio": lambda ax: money().plot(ax),
    "Tree": lambda ax: tree().plot(ax),
    "Weights": lambda ax: money().min_variance().plot(ax),
    "plot_fit": lambda ax: fitted()[1].plot_fit(ax),
    "plot_predict": lambda ax: fitted()[1].plot_predict(4, ax=ax),
    "plot_ppc": lambda ax: fitted()[1].plot_ppc(draws=3, ax=ax),
}


def test_each_function_that_draws_is_called_here_and_takes_axes() -> None:
    assert set(CALLS) == set(plot.__all__) - {"style", "page"}
    assert [name for name in CALLS if "ax" not in inspect.signature(getattr(plot, name)).parameters] == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", [*CALLS, *METHODS])
def test_the_given_axes_come_back_with_something_on_them(name: str, dark: bool) -> None:
    with matplotlib.rc_context(plot.style(dark)):
        ax = figure.Figure().add_subplot()
        assert {**CALLS, **METHODS}[name](ax) is ax
    assert ax.has_data() or ax.patches or ax.texts
    ax.figure.canvas.draw()
    # Colours are of the palette that goes with the ground.
    used = {matplotlib.colors.to_hex(line.get_color()) for line in ax.lines}
    other = set(_style.LIGHT if dark else _style.DARK)
    assert used & other == set()


@pytest.mark.parametrize("name", sorted(CALLS))
def test_without_axes_a_figure_in_the_style_is_made(name: str) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    made = CALLS[name](None)
    assert plt.fignum_exists(made.figure.number)
    assert not made.spines["top"].get_visible() or not made.axison
    plt.close("all")


def test_a_posterior_draws_all_its_latents() -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    made = posterior().plot()
    assert [ax.get_xlabel() for ax in made.axes[:4]] == ["mu", "tau", "theta", "step"]
    assert "k-hat" in made.axes[3].get_title()
    plt.close("all")
    ax = plot.posterior(posterior(), ["theta"], figure.Figure().add_subplot())
    assert [t.get_text() for t in ax.get_yticklabels()] == ["theta[0]", "theta[1]", "theta[2]"]
    with pytest.raises(ValueError, match="no latent 'sigma'"):
        plot.posterior(posterior(), ["sigma"])


def test_what_cannot_be_drawn_is_refused(ax: Any) -> None:
    for matrix, labels, order, says in (
        (np.zeros((2, 2, 2)), None, None, "shape"),
        (np.zeros(4), None, None, "shape"),
        (np.zeros((2, 2)), ["a"], None, "1 labels"),
        (np.zeros((2, 2)), None, [0, 0], "order"),
    ):
        with pytest.raises(ValueError, match=says):
            plot.pairwise(matrix, labels, ax, order=order)
    with pytest.raises(ValueError, match="short positions"):
        plot.composition(type("F", (), {"weights": np.array([[1.5, -0.5]]), "expected_return": [1.0], "assets": ["a", "b"]})(), ax)
    with pytest.raises(ValueError, match="there is none"):
        plot.forecast([], ax=ax)
    with pytest.raises(ValueError, match="times"):
        plot.forecast(fitted()[1].predict(2), [1.0, 2.0], ax, times=[0])
    with pytest.raises(ValueError, match="fit: a series"):
        plot.fit([1.0, 2.0], [1.0], ax=ax)


def test_a_condensed_matrix_is_unfolded_and_ordered(ax: Any) -> None:
    plot.pairwise([1.0, 2.0, 3.0], ["a", "b", "c"], ax, order=[2, 0, 1])
    np.testing.assert_array_equal(ax.images[0].get_array(), [[0, 2, 3], [2, 0, 1], [3, 1, 0]])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["c", "a", "b"]


def test_observations_stand_before_their_forecast(ax: Any) -> None:
    y, result = fitted()
    plot.forecast(result.predict(5), y, ax)
    observed, ahead = ax.lines
    assert observed.get_xdata().tolist() == list(range(40, 60))
    assert ahead.get_xdata().tolist() == list(range(60, 65))


def test_a_minimisation_shows_each_iteration(ax: Any) -> None:
    found = minimised()
    assert found.path.shape == (found.nit + 1, 2)
    assert found.path[0].tolist() == [5.0, 17.0]
    assert found.path[-1].tolist() == [found.fun, found.constraint_violation]
    plot.convergence(found, ax)
    away, violation = ax.lines
    assert away.get_ydata()[0] == abs(5 - found.fun)
    assert violation.get_ydata()[0] == 17
    assert ax.get_yscale() == "log"
    x = plait.input("x", (2,), dtype="float64")
    many = plait.optimize.Problem((x**2).sum(), [x]).solve_many(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="no path"):
        plot.convergence(many, ax)


def test_a_window_in_the_order_of_its_width(ax: Any) -> None:
    plot.best_window(windows(), ax)
    line, best = ax.lines
    assert line.get_xdata().tolist() == [0, 1, 2]
    assert line.get_ydata().tolist() == [windows().accuracies[k] for k in (1, 2, 0)]
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (windows().window, windows().accuracy)


def test_clusters_have_their_members_and_centres(ax: Any) -> None:
    model, X = clustered()
    plot.clusters(model, X, ax)
    assert len(ax.lines) == len(X) + 2
    np.testing.assert_array_equal(ax.lines[-1].get_ydata(), model.cluster_centers_[1])
    alone = plot.clusters(model, X, figure.Figure().add_subplot(), cluster=1)
    assert len(alone.lines) == 1 + int((model.labels_ == 1).sum())
    for options, says in (({"cluster": 2}, "from 0 to 1, got 2"), ({"feature": 1}, "from 0 to 0, got 1")):
        with pytest.raises(ValueError, match=says):
            plot.clusters(model, X, ax, **options)
    words = ["abc", "abd", "xyz"]
    medoids = plait.align.TimeSeriesKMedoids(plait.align.Levenshtein(), n_clusters=2).fit(words)
    with pytest.raises(ValueError, match="symbols"):
        plot.clusters(medoids, words, ax)


def test_what_was_found_is_where_it_lies(ax: Any) -> None:
    found = hits().by_query()[0]
    plot.hits(found, ax)
    assert [(b.get_x(), b.get_x() + b.get_width()) for b in ax.patches] == [hit.query_range for hit in found]
    with pytest.raises(ValueError, match="those of one query"):
        plot.hits(hits(), ax)
    with pytest.raises(ValueError, match="there are none"):
        plot.hits(found[:0], ax)
    places = plait.align.DTW().search([0.0, 1, 0], [0.0, 0, 1, 0], k=1)
    with pytest.raises(ValueError, match="lies beyond a stream of 2"):
        plot.places(places, [1.0, 2.0], ax)


def test_forecasts_stand_at_the_steps_that_they_are_of(ax: Any) -> None:
    test = rolled()
    plot.rolling(test, ax, ahead=3)
    came, expected = ax.lines
    assert came.get_xdata().tolist() == (test.origins + 3).tolist()
    np.testing.assert_array_equal(came.get_ydata(), test.series[test.origins + 3, 0])
    np.testing.assert_array_equal(expected.get_ydata(), test.forecast[:, 2, 0])
    for options, says in (({"ahead": 4}, "ahead: expected a number from 1 to 3"), ({"output": 1}, "output: expected a number from 0 to 0")):
        with pytest.raises(ValueError, match=says):
            plot.rolling(test, ax, **options)


def test_the_guide_names_what_draws_each_result() -> None:
    guide = Path(__file__).parents[2] / "docs" / "guide" / "plots.md"
    if not guide.exists():
        pytest.skip("no docs/ beside the tests")
    rows = [line.split("|")[1:3] for line in guide.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "`" in line]
    named = [re.findall(r"`([\w.]+)`", cell) for cell in map("".join, zip(*rows, strict=True))]
    assert set(named[1]) == set(plot.__all__) - {"style"}
    for name in named[0]:
        assert isinstance(functools.reduce(getattr, name.split("."), plait), type), name


def linear(colour: str) -> Any:
    """Linear light of a colour of the screen."""
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(light: Any) -> Any:
    """CIE L*a*b* of linear light, for a white of D65."""
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x = matrix @ np.clip(light, 0, 1) / np.array([0.9505, 1, 1.089])
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


# Machado, Oliveira and Fernandes (2009), full severity.
SIGHT = {
    "all cones": np.eye(3),
    "no M cones": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no L cones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no S cones": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(("palette", "ground"), [(_style.LIGHT, "#ffffff"), (_style.DARK, "#18181b")])
def test_colours_are_told_apart_by_everybody(palette: tuple[str, ...], ground: str, sight: str) -> None:
    seen = [lab(np.asarray(SIGHT[sight]) @ linear(colour)) for colour in palette]
    apart = {(i, j): float(np.linalg.norm(seen[i] - seen[j])) for i, j in itertools.combinations(range(len(palette)), 2)}
    assert min(apart.values()) > 15  # a difference of 2 is just seen
    assert min(d for (_, j), d in apart.items() if j < 4) > 23
    luminance = [0.05 + float(np.dot([0.2126, 0.7152, 0.0722], linear(colour))) for colour in (ground, *palette)]
    assert min(max(luminance[0], v) / min(luminance[0], v) for v in luminance[1:]) > 2.3


@pytest.mark.parametrize("kind", ["series", "letters", "frontier"])
def test_a_page_holds_each_step(kind: str, tmp_path: Path) -> None:
    found = {
        "series": lambda: plait.align.DTW().align(POINTS[:, 0], POINTS[:, 1]),
        "letters": lambda: plait.align.NeedlemanWunsch("BLOSUM62", gap=-8).align("HEAGAWGHEE", "PAWHEAE"),
        "frontier": lambda: money().efficient_frontier(7),
    }[kind]()
    text = plot.page(found, tmp_path / "page.html", title="a < b").read_text(encoding="utf-8")
    assert "<title>a &lt; b</title>" in text
    assert not re.search(r'(src|href)="?(https?:)?//', text)  # nothing is fetched
    data = json.loads(re.search(r"const data = (.*);\n", text)[1])  # type: ignore[index]
    assert len(data["rows"]) == len(data["marks"]) == (7 if kind == "frontier" else len(found.path))
    flat = np.array([point for marks in data["marks"] for point in marks])
    assert (flat >= 0).all()
    assert (flat <= [data["width"], data["height"]]).all()


def test_pages_of_graphs_and_of_nothing(tmp_path: Path) -> None:
    assert "tanh" in plot.page(network(), tmp_path / "graph.html").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="0 columns"):
        plot.page(plait.align.ERP().align([], []), tmp_path / "empty.html")
    with pytest.raises(ValueError, match="ending"):
        plot.page(network(), tmp_path / "graph.svg")
    hostile = plait.align.Levenshtein().align(["</script><b>", "x"], ["x"])
    assert "</script><b>" not in plot.page(hostile, tmp_path / "hostile.html").read_text(encoding="utf-8")
