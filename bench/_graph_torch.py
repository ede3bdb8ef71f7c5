"""The graph workloads in PyTorch: functional form, fused optimisers, no gradient buffers kept between steps."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

import _graph_data as graph_data
from _graph_data import Data

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))

Loss = Callable[[list[torch.Tensor], torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def spiral(p: list[torch.Tensor], x: torch.Tensor, t: torch.Tensor, _noise: torch.Tensor) -> torch.Tensor:
    y = torch.sigmoid(torch.addmm(p[3], torch.sigmoid(torch.addmm(p[1], x, p[0])), p[2]))
    return F.mse_loss(y, t, reduction="sum") * (0.5 / len(x))


def classifier(p: list[torch.Tensor], x: torch.Tensor, t: torch.Tensor, _noise: torch.Tensor) -> torch.Tensor:
    h = torch.relu(torch.addmm(p[1], x, p[0]))
    h = torch.relu(torch.addmm(p[3], h, p[2]))
    return F.cross_entropy(torch.addmm(p[5], h, p[4]), t)


def autoencoder(p: list[torch.Tensor], x: torch.Tensor, _t: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    h = torch.relu(torch.addmm(p[1], x, p[0]))
    h = torch.relu(torch.addmm(p[3], h, p[2]))
    mean, log_variance = torch.addmm(p[5], h, p[4]).split(graph_data.LATENT, dim=1)
    z = torch.addcmul(mean, torch.exp(0.5 * log_variance), noise)
    h = torch.relu(torch.addmm(p[7], z, p[6]))
    h = torch.relu(torch.addmm(p[9], h, p[8]))
    logits = torch.addmm(p[11], h, p[10])
    cross_entropy = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum()
    return (cross_entropy + kl) / len(x)


LOSS: dict[str, Loss] = {"a": spiral, "d": classifier, "c": autoencoder}


class Training:
    def __init__(self, name: str, compiled: bool = False):
        data: Data = graph_data.DATA[name]()
        self.loss = torch.compile(LOSS[name], fullgraph=True, dynamic=False) if compiled else LOSS[name]
        self.name = name
        self.start = [torch.from_numpy(array) for layer in data.layers for array in layer]
        self.inputs = (torch.from_numpy(data.x), torch.from_numpy(data.t), torch.from_numpy(data.noise))
        self.parameters = [value.clone().requires_grad_() for value in self.start]
        self.new_optimizer()

    def new_optimizer(self) -> None:
        rate = graph_data.RATE[self.name]
        kind = torch.optim.SGD if self.name == "a" else torch.optim.Adam
        self.optimizer = kind(self.parameters, lr=rate, fused=True)

    def step(self) -> torch.Tensor:
        loss = self.loss(self.parameters, *self.inputs)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss

    def reset(self) -> None:
        with torch.no_grad():
            for parameter, value in zip(self.parameters, self.start, strict=True):
                parameter.copy_(value)
        self.new_optimizer()

    def run(self, n: int) -> None:
        for _ in range(n):
            self.step()

    def check(self) -> list[float]:
        self.reset()
        return [self.step().item() for _ in range(graph_data.CHECK_STEPS)]


class Repeat:
    def __init__(self, call: Callable[[], torch.Tensor]):
        self.call = call

    def reset(self) -> None:
        pass

    def run(self, n: int) -> None:
        call = self.call
        with torch.inference_mode():
            for _ in range(n):
                call()

    def check(self) -> list[float]:
        return graph_data.sample(self.call())


def matmul(shape: tuple[int, int, int]) -> Repeat:
    a, b = (torch.from_numpy(array) for array in graph_data.factors(*shape))
    out = torch.empty(shape[0], shape[2])
    return Repeat(lambda: torch.mm(a, b, out=out))


def function(name: str) -> Repeat:
    x = torch.from_numpy(graph_data.arguments(name))
    out = torch.empty_like(x)
    called = getattr(torch, name)
    return Repeat(lambda: called(x, out=out))


def ten() -> Repeat:
    x = torch.from_numpy(graph_data.eight())
    return Repeat(lambda: torch.exp(torch.tanh((x * 2 + 1) * x - 0.5) * x + 3) * 0.1 - x)


def first_step(compiled: bool = False) -> dict[str, float]:
    """Seconds until the first step of the VAE is done, and for a step after that."""
    training = Training("c", compiled)
    times = []
    for _ in range(8):
        begin = time.perf_counter()
        training.step()
        times.append(time.perf_counter() - begin)
    return {"first": times[0], "step": min(times[1:])}


def epoch(images: np.ndarray) -> None:
    """An epoch of the VAE over the rows of `images`."""
    training = Training("c")
    _, t, noise = training.inputs
    batch = len(noise)
    for begin in range(0, len(images) - batch + 1, batch):
        training.inputs = (torch.from_numpy(images[begin : begin + batch]), t, noise)
        training.step()


WORK = {
    **{name: (lambda name=name: Training(name)) for name in LOSS},
    **{f"{name} compiled": (lambda name=name: Training(name, compiled=True)) for name in LOSS},
    "call": ten,
    **{graph_data.matmul_name(shape): (lambda shape=shape: matmul(shape)) for shape in graph_data.MATMULS},
    **{name: (lambda name=name: function(name)) for name in graph_data.FUNCTIONS},
}


def facts() -> dict[str, Any]:
    return {"version": torch.__version__, "threads": torch.get_num_threads()}
