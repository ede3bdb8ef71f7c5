"""Tab completion: ``plait --print-completion bash`` prints a shell's script, made by shtab from the parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SHELLS = ("bash", "zsh", "tcsh")


def parsers_of(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parser and those of its commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from dict.fromkeys(action.choices.values())


class PrintCompletion(argparse.Action):
    """Print the completion for a shell, and stop."""

    def __call__(self, parser: argparse.ArgumentParser, _space: Any, shell: Any, _option: str | None = None) -> None:
        """As argparse calls it."""
        try:
            import shtab
        except ImportError:
            parser.exit(1, "plait: --print-completion needs shtab: pip install shtab\n")
        for each in parsers_of(parser):
            for action in each._actions:
                if action.type is Path:
                    folder = action.metavar == "DIR" or "folder" in (action.help or "")
                    action.complete = shtab.DIRECTORY if folder else shtab.FILE  # type: ignore[attr-defined]
        print(shtab.complete(parser, shell))
        parser.exit(0)
