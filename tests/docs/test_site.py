"""The site as people use it: what its search finds, ten tasks and their pages, the README's picture."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
pytestmark = pytest.mark.skipif(not (DOCS / "conf.py").exists(), reason="no docs/ beside the tests")
PAGES = [p for p in sorted(DOCS.rglob("*.md")) if "build" not in p.relative_to(DOCS).parts]


@pytest.mark.parametrize(
    ("phrase", "page"), [("warping window", "guide/align.md"), ("waits for", "guide/graphs.md"), ("k-hat", "guide/infer.md")]
)
def test_the_search_has_something_to_find(phrase: str, page: str) -> None:
    found = {p.relative_to(DOCS).as_posix() for p in PAGES if phrase in p.read_text(encoding="utf-8").lower()}
    assert page in found
    built = ROOT / "build" / "docs" / "searchindex.js"
    if built.exists():  # the words that the index holds, as its own stemmer leaves them
        index = built.read_text(encoding="utf-8")
        for stem in {"warping window": ["warp", "window"], "waits for": ["wait"], "k-hat": ["hat"]}[phrase]:
            assert f'"{stem}":' in index
        assert f'"{page.removesuffix(".md")}"' in index


@pytest.mark.slow
@pytest.mark.parametrize(
    ("phrase", "page"),
    [
        ("warping window", "guide/align.html"),
        ("waits for", "guide/graphs.html"),
        ("k-hat", "guide/infer.html"),
        ("khat", "plait.infer.Posterior"),
    ],
)
def test_the_search_finds_it(phrase: str, page: str) -> None:
    """In a browser, among the first results: `./dev docs` must have been run."""
    search = ROOT / "build" / "docs" / "search.html"
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not search.exists() or browser is None:
        pytest.skip("the site is not built, or there is no Chromium")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom"]
    address = f"{search.as_uri()}?q={urllib.parse.quote(phrase)}"
    done = subprocess.run([browser, *options, address], capture_output=True, text=True, check=False, timeout=250)
    results = re.findall(r'<a href="([^"]+)" data-score', done.stdout)
    assert any(page in result for result in results[:6]), results[:12]


@pytest.mark.slow
def test_no_link_inside_is_broken() -> None:
    """Files and places in them; `./dev docs` must have been run."""
    site = ROOT / "build" / "docs"
    if not site.exists():
        pytest.skip("the site is not built")
    texts = {p: p.read_text(encoding="utf-8") for p in site.rglob("*.html") if not p.relative_to(site).parts[0].startswith("_")}
    places = {p: set(re.findall(r'(?:id|name)="([^"]+)"', text)) for p, text in texts.items()}
    broken = []
    for page, text in texts.items():
        for link in set(re.findall(r'(?:href|src)="([^"]+)"', text)):
            if re.match(r"\w+:|#$", link) or page.name in {"search.html", "genindex.html"}:
                continue
            path, _, place = urllib.parse.unquote(link).partition("#")
            target = Path(os.path.normpath(page.parent / path.split("?")[0])) if path else page
            if not target.exists() or (place and target in places and place not in places[target]):
                broken.append((page.relative_to(site).as_posix(), link))
    assert broken == []


def test_ten_tasks_are_one_click_from_the_start_page() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    table = index[index.index("| I want to") :].split("\n\n")[0].splitlines()[2:]
    assert len(table) >= 10
    targets = {target for line in table for target in re.findall(r"\]\((guide/\w+\.md)\)", line)}
    assert all(re.search(r"\]\(guide/\w+\.md\)", line) for line in table)
    parts = {p.relative_to(DOCS).as_posix() for p in (DOCS / "guide").glob("*.md")} - {"guide/index.md", "guide/plots.md"}
    assert targets == parts  # one for each part, and each leads to a page


def test_every_page_is_in_a_table_of_contents() -> None:
    """From the start page by entries of tables of contents alone."""
    reached, todo = set(), ["index"]
    while todo:
        name = todo.pop()
        if name in reached:
            continue
        reached.add(name)
        path = DOCS / f"{name}.md"
        if path.exists():
            for block in re.findall(r"```\{toctree\}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
                entries = [line.split("<")[-1].rstrip(">") for line in block.split() if not line.startswith(":")]
                todo += [(Path(name).parent / entry).as_posix() for entry in entries]
    assert {p.relative_to(DOCS).with_suffix("").as_posix() for p in PAGES} - reached == set()


def test_the_readmes_picture_is_drawn_by_the_book(tmp_path: Path) -> None:
    """Drawn again it is the same but for what another matplotlib draws otherwise."""
    image = pytest.importorskip("matplotlib.image")
    spec = importlib.util.spec_from_file_location("readme_picture", ROOT / "tools" / "readme_picture.py")
    assert spec is not None
    assert spec.loader is not None
    tool: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    drawn = list(tool.draw(tmp_path))
    assert drawn
    for path in drawn:
        assert f"docs/{path.name}" in readme
        made, kept = image.imread(path)[..., :3], image.imread(DOCS / path.name)[..., :3]
        assert made.shape == kept.shape
        assert abs(made - kept).mean() < 0.02, "python tools/readme_picture.py"
