"""One HTML file that tells how a run went: no other file, no address, no script; readable on a phone and in the dark.

A report is a list of sections, and a section is what a small function makes: `text`, `facts`, `table`, `preformatted`, `figure`, `graph`.
Others add their own by returning a `Section` in the same way.
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

from .picture import to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Report", "Section", "facts", "figure", "graph", "preformatted", "table", "text"]

STYLE = """
:root { color-scheme: light dark; --ink: #18181b; --quiet: #52525b; --paper: #ffffff; --line: #d4d4d8; --shade: #f4f4f5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e4e7; --quiet: #a1a1aa; --paper: #18181b; --line: #3f3f46; --shade: #27272a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.6rem; margin: 0.5rem 0; } h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
p, figcaption { color: var(--quiet); margin: 0.4rem 0; } figure { margin: 0; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; padding: 0.5rem; }
.plot { background: #ffffff; text-align: center; } .plot img { max-width: 100%; height: auto; }
.graph { max-height: 80vh; overflow: auto; } .graph svg { display: block; margin: 0 auto; }
pre { margin: 0; font: 0.8rem/1.4 ui-monospace, monospace; }
table { border-collapse: collapse; font-size: 0.95rem; }
th, td { text-align: left; padding: 0.25rem 0.9rem 0.25rem 0; border-bottom: 1px solid var(--line); } td.number { text-align: right; }
nav a { margin-right: 0.9rem; color: inherit; }
"""


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Parameters
    ----------
    title : str
        Plain text; it is escaped when the report is written.
    body : str
        HTML; whoever makes a section escapes what goes into it.
    """

    title: str
    body: str


def escaped(value: object) -> str:
    """A value as text that is safe in HTML, inside of quotes too."""
    return html.escape(str(value), quote=True)


def shown(value: object) -> str:
    """A value for a cell: floats to five digits, the rest as it prints itself."""
    return escaped(f"{value:.5g}" if isinstance(value, float) else value)


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


def table(title: str, header: Sequence[object], rows: Iterable[Sequence[object]], caption: str = "") -> Section:
    """A section with a table; numbers stand to the right.

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

    def cell(value: object) -> str:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return f"<td{' class=number' if number else ''}>{shown(value)}</td>"

    head = "".join(f"<th>{escaped(name)}</th>" for name in header)
    body = "\n".join(f"<tr>{''.join(cell(value) for value in row)}</tr>" for row in rows)
    below = f"\n<p>{escaped(caption)}</p>" if caption else ""
    return Section(title, f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>{below}')


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
    """A section with text whose columns stand under each other, such as ``program.summary()``.

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
    below = f"\n<p>{escaped(caption)}</p>" if caption else ""
    return Section(title, f'<div class="wide"><pre>{escaped(content)}</pre></div>{below}')


def figure(title: str, draw: Callable[[Axes], Any], caption: str = "", *, size: tuple[float, float] = (6.0, 3.6)) -> Section:
    """A section with a plot.

    Parameters
    ----------
    title : str
        Its heading.
    draw : callable
        Draws on the matplotlib axes that it is given.
    caption : str
        A sentence below.
    size : (float, float)
        Width and height in inches.

    Returns
    -------
    Section
        For `Report.add`; the plot is inside of it, as PNG.

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
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ModuleNotFoundError("plait.report.figure needs matplotlib: pip install matplotlib") from error
    # Not pyplot: no window, no global state, and nothing to close.
    canvas = Figure(figsize=size, layout="constrained")
    draw(canvas.add_subplot())
    content = io.BytesIO()
    canvas.savefig(content, format="png", dpi=144, facecolor="white", metadata={"Software": None})
    data = base64.b64encode(content.getvalue()).decode("ascii")
    below = f"\n<figcaption>{escaped(caption)}</figcaption>" if caption else ""
    width = round(96 * size[0])
    image = f'<img width="{width}" alt="{escaped(title)}" src="data:image/png;base64,{data}">'
    return Section(title, f'<figure><div class="wide plot">{image}</div>{below}</figure>')


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
        For `Report.add`; the picture is inside of it, as SVG.

    Examples
    --------
    >>> x = plait.input("x", (None, 3))
    >>> "<svg" in plait.report.graph("Square", x * x).body
    True
    """
    # Inside of HTML an <svg> needs no namespace, so that the page names no address at all. Graphviz is not asked: the same everywhere.
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", to_svg(node, max_nodes=max_nodes, use_dot=False))
    below = f"\n<figcaption>{escaped(caption)}</figcaption>" if caption else ""
    return Section(title, f'<figure><div class="wide graph">{svg}</div>{below}</figure>')


@dataclass
class Report:
    """Sections under a title, and the file that they become.

    Parameters
    ----------
    title : str
        Plain text.
    subtitle : str
        A sentence under it.
    sections : list of Section
        What is there already.

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
        links = "".join(f'<a href="#part{i}">{escaped(section.title)}</a> ' for i, section in enumerate(self.sections))
        parts = "\n".join(
            f'<section id="part{i}">\n<h2>{escaped(section.title)}</h2>\n{section.body}\n</section>'
            for i, section in enumerate(self.sections)
        )
        subtitle = f"\n<p>{escaped(self.subtitle)}</p>" if self.subtitle else ""
        return (
            f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escaped(self.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
            f"<h1>{escaped(self.title)}</h1>{subtitle}\n<nav>{links}</nav>\n{parts}\n</body>\n</html>\n"
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the page, whole or not at all; missing folders are made. Gives the path."""
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
