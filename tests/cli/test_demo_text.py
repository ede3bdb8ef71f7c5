"""The code on the demo's page runs, and every chapter has an introduction."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait import cli
from plait.cli import _demo_text


@pytest.mark.parametrize("texts", _demo_text.CHAPTERS, ids=lambda texts: texts[0])
def test_the_code_of_each_part_runs(texts: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    if "digits" in texts[2] or "iris" in texts[2]:
        pytest.importorskip("sklearn")
    code = re.sub(r"epochs=\d+", "epochs=2", texts[2])
    names: dict[str, Any] = {"np": np, "plait": plait}
    exec(code, names)
    assert "Error" not in capsys.readouterr().out


@pytest.mark.parametrize("texts", _demo_text.CHAPTERS, ids=lambda texts: texts[0])
def test_the_code_is_short(texts: tuple[str, str, str]) -> None:
    lines = texts[2].strip().splitlines()
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 105


def test_the_page_explains_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("sklearn")
    assert cli.main(["demo", "--epochs", "2", "--quiet", "--out", str(tmp_path / "report.html")]) == 0
    capsys.readouterr()
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings == [texts[0] for texts in _demo_text.CHAPTERS] + ["The machine"]
    assert page.count('<pre class="code">') == len(_demo_text.CHAPTERS)
    assert len(re.findall(r"<h3>", page)) >= 14
    assert page.count('media="(prefers-color-scheme: dark)"') == page.count("<img ") >= 9
    for caption in re.findall(r"<figcaption>(.*?)</figcaption>", page, re.DOTALL):
        assert len(caption) > 40
    assert not re.search(r"\d\.\d{7,}|e[+-]\d\d", re.sub(r"base64,[^\"]*|<svg.*?</svg>|<pre.*?</pre>", "", page, flags=re.DOTALL))
