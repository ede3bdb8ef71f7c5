"""The directive ``picture``: code of a page that draws, run behind the page's other code, once for light pages and once for dark ones.

    ```{picture} What it shows, for those who cannot see it.
    plait.plot.alignment(alignment)
    ```

tests/docs runs the same code.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

FOLDER = "auto_pictures"


def code_of(text: str) -> str:
    """The Python of a page, pictures too, each line where it stands, so that an error names the line of the page."""
    lines, inside = [], False
    for line in text.splitlines():
        mark = line.strip()
        fence = mark.startswith(("```", ":::"))
        lines.append(line if inside and not fence else "")
        if fence:
            inside = not inside and (mark == "```python" or mark.startswith("```{picture}"))
    return "\n".join(lines)


class Picture(SphinxDirective):
    """An image of the last figure that the code has drawn."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """The two images; pydata's theme shows the one that goes with the page."""
        import matplotlib as mpl
        import matplotlib.pyplot as plt

        import plait

        page = Path(self.env.doc2path(self.env.docname))
        before = "\n".join(code_of(page.read_text(encoding="utf-8")).splitlines()[: self.lineno - 1])
        names: dict[str, Any] = {"__name__": "page"}
        found: list[nodes.Node] = []
        folder = Path(self.env.srcdir) / FOLDER
        folder.mkdir(exist_ok=True)
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(before, str(page), "exec"), names)
        for kind, dark in (("light", False), ("dark", True)):
            plt.close("all")
            with mpl.rc_context(plait.plot.style(dark)):
                exec(compile("\n".join(self.content), f"{page}: picture", "exec"), dict(names))
                name = f"{self.env.docname.replace('/', '-')}-{self.lineno}-{kind}.png"
                plt.gcf().savefig(folder / name, dpi=130, bbox_inches="tight", transparent=True, metadata={"Software": None})
            plt.close("all")
            image = nodes.image(uri=f"/{FOLDER}/{name}", alt=self.arguments[0], classes=[f"only-{kind}", "page-picture"])
            found.append(image)
        code = nodes.literal_block("\n".join(self.content), "\n".join(self.content), language="python")
        return [code, *found]


def in_the_style_of_plait(_conf: Any, _example: str) -> None:
    """Every picture of the gallery and the book looks like those that `plait.plot` makes; sphinx-gallery asks before each example."""
    import matplotlib as mpl

    import plait

    mpl.rcParams.update(plait.plot.style())


def setup(app: Any) -> dict[str, bool]:
    """Sphinx asks for it."""
    app.add_directive("picture", Picture)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
