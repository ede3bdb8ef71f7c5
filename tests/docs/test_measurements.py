"""Figures in README and site come from files that the benches wrote: the tables are what those files say, and no figure stands elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not (ROOT / "tools" / "measurements.py").exists(), reason="no tools/ beside the tests")
TEXTS = ["README.md", *(p.relative_to(ROOT).as_posix() for p in sorted((ROOT / "docs").rglob("*.md")) if "build" not in p.parts)]
TEXTS += [p.relative_to(ROOT).as_posix() for folder in ("gallery", "book") for p in sorted((ROOT / "docs" / folder).glob("plot_*.py"))]
#: A time, a size, a rate, or how many times faster.
FIGURE = re.compile(
    r"\b\d[\d.,]*\s?(?:ns|µs|ms|MB|GB|GFLOP/s|GCUPS|%\s+of\s+(?:the\s+)?(?:peak|limit))\b"
    r"|\b\d[\d.,]*\s(?:milli|micro)?seconds?\s(?:on|for|of a (?:fit|build|run))"
    r"|\b(?:\d[\d.,]*|two|three|five|ten|twenty|hundred)\s*(?:×|times)\s+(?:faster|quicker|slower|as fast)"
    r"|\babout (?:a|\d+|two|three|five|ten) (?:seconds?|minutes?|tenths? of a second)"
)


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
    """Figures outside of the blocks that the benches' files fill; code is no claim."""
    text = re.sub(r"<!-- measured: [\w-]+ -->.*?<!-- end -->", "", text, flags=re.DOTALL)
    return [match[0] for match in FIGURE.finditer(re.sub(r"`[^`\n]*`", "", text))]


@pytest.mark.parametrize("name", TEXTS)
def test_no_figure_without_a_file(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    if name.endswith(".py"):  # what a page says: its docstring and comments
        text = "\n".join([text.split('"""')[1], *re.findall(r"^# (.*)$", text, re.MULTILINE)])
    else:
        text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    assert unmeasured(text) == []


@pytest.mark.parametrize(
    "said", ["takes 37 ms", "22 × faster", "about five minutes on two cores", "3.9 MB", "ten times faster", "82 % of peak"]
)
def test_a_figure_is_seen(said: str) -> None:
    assert unmeasured(f"Here it is: {said}.") != []
    assert unmeasured(f"<!-- measured: build -->{said}<!-- end -->") == []


def test_tables_are_what_the_files_say() -> None:
    done = subprocess.run([sys.executable, "tools/measurements.py", "check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr + "python tools/measurements.py write"


def test_each_file_names_its_machine_and_day(measurements: Any) -> None:
    everything = measurements.load_all()
    assert everything
    for bench, found in everything.items():
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
