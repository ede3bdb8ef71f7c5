"""UHI's indexing, protocols and files of other packages."""

from __future__ import annotations

import builtins
import copy
import json
from typing import Any

import numpy as np
import pytest

from plait import FormatError, Histogram
from plait.histogram import Axis, loc, overflow, rebin, underflow


@pytest.fixture
def h() -> Histogram:
    """Bins 1 … 5 with as many entries, two below, three above."""
    return Histogram([0, 1, 2, 3, 4, 5]).fill([-1, -1, *(k + 0.5 for k in range(5) for _ in range(k + 1)), 9, 9, 9])


@pytest.fixture
def two() -> Histogram:
    rng = np.random.default_rng(1)
    return Histogram([-2, -1, 0, 1, 2], [-1, 0, 0.5, 1]).fill(*rng.normal(size=(2, 400)), weights=rng.random(400))


def test_bins(h: Histogram) -> None:
    assert [h[0], h[4], h[-1], h[np.int64(1)], h[loc(2.5)], h[loc(0) + 1], h[loc(5) - 1]] == [1, 5, 5, 2, 3, 2, 4]
    assert (h[underflow], h[overflow], h[overflow - 1], h[underflow + 1], h[len], h[loc(77)]) == (2, 3, 5, 1, 3, 3)
    assert h[builtins.sum] == 20
    assert isinstance(h[0], float)


def test_slices_keep_what_they_cut_off(h: Histogram) -> None:
    for index, expected, edges in [
        (slice(None), [2, 1, 2, 3, 4, 5, 3], [0, 1, 2, 3, 4, 5]),
        (slice(1, 3), [3, 2, 3, 12], [1, 2, 3]),
        (slice(-2, None), [8, 4, 5, 3], [3, 4, 5]),
        (slice(loc(1), loc(3)), [3, 2, 3, 12], [1, 2, 3]),
        (slice(loc(1.5), loc(3.5)), [3, 2, 3, 12], [1, 2, 3]),
        (slice(loc(2), loc(5)), [5, 3, 4, 5, 3], [2, 3, 4, 5]),
        (slice(loc(-9), loc(99)), [2, 1, 2, 3, 4, 5, 3], [0, 1, 2, 3, 4, 5]),
        (slice(0, len), [2, 1, 2, 3, 4, 5, 3], [0, 1, 2, 3, 4, 5]),
        (slice(None, 99), [2, 1, 2, 3, 4, 5, 3], [0, 1, 2, 3, 4, 5]),
        (slice(None, None, rebin(2)), [2, 3, 7, 8], [0, 2, 4]),
        (slice(1, None, rebin(2)), [3, 5, 9, 3], [1, 3, 5]),
        (slice(None, None, rebin(groups=[1, 3])), [2, 1, 9, 8], [0, 1, 4]),
        (slice(0, 4, rebin(4)), [2, 10, 8], [0, 4]),
    ]:
        part = h[index]
        assert part.values(flow=True).tolist() == expected, index
        assert part.edges.tolist() == edges, index
        assert part.sum(flow=True) == h.sum(flow=True)
    right = Histogram(h.edges, closed="right").fill([1, 2, 2, 3])[loc(1) : loc(2)]
    assert (right.values(flow=True).tolist(), right.closed) == ([1, 2, 1], "right")


def test_sums(h: Histogram) -> None:
    assert [h[:: builtins.sum], h[0 : len : builtins.sum], h[1 : 3 : builtins.sum], h[: 2 : builtins.sum], h[3 :: builtins.sum]] == [
        20,
        15,
        5,
        5,
        12,
    ]
    assert h[:: np.sum] == 20


def test_several_axes(two: Histogram) -> None:
    cells = two.values(flow=True)
    assert two[1, 2] == cells[2, 3]
    assert two[loc(0.5), underflow] == cells[3, 0]
    assert np.array_equal(two[2, :].values(True), cells[3])
    np.testing.assert_allclose(two[..., :: builtins.sum].values(True), cells.sum(axis=1))
    np.testing.assert_allclose(two[:: builtins.sum, 0 : len : builtins.sum], cells[:, 1:-1].sum())
    np.testing.assert_allclose(two[{1: slice(None, None, builtins.sum)}].variances(True), two.variances(True).sum(axis=1))
    assert two[{0: 1, -1: 2}] == two[1, 2]
    np.testing.assert_allclose(two[1:3, :: rebin(2)].values(), np.stack([cells[2:4, 1:3].sum(axis=1)], axis=1))
    assert two[...] == two[:, :] == two
    assert two.rebin(2, 3).shape == (2, 1)
    assert two.rebin(2) == two[:: rebin(2), :: rebin(2)]


def test_other_packages_tags(h: Histogram) -> None:
    for module in ("boost_histogram", "uhi.tag", "hist.tag"):
        tag: Any = pytest.importorskip(module)
        tag = getattr(tag, "tag", tag)
        assert (h[tag.loc(2.5)], h[tag.loc(2.5) + 1], h[tag.underflow], h[tag.overflow], h[tag.at(-1)]) == (3, 4, 2, 3, 2)
        assert h[tag.loc(1) : tag.loc(3)] == h[1:3]
        assert h[:: tag.rebin(2)] == h.rebin(2)
    import boost_histogram as bh

    assert h[:: bh.rebin(groups=[2, 3])].values().tolist() == [3, 12]
    assert h[:: bh.rebin(edges=[0, 2, 5])].edges.tolist() == [0, 2, 5]


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (5, IndexError, "expected a bin below 5, got 5"),
        (-6, IndexError, "expected a bin below 5"),
        (loc(3) + 9, IndexError, r"expected -1 \(underflow\) to 5 \(overflow\), got 12"),
        (slice(3, 3), IndexError, "a slice over bins 3 to 3 has none"),
        (slice(3, 1, sum), IndexError, "has none"),
        (True, TypeError, "got bool"),
        (1.5, TypeError, "got float"),
        ("a", TypeError, "got str"),
        ([True, False], TypeError, "got list"),
        (slice(None, 2.5), TypeError, "as the end of a slice, got float"),
        (slice(None, None, 2), TypeError, "the step of a slice is rebin"),
        (slice(None, None, rebin(6)), ValueError, "5 bins cannot be merged by 6"),
        (slice(None, None, rebin(groups=[3, 3])), ValueError, "cannot be merged"),
        (loc(np.nan), ValueError, "NaN"),
        (slice(loc(np.nan), None), ValueError, "nan"),
        ((0, 0), IndexError, "expected one for each of 1 axes, got 2"),
        ((..., ...), IndexError, "one ellipsis"),
        ({1: 0}, IndexError, "there is no axis 1 among 1"),
    ],
)
def test_indices_that_mean_nothing(h: Histogram, index: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        h[index]


def test_tags_that_mean_nothing() -> None:
    for make in (lambda: rebin(0), lambda: rebin(True), lambda: rebin(groups=[1, 0])):
        with pytest.raises(ValueError, match="rebin"):
            make()
    for other in (lambda: rebin(), lambda: rebin(2, groups=[1]), lambda: rebin(1.5)):  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            other()
    with pytest.raises(TypeError, match="expected one factor, or one for each of 2 axes, got 3"):
        Histogram([0, 1], [0, 1]).rebin(1, 1, 1)


# ---- protocols ----


def test_plottable_protocol(two: Histogram) -> None:
    plottable = pytest.importorskip("uhi.typing.plottable")
    assert isinstance(two, plottable.PlottableHistogram)
    assert isinstance(two.axes[0], plottable.PlottableAxisGeneric)
    assert isinstance(two.axes[0].traits, plottable.PlottableTraits)
    ensure = pytest.importorskip("uhi.numpy_plottable").ensure_plottable_histogram
    assert ensure(two) is two


@pytest.mark.peer
def test_mplhep_draws_it(h: Histogram, two: Histogram) -> None:
    mplhep = pytest.importorskip("mplhep")
    plt = pytest.importorskip("matplotlib.pyplot")
    drawn = mplhep.histplot(h)
    assert drawn[0].stairs.get_data().values.tolist() == [1, 2, 3, 4, 5]
    plt.close("all")
    mplhep.hist2dplot(two)
    plt.close("all")


@pytest.mark.peer
def test_boost_histogram_and_hist_take_it_and_give_it_back(h: Histogram, two: Histogram) -> None:
    bh, hist = pytest.importorskip("boost_histogram"), pytest.importorskip("hist")
    log = Histogram.logarithmic(4, 1, 1e4).fill([2, 30, 30])
    for ours in (h, two, log, Histogram(h.edges, closed="right").fill([1, np.nan])):
        for theirs in (bh.Histogram(ours), hist.Hist(ours)):
            assert np.array_equal(theirs.values(flow=True), ours.values(flow=True))
            assert np.array_equal(theirs.variances(flow=True), ours.variances(flow=True))
            assert all(np.array_equal(a.edges, b.edges) for a, b in zip(theirs.axes, ours.axes, strict=True))
        # What only plait knows does not survive; the rest does.
        back = Histogram.from_uhi(bh.Histogram(ours))
        assert np.array_equal(back.values(True), ours.values(True))
        assert np.array_equal(back.variances(True), ours.variances(True))
    theirs = bh.Histogram(
        bh.axis.Regular(4, 0, 1, underflow=False), bh.axis.Variable([0, 1, 3], overflow=False), storage=bh.storage.Int64()
    )
    theirs.fill([0.1, 0.6, 2], [0.5, 2, 2])
    back = Histogram.from_uhi(theirs)
    assert np.array_equal(back.values(), theirs.values())
    assert back.values(flow=True)[-1].tolist() == [0, 0, 1, 0]
    with pytest.raises(FormatError, match="category_str"):
        Histogram.from_uhi(bh.Histogram(bh.axis.StrCategory(["a"])))
    with pytest.raises(FormatError, match="circular"):
        Histogram.from_uhi(bh.Histogram(bh.axis.Regular(4, 0, 1, circular=True)))
    with pytest.raises(FormatError, match="the storage is 'mean'"):
        Histogram.from_uhi(bh.Histogram(bh.axis.Regular(4, 0, 1), storage=bh.storage.Mean()))


@pytest.mark.peer
def test_slices_are_those_of_boost_histogram(h: Histogram, two: Histogram) -> None:
    bh = pytest.importorskip("boost_histogram")
    theirs, both = bh.Histogram(h), bh.Histogram(two)
    for index in (
        np.s_[1:3],
        np.s_[::sum],
        np.s_[0:len:sum],
        np.s_[: 3 : rebin(2)],
        np.s_[bh.loc(1) : bh.loc(5)],
        bh.loc(1.5),
        bh.overflow,
    ):
        converted = slice(index.start, index.stop, bh.rebin(2)) if isinstance(index, slice) and isinstance(index.step, rebin) else index
        ours, other = h[index], theirs[converted]
        if isinstance(ours, Histogram):
            assert np.array_equal(ours.values(True), other.values(True)), index
        else:
            assert ours == other, index
    for index in (np.s_[1, :], np.s_[:, 0:len:sum], np.s_[1:3, :: bh.rebin(2)], np.s_[sum, :]):
        np.testing.assert_allclose(two[index].values(True), both[index].values(True))


# ---- uhi.io ----


def test_json_there_and_back(h: Histogram, two: Histogram) -> None:
    for ours in (
        h,
        two,
        Histogram(Axis.logarithmic(4, 1, 1e4, label="x"), closed="right").fill([2, np.nan, 0], weights=[2, 1, 1]),
        Histogram([0.1, 0.2, 0.30000000000000004]).fill([0.1]),
        Histogram([-np.inf, 0, np.inf]).fill([3]),
        Histogram.uniform(10, 0, 1)[2:9],
    ):
        assert Histogram.from_json(ours.to_json()) == ours
        assert Histogram.from_json(ours.to_json()).axes[0].label == ours.axes[0].label
        assert Histogram.from_uhi(ours._to_uhi_()) == Histogram.from_uhi(ours) == Histogram._from_uhi_(ours._to_uhi_()) == ours


@pytest.mark.peer
def test_json_is_what_uhi_describes(h: Histogram, two: Histogram) -> None:
    io, schema = pytest.importorskip("uhi.io.json"), pytest.importorskip("uhi.schema")
    bh = pytest.importorskip("boost_histogram")
    for ours in (h, two, Histogram(Axis.logarithmic(3, 1, 10, label="a"), closed="right").fill([2, np.nan])):
        pytest.importorskip("fastjsonschema")
        schema.validate({"one": json.loads(ours.to_json())})
        text = json.dumps(ours, default=io.default)
        assert Histogram.from_json(text) == ours
        loaded = bh.Histogram(json.loads(ours.to_json(), object_hook=io.object_hook))
        assert np.array_equal(loaded.values(True), ours.values(True))
        written = json.dumps(bh.Histogram(ours), default=io.default)
        assert np.array_equal(Histogram.from_json(written).values(True), ours.values(True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("axes"), "KeyError"),
        (lambda d: d.update(axes=[]), "a number"),
        (lambda d: d.update(uhi_schema=2), "schema 2"),
        (lambda d: d["storage"].pop("values"), "KeyError"),
        (lambda d: d["storage"].update(values=[1, 2]), "holds 2 values"),
        (lambda d: d["storage"].update(values=[[1]] * 7), "have shape"),
        (lambda d: d["storage"].update(values="file#path"), "holds 1 values"),
        (lambda d: d["storage"].update(values=[float("nan")] * 7), "finite"),
        (lambda d: d["storage"].update(type="weighted", variances=[-1] * 7), "negative"),
        (lambda d: d["axes"][0].update(bins=10**15), "bins"),
        (lambda d: d["axes"][0].update(bins=0), "bins"),
        (lambda d: d["axes"][0].update(lower=9), "above"),
        (lambda d: d["axes"][0].update(type="variable", edges=[1, 1]), "repeated"),
        (lambda d: d["axes"][0].update(type="variable", edges="x"), "ValueError"),
        (lambda d: d["axes"][0].update(circular=True), "circular"),
        (lambda d: d["writer_info"]["plait"].update(invalid=-1), "invalid"),
        (lambda d: d["writer_info"]["plait"].update(closed="both"), "closed"),
        (lambda d: d.update(axes=3), "TypeError"),
        (lambda d: d.update(axes=[3]), "TypeError"),
        (lambda d: d.update(writer_info=[]), "AttributeError"),
    ],
)
def test_representations_that_do_not_fit_together(h: Histogram, change: Any, message: str) -> None:
    told = json.loads(h.to_json())
    assert Histogram.from_uhi(copy.deepcopy(told)) == h
    change(told)
    with pytest.raises(FormatError, match=message):
        Histogram.from_uhi(told)


def test_sparse_representations(h: Histogram) -> None:
    told = json.loads(h.to_json())
    told["storage"].update(values=[4, 5], index=[[0, 3]])
    assert Histogram.from_uhi(told).values(True).tolist() == [4, 0, 0, 5, 0, 0, 0]
    told["storage"]["index"] = [[0, 7]]
    with pytest.raises(FormatError, match="index"):
        Histogram.from_uhi(told)


def test_text_that_is_no_histogram() -> None:
    for text in ("", "{", "[1]", "3", "[" * 10_000, b"\xff"):
        with pytest.raises(FormatError):
            Histogram.from_json(text)
    for other in (3, "a", None):
        with pytest.raises(TypeError, match="from_uhi"):
            Histogram.from_uhi(other)
