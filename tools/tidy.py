"""Run clang-tidy over the C++ sources: ``tidy.py BUILD_FOLDER``.

Quick when little has changed: a file is looked at again only when it, a header of the project that it includes, the configuration or
the tool has changed since it was last found clean.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLEAN = ROOT / ".cache" / "tidy"  # an empty file for each state that was found clean
GCC_ONLY = re.compile(r"-fno-fat-lto-objects|-flto\S*|-mprefer-vector-width=\d+|-fvect-cost-model=\w+|-fconcepts\S*")


def commands(build: Path) -> dict[Path, list[str]]:
    """The compiler's arguments for each source below cpp/; of the levels that a file is compiled for, the first counts."""
    found: dict[Path, list[str]] = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = Path(entry["file"]).resolve()
        if ROOT / "cpp" not in path.parents or path in found:
            continue
        words = shlex.split(entry["command"])
        while words and not words[0].startswith("-"):  # compiler, and the cache before it
            words.pop(0)
        keep, skip = [], False
        for word in words:
            if skip or word in {"-o", "-c"}:
                skip = word == "-o"
            elif word != entry["file"] and not GCC_ONLY.fullmatch(word):
                keep.append(word)
        found[path] = keep
    return found


def reached(path: Path, seen: set[Path]) -> set[Path]:
    """Files of the project that `path` includes, itself among them."""
    if path in seen:
        return seen
    seen.add(path)
    for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(), re.MULTILINE):
        for folder in (path.parent, ROOT / "cpp" / "include", ROOT / "cpp" / "src"):
            if (folder / name).is_file():
                reached((folder / name).resolve(), seen)
                break
    return seen


def state(path: Path, arguments: list[str], version: str) -> str:
    """A name for everything that the verdict on `path` depends on."""
    digest = hashlib.sha256("\0".join([version, *arguments]).encode())
    for part in [ROOT / ".clang-tidy", *sorted(reached(path, set()))]:
        digest.update(part.read_bytes())
    return digest.hexdigest()


def look(path: Path, arguments: list[str], key: str) -> str:
    """Complaints about one file; empty if there are none."""
    run = subprocess.run(
        ["clang-tidy", "--quiet", str(path), "--", *arguments, "-Wno-unknown-warning-option"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if run.returncode == 0:
        (CLEAN / key).touch()
        return ""
    return run.stdout + run.stderr


def main(build: Path) -> int:
    """Check every file that is not known to be clean; 1 if anything was found."""
    CLEAN.mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True, text=True).stdout
    todo = [
        (path, arguments, key)
        for path, arguments in commands(build).items()
        if not (CLEAN / (key := state(path, arguments, version))).exists()
    ]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (path, _, _), text in zip(todo, pool.map(look, *zip(*todo, strict=True)) if todo else [], strict=True):
            print(f"{path.relative_to(ROOT)}: {'FOUND' if text else 'clean'}", flush=True)
            if text:
                failed += 1
                print(text)
    print(f"clang-tidy: {len(todo)} files looked at, {failed} with complaints")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
