"""The command as a whole: usage, exit codes, errors, JSON."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plait import FormatError, cli
from plait.cli import _common, bench

COMMANDS = ["demo", "vae", "mnist", "spiral", "align", "export", "bench"]


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run([sys.executable, "-m", "plait", *arguments], check=False, capture_output=True, text=True, env=environment)


def command(monkeypatch: pytest.MonkeyPatch, work: Callable[[argparse.Namespace], Any]) -> None:
    """Makes ``plait demo`` do this instead."""
    monkeypatch.setattr(cli.demo, "run", work)


def test_as_a_module() -> None:
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("plait ")
    done = run("--help")
    assert done.returncode == 0
    assert all(f"    {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_and_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([name, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["demo", "--nonsense"],
        ["demo", "--epochs", "0"],
        ["demo", "--epochs", "x"],
        ["demo", "--batch-size", "-1"],
        ["demo", "--rate", "nan"],
        ["demo", "--seed", "-1"],
        ["demo", "--threads", "0"],
        ["vae", "--data", "cats"],
        ["vae", "--hidden", "0"],
        ["spiral", "--arms", "0"],
    ],
)
def test_wrong_usage_gives_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "usage: plait" in shown.err


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (FormatError("file.gz: not\n  whole"), "plait: FormatError: file.gz: not whole\n"),
        (ValueError(), "plait: ValueError: no message\n"),
        (_common.Failure("it is not here"), "plait: it is not here\n"),
        (MemoryError("no room"), "plait: MemoryError: no room\n"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_an_error_is_one_line_and_gives_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, line: str, as_json: bool
) -> None:
    def fail(_: argparse.Namespace) -> None:
        raise error

    monkeypatch.delenv("PLAIT_TRACEBACK", raising=False)
    command(monkeypatch, fail)
    assert cli.main(["demo", *(["--json"] if as_json else [])]) == 1
    shown = capsys.readouterr()
    assert shown.err == line
    if as_json:
        assert json.loads(shown.out)["kind"] == type(error).__name__
    else:
        assert shown.out == ""
    monkeypatch.setenv("PLAIT_TRACEBACK", "1")
    with pytest.raises(type(error)):
        cli.main(["demo"])


def test_an_interrupt_gives_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stop(_: argparse.Namespace) -> None:
        raise KeyboardInterrupt

    command(monkeypatch, stop)
    assert cli.main(["demo"]) == 130
    assert capsys.readouterr() == ("", "plait: interrupted\n")


RESULT = {
    "command": "demo",
    "loss": [2.0, np.float32(1.5)],
    "n": np.int64(3),
    "bad": float("nan"),
    "none": None,
    "empty": [],
    "report": Path("r.html"),
}


def test_json_is_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    command(monkeypatch, lambda _: RESULT)
    assert cli.main(["demo", "--json"]) == 0
    expected = {"command": "demo", "loss": [2.0, 1.5], "n": 3, "bad": None, "none": None, "empty": [], "report": "r.html"}
    assert json.loads(capsys.readouterr().out) == expected


def test_text_is_a_line_for_each_thing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    command(monkeypatch, lambda _: {**RESULT, "loss": [2.0, 1.25], "elbo_before": -12.345678})
    assert cli.main(["demo"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown == ["command: demo", "loss, last: 1.25", "n: 3", "bad: nan", f"report: {Path.cwd() / 'r.html'}", "elbo before: -12.346"]


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes of this kind")
def test_a_reader_that_leaves_gets_no_traceback() -> None:
    code = "import sys, plait.cli as c; c.demo.run = lambda o: {'x': 'y' * 10**6}; sys.exit(c.main(['demo']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1


def test_the_commands_bring_in_nothing_heavy() -> None:
    code = "import json, sys, plait.cli; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    loaded = set(json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout))
    assert loaded & {"matplotlib", "scipy", "sklearn", "tqdm"} == set()


# --- bench ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def made_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like a checkout, whose ./dev prints what it is asked for."""
    (tmp_path / "bench").mkdir()
    (tmp_path / "python" / "plait").mkdir(parents=True)
    for name in ("graph.py", "tree.py", "_help.py"):
        (tmp_path / "bench" / name).touch()
    dev = tmp_path / "dev"
    dev.write_text(
        '#!/bin/sh\necho "table: $*"\n[ "$3" = --fail ] && exit 3\n[ "$3" = --json ] && echo "{\\"ratio\\": 1.5}" >"$4"\nexit 0\n'
    )
    dev.chmod(0o755)
    monkeypatch.chdir(tmp_path / "bench")
    return tmp_path


@pytest.mark.usefixtures("made_checkout")
def test_bench_lists_the_benches(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench"]) == 0
    assert "benches: graph, tree\n" in capsys.readouterr().out
    assert cli.main(["bench", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["benches"] == ["graph", "tree"]
    assert cli.main(["bench", "lstm"]) == 1
    assert "no bench named lstm; there are: graph, tree" in capsys.readouterr().err


@pytest.mark.usefixtures("made_checkout")
@pytest.mark.skipif(sys.platform == "win32", reason="./dev is a script for sh")
def test_bench_hands_over_to_dev(capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "graph", "--quick", "3"]) == 0
    assert "table: bench graph --quick 3\n" in capfd.readouterr().out
    assert cli.main(["bench", "graph", "--fail"]) == 1
    assert "ended with 3" in capfd.readouterr().err
    for arguments in (["bench", "--json", "graph"], ["bench", "graph", "--json"]):
        assert cli.main(arguments) == 0
        shown = capfd.readouterr()
        assert json.loads(shown.out)["measured"] == {"ratio": 1.5}
        assert "table: bench graph --json" in shown.err


def test_bench_says_that_an_installed_package_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bench, "__file__", str(tmp_path / "site-packages" / "plait" / "cli" / "bench.py"))
    assert cli.main(["bench"]) == 1
    assert capsys.readouterr().err.startswith("plait: the folder bench/ is not here")
