"""Every public name has a numpydoc docstring, and every example in a docstring or the README runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
import runpy
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import plait


def modules() -> list[types.ModuleType]:
    """The package and its public modules; optional dependencies must not be needed at import."""
    found = [plait]
    for info in pkgutil.walk_packages(plait.__path__, "plait."):
        if not any(part.startswith("_") for part in info.name.split(".")):
            found.append(importlib.import_module(info.name))
    return found


def public() -> dict[str, object]:
    """Every public name, once for each object: functions, classes and public modules."""
    names: dict[int, tuple[str, object]] = {}
    for module in modules():
        names.setdefault(id(module), (module.__name__, module))
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if callable(value) or isinstance(value, types.ModuleType):
                names.setdefault(id(value), (f"{module.__name__}.{name}", value))
    return dict(names.values())


def methods(cls: type) -> Iterator[tuple[str, object]]:
    """Public methods and properties that a class of plait defines itself."""
    for name, value in vars(cls).items():
        if not name.startswith("_") and (callable(value) or isinstance(value, (property, classmethod, staticmethod))):
            yield name, value


PUBLIC = public()
FUNCTIONS = {n: v for n, v in PUBLIC.items() if not isinstance(v, (type, types.ModuleType))}
CLASSES = {n: v for n, v in PUBLIC.items() if isinstance(v, type)}


def sections(text: str) -> set[str]:
    return set(re.findall(r"^(\w[\w ]*)\n-{3,}$", inspect.cleandoc(text), re.MULTILINE))


def parameter_names(value: object) -> list[str]:
    try:
        signature = inspect.signature(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):  # compiled, without a signature that Python can read
        return []
    return [n for n in signature.parameters if n not in {"self", "cls"} and not n.startswith("_")]


def undocumented_parameters(text: str, names: list[str]) -> list[str]:
    listed = set(re.findall(r"\*{0,2}(\w+)", "\n".join(re.findall(r"^([\w*, ]+?) ?(?::.*)?$", inspect.cleandoc(text), re.MULTILINE))))
    return [n for n in names if n not in listed]


def links_to_nowhere(text: str) -> list[str]:
    """Words that end in an underscore, or stand between bars, outside of literals, names of entries and examples: links in reStructuredText."""
    text = re.sub(r"^ *>>>.*?(\n\s*\n|\Z)", "", inspect.cleandoc(text), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^[\w, *]+( : .*)?$", "", text, flags=re.MULTILINE)
    return re.findall(r"\S*\w_(?![\w`{])|(?<![\w|])\|\w+\|(?![\w|])", re.sub(r"``.*?``|`[^`]*`", "", text, flags=re.DOTALL))


def test_words_that_would_be_links_are_found() -> None:
    assert links_to_nowhere("A name_ here, or its |size|; Σ|w|.") == ["name_", "|size|"]
    assert links_to_nowhere("A ``name_`` or `name_`, x_{t}, a_b.\n\nname_ : int\n    It.\n\n>>> name_\nname_") == []


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_no_word_is_a_link_by_accident(name: str) -> None:
    own = methods(PUBLIC[name]) if isinstance(PUBLIC[name], type) else ()  # type: ignore[arg-type]
    for value in (PUBLIC[name], *(value for _, value in own)):
        assert links_to_nowhere(inspect.getdoc(value) or "") == []


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_says_in_one_line_what_it_is(name: str) -> None:
    text = inspect.getdoc(PUBLIC[name])
    assert text, f"{name} has no docstring"
    first = text.split("\n\n")[0].strip()
    assert first.endswith((".", "?", "!", ":")), f"{name}: the summary is a sentence: {first!r}"
    assert "\n" not in first or isinstance(PUBLIC[name], types.ModuleType), f"{name}: the summary is one line: {first!r}"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_function_documents_parameters_result_and_use(name: str) -> None:
    text = inspect.getdoc(FUNCTIONS[name]) or ""
    names = parameter_names(FUNCTIONS[name])
    expected = {"Examples"} | ({"Parameters"} if names else set())
    assert expected - sections(text) == set()
    assert sections(text) & {"Returns", "Yields"} or "None" in str(getattr(FUNCTIONS[name], "__annotations__", {}).get("return"))
    assert undocumented_parameters(text, names) == []


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_class_documents_parameters_and_methods(name: str) -> None:
    cls = CLASSES[name]
    assert isinstance(cls, type)
    if issubclass(cls, BaseException):
        return
    text = inspect.getdoc(cls) or ""
    names = parameter_names(cls) if "__init__" in vars(cls) or "__new__" in vars(cls) else []
    assert ({"Parameters"} if names else set()) - sections(text) == set()
    assert undocumented_parameters(text, names) == []
    assert [method for method, value in methods(cls) if not inspect.getdoc(value)] == []


def examples() -> dict[str, tuple[str, object]]:
    """Name -> (docstring, object) of every docstring with an example in it, methods' too."""
    found = {}
    for name, value in PUBLIC.items():
        members = [("", value), *(methods(value) if isinstance(value, type) else ())]
        for member, part in members:
            text = inspect.getdoc(part)
            if text and ">>>" in text:
                found[f"{name}.{member}".rstrip(".")] = (text, value)
    return found


EXAMPLES = examples()
# Packages that examples need, by what shows it.
PEERS = {"matplotlib": r"(?:plait\.plot\.|\.plot\()", "onnx": r"(?:\.to_onnx\(|from_onnx\()"}


@pytest.mark.skipif(int(np.__version__.split(".")[0]) < 2, reason="examples are printed as NumPy 2 prints them")
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_example_runs_as_printed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    for peer, uses in PEERS.items():
        if re.search(rf">>>.*{uses}", EXAMPLES[name][0]):
            pytest.importorskip(peer)
    test = doctest.DocTestParser().get_doctest(EXAMPLES[name][0], {"np": np, "plait": plait}, name, None, 0)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.FAIL_FAST)
    runner.run(test, out=report.append)
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    assert runner.failures == 0, "".join(report)


def test_readme_examples_run(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", (root / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "readme.py"
    script.write_text("\n".join(blocks), encoding="utf-8")  # one after the other, as a reader would type them
    runpy.run_path(str(script))
