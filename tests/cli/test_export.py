"""``plait export``: a saved program goes to C and to ONNX."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import plait
from plait import cli

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    x = plait.input("x", (None, 3))
    plait.save(tmp_path / "m.plait", plait.compile({"y": plait.tanh(plait.nn.Dense(3, 2, rng=0)(x))}))
    return tmp_path / "m.plait"


def test_to_c(saved: Path, tmp_path: Path, capsys: Capture) -> None:
    assert cli.main(["export", str(saved), "--c", str(tmp_path / "c"), "--name", "net", "--shape", "x=1,3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["weight_bytes"] == 4 * 8
    assert (told["inputs"], told["outputs"]) == (["x"], ["y"])
    assert "void net_run(const float *input0, float *output0)" in Path(told["source"]).read_text()
    assert cli.main(["export", str(saved), "--c", str(tmp_path), "--shape", "x=1,3"]) == 0
    assert "arena bytes" in capsys.readouterr().out


def test_to_onnx_and_on_to_c(saved: Path, tmp_path: Path, capsys: Capture) -> None:
    pytest.importorskip("onnx")
    assert cli.main(["export", str(saved), "--onnx", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["onnx"] == str(tmp_path / "m.onnx")
    x = np.ones((2, 3), "f4")
    np.testing.assert_allclose(plait.from_onnx(told["onnx"])(x=x)["y"], plait.load(saved)(x=x)["y"], rtol=1e-6)
    assert cli.main(["export", told["onnx"], "--c", str(tmp_path), "--shape", "x=4,3"]) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--c"], 1, "the shape of x is (None, 3), and C needs every size: give one, as in --shape x=1,3"),
        (["--c", "--shape", "y=1,3"], 1, "which is no input of this program"),
        (["--c", "--shape", "x=1,4"], 1, "expected shape (None, 3), got (1, 4)"),
        (["--c", "--shape", "x=1,3", "--name", "a b"], 1, "is no name for functions in C"),
        (["--c", "--shape", "x"], 2, "expected a name and sizes"),
        (["--c", "--onnx"], 2, "not allowed with"),
        ([], 2, "required"),
    ],
)
def test_wrong_usage(arguments: list[str], code: int, words: str, saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.chdir(saved.parent)
    assert cli.main(["export", str(saved), *arguments]) == code
    assert words in capsys.readouterr().err


def test_what_is_no_program(tmp_path: Path, capsys: Capture) -> None:
    plait.save(tmp_path / "w", {"w": np.eye(2)})
    assert cli.main(["export", str(tmp_path / "w"), "--c"]) == 1
    assert "holds a dict; save a program" in capsys.readouterr().err
    (tmp_path / "z").write_bytes(b"nonsense")
    assert cli.main(["export", str(tmp_path / "z"), "--c"]) == 1
