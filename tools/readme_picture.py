"""The README's picture, one function with its four uses, drawn by the book's own page: ``readme_picture.py [FOLDER]`` writes it.

There are two, for light pages and for dark ones. tests/docs draws them again and holds them against those in docs/.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "book" / "plot_one_function_four_uses.py"
NAMES = {"four_uses_light.png": False, "four_uses_dark.png": True}


def draw(folder: Path) -> list[Path]:
    """Both pictures, into a folder."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    import plait

    written = []
    for name, dark in NAMES.items():
        plt.close("all")
        with mpl.rc_context(plait.plot.style(dark)):
            runpy.run_path(str(PAGE), run_name="__main__")
            plt.figure(1).savefig(folder / name, dpi=100, metadata={"Software": None})
        plt.close("all")
        written.append(folder / name)
    return written


if __name__ == "__main__":
    for path in draw(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"):
        print(path)
