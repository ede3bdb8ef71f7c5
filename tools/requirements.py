"""Print the requirements of an extra of pyproject.toml, one a line: ``requirements.py [EXTRA ...]``.

pip cannot install an extra without building the package first; the environment must be there before the first build.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:  # pip carries the library that the standard one came from
    from pip._vendor import tomli as tomllib


def requirements(project: dict, extra: str) -> list[str]:
    """The requirements of one extra, with ``plait[other]`` replaced by those of the other."""
    found = []
    for line in project["optional-dependencies"][extra]:
        own = re.fullmatch(r"plait\[(\w+)\]", line)
        found += requirements(project, own[1]) if own else [line]
    return found


def main(extras: list[str]) -> None:
    """Print the package's own requirements, those of its build, and those of `extras`, without repetition."""
    config = tomllib.loads((Path(__file__).resolve().parent.parent / "pyproject.toml").read_text())
    lines = config["project"]["dependencies"] + config["build-system"]["requires"]
    for extra in extras:
        lines += requirements(config["project"], extra)
    print(*dict.fromkeys(lines), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
