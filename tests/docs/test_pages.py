"""The pages of docs/: their code runs, from the top of each to its end; the reference names everything public."""

import inspect
import re
from pathlib import Path

import pytest

import plait

DOCS = Path(__file__).parents[2] / "docs"
pytestmark = pytest.mark.skipif(not (DOCS / "conf.py").exists(), reason="no docs/ beside the tests")
EXAMPLES = sorted(p.relative_to(DOCS).as_posix() for folder in ("gallery", "book") for p in (DOCS / folder).glob("plot_*.py"))
PAGES = sorted(p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md") if "build" not in p.relative_to(DOCS).parts)


def code_of(page: str) -> str:
    """The Python of one page, its pictures too, by the same rule as the site's (whose module needs Sphinx)."""
    source = (DOCS / "page_pictures.py").read_text()
    names: dict = {}
    exec(source[source.index("def code_of") : source.index("class Picture")], names)
    return names["code_of"]((DOCS / page).read_text())


@pytest.mark.parametrize("page", [page for page in PAGES if code_of(page).strip()])
def test_code_runs(page, tmp_path, monkeypatch):
    code = code_of(page)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(DOCS))  # for what pages share
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    try:
        exec(compile(code, str(DOCS / page), "exec"), {"__name__": "page"})
    finally:
        plt.close("all")


@pytest.mark.parametrize("page", [p for p in PAGES if p.startswith("guide/") and p != "guide/index.md"])
def test_each_page_of_the_guide_has_a_picture(page):
    assert "```{picture}" in (DOCS / page).read_text()


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_run(example, monkeypatch):
    """Block by block, as the site shows them: a figure is shown, and closed, behind the block that made it."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    monkeypatch.chdir((DOCS / example).parent)
    monkeypatch.syspath_prepend(str((DOCS / example).parent))
    names, line = {"__name__": "__main__"}, 0
    try:
        for block in re.split(r"(?m)^(?=# %%)", (DOCS / example).read_text()):
            exec(compile("\n" * line + block, str(DOCS / example), "exec"), names)
            line += block.count("\n")
            empty = [ax for k in plt.get_fignums() for ax in plt.figure(k).axes if ax.axison and not ax.has_data() and not ax.texts]
            assert empty == [], "a figure is made in one block and drawn on in another"
            plt.close("all")
    finally:
        plt.close("all")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page):
    text = re.sub(r"```.*?```", "", (DOCS / page).read_text(), flags=re.DOTALL)
    here = (DOCS / page).parent
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", text):
        generated = target.split("/")[0].startswith(("auto_", "reference")) or "/auto_" in target or "reference/" in target
        assert generated or (here / target).exists(), f"{page}: link to {target}"


def test_every_public_name_stands_in_one_group(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    import reference_pages

    placed = [name for names in reference_pages.GROUPS.values() for name in names]
    assert len(placed) == len(set(placed))
    assert set(placed) == set(reference_pages.exported("plait"))


def test_every_public_module_has_a_page(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    import reference_pages

    modules = {name for name in plait.__all__ if inspect.ismodule(getattr(plait, name))} | {"train"}
    assert modules - {"graph"} <= set(reference_pages.MODULES)
