"""``plait histogram``: count the numbers of a column of a CSV file, or of an array file, in bins; with quantiles."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from .. import histogram, report
from .._text import read_text
from ._columns import Column, read_columns
from ._common import Failure, Result, add_common, at_least

MOST_BINS = 40  # unless --bins is given
WIDTH = 40  # of the longest bar, in characters
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def numbers(text: str) -> list[float]:
    """A type for argparse: numbers with commas between them."""
    return [float(part) for part in text.split(",")]


def add(commands: Any) -> None:
    """Adds the subcommand to the parser."""
    parser = commands.add_parser("histogram", help="count numbers in bins (CSV, .npy)", description=__doc__.split(": ", 1)[1])
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV with a header or without, or .npy")
    parser.add_argument("--column", help="which column; the first one with numbers without it")
    parser.add_argument("--weights", metavar="COLUMN", help="a column of weights")
    parser.add_argument("--bins", type=at_least(1), help=f"how many; by the data, {MOST_BINS} at most, without it")
    parser.add_argument("--edges", type=numbers, help="borders with commas between them, instead of --bins")
    parser.add_argument("--range", type=float, nargs=2, metavar=("LOW", "HIGH"), help="ends; those of the data without it")
    parser.add_argument("--log", action="store_true", help="bins of equal ratio")
    parser.add_argument("--closed", choices=["left", "right"], default="left", help="the side on which bins are closed (default left)")
    parser.add_argument("--quantiles", type=numbers, default=list(QUANTILES), metavar="Q,…", help="shares from 0 to 1")
    parser.add_argument("--save", type=Path, metavar="FILE", help="the histogram, for Histogram.load")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a page with a picture")
    add_common(parser)
    parser.set_defaults(run=run)


def read(path: Path) -> list[Column]:
    """The columns of a file."""
    if not path.is_file():
        raise Failure(f"{path}: no such file")
    if path.suffix.lower() != ".npy":
        return read_columns(path, read_text(path), gaps=True).columns
    try:
        array = np.load(path, allow_pickle=False)
        if np.iscomplexobj(array):
            raise TypeError(f"its numbers are complex ({array.dtype})")
        return [Column(path.stem, np.asarray(array.ravel(), dtype=np.float64))]
    except (ValueError, TypeError, EOFError, OSError) as error:
        raise Failure(f"{path}: no file of an array of numbers: {error}") from None


def choose(columns: list[Column], name: str | None, path: Path) -> Column:
    """The column of that name, or the first one with numbers."""
    usable = [column for column in columns if not column.is_text]
    if name is not None:
        usable = [column for column in columns if column.name == name]
    if not usable:
        what = "no column holds numbers" if name is None else f"no column is called {name!r}"
        raise Failure(f"{path}: {what}; there are {', '.join(column.name for column in columns[:20]) or 'none'}")
    if usable[0].problem:
        raise Failure(usable[0].problem)
    return usable[0]


def make_axis(x: Any, options: argparse.Namespace, label: str) -> histogram.Axis:
    """Bins as given, or by the data."""
    if options.edges is not None:
        return histogram.Axis(options.edges, scale="log" if options.log else "linear", label=label)
    usable = x[np.isfinite(x) & ((x > 0) | (not options.log))]
    if options.range:
        low, high = options.range
    elif usable.size:
        low, high = float(usable.min()), float(usable.max())
    else:
        raise Failure("there is no number to take the ends from; give --range LOW HIGH")
    if low == high:
        low, high = (low / 2, high * 2) if options.log else (low - 0.5, high + 0.5)
    n = options.bins
    if n is None:
        inside = usable[(usable >= low) & (usable <= high)]
        scaled = np.log(inside) if options.log else inside
        n = bins_for(scaled)
    make = histogram.Axis.logarithmic if options.log else histogram.Axis.uniform
    return make(n, low, high, label=label)


def bins_for(x: Any) -> int:
    """Number of bins by NumPy's rule "auto"; a default where it fails: no data, or a range that overflows or is at rounding level."""
    with np.errstate(over="ignore", invalid="ignore"):
        wide = x.size > 0 and np.isfinite(np.ptp(x)) and np.ptp(x) > 1e-12 * np.abs(x).max()
    return min(MOST_BINS, max(1, len(np.histogram_bin_edges(x, "auto")) - 1)) if wide else 10 if not x.size or np.ptp(x / 2) > 1e300 else 1


def drawn(h: histogram.Histogram) -> str:
    """The histogram as bars of characters."""
    values = h.values()
    most = max(float(values.max()), 1e-300)
    rows = [(f"{low:.5g}", f"{high:.5g}", value) for (low, high), value in zip(h.axis, values, strict=True)]
    wide = max(len(cell) for row in rows for cell in row[:2])
    count = max(len(f"{value:g}") for value in values)
    return "\n".join(
        f"{low:>{wide}} … {high:>{wide}}  {v:>{count}g}  {'█' * round(WIDTH * max(v, 0) / most)}".rstrip() for low, high, v in rows
    )


def run(options: argparse.Namespace) -> Result:
    """``plait histogram``."""
    columns = read(options.file)
    column = choose(columns, options.column, options.file)
    x = np.asarray(column.values, dtype=np.float64)
    weights = None
    if options.weights is not None:
        weights = choose(columns, options.weights, options.file).values
        if len(weights) != len(x):
            raise Failure(f"{len(weights)} weights for {len(x)} values")
    began = time.perf_counter()
    h = histogram.Histogram(make_axis(x, options, column.name), closed=options.closed).fill(x, weights=weights)
    seconds = time.perf_counter() - began
    result: dict[str, Any] = {"command": "histogram", "column": column.name, "values": len(x), "inside": h.sum()}
    result |= {"underflow": h.underflow, "overflow": h.overflow, "invalid": h.invalid}
    if h.sum() > 0:
        result |= {"mean": h.mean(), "std": h.std()}
    if h.sum(flow=True) > 0:
        quantiles = h.quantile(options.quantiles)
        result["quantiles"] = dict(zip(map(str, options.quantiles), map(float, quantiles), strict=True))
        result["quantile"] = ", ".join(f"{q:g}: {value:.5g}" for q, value in zip(options.quantiles, quantiles, strict=True))
    result["seconds"] = seconds
    if options.json:
        result |= {"edges": h.edges.tolist(), "counts": h.values().tolist(), "variances": h.variances().tolist()}
    else:
        result["bins"] = "\n" + drawn(h)
    if options.save is not None:
        h.save(options.save)
        result["saved"] = options.save
    if options.out is not None:
        page = report.Report(f"Histogram of {column.name}", f"{len(x)} values in {len(h.axis)} bins.")
        page.add(picture("Histogram", h), report.preformatted("Bins", drawn(h)))
        result["report"] = page.save(options.out)
    return result


def picture(title: str, h: histogram.Histogram, caption: str = "") -> report.Section:
    """A plot with lines at the quartiles."""

    def draw(ax: Any) -> None:
        h.plot(ax)
        for value in h.quantile([0.25, 0.5, 0.75]) if h.sum(flow=True) > 0 else []:
            if np.isfinite(value):
                ax.axvline(value, color=ax.spines["left"].get_edgecolor(), linewidth=0.8, linestyle=":")

    return report.figure(title, draw, caption or "Dotted: the quartiles.", size=(7.0, 3.2))


def demo_sections(seed: int) -> tuple[list[report.Section], dict[str, Any]]:
    """The sections of ``plait demo``: amounts in bins of equal ratio, with quantiles beside the exact ones and those of a sketch."""
    n, shares = 1_000_000, [0.01, 0.1, 0.5, 0.9, 0.99]
    rng = np.random.default_rng(seed)
    x = np.exp(rng.normal(7, 0.8, n)) * np.where(rng.random(n) < 0.02, rng.pareto(1.5, n) + 1, 1)
    began = time.perf_counter()
    h = histogram.Histogram(histogram.Axis.logarithmic(120, 10, 1e6, label="amount")).fill(x)
    seconds = time.perf_counter() - began
    sketch = histogram.QuantileSketch(200, seed)
    sketch.update(x)
    rows = [
        [f"{100 * share:g} %", *(float(value) for value in found)]
        for share, *found in zip(shares, np.quantile(x, shares), h.quantile(shares), sketch.quantile(shares), strict=True)
    ]
    sections = [
        picture(
            "Histogram",
            h,
            f"A million amounts in 120 bins of equal ratio, counted in {1e3 * seconds:.0f} ms; dotted: the quartiles. On this axis they "
            "are bell-shaped; in bins of equal width nearly all would be in the first.",
        ),
        report.table(
            "Quantiles",
            ["share below", "all values sorted", "from the histogram", "from a sketch"],
            rows,
            f"Half of the amounts are below the value at 50 %. The histogram keeps 122 numbers and the sketch {len(sketch):,} in place of a "
            f"million; a sketch's rank is off by less than {100 * sketch.error:.1f} % of all values, in 99 of 100.",
        ),
    ]
    return sections, {"histogram_seconds": seconds, "histogram_median": float(h.quantile(0.5))}
