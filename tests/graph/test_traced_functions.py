"""NumPy's and SciPy's functions on nodes: the values are theirs, slopes and curvatures are those of central differences; and the list is short of few."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special as sp
from graph.traced_functions import FUNCTIONS, REFUSED, Traced

import plait

RNG = np.random.default_rng(11)


def parts(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (list, tuple)) else [result]


@pytest.mark.parametrize("t", FUNCTIONS, ids=[t.name for t in FUNCTIONS])
def test_values_are_numpys(t: Traced) -> None:
    nodes = [plait.input(f"x{k}", a.shape, "float64") for k, a in enumerate(t.arrays)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        expected = parts(t.f(*t.arrays))
    for node, wanted in zip(parts(t.f(*nodes)), expected, strict=True):
        program = plait.compile(node)
        feeds = {n.name: a for n, a in zip(nodes, t.arrays, strict=True) if n.name in {i.name for i in program.inputs}}
        for found in (program(**feeds), plait.evaluate(node, feeds)):
            assert found.shape == np.shape(wanted)
            assert found.dtype == np.asarray(wanted).dtype
            np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("t", [t for t in FUNCTIONS if t.smooth], ids=[t.name for t in FUNCTIONS if t.smooth])
def test_slopes_and_curvatures_are_those_of_differences(t: Traced) -> None:
    def f(*nodes: Any) -> Any:
        y = parts(t.f(*nodes))[0]
        return (0.5 * y * y + y).sum()

    for order in (1, 2):
        assert plait.check_gradient(f, *t.arrays, order=order) < 1e-5, order


@pytest.mark.parametrize(("name", "f", "text"), REFUSED, ids=[name for name, _, _ in REFUSED])
def test_what_is_refused_says_what_instead(name: str, f: Any, text: str) -> None:
    with pytest.raises(plait.TraceError, match=text) as caught:
        f(plait.input("x", (3, 4), "float64"))
    said = str(caught.value).replace("'s ", ".")
    assert name.rsplit(".", 1)[0].removesuffix(".norm") in said
    assert name.rsplit(".", 1)[1] in said


def test_the_page_lists_them_all() -> None:
    page = (Path(__file__).parents[2] / "docs" / "traced.md").read_text(encoding="utf-8")
    answered, refused = page.split("## What is refused")
    assert {t.name for t in FUNCTIONS} <= set(re.findall(r"`([\w.]+)`", answered))
    assert {name for name, _, _ in REFUSED} == set(re.findall(r"^\| `([\w.]+)`", refused, re.MULTILINE))
    assert len(FUNCTIONS) + len(REFUSED) >= 134
    assert len(REFUSED) <= 20


def both(node: plait.Node, **feeds: Any) -> Any:
    table = plait.evaluate(node, feeds)
    np.testing.assert_allclose(plait.compile(node)(**feeds), table, rtol=1e-12, equal_nan=True)
    return table


ENDS = np.array(
    [
        np.nan,
        np.inf,
        -np.inf,
        0.0,
        -0.0,
        0.5,
        -0.5,
        1.5,
        -1.5,
        2.5,
        0.49999999999999994,
        1e300,
        -1e300,
        1e-300,
        4503599627370497.5,
        -1,
        1,
        7,
    ]
)


@pytest.mark.usefixtures("ieee")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "name",
    ["ceil", "trunc", "rint", "fix", "round", "nan_to_num", "signbit", "cbrt", "sinc", "arcsin", "arccos", "arctanh", "arcsinh", "arccosh"],
)
def test_ends_of_the_range(name: str, dtype: str) -> None:
    with np.errstate(all="ignore"):
        x = ENDS.astype(dtype)
        wanted = getattr(np, name)(x)
    found = both(getattr(np, name)(plait.input("x", x.shape, dtype)), x=x)
    assert found.dtype == wanted.dtype
    np.testing.assert_allclose(found, wanted, rtol=1e-6 if dtype == "float32" else 1e-13)
    if name in ("ceil", "trunc", "rint", "cbrt", "arcsinh"):
        plain = ~np.isnan(wanted)
        assert np.array_equal(np.signbit(found)[plain], np.signbit(wanted)[plain])


@pytest.mark.usefixtures("ieee")
@pytest.mark.parametrize("name", ["fmax", "fmin", "copysign", "heaviside", "logaddexp2"])
def test_pairs_of_ends(name: str) -> None:
    a, b = (m.ravel() for m in np.meshgrid(ENDS, ENDS))
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(a, b)
    found = both(getattr(np, name)(plait.input("a", a.shape, "float64"), plait.input("b", b.shape, "float64")), a=a, b=b)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-16 if name == "logaddexp2" else 0)


@pytest.mark.usefixtures("ieee")
@pytest.mark.parametrize(
    "name",
    [
        "expit",
        "log_expit",
        "logit",
        "erf",
        "erfc",
        "erfinv",
        "erfcinv",
        "gammaln",
        "gamma",
        "ndtr",
        "log_ndtr",
        "ndtri",
        "entr",
        "exprel",
        "cosm1",
        "exp10",
    ],
)
def test_special_functions_over_their_range(name: str) -> None:
    x = np.concatenate(
        [np.linspace(-30, 30, 241), np.linspace(0, 1, 101), [1e-12, 1e-30, 1 - 1e-12, 0.3, 1.7, 2e-5, -1e-9, -80, np.inf, -np.inf, np.nan]]
    )
    if name in ("gammaln", "gamma"):
        x = x[~((x <= 0) & (x == np.floor(x)))]
    with np.errstate(all="ignore"):
        wanted = getattr(sp, name)(x)
    found = both(getattr(sp, name)(plait.input("x", x.shape, "float64")), x=x)
    np.testing.assert_allclose(
        found,
        wanted,
        rtol={"gamma": 3e-12, "ndtr": 3e-13, "log_ndtr": 3e-13}.get(name, 1e-13),
        atol=1e-15 if name in ("logit", "gammaln") else 1e-300,
    )


def test_slopes_at_0_and_in_the_tails() -> None:
    for f, slope, curvature in (
        (np.arcsinh, 1, 0),
        (np.arctanh, 1, 0),
        (np.arcsin, 1, 0),
        (np.sinc, 0, -(np.pi**2) / 3),
        (sp.exprel, 0.5, 1 / 3),
        (sp.erfinv, np.sqrt(np.pi) / 2, 0),
    ):
        assert np.isclose(plait.grad(f)(0.0), slope)
        assert np.isclose(plait.grad(plait.grad(f))(0.0), curvature, atol=1e-12)
    for x in (-400.0, -25.0, -3.0, 0.0, 5.0):
        slope = np.exp(-x * x / 2 - 0.5 * np.log(2 * np.pi) - sp.log_ndtr(x))
        np.testing.assert_allclose(plait.grad(sp.log_ndtr)(x), slope, rtol=1e-9)
    for p in (1e-12, 1e-3, 0.2, 0.5, 0.9, 0.999):
        z = sp.ndtri(p)
        density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
        np.testing.assert_allclose(plait.grad(sp.ndtri)(p), 1 / density, rtol=1e-9)
        np.testing.assert_allclose(plait.grad(plait.grad(sp.ndtri))(p), z / density**2, rtol=1e-6, atol=1e-9)
    assert plait.grad(np.cbrt)(0.0) == np.inf
    assert plait.grad(sp.xlogy)(0.0, 2.0) == np.log(2)
    assert plait.grad(sp.xlogy)(0.0, 0.0) == 0
    assert plait.grad(np.fmax, argnums=(0, 1))(np.nan, 2.0) == (0, 1)


def test_options_of_order_and_shape() -> None:
    x = RNG.normal(size=(3, 4, 5))
    node = plait.constant(x)
    cases = [
        (np.median, {"axis": (0, 2)}), (np.median, {"axis": 1, "keepdims": True}), (np.median, {}), (np.quantile, {"q": 0.3, "axis": (1, 2), "keepdims": True}),
        (np.quantile, {"q": [0.0, 1.0, 0.5], "axis": 1, "keepdims": True}), (np.quantile, {"q": [[0.1, 0.2], [0.3, 0.4]], "axis": 2}),
        *((np.quantile, {"q": [0.2, 0.55], "axis": 1, "method": m}) for m in ("lower", "higher", "nearest", "midpoint")),
        (np.percentile, {"q": 33, "axis": 0}), (np.cumprod, {"axis": 1}), (np.cumprod, {}), (np.tile, {"reps": (2, 1, 1, 3)}), (np.tile, {"reps": 2}),
        (np.repeat, {"repeats": [1, 0, 2], "axis": 0}), (np.repeat, {"repeats": 2}), (np.rot90, {"k": 3, "axes": (1, 2)}), (np.rot90, {"k": 2}),
        (np.diagonal, {"offset": 1, "axis1": 1, "axis2": 2}), (np.trace, {"offset": -1}), (np.tril, {"k": 1}), (np.triu, {"k": -1}),
        (np.trapezoid, {"dx": 0.5, "axis": 0}), (np.gradient, {"axis": 1}), (np.gradient, {}), (np.delete, {"obj": [1, 2], "axis": 2}), (np.rollaxis, {"axis": 2}),
        (np.array_split, {"indices_or_sections": 3, "axis": 2}), (np.round, {"decimals": 2}), (np.nanstd, {"axis": 1, "ddof": 1}), (np.count_nonzero, {"axis": 1}),
        (np.unwrap, {"axis": 0}), (np.linalg.norm, {"axis": (1, 2), "ord": 1}), (np.linalg.norm, {"axis": 1, "ord": 3}), (np.linalg.norm, {"axis": (0, 1), "ord": np.inf, "keepdims": True}),
        (np.atleast_3d, {}), (np.matrix_transpose, {}), (np.unstack, {"axis": 1}), (np.vsplit, {"indices_or_sections": 3}), (np.dsplit, {"indices_or_sections": [2]}),
    ]  # fmt: skip
    for f, options in cases:
        expected, found = f(x, **options), f(node, **options)
        for ours, theirs in zip(parts(found), parts(expected), strict=True):
            value = plait.evaluate(ours)
            assert value.shape == theirs.shape, (f, options)
            np.testing.assert_allclose(value, theirs, rtol=1e-12, err_msg=f"{f.__name__} {options}")
    holes = np.array([[1.0, np.nan, 3.0], [2.0, 5.0, 4.0]])
    assert np.array_equal(plait.evaluate(np.median(plait.constant(holes), axis=1)), [np.nan, 4], equal_nan=True)
    for k in (-2, -1, 0, 1, 3):
        assert np.array_equal(plait.evaluate(np.diag(plait.constant(x[0, 0]), k)), np.diag(x[0, 0], k))
        assert np.array_equal(plait.evaluate(np.diag(plait.constant(x[0]), k)), np.diag(x[0], k))
    for mode in ("full", "same", "valid"):
        for n, m in ((7, 3), (3, 7), (4, 4), (1, 5), (6, 2)):
            a, v = RNG.normal(size=n), RNG.normal(size=m)
            for f in (np.convolve, np.correlate):
                np.testing.assert_allclose(
                    plait.evaluate(f(plait.constant(a), v, mode)), f(a, v, mode), rtol=1e-10, atol=1e-14, err_msg=f"{f} {mode} {n} {m}"
                )
    at = np.linspace(-3, 3, 40)
    points, values = np.array([-2.0, -0.5, 1.0, 2.0]), np.array([1.0, 4.0, -1.0, 0.5])
    np.testing.assert_allclose(
        plait.evaluate(np.interp(plait.constant(at), points, values, left=9.0)), np.interp(at, points, values, left=9.0)
    )
    for axes in (0, 1, 2, ([0, 1], [1, 0]), (0, 0), ([2], [2])):
        b = RNG.normal(size=(4, 3, 5)) if axes != 1 and axes != 2 else RNG.normal(size=(5, 2)) if axes == 1 else RNG.normal(size=(4, 5, 2))
        b = x if axes == (0, 0) else b
        np.testing.assert_allclose(plait.evaluate(np.tensordot(node, b, axes)), np.tensordot(x, b, axes), rtol=1e-10, atol=1e-12)


def test_integers_stay_integers_where_numpys_do() -> None:
    x = np.array([[3, 1, 2], [5, 4, 9]])
    node = plait.constant(x)
    for f in (
        np.ceil,
        np.trunc,
        np.round,
        np.sort,
        np.cumprod,
        np.ptp,
        np.tril,
        np.flipud,
        np.fix,
        np.nan_to_num,
    ):
        found, wanted = plait.evaluate(f(node)), f(x)
        assert found.dtype == wanted.dtype, f
        assert np.array_equal(found, wanted)
    for f in (np.median, np.arcsin, np.cbrt, np.sinc, np.rint, np.copysign):
        args = (node, -1) if f is np.copysign else (node // 9,) if f is np.arcsin else (node,)
        theirs = (x, -1) if f is np.copysign else (x // 9,) if f is np.arcsin else (x,)
        found, wanted = plait.evaluate(f(*args)), f(*theirs)
        assert found.dtype == wanted.dtype, f
        np.testing.assert_allclose(found, wanted, rtol=1e-14)
