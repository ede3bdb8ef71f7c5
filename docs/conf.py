"""How the documentation is built: ``./dev docs``. No network, warnings are errors, every example runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

here = Path(__file__).parent
sys.path.insert(0, str(here))
os.environ.setdefault("MPLBACKEND", "agg")

import reference_pages  # noqa: E402

import plait  # noqa: E402

project = "plait"
author = "the plait developers"
copyright = "the plait developers"
version = release = plait.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "numpydoc",
    "myst_parser",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "page_pictures",
]
templates_path = ["_templates"]
exclude_patterns = ["build", "README.md", "**/GALLERY_HEADER.rst", "**/*.ipynb", "**/*.py", "**/*.zip", "**/*.json", "sg_execution_times.rst", "**/sg_execution_times.rst"]
nitpicky = False
default_role = "literal"

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3
autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections say the types
numpydoc_show_class_members = False
numpydoc_validation_checks: set[str] = set()
copybutton_exclude = ".linenos, .gp, .go"

sphinx_gallery_conf = {
    "reset_modules": ("matplotlib", "page_pictures.in_the_style_of_plait"),
    "examples_dirs": ["gallery", "book"],
    "gallery_dirs": ["auto_gallery", "auto_book"],
    "filename_pattern": r"\.py$",
    "ignore_pattern": r"^_",  # what examples share
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
    "abort_on_example_error": True,
    "within_subsection_order": "FileNameSortKey",
    "plot_gallery": "True",
    "matplotlib_animations": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "capture_repr": ("_repr_html_", "__repr__"),
    "image_scrapers": ("matplotlib",),
}

html_theme = "pydata_sphinx_theme"
html_title = "plait"
html_static_path = ["_static"]
html_css_files = ["plait.css"]
html_show_sourcelink = False
html_theme_options: dict[str, Any] = {
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "start": [], "measurements": [], "papers": [], "changelog": []}


def setup(app: Any) -> None:
    """Write the reference pages anew from what the modules export, before Sphinx reads its sources."""
    app.connect("config-inited", lambda app, _: reference_pages.write(Path(app.srcdir) / "reference"), priority=1)
