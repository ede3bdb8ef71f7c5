"""``plait vae``: train a variational autoencoder on images, and write a report."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from .. import datasets, graph, optim, plot, report
from ..nn import VAE
from ..report._words import people_number, seconds_text
from ._common import Result, add_training, at_least, machine_facts, progress, use_threads

# Default sizes for each data set.
HIDDEN = {"fashion-mnist": (512, 256), "mnist": (512, 256), "digits": (128,)}
LATENT = {"fashion-mnist": 20, "mnist": 20, "digits": 8}
SHOWN = 20  # images in the report


def add(commands: Any) -> None:
    """Adds the subcommand to the parser."""
    parser = commands.add_parser("vae", help="train a variational autoencoder on images", description=__doc__.split(": ", 1)[1])
    parser.add_argument("--data", choices=sorted(HIDDEN), default="fashion-mnist", help="the images (default fashion-mnist)")
    parser.add_argument(
        "--hidden", type=at_least(1), nargs="+", metavar="SIZE", help="hidden layers of the encoder; the decoder has them in reverse"
    )
    parser.add_argument("--latent", type=at_least(1), help="latent numbers")
    parser.add_argument("--samples", type=at_least(1), default=10, help="draws per image for the final bound (default 10)")
    parser.add_argument(
        "--out", type=Path, default=Path("plait-vae"), metavar="DIR", help="folder for report and checkpoint (default plait-vae)"
    )
    parser.add_argument("--resume", action="store_true", help="continue from the checkpoint in that folder")
    add_training(parser, epochs=5, batch_size=128)
    parser.set_defaults(run=run)


def load(name: str, quiet: bool) -> datasets.Images:
    """The images of a data set by its name on the command line."""
    if name == "digits":
        return datasets.digits()
    return (datasets.fashion_mnist if name == "fashion-mnist" else datasets.mnist)(progress=not quiet)


def run(options: argparse.Namespace) -> Result:
    """Trains, and writes report and checkpoint into the folder."""
    use_threads(options)
    data = load(options.data, options.quiet)
    options.out.mkdir(parents=True, exist_ok=True)
    result, page = train(
        f"A variational autoencoder on {options.data}",
        data,
        hidden=tuple(options.hidden or HIDDEN[options.data]),
        latent=options.latent or LATENT[options.data],
        epochs=options.epochs,
        batch_size=options.batch_size,
        rate=options.rate,
        seed=options.seed,
        samples=options.samples,
        progress=progress(options),
        checkpoint=options.out / "vae.ckpt",
        resume=options.resume,
    )
    saved = page.save(options.out / "report.html")
    return {"command": "vae", "data": options.data, **result, "checkpoint": options.out / "vae.ckpt", "report": saved}


def train(
    title: str,
    data: datasets.Images,
    *,
    hidden: tuple[int, ...],
    latent: int,
    epochs: int,
    batch_size: int,
    rate: float,
    seed: int,
    samples: int,
    progress: Any,
    checkpoint: str | os.PathLike[str] | None,
    resume: bool = False,
    machine: bool = True,
) -> tuple[dict[str, Any], report.Report]:
    """A whole run: its results, and the report."""
    pixels = data.train_images.shape[1]
    vae = VAE(pixels, hidden=hidden, latent=latent, rng=seed)
    optimizer = optim.Adam(rate)
    before = vae.elbo(data.test_images, rng=seed)
    began = time.perf_counter()
    history = vae.fit(
        data.train_images,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        validation=data.test_images,
        rng=seed,
        progress=progress,
        checkpoint=checkpoint,
        resume=resume,
    )
    seconds = time.perf_counter() - began
    result: dict[str, Any] = {
        "epochs": len(history.loss),
        "elbo_before": before,
        "elbo": vae.elbo(data.test_images, samples=samples, rng=seed),
        "loss": [float(value) for value in history.loss],
        "validation": [float(value) for value in history.validation],
        "epoch_seconds": [float(value) for value in history.seconds],
        "seconds": seconds,
        "images_per_second": len(data.train_images) / float(np.median(history.seconds)),
    }
    page = report.Report(title, f"{pixels}-{'-'.join(map(str, hidden))}-{latent} and back, {len(history.loss)} epochs in {seconds:.1f} s.")
    page.add(
        report.facts(
            "Result",
            {
                "bound before training, held-out images": f"{people_number(before)} nats an image",
                "bound after training": f"{people_number(result['elbo'])} nats an image",
                "training images": len(data.train_images),
                "epochs, batch size": f"{len(history.loss)}, {batch_size}",
                "time": f"{seconds_text(seconds)}; an epoch {seconds_text(float(np.median(history.seconds)))}",
                "speed": f"{people_number(round(result['images_per_second'], -2), 3)} images a second",
                **(machine_facts() if machine else {}),
            },
            "The bound is a lower bound of the images' log-likelihood: the larger, the better. Held-out images are not used in training.",
        ),
        report.figure(
            "Loss",
            lambda ax: plot.loss_curve(history, ax),
            "The negative bound, in nats an image, after each epoch. A growing gap between the two curves would be overfitting.",
        ),
        *images_sections(vae, data, seed),
        *graph_sections(vae, optimizer, batch_size),
    )
    return result, page


def images_sections(vae: VAE, data: datasets.Images, seed: int) -> list[report.Section]:
    """Reconstructions, samples, and the latent space."""
    shown = data.test_images[:SHOWN]
    made, drawn = vae.reconstruct(shown), vae.sample(4 * 16, rng=seed)
    means = vae.encode(data.test_images[:5000])[0]
    return [
        report.figure(
            "Reconstructions",
            lambda ax: plot.reconstructions(shown, made, columns=10, ax=ax),
            f"Held-out images, and below each its reconstruction from {vae.latent} latent numbers. Detail is lost; the digit stays.",
            size=(7.0, 3.0),
        ),
        report.figure(
            "Samples",
            lambda ax: plot.image_grid(drawn, columns=16, ax=ax),
            "New images: decoded from draws of the standard normal distribution. Those that look like two digits at once come from between "
            "two classes.",
            size=(7.0, 2.0),
        ),
        report.figure(
            "Latent map",
            lambda ax: plot.latent_map(means, data.test_labels[:5000], ax=ax),
            "Where the encoder puts held-out images, in the plane of their largest variance. The labels are not used in training; "
            "clusters of one colour mean that similar images have similar codes.",
            size=(6.0, 4.6),
        ),
    ]


def graph_sections(vae: VAE, optimizer: optim.Optimizer, batch_size: int) -> list[report.Section]:
    """The loss as a graph, and the compiled program of a training step."""
    x = graph.input("x", (None, vae.inputs))
    loss = -vae.bound(x, training=True).mean()
    loss.name = "loss"
    picture = report.graph(
        "Graph",
        loss,
        "The loss as nodes: blue inputs, yellow parameters, violet random draws. 'waits for n': gradients arrive over n edges before the "
        "node propagates their sum. No gradient flows over a dotted edge.",
    )
    step = graph.compile([loss], updates=optimizer.updates(loss, vae.parameters()))
    step.bind({x: (batch_size, vae.inputs)})
    summary = report.program(
        "Program",
        step,
        "One training step as it runs: forward pass, gradients and the update of every parameter, fused where possible. 'matmul + add relu' "
        "is one pass over memory.",
    )
    return [picture, summary]
