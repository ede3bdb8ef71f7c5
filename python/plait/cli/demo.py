"""``plait demo``: without a network, train two small models, align gestures, count amounts, and write a page about it all."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from .. import datasets
from .. import report as pages
from . import _demo_text, align, histogram, infer, lstm, portfolio, tree, vae
from ._common import Result, add_training, machine_facts, progress, use_threads


def add(commands: Any) -> None:
    """Adds the subcommand to the parser."""
    parser = commands.add_parser(
        "demo", help="train small models, write a page about them; no network", description=__doc__.split(": ", 1)[1]
    )
    parser.add_argument("--out", type=Path, default=Path("report.html"), metavar="FILE", help="the page (default report.html)")
    add_training(parser, epochs=300, batch_size=64)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> Result:
    """Trains the variational autoencoder on scikit-learn's digits and an LSTM on a circle, aligns gestures, counts amounts, and writes the page."""
    began = time.perf_counter()
    use_threads(options)
    result, page = vae.train(
        "What plait does, in one page",
        datasets.digits(),
        hidden=vae.HIDDEN["digits"],
        latent=vae.LATENT["digits"],
        epochs=options.epochs,
        batch_size=options.batch_size,
        rate=options.rate,
        seed=options.seed,
        samples=10,
        progress=progress(options),
        checkpoint=None,
        machine=False,
    )
    generated, sequence = lstm.demo_section(options.seed)
    gestures, told = align.demo_sections(options.seed)
    amounts, counted = histogram.demo_sections(options.seed)
    trees, grown = tree.demo_sections()
    inferred, judged = infer.demo_sections(options.seed)
    money, divided = portfolio.demo_section(options.seed)
    page.subtitle = (
        f"Small models, trained in a few seconds on {_threads()} of this machine: what each part is for, the code that made it, and what "
        "the pictures say."
    )
    parts = [page.sections, [generated], gestures, trees, amounts, inferred, money]
    page.sections = []
    for texts, part in zip(_demo_text.CHAPTERS, parts, strict=True):
        page.add(_demo_text.chapter(texts), *part)
    page.add(_demo_text.chapter(_demo_text.MACHINE), pages.facts("Versions and threads", machine_facts()))
    return {
        "command": "demo",
        **result,
        **sequence,
        **told,
        **counted,
        **grown,
        **judged,
        **divided,
        "report": page.save(options.out),
        "seconds_in_all": time.perf_counter() - began,
    }


def _threads() -> str:
    threads = machine_facts()["threads"]
    return "one thread" if threads == 1 else f"{threads} threads"
