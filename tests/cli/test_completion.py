"""Tab completion, and the examples under ``plait --help``."""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from plait import cli
from plait.cli._completion import SHELLS


def command_names(parser: argparse.ArgumentParser) -> set[str]:
    return {name for action in parser._actions if isinstance(action, argparse._SubParsersAction) for name in action.choices}


def test_each_command_has_one_example_that_its_parser_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(cli.EXAMPLES) == command_names(cli.make_parser())
    for name, example in cli.EXAMPLES.items():
        program, *arguments = shlex.split(example)
        assert program == "plait"
        assert arguments[0] == name
        assert callable(cli.make_parser().parse_args(arguments).run)
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {example}\n" in shown for example in cli.EXAMPLES.values())


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    assert cli.main(["--print-completion", shell]) == 0
    script = capsys.readouterr().out
    for name in ("align", "portfolio", "--save", "needleman-wunsch"):
        assert name in script


@pytest.mark.parametrize(
    ("typed", "offered"), [(["plait", "al"], "align"), (["plait", "tree", "--un"], "--unpruned"), (["plait", "align", "--ba"], "--band")]
)
def test_bash_completes(typed: list[str], offered: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    cli.main(["--print-completion", "bash"])
    (tmp_path / "plait.bash").write_text(capsys.readouterr().out)
    words = " ".join(shlex.quote(word) for word in typed)
    ask = f'source plait.bash; COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; _shtab_plait plait {typed[-1]}; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run([bash, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert offered in done.stdout.split()


def test_without_shtab_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert cli.main(["--print-completion", "zsh"]) == 1
    assert "pip install shtab" in capsys.readouterr().err
    assert cli.main(["--print-completion", "fish"]) == 2
