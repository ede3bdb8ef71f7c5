"""``plait demo``: in under a minute and without a network, train two small models, align gestures, count amounts, and write a page about it all."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from .. import datasets
from . import align, histogram, infer, lstm, portfolio, tree, vae
from ._common import Result, add_training, progress, use_threads


def add(commands: Any) -> None:
    """Puts the subcommand into the parser."""
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
        "plait demo: a variational autoencoder on handwritten digits",
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
    )
    generated, sequence = lstm.demo_section(options.seed)
    gestures, told = align.demo_sections(options.seed)
    amounts, counted = histogram.demo_sections(options.seed)
    trees, grown = tree.demo_sections()
    inferred, judged = infer.demo_sections(options.seed)
    page.add(generated, *gestures, *trees)
    page.add(*amounts)
    page.add(*inferred)
    money, divided = portfolio.demo_section(options.seed)
    page.add(*money)
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
