"""Measured figures in README and site come from the benches' files: tables equal those files, and there are no figures elsewhere."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not (ROOT / "tools" / "measurements.py").exists(), reason="no tools/ beside the tests")
TEXTS = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    *(p.relative_to(ROOT).as_posix() for p in sorted((ROOT / "docs").rglob("*.md")) if "build" not in p.parts),
]
TEXTS += [p.relative_to(ROOT).as_posix() for folder in ("gallery", "book") for p in sorted((ROOT / "docs" / folder).glob("plot_*.py"))]
WORDS = "a|an|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|sixty|hundred|thousand|some|few|several|half an?"
TIMES = r"(?:milli|micro|nano)?(?:seconds?|minutes?|hours?)"
#: A time, a size, a rate, or how many times faster.
FIGURE = re.compile(
    r"(?<![\w.\-])\d[\d.,]*[ \u202f]?(?:ns|µs|us|ms|s|min|[kMGT]i?B(?:/s)?|GFLOPS?|GFLOP/s|GCUPS)(?![\w/])"
    rf"|\b(?:\d[\d.,]*|{WORDS})[ -](?:milli|micro|nano)(?:seconds?)\b"
    rf"|\b(?:\d[\d.,]*|(?!an? ){WORDS}|(?:in|within|under|below|about|than|takes?) an?)[ -](?:tenths? of an? )?{TIMES}\b"
    r"|\b(?:milli|micro|nano)seconds?\b"
    rf"|\b(?:\d[\d.,]*|{WORDS}) (?:kilo|mega|giga)bytes?\b"
    r"|\b\d[\d.,]*\s?%\s+(?:faster|slower|quicker|less (?:time|memory)|of\s+(?:the\s+|its\s+)?(?:peak|limit|time|memory))"
    r"|\b(?:\d[\d.,]*|twice|half|two|three|four|five|six|seven|eight|ten|twenty|fifty|hundred|thousand)(?:[ -]?(?:×|x|times|fold))?"
    r"\s+(?:faster|quicker|slower|as (?:fast|quick|slow))"
    r"|\b\d[\d.,]*[ -]?(?:fold|x|×)(?= (?:speed|faster|of|over|less|more)|[.,;)]|$)"
    rf"|\b(?:\d[\d.,]*|{WORDS})[ \u202f](?:million |thousand |billion )?[a-z]+ (?:a|per|each) (?:second|minute|hour)\b"
    r"|\b(?:half|third|quarter|fifth|tenth|\d[\d.]* times) (?:of )?(?:the|its|their) (?:time|memory)\b",
    re.MULTILINE,
)
#: What docstrings say in such units and what is no measurement: the code itself decides it.
SETTINGS = {
    "200 ms": "tiles for executors", "256 MB": "memory of a path before it keeps checkpoints", "4 MB": "pieces of a database",
    "100 ms": "until Ctrl-C, a test", "ten times a second": "progress", "few seconds": "progress in logs", "than a second": "progress", "1 hour": "a title",
}  # fmt: skip


@pytest.fixture(scope="module")
def measurements() -> Any:
    import importlib.util

    spec = importlib.util.spec_from_file_location("measurements", ROOT / "tools" / "measurements.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def unmeasured(text: str) -> list[str]:
    """Figures outside of the blocks that the benches' files fill."""
    return [match[0] for match in FIGURE.finditer(re.sub(r"<!-- measured: [\w-]+ -->.*?<!-- end -->", "", text, flags=re.DOTALL))]


def said_in(name: str) -> str:
    """What a page says: its text, and the comments and docstrings of its code."""
    text = (ROOT / name).read_text(encoding="utf-8")
    if name.endswith(".py"):
        return "\n".join([text.split('"""')[1], *re.findall(r"# (.*)$", text, re.MULTILINE)])
    return re.sub(r"```.*?```", lambda code: "\n".join(re.findall(r"# (.*)$", code[0], re.MULTILINE)), text, flags=re.DOTALL)


@pytest.mark.parametrize("name", TEXTS)
def test_no_figure_without_a_file(name: str) -> None:
    assert unmeasured(said_in(name)) == []


def docstrings() -> Iterator[tuple[str, str]]:
    """Of the package, as the reference shows them, without what examples print."""
    for path in sorted((ROOT / "python").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and (text := ast.get_docstring(node)):
                yield f"{path.name}: {getattr(node, 'name', '')}", text.split("Examples\n---")[0]
    for path in sorted((ROOT / "cpp" / "bindings").glob("*.cpp")):
        for text in re.findall(r'R"\((.*?)\)"', path.read_text(encoding="utf-8"), re.DOTALL):
            yield path.name, text.split("Examples\n---")[0]


def test_no_figure_in_the_reference() -> None:
    found = {(where, figure) for where, text in docstrings() for figure in unmeasured(text)}
    assert {(where, figure) for where, figure in found if figure not in SETTINGS} == set()
    assert {figure for _, figure in found} == set(SETTINGS)  # none that is no longer said


SAID = [
    "takes 37 ms", "in 0.3 s", "about five minutes on two cores", "half an hour", "in a second", "a few microseconds", "fifty milliseconds",
    "within a tenth of a second", "measured in milliseconds", "3.9 MB", "a 40 kB wheel", "2 GiB of memory", "three megabytes", "at 5 GB/s",
    "`37 ms` in code", "22 × faster", "ten times faster", "3.5x faster", "twice as fast", "a 22-fold speed-up is a gain of 22-fold.", "60 % faster",
    "82 % of peak", "1.2 million rows a second", "300 calls per second", "half the time of PyTorch", "a third of the memory", "1.25 times the time",
    "8 GCUPS",
]  # fmt: skip


@pytest.mark.parametrize("said", SAID)
def test_a_figure_is_seen(said: str) -> None:
    assert unmeasured(f"Here it is: {said}.") != []
    assert unmeasured(f"<!-- measured: build -->{said}<!-- end -->") == []


@pytest.mark.parametrize(
    "said",
    ["a second time", "the second set", "version 0.1", "4 units of the last place", "a window of 10 %", "n = 1000", "seasons of 12 months"],
)
def test_no_figure_is_seen_where_none_is(said: str) -> None:
    assert unmeasured(f"Here it is: {said}.") == []


@pytest.mark.parametrize("where", ["prose", "a comment of code", "a table"])
def test_a_figure_typed_into_a_page_is_found(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README with one more sentence."""
    typed = {"prose": "It takes 12 ms.\n", "a comment of code": "```python\nstep()  # 12 ms\n```\n", "a table": "| a step | 12 ms |\n"}[
        where
    ]
    (tmp_path / "README.md").write_text((ROOT / "README.md").read_text(encoding="utf-8") + "\n" + typed, encoding="utf-8")
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert unmeasured(said_in("README.md")) == ["12 ms"]


def test_tables_are_what_the_files_say() -> None:
    done = subprocess.run([sys.executable, "tools/measurements.py", "check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr + "python tools/measurements.py write"


def test_each_file_names_its_machine_and_day(measurements: Any) -> None:
    for bench, found in measurements.load_all().items():
        assert bench in {*measurements.BENCHES, "build"}
        about = found["machine"]
        assert about["cpu"]
        assert about["cores"] >= 1
        assert re.match(r"\d{4}-\d\d-\d\d", about["time"])
        if bench != "build":
            text = measurements.where(bench, found)
            assert about["cpu"] in text
            assert about["time"][:10] in text
            assert list(measurements.works(found)) != []


def test_tables_from_a_made_up_file(measurements: Any) -> None:
    entry = lambda ours, theirs: {"times": {"plait": {"median": ours}, "jax": {"median": theirs}, "numpy": {"median": 9.0}}}  # noqa: E731
    about = {"cpu": "a machine", "cores": 2, "load": [0.1], "time": "2026-01-02 03:04:05", "versions": {"jax": "1"}}
    benches = {
        "graph": {"machine": about, "threads": {"1": {"a": entry(1e-6, 2e-6), "limits": {"flops": 1.0}}}},
        "align": {
            "machine": about,
            "works": {f"one DTW pair, n = 1000, score [{kind}]": entry(1e-3, theirs) for kind, theirs in (("a", 5e-3), ("b", 3e-3))},
        },
    }
    block = measurements.readme_block(benches)
    assert "| a training step of the MLP 2-100-3, 300 points, SGD | 1.00 µs | JAX 2.00 µs | 2.00 |" in block
    assert "| DTW, n = 1000, score (worst of 2 kinds of data) | 1.00 ms | JAX 3.00 ms | 3.00 |" in block
    assert "2026-01-02: a machine, 2 cores, load 0.1; jax 1" in block
    page = measurements.page_block(benches)
    assert "| 1 thread, a | 1.00 µs |" in page
    assert page.count("one DTW pair") == 2
    text = measurements.written("a <!-- measured: build -->stale<!-- end --> b", {})
    assert text == "a <!-- measured: build -->not measured yet<!-- end --> b"


def test_samples_are_not_kept(measurements: Any) -> None:
    assert json.dumps(measurements.slim({"a": {"median": 1 / 3, "samples": [1, 2]}})) == '{"a": {"median": 0.3333}}'
