"""The style of plots: colours for all kinds of colour vision, on light and dark backgrounds; thin grids, no frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Distinguishable with each of the three colour blindnesses (tests/plot requires a distance), and legible on their background. The first
#: four are farthest from each other.
LIGHT = ("#0057d0", "#b84300", "#14a869", "#bf539e", "#e5920e", "#989cf7", "#4f4560", "#815f52")
DARK = ("#5391c9", "#e86b20", "#16cf76", "#efb4c9", "#dcdf5a", "#c3c5fa", "#876ff1", "#8d9b93")
#: Classes beyond the number of colours repeat the colours with another mark.
MARKS = ("o", "^", "s", "D")


def style(dark: bool = False) -> dict[str, Any]:
    """Settings of matplotlib for the style of plait's plots.

    Functions of `plait.plot` use them for figures that they make themselves. On given axes they use the colours that match the text of
    those axes, light or dark.

    Parameters
    ----------
    dark : bool
        Light lines on a dark background.

    Returns
    -------
    dict
        For ``matplotlib.pyplot.style.use`` or ``matplotlib.rc_context``.

    Examples
    --------
    >>> import matplotlib
    >>> history = plait.train.History(loss=[3.0, 2.0, 1.5])
    >>> with matplotlib.rc_context(plait.plot.style(dark=True)):
    ...     ax = plait.plot.loss_curve(history)
    >>> ax.get_facecolor()
    (0.09411764705882353, 0.09411764705882353, 0.10588235294117647, 1.0)
    """
    ink, quiet, ground, line = ("#e4e4e7", "#a1a1aa", "#18181b", "#52525b") if dark else ("#18181b", "#52525b", "#ffffff", "#a1a1aa")
    from cycler import cycler

    found: dict[str, Any] = dict.fromkeys(["figure.facecolor", "axes.facecolor", "savefig.facecolor", "legend.facecolor"], ground)
    found |= dict.fromkeys(["text.color", "axes.labelcolor", "axes.titlecolor", "lines.color", "patch.edgecolor"], ink)
    found |= dict.fromkeys(["xtick.color", "ytick.color"], quiet)
    found |= {"axes.edgecolor": line, "grid.color": line, "axes.prop_cycle": cycler(color=DARK if dark else LIGHT)}
    found |= {"axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True, "grid.alpha": 0.3, "grid.linewidth": 0.6}
    found |= {"legend.frameon": False, "lines.linewidth": 1.5, "axes.titlesize": "medium", "axes.titleweight": "normal"}
    return found


def is_dark(ax: Axes | None = None) -> bool:
    """Whether the text of the axes, or of new axes, is light."""
    import matplotlib as mpl
    from matplotlib.colors import to_rgb

    r, g, b = to_rgb(mpl.rcParams["text.color"] if ax is None else ax.xaxis.label.get_color())
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.5


def colour(i: int, ax: Axes | None = None) -> str:
    """The i-th of eight colours, cyclically, from the palette that matches the axes' text."""
    palette = DARK if is_dark(ax) else LIGHT
    return palette[i % len(palette)]


def mark(i: int) -> str:
    """A mark for the i-th class: classes of the same colour have different ones."""
    return MARKS[i // len(LIGHT) % len(MARKS)]


def quiet(ax: Axes) -> str:
    """A grey for the background of a plot: observations, assets, links."""
    return "#a1a1aa" if is_dark(ax) else "#71717a"


def axes_or_new(ax: Axes | None, figsize: tuple[float, float] | None = None) -> Axes:
    """The given axes, or those of a new figure in plait's style."""
    if ax is not None:
        return ax
    try:
        import matplotlib as mpl
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ModuleNotFoundError("plait.plot needs matplotlib: pip install matplotlib") from error
    with mpl.rc_context(style(dark=is_dark())):
        new: Axes = plt.subplots(figsize=figsize, layout="constrained")[1]
    return new


def panels(rows: int, columns: int, figsize: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """A new figure in plait's style with a grid of axes, in row-major order."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    with mpl.rc_context(style(dark=is_dark())):
        figure, axes = plt.subplots(rows, columns, figsize=figsize, squeeze=False, layout="constrained")
    return figure, list(axes.ravel())


def plain(ax: Axes, grid: bool = True) -> Axes:
    """Removes the frame, and adds a thin grid behind the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    if grid:
        ax.grid(visible=True, alpha=0.3, linewidth=0.6)
    return ax


def legend(ax: Axes, columns: int = 1, above: bool = False, **options: Any) -> None:
    """A legend without a frame, if anything has a name."""
    if ax.get_legend_handles_labels()[1]:
        options = {**({"loc": "lower center", "bbox_to_anchor": (0.5, 1)} if above else {}), **options}
        ax.legend(frameon=False, ncols=columns, **options)
