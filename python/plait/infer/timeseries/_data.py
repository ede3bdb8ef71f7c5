"""Reading series: arrays, lists, pandas Series and data frames, their dates, and missing values."""

from __future__ import annotations

import dataclasses
import importlib
import warnings
from typing import Any

import numpy as np

from ..._core import ShapeError

__all__ = ["Series", "Steps", "read_future", "read_series"]

WEEK = 5  # days of trade
HOLIDAYS = 0.1  # of the weekdays, at most
LARGEST = 1e120  # of a value: likelihoods square it, and some of their derivatives square that


class Steps:
    """The times of observations: counted from 0, or a pandas index that can be carried on.

    Parameters
    ----------
    size : int
        Number of observations.
    index : pandas.Index, optional
        Their dates or periods.
    freq : pandas offset, optional
        Of dates whose index has none: trading days, from which holidays are left out.
    """

    def __init__(self, size: int, index: Any = None, freq: Any = None) -> None:
        self.size, self.index, self.freq = size, index, freq

    def past(self) -> Any:
        """The times of the observations."""
        return np.arange(self.size) if self.index is None else self.index

    def future(self, h: int) -> Any:
        """The next `h` times after the last observation."""
        if self.index is None:
            return np.arange(self.size, self.size + h)
        last = self.index[-1]
        if hasattr(self.index, "to_timestamp"):  # periods
            return type(self.index)([last + k for k in range(1, h + 1)], freq=self.index.freq)
        pd = importlib.import_module("pandas")

        if self.index.dtype.kind in "iu":
            step = int(self.index[1] - self.index[0])
            return pd.RangeIndex(int(last) + step, int(last) + step * (h + 1), step)
        return pd.date_range(last, periods=h + 1, freq=self.index.freq if self.freq is None else self.freq)[1:]


@dataclasses.dataclass
class Series:
    """Observations in time order, with regressors."""

    y: np.ndarray[Any, Any]  # (n,) float64, NaN where missing
    X: np.ndarray[Any, Any] | None  # (n, k)
    x_names: tuple[str, ...]
    steps: Steps
    programs: dict[str, Any] = dataclasses.field(default_factory=dict)  # compiled for this series, by what they give

    def __getstate__(self) -> dict[str, Any]:
        """Pickled without compiled programs."""
        return {**self.__dict__, "programs": {}}

    @property
    def observed(self) -> Any:
        """The mask of values that are not missing."""
        return ~np.isnan(self.y)

    @property
    def scale(self) -> float:
        """The standard deviation of the observations, or 1 for a constant series."""
        spread = float(np.nanstd(self.y))
        return spread if spread > 0 else 1.0


def _pandas(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "pandas"


def _numbers(value: Any, what: str) -> np.ndarray[Any, Any]:
    if isinstance(value, np.ma.MaskedArray):
        value = np.ma.filled(value.astype(np.float64), np.nan)
    array = np.asarray(value)
    if array.dtype.kind in "OUSMmc" and not (array.dtype.kind == "O" and _pandas(value)):
        raise TypeError(f"{what}: real numbers are needed, got dtype {array.dtype}")
    try:
        return np.array(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{what}: real numbers are needed, got dtype {array.dtype}") from error


def _frequencies_of_parts(index: Any, parts: int = 200) -> list[str]:
    """Frequencies of runs of dates: where some follow each other without a gap, they tell it."""
    pd = importlib.import_module("pandas")

    starts = range(0, len(index) - 3, 1 + len(index) // parts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [pd.infer_freq(index[k : k + 4]) for k in starts]
    return list(dict.fromkeys(f for f in found if f is not None))


def _regular(value: Any, what: str) -> Any:
    """The pandas object with an index whose steps are regular; dates left out become missing values."""
    index = value.index
    if index.hasnans:
        raise ValueError(f"{what}: the index holds no time (NaT or NaN) at position {int(np.flatnonzero(index.isna())[0])}")
    if index.has_duplicates:
        raise ValueError(f"{what}: the index holds {index[index.duplicated()][0]!r} more than once; each time may stand once")
    if not index.is_monotonic_increasing:
        raise ValueError(f"{what}: the index is not sorted; sort the series by time (y.sort_index()) first")
    if hasattr(index, "to_timestamp"):
        pd = importlib.import_module("pandas")

        return value.reindex(pd.period_range(index[0], index[-1], freq=index.freq))
    if index.dtype.kind != "M":
        return value
    if index.freq is not None:
        return value
    pd = importlib.import_module("pandas")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas 3 announces that the result changes its type
        freq = pd.infer_freq(index) if len(index) > 2 else None
    if freq is None and _weekdays_only(index):
        freq = "B"  # exchanges and banks: weekends are no missing values, holidays are
    if freq is None and len(index) > 2:
        gaps = np.diff(index.asi8)
        step = np.gcd.reduce(gaps)
        # Days left out of a daily series (or hours of an hourly one): the shortest step is the frequency, the rest is missing.
        if step == gaps.min() and len(index) * 2 > (index.asi8[-1] - index.asi8[0]) // step:
            freq = pd.tseries.frequencies.to_offset(pd.Timedelta(int(step), unit=index.unit))
        else:
            for name in [*_frequencies_of_parts(index), "MS", "ME", "B"]:
                full = pd.date_range(index[0], index[-1], freq=name)
                if index.isin(full).all() and len(index) * 2 > len(full):
                    freq = name
                    break
    if freq is None and len(index) > 2:
        warnings.warn(
            f"{what}: the dates have no frequency; the observations are taken to be evenly spaced, and forecasts are counted from 0",
            UserWarning,
            stacklevel=5,
        )
    return value if freq is None else value.asfreq(freq)


def _weekdays_only(index: Any) -> bool:
    """Whether dates are days from Monday to Friday, most of them there, over at least a weekend and a week."""
    pd = importlib.import_module("pandas")

    local = index if index.tz is None else index.tz_localize(None)
    days = local.normalize()
    times = local - days
    if len(index) < 2 * WEEK or days.day_of_week.max() >= WEEK or (times != times[0]).any():
        return False
    return bool(len(index) * 2 > len(pd.bdate_range(days[0], days[-1])))


def _without_holidays(value: Any, dates: Any) -> bool:
    """Whether the values that an index of weekdays lacks are no more than holidays: few, and never more than a week on end."""
    if getattr(value.index, "freqstr", None) != "B" or len(value) == len(dates):
        return False
    at = value.index.get_indexer(dates)
    return bool(len(value) - len(dates) <= HOLIDAYS * len(value) + 1 and np.diff(at).max() <= WEEK + 1)


def read_series(y: Any, X: Any = None, *, what: str = "fit", missing: bool = True) -> Series:
    """Reads a series and its regressors; errors name the argument.

    Parameters
    ----------
    y : array_like or pandas.Series, shape (n,)
        The observations.
    X : array_like or pandas.DataFrame, shape (n, k), optional
        Regressors.
    what : str
        Name of the caller, for messages.
    missing : bool
        Whether NaN may stand in `y`.
    """
    index = freq = None
    if _pandas(y):
        if getattr(y, "ndim", 1) == 2:
            if y.shape[1] != 1:
                raise ShapeError(f"{what}: y has {y.shape[1]} columns, one is needed")
            y = y.iloc[:, 0]
        if hasattr(y, "index"):
            before = y.index
            regular = _regular(y, f"{what}: y")
            if not missing and _without_holidays(regular, before):
                freq = regular.index.freq  # the next day of trade follows the last, as of models without missing values
            else:
                y = regular
            if y.index.dtype.kind == "M" or hasattr(y.index, "to_timestamp"):
                index = y.index if freq is not None or getattr(y.index, "freq", None) is not None else None
            elif y.index.dtype.kind in "iu" and len(y) > 1 and len(np.unique(np.diff(y.index))) == 1:
                index = y.index  # years, say
            if X is not None and not _pandas(X) and len(before) < len(y) and np.ndim(X) and len(X) == len(before):
                X = _spread_rows(X, y.index.get_indexer(before), len(y), what)  # a row for each date that is there
            if X is not None and _pandas(X):
                if not before.isin(X.index).all():
                    raise ValueError(f"{what}: X has no row for {before[~before.isin(X.index)][0]!r} of y")
                X = X.loc[before].reindex(y.index)
    values = _numbers(y, f"{what}: y")
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ShapeError(f"{what}: y has shape {values.shape}, one series of shape (n,) is needed")
    if not len(values):
        raise ShapeError(f"{what}: y is empty")
    if np.isinf(values).any():
        raise ValueError(f"{what}: y[{int(np.flatnonzero(np.isinf(values))[0])}] is infinite")
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    if largest > LARGEST or 0 < largest < 1 / LARGEST:
        raise ValueError(f"{what}: y has values of the size of {largest:.3g}, whose squares are out of range; give it in other units")
    bad = np.flatnonzero(np.isnan(values))
    if len(bad) and not missing:
        raise ValueError(f"{what}: y[{bad[0]}] is missing (NaN; {len(bad)} in all), which this model does not allow")
    if len(bad) == len(values):
        raise ValueError(f"{what}: every value of y is missing (NaN)")
    names: tuple[str, ...] = ()
    regressors = None
    if X is not None:
        regressors, names = _read_regressors(X, len(values), what)
        holes = np.isnan(regressors).any(1) & ~np.isnan(values)
        if holes.any():
            raise ValueError(f"{what}: X has a missing value (NaN) in row {int(np.flatnonzero(holes)[0])}, where y has none")
        regressors = np.nan_to_num(regressors)  # only in rows that are skipped
    return Series(values, regressors, names, Steps(len(values), index, freq))


def _spread_rows(X: Any, at: np.ndarray[Any, Any], rows: int, what: str) -> np.ndarray[Any, Any]:
    array = _numbers(X, f"{what}: X")
    spread = np.full((rows, *array.shape[1:]), np.nan)
    spread[at] = array
    return spread


def _read_regressors(X: Any, rows: int | None, what: str) -> tuple[np.ndarray[Any, Any], tuple[str, ...]]:
    columns = getattr(X, "columns", None) if _pandas(X) else None
    array = _numbers(X, f"{what}: X")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise ShapeError(f"{what}: X has shape {array.shape}, (n, k) is needed")
    if rows is not None and len(array) != rows:
        raise ShapeError(f"{what}: X has {len(array)} rows, {rows} are needed")
    if np.isinf(array).any():
        raise ValueError(f"{what}: X holds an infinite value in row {int(np.argwhere(np.isinf(array))[0][0])}")
    if columns is None and _pandas(X) and getattr(X, "name", None) is not None:
        columns = [X.name]
    names = tuple(map(str, columns)) if columns is not None else tuple(f"x{k + 1}" for k in range(array.shape[1]))
    return array, names


def read_future(X: Any, series: Series, h: int, what: str = "predict") -> np.ndarray[Any, Any] | None:
    """Regressors of the next `h` steps: as many columns as at fit, in the same order where they have names."""
    if series.X is None:
        if X is not None:
            raise ValueError(f"{what}: X was given, but the model was fitted without regressors")
        return None
    if X is None:
        raise ValueError(f"{what}: the model was fitted with the regressors {', '.join(series.x_names)}: X of {h} future rows is needed")
    if _pandas(X) and hasattr(X, "columns"):
        missing = [name for name in series.x_names if name not in set(map(str, X.columns))]
        if missing:
            raise ValueError(f"{what}: X has no column {missing[0]!r}; the model was fitted with {', '.join(series.x_names)}")
        X = X[[c for name in series.x_names for c in X.columns if str(c) == name]]
    array, _ = _read_regressors(X, h, what)
    if array.shape[1] != len(series.x_names):
        raise ShapeError(f"{what}: X has {array.shape[1]} columns, the model was fitted with {len(series.x_names)}")
    if np.isnan(array).any():
        raise ValueError(f"{what}: X holds a missing value (NaN) in row {int(np.argwhere(np.isnan(array))[0][0])}")
    return array
