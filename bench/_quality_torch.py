"""PyTorch's side of the quality bench: one training run, an epoch at a time."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
LATENT = 20


def bound(p: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The evidence lower bound of the batch, summed: encoder of two layers, two heads, decoder of three layers; weights before biases."""
    h = torch.relu(torch.addmm(p[1], x, p[0]))
    h = torch.relu(torch.addmm(p[3], h, p[2]))
    mean, log_variance = torch.addmm(p[5], h, p[4]), torch.addmm(p[7], h, p[6])
    z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
    h = torch.relu(torch.addmm(p[9], z, p[8]))
    h = torch.relu(torch.addmm(p[11], h, p[10]))
    cross_entropy = F.binary_cross_entropy_with_logits(torch.addmm(p[13], h, p[12]), x, reduction="sum")
    return -cross_entropy - 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum()


class Run:
    def __init__(self, folder: str, batch: int, rate: float, seed: int):
        torch.manual_seed(seed)
        with np.load(Path(folder) / "start.npz") as start:
            values = [start[name] for name in start.files]
        layers = [(784, 512), (512, 256), (256, LATENT), (256, LATENT), (LATENT, 256), (256, 512), (512, 784)]
        expected = [shape for inputs, outputs in layers for shape in ((inputs, outputs), (outputs,))]
        if [value.shape for value in values] != expected:
            raise ValueError(f"starting weights of shapes {[value.shape for value in values]}; expected {expected}")
        self.parameters = [torch.from_numpy(value.copy()).requires_grad_() for value in values]
        with np.load(Path(folder) / "data.npz") as data:
            self.train, self.test = torch.from_numpy(data["train"]), torch.from_numpy(data["test"])
        self.batch = batch
        self.optimizer = torch.optim.Adam(self.parameters, lr=rate, fused=True)

    def epoch(self) -> dict[str, float]:
        begin = time.perf_counter()
        for rows in torch.randperm(len(self.train)).split(self.batch):
            x = self.train[rows]
            loss = -bound(self.parameters, x) / len(x)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
        elbo = self.elbo(1)
        return {"elbo": elbo, "seconds": time.perf_counter() - begin}

    def elbo(self, draws: int) -> float:
        with torch.inference_mode():
            total = sum(bound(self.parameters, x).item() for _ in range(draws) for x in self.test.split(1000))
        return total / draws / len(self.test)


run: Run | None = None


def start(folder: str, batch: int, rate: float, seed: int) -> None:
    global run
    run = Run(folder, batch, rate, seed)


def epoch() -> dict[str, float]:
    assert run is not None
    return run.epoch()


def elbo(draws: int) -> float:
    assert run is not None
    return run.elbo(draws)


WORK: dict[str, Any] = {}


def facts() -> dict[str, Any]:
    return {"version": torch.__version__, "threads": torch.get_num_threads()}
