"""Reports as one self-contained HTML file: no scripts, no external references; also for narrow screens and dark mode.

A report is a list of sections, each made by a function: `text`, `facts`, `table`, `preformatted`, `figure`, `graph`, `program`. A `chapter`
introduces the sections after it and shows the code that made them. Any function that returns a `Section` can add to a report.
"""

from __future__ import annotations

import base64
import html
import io
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..picture import to_svg
from ._style import STYLE
from ._words import code_html, people_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Report", "Section", "chapter", "facts", "figure", "graph", "preformatted", "program", "table", "text"]


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Parameters
    ----------
    title : str
        Plain text; it is escaped when the report is written.
    body : str
        HTML, already escaped.
    begins : bool
        Whether it begins a chapter: the sections after it are one level below.
    """

    title: str
    body: str
    begins: bool = False


def escaped(value: object) -> str:
    """A value as escaped HTML text, safe in attributes too."""
    return html.escape(str(value), quote=True)


def shown(value: object) -> str:
    """A value for a cell: numbers formatted by `people_number`, other values by `str`."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return escaped(people_number(value) if number else value)  # type: ignore[arg-type]


def text(title: str, *paragraphs: str) -> Section:
    """A section of plain paragraphs.

    Parameters
    ----------
    title : str
        Its heading.
    *paragraphs : str
        Plain text.

    Returns
    -------
    Section
        For `Report.add`.

    Examples
    --------
    >>> plait.report.text("Aim", "a < b").body
    '<p>a &lt; b</p>'
    """
    return Section(title, "\n".join(f"<p>{escaped(paragraph)}</p>" for paragraph in paragraphs))


def chapter(title: str, what: str, code: str = "") -> Section:
    """The beginning of a chapter: an introduction, and the code that made its sections.

    Parameters
    ----------
    title : str
        Its heading. The sections after it, up to the next chapter, are one level below.
    what : str
        Plain text; an empty line separates paragraphs.
    code : str
        Python that makes what follows.

    Returns
    -------
    Section
        For `Report.add`.

    Examples
    --------
    >>> plait.report.chapter("Counts", "How many of each.", "h = plait.Histogram.regular(10, 0, 1)").begins
    True
    """
    paragraphs = "\n".join(f"<p>{escaped(paragraph.strip())}</p>" for paragraph in what.split("\n\n") if paragraph.strip())
    below = f'\n<pre class="code"><code>{code_html(code.strip())}</code></pre>' if code.strip() else ""
    return Section(title, paragraphs + below, begins=True)


def table(title: str, header: Sequence[object], rows: Iterable[Sequence[object]], caption: str = "") -> Section:
    """A section with a table; columns of numbers are right-aligned.

    Parameters
    ----------
    title : str
        Its heading.
    header : sequence
        Names of the columns.
    rows : iterable of sequences
        The cells.
    caption : str
        A sentence below.

    Returns
    -------
    Section
        For `Report.add`.

    Examples
    --------
    >>> "<td>loss</td>" in plait.report.table("Result", ["what", "value"], [("loss", 0.25)]).body
    True
    """
    cells = [list(row) for row in rows]
    numeric = [
        bool(cells) and all(isinstance(row[k], (int, float)) and not isinstance(row[k], bool) for row in cells) for k in range(len(header))
    ]
    head = "".join(f"<th{' class=number' if number else ''}>{escaped(name)}</th>" for name, number in zip(header, numeric, strict=True))
    head = f"<thead><tr>{head}</tr></thead>\n" if any(str(name) for name in header) else ""
    right = [" class=number" if number else "" for number in numeric]
    body = "\n".join(f"<tr>{''.join(f'<td{r}>{shown(value)}</td>' for value, r in zip(row, right, strict=True))}</tr>" for row in cells)
    below = f"\n<p class=caption>{escaped(caption)}</p>" if caption else ""
    kind = "" if head else " class=facts"
    return Section(title, f'<div class="wide"><table{kind}>{head}<tbody>{body}</tbody></table></div>{below}')


def facts(title: str, values: Mapping[str, object], caption: str = "") -> Section:
    """A section that lists names and values.

    Parameters
    ----------
    title : str
        Its heading.
    values : mapping
        Name to value, in the order in which they are shown.
    caption : str
        A sentence below.

    Returns
    -------
    Section
        For `Report.add`.

    Examples
    --------
    >>> "12.5" in plait.report.facts("Run", {"seconds": 12.5}).body
    True
    """
    return table(title, ["", ""], values.items(), caption)


def preformatted(title: str, content: str, caption: str = "") -> Section:
    """A section with preformatted text, such as ``program.summary()``.

    Parameters
    ----------
    title : str
        Its heading.
    content : str
        Plain text.
    caption : str
        A sentence below.

    Returns
    -------
    Section
        For `Report.add`.

    Examples
    --------
    >>> plait.report.preformatted("Steps", "1  matmul").title
    'Steps'
    """
    below = f"\n<p class=caption>{escaped(caption)}</p>" if caption else ""
    return Section(title, f'<div class="wide"><pre>{escaped(content)}</pre></div>{below}')


def figure(title: str, draw: Callable[[Axes], Any], caption: str = "", *, size: tuple[float, float] = (6.0, 3.6)) -> Section:
    """A section with a plot.

    Parameters
    ----------
    title : str
        Its heading.
    draw : callable
        Draws on given matplotlib axes. It is called twice, for a light and for a dark page.
    caption : str
        A sentence below.
    size : (float, float)
        Width and height in inches.

    Returns
    -------
    Section
        For `Report.add`; the plot is embedded as PNG.

    Raises
    ------
    ModuleNotFoundError
        matplotlib is not installed.

    Examples
    --------
    >>> section = plait.report.figure("Line", lambda ax: ax.plot([1, 2, 3]))
    >>> 'src="data:image/png;base64,' in section.body
    True
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ModuleNotFoundError("plait.report.figure needs matplotlib: pip install matplotlib") from error

    def picture(dark: bool) -> str:
        with mpl.rc_context(DARK if dark else None):
            # Not pyplot: no window, no global state, and nothing to close.
            canvas = Figure(figsize=size, layout="constrained")
            draw(canvas.add_subplot())
            content = io.BytesIO()
            canvas.savefig(content, format="png", dpi=144, transparent=True, metadata={"Software": None})
        return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode("ascii")

    below = f"\n<figcaption>{escaped(caption)}</figcaption>" if caption else ""
    width = round(96 * size[0])
    dark = f'<source media="(prefers-color-scheme: dark)" srcset="{picture(True)}">'
    image = f'<picture>{dark}<img width="{width}" alt="{escaped(title)}" src="{picture(False)}"></picture>'
    return Section(title, f'<figure><div class="wide plot">{image}</div>{below}</figure>')


# The page's colours in dark mode.
DARK: dict[Any, Any] = dict.fromkeys(
    ["text.color", "axes.labelcolor", "axes.edgecolor", "axes.titlecolor", "xtick.color", "ytick.color"], "#e4e4e7"
)
DARK |= {"axes.facecolor": "#1f1f23", "figure.facecolor": "#1f1f23", "grid.color": "#3f3f46", "legend.facecolor": "#1f1f23"}
DARK |= {"legend.edgecolor": "#3f3f46", "savefig.facecolor": "#1f1f23", "lines.color": "#e4e4e7", "patch.edgecolor": "#e4e4e7"}


def graph(title: str, node: Any, caption: str = "", *, max_nodes: int = 300) -> Section:
    """A section with the picture of a graph: each node with op, name, shape and the length of its wait-list.

    Parameters
    ----------
    title : str
        Its heading.
    node : Node or sequence of Node
        The output or the outputs.
    caption : str
        A sentence below.
    max_nodes : int
        A larger graph is cut, and says so.

    Returns
    -------
    Section
        For `Report.add`; the picture is embedded as SVG.

    Examples
    --------
    >>> x = plait.input("x", (None, 3))
    >>> "<svg" in plait.report.graph("Square", x * x).body
    True
    """
    # In HTML an <svg> needs no namespace, so the page contains no address. Without Graphviz the layout is the same everywhere.
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", to_svg(node, max_nodes=max_nodes, use_dot=False))
    below = f"\n<figcaption>{escaped(caption)}</figcaption>" if caption else ""
    return Section(title, f'<figure><div class="wide graph">{svg}</div>{below}</figure>')


def program(title: str, compiled: Any, caption: str = "") -> Section:
    """A section with the steps of a program: their order, shapes and numbers of operations.

    Parameters
    ----------
    title : str
        Its heading.
    compiled : Program
        A program with bound shapes.
    caption : str
        A sentence below.

    Returns
    -------
    Section
        For `Report.add`; on a narrow screen each step is a line or two.

    Examples
    --------
    >>> x = plait.input("x", (2, 3))
    >>> program = plait.compile(plait.exp(x) + 1)
    >>> "exp add" in plait.report.program("Steps", program).body
    True
    """
    steps = compiled.steps
    rows = "\n".join(
        f"<tr><td class=number>{k + 1}</td><td>{escaped(' × '.join(map(str, step.shape)) or 'one number')}</td>"
        f"<td class=number>{escaped(work_text(step.flops))}</td><td>{escaped(step.label)}</td></tr>"
        for k, step in enumerate(steps)
    )
    head = "<thead><tr><th class=number>step</th><th>shape</th><th class=number>operations</th><th>what</th></tr></thead>"
    total = f"{len(steps)} steps, {work_text(compiled.flops)} operations, {people_number(compiled.memory_bytes / 1024, 3)} KiB of memory."
    below = f"\n<p class=caption>{escaped(f'{total} {caption}'.strip())}</p>"
    return Section(title, f'<div class="wide"><table class=program>{head}\n<tbody>{rows}</tbody></table></div>{below}')


def work_text(flops: float) -> str:
    """A number of operations, in thousands or millions."""
    for unit, size in ((" G", 1e9), (" M", 1e6), (" k", 1e3)):
        if flops >= size:
            return people_number(flops / size, 3) + unit
    return people_number(int(flops))


@dataclass
class Report:
    """A report: sections under a title, saved as one file.

    Parameters
    ----------
    title : str
        Plain text.
    subtitle : str
        A sentence under it.
    sections : list of Section
        The first sections.

    Examples
    --------
    >>> report = plait.report.Report("Digits", "A small run.")
    >>> report.add(plait.report.facts("Result", {"ELBO": -12.5}))
    >>> report.save("report.html").name
    'report.html'
    """

    title: str
    subtitle: str = ""
    sections: list[Section] = field(default_factory=list)

    def add(self, *sections: Section) -> None:
        """Appends sections."""
        self.sections.extend(sections)

    def html(self) -> str:
        """The page."""
        chapters = any(section.begins for section in self.sections)
        links = "".join(
            f'<li><a href="#part{i}">{escaped(section.title)}</a></li>'
            for i, section in enumerate(self.sections)
            if section.begins or not chapters
        )

        def heading(section: Section) -> str:
            level = 3 if chapters and not section.begins else 2
            return f"<h{level}>{escaped(section.title)}</h{level}>"

        parts = "\n".join(
            f'<section id="part{i}">\n{heading(section)}\n{section.body}\n</section>' for i, section in enumerate(self.sections)
        )
        subtitle = f"\n<p class=subtitle>{escaped(self.subtitle)}</p>" if self.subtitle else ""
        return (
            f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escaped(self.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
            f"<header><h1>{escaped(self.title)}</h1>{subtitle}</header>\n<nav><ul>{links}</ul></nav>\n<main>\n{parts}\n</main>\n</body>\n</html>\n"
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the page atomically and returns the path; missing folders are made."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=path.name + ".", dir=path.parent)
        part = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(self.html())
            part.chmod(0o644)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return path
