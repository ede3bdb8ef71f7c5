"""The tables of docs/coming: names on plait's side exist and accept the given arguments."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import plait

FOLDER = Path(__file__).parents[2] / "docs" / "coming"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="no docs/ beside the tests")
PAGES = sorted(p.name for p in FOLDER.glob("*.md") if p.name != "index.md")

NAMES: dict[str, Any] = {"plait": plait}
for module in (plait.infer.timeseries, plait.infer, plait.align, plait.tree, plait.optimize, plait.portfolio, plait.nn, plait):
    NAMES |= {name: getattr(module, name) for name in module.__all__}
#: What a name of the tables' prose stands for; methods are looked up on the class.
NAMES |= {"p": plait.portfolio.Portfolio, "from_prices": plait.portfolio.Portfolio.from_prices, "minimize": plait.optimize.minimize}


def cells(page: str) -> Iterator[str]:
    """The column of each table that is plait's: the last, or the one called "here"."""
    column = -1
    lines = (FOLDER / page).read_text(encoding="utf-8").splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if not line.startswith("|"):
            continue
        parts = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        if not before.startswith("|"):
            column = parts.index("here") if "here" in parts else len(parts) - 1
        elif not set(line) <= set("|- "):
            yield parts[column]


def codes(page: str) -> list[str]:
    return [code for cell in cells(page) for code in re.findall(r"`([^`]+)`", cell)]


def looked_up(node: ast.expr) -> Any:
    """What a name or an attribute of a name is, as far as it is one of plait's; None for what belongs to the reader."""
    if isinstance(node, ast.Name):
        return NAMES.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = looked_up(node.value.func if isinstance(node.value, ast.Call) else node.value)
        if owner is None or not (inspect.ismodule(owner) or inspect.isclass(owner)):
            return None
        assert hasattr(owner, node.attr) or (inspect.isclass(owner) and node.attr in getattr(owner, "__annotations__", {})), ast.unparse(
            node
        )
        return getattr(owner, node.attr, None)
    return None


def checked(code: str) -> int:
    """How many calls in a piece of code were held against their signatures; pieces that are no Python are left out."""
    text = re.sub(r"\.\.\.|…", "_", code)
    text = re.sub(r"(?<=\()_(?=\))", "", text)
    try:
        tree = ast.parse(text.lstrip("."))
    except SyntaxError:
        return 0
    count = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            looked_up(node)
        if isinstance(node, ast.Call) and (found := looked_up(node.func)) is not None:
            try:
                takes = inspect.signature(found).parameters
            except ValueError:  # of the core, without a signature
                continue
            if any(p.kind is p.VAR_KEYWORD for p in takes.values()):
                continue
            given = {keyword.arg for keyword in node.keywords if keyword.arg}
            assert given <= set(takes), f"{code}: {sorted(given - set(takes))}"
            count += 1
    return count


@pytest.mark.parametrize("page", PAGES)
def test_what_stands_on_plaits_side_is_there(page: str) -> None:
    assert sum(checked(code) for code in codes(page)) >= 1


@pytest.mark.parametrize(
    "wrong", ["DTW(widow=3)", "plait.nn.Linear(2, 3)", "plait.optim.Adm(1e-3)", "DTW(root=True).distance(x, y)", "p.min_varance()"]
)
def test_what_is_not_there_is_seen(wrong: str) -> None:
    with pytest.raises(AssertionError):
        checked(wrong)
