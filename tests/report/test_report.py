"""The report: one self-contained file for any content."""

from __future__ import annotations

import base64
import html.parser
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from plait import report

VOID = {"meta", "img", "source", "rect", "path", "br"}
NASTY = '<script>alert("x")</script>&\'"'


class Checker(html.parser.HTMLParser):
    """Balance of tags, and everything that a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"script", "link", "iframe", "object", "embed", "base"}:
            self.wrong.append(tag)
        for name, value in attrs:
            local = (value or "").startswith(("data:", "#"))
            if (name in {"src", "href", "xlink:href", "srcset", "action"} and not local) or name.startswith("on"):
                self.wrong.append(f"{name}={value}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.text += data


def check(page: str) -> str:
    """The page's text; fails on what is not closed, not escaped or not inside."""
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert checker.wrong == []
    assert "http:" not in page
    assert "https:" not in page
    assert "url(" not in page
    assert "@import" not in page
    return checker.text


class Made:
    op, shape, dtype, wait_count = "exp", (None, 3), "float32", 0

    def __init__(self, name: str, *inputs: Made) -> None:
        self.name, self.inputs = name, inputs
        self.consumers: tuple[Made, ...] = ()


def test_everything_is_escaped_and_inside(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    page = report.Report(NASTY, NASTY)
    page.add(
        report.text(NASTY, NASTY, "second"),
        report.facts(NASTY, {NASTY: NASTY}, NASTY),
        report.table(NASTY, [NASTY], [[NASTY], [1.23456789], [True], [None]], NASTY),
        report.preformatted(NASTY, NASTY, NASTY),
        report.figure(NASTY, lambda ax: ax.set_title("a & b"), NASTY),
        report.graph(NASTY, Made(NASTY, Made("x")), NASTY),
    )
    path = page.save(tmp_path / "deep" / "er" / "report.html")
    text = check(path.read_text(encoding="utf-8"))
    assert text.count(NASTY) >= 15
    assert "1.235" in text
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_it_is_made_for_small_and_dark_screens() -> None:
    page = report.Report("A").html()
    assert '<meta name="viewport" content="width=device-width' in page
    assert "prefers-color-scheme: dark" in page
    check(page)


def test_a_figure_is_a_png_inside_and_the_same_each_time() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    before = pyplot.get_fignums()
    one, two = (report.figure("t", lambda ax: ax.imshow(np.eye(3))).body for _ in range(2))
    assert one == two
    data = one.split("base64,")[1].split('"')[0]
    assert base64.b64decode(data)[:4] == b"\x89PNG"
    assert pyplot.get_fignums() == before


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match="pip install matplotlib"):
        report.figure("t", lambda _: None)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = report.Report("old").save(tmp_path / "r.html")

    def fail(_: report.Report) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(report.Report, "html", fail)
    with pytest.raises(KeyboardInterrupt):
        report.Report("new").save(path)
    assert "old" in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]


def test_importing_brings_in_no_matplotlib() -> None:
    code = "import sys, plait.report, plait.plot, plait.picture; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"
