"""Results and training time of the VAE 784-512-256-20: Fashion-MNIST and MNIST, evidence lower bound and seconds of each epoch.

    ./dev bench quality [--peer] [--data fashion_mnist,mnist] [--epochs 10] [--threads N] [--quick] [--json FILE]

With --peer, PyTorch trains the same network from the same starting weights in a process of its own; epochs take turns. Seconds are those
of the training and of the measurement on the test images after it. Both bounds are of the test images, in nats, with one draw of the noise
per image.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import plait
from _harness import cpus, machine, show_machine, show_table, write_json
from _worker import Worker

BATCH = 128
RATE = 1e-3


def train(name: str, images: Any, epochs: int, seed: int, peer: Worker | None) -> dict[str, Any]:
    vae = plait.nn.VAE(784, hidden=(512, 256), latent=20, rng=seed)
    theirs: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        if peer is not None:
            np.savez(Path(folder) / "start.npz", *(np.asarray(node.value) for node in vae.parameters()))
            np.savez(Path(folder) / "data.npz", train=images.train_images, test=images.test_images)
            peer.ask("call", "start", folder, BATCH, RATE, seed)

        def after_epoch(now: Any) -> None:
            cells = [f"epoch {now.epoch}: plait {-now.validation:.2f} nats, {now.history.seconds[-1]:.2f} s"]
            if peer is not None:
                theirs.append(peer.ask("call", "epoch"))
                cells.append(f"torch {theirs[-1]['elbo']:.2f} nats, {theirs[-1]['seconds']:.2f} s")
            print("  " + "; ".join(cells), flush=True)

        print(f"\n{name}: {len(images.train_images)} images, batch {BATCH}, Adam {RATE:g}")
        history = vae.fit(
            images.train_images,
            epochs=epochs,
            batch_size=BATCH,
            optimizer=plait.optim.Adam(RATE),
            validation=images.test_images,
            rng=seed,
            callbacks=after_epoch,
        )
    result: dict[str, Any] = {"plait": {"elbo": [-value for value in history.validation], "seconds": list(history.seconds)}}
    # More draws than a training run can afford: this tells whether two models differ, not whether two draws do.
    result["plait"]["final"] = vae.elbo(images.test_images, samples=10)
    if peer is not None:
        result["torch"] = {key: [epoch[key] for epoch in theirs] for key in ("elbo", "seconds")}
        result["torch"]["final"] = peer.ask("call", "elbo", 10)
    return result


def show(result: dict[str, Any]) -> None:
    rows = [
        (who, f"{run['final']:.2f}", f"{run['elbo'][0]:.2f}", f"{np.median(run['seconds']):.2f} s", f"{min(run['seconds']):.2f} s")
        for who, run in result.items()
    ]
    show_table(("", "final (10 draws)", "after 1 epoch", "an epoch", "shortest"), rows)
    if "torch" in result:
        ratio = np.median(result["torch"]["seconds"]) / np.median(result["plait"]["seconds"])
        print(f"  torch / plait, medians of an epoch's seconds: {ratio:.2f}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench quality", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--peer", action="store_true", help="PyTorch beside plait")
    parser.add_argument("--data", type=lambda text: text.split(","), default=["fashion_mnist", "mnist"], help="names in plait.datasets")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=len(cpus()))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="two epochs of 6000 images")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args(arguments)

    about = machine(["plait", "numpy", "torch"])
    show_machine(about)
    peer_there = options.peer and importlib.util.find_spec("torch") is not None
    if options.peer and not peer_there:
        print("torch: absent")
    plait.set_num_threads(options.threads)
    result: dict[str, Any] = {"machine": about, "threads": options.threads}
    for name in options.data:
        images = getattr(plait.datasets, name)()
        epochs = options.epochs
        if options.quick:
            images, epochs = images._replace(train_images=images.train_images[:6000], test_images=images.test_images[:1000]), 2
        peer = Worker("_quality_torch", options.threads) if peer_there else None
        try:
            result[name] = train(name, images, epochs, options.seed, peer)
        finally:
            if peer is not None:
                peer.close()
        show(result[name])
    about["load after"] = machine()["load"]
    print(f"\nload after the run: {about['load after'][0]:.2f}")
    write_json(options.json, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
