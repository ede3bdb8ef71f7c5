"""The sequence workloads in PyTorch: nn.LSTM, which is oneDNN's where that takes it, and a fused optimiser."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

import _sequence_data as sequence_data
from _sequence_data import Configuration, Data

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def network(data: Data) -> tuple[torch.nn.LSTM, torch.nn.Linear, list[torch.nn.Parameter]]:
    """With the common weights; its second bias stays at zero, since otherwise each step would change the biases twice."""
    hidden = len(data.head)
    lstm, head = torch.nn.LSTM(1, hidden, batch_first=True), torch.nn.Linear(hidden, 1)
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(torch.from_numpy(data.w[:1].T.copy()))
        lstm.weight_hh_l0.copy_(torch.from_numpy(data.w[1:].T.copy()))
        lstm.bias_ih_l0.copy_(torch.from_numpy(data.b))
        lstm.bias_hh_l0.zero_()
        head.weight.copy_(torch.from_numpy(data.head.T.copy()))
        head.bias.copy_(torch.from_numpy(data.head_bias))
    lstm.bias_hh_l0.requires_grad_(False)
    return lstm, head, [p for p in (*lstm.parameters(), *head.parameters()) if p.requires_grad]


class Training:
    def __init__(self, configuration: Configuration):
        data = sequence_data.data(configuration)
        self.lstm, self.head, self.parameters = network(data)
        self.start = [p.detach().clone() for p in self.parameters]
        self.x, self.t = torch.from_numpy(data.x), torch.from_numpy(data.t)
        self.optimizer = torch.optim.SGD(self.parameters, lr=sequence_data.RATE, fused=True)

    def step(self) -> torch.Tensor:
        loss = F.mse_loss(torch.tanh(self.head(self.lstm(self.x)[0])), self.t)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss

    def reset(self) -> None:
        with torch.no_grad():
            for parameter, value in zip(self.parameters, self.start, strict=True):
                parameter.copy_(value)

    def run(self, n: int) -> None:
        for _ in range(n):
            self.step()

    def check(self) -> list[float]:
        self.reset()
        return [self.step().item() for _ in range(sequence_data.CHECK_STEPS)]


class Generating:
    def __init__(self) -> None:
        data = sequence_data.data((sequence_data.GENERATING_HIDDEN, 5, 1))
        self.lstm, self.head, _ = network(data)
        self.seed = torch.from_numpy(data.x)

    def made(self, steps: int) -> list[torch.Tensor]:
        outs = []
        with torch.inference_mode():
            h, state = self.lstm(self.seed)
            y = torch.tanh(self.head(h[:, -1:]))
            outs.append(y)
            for _ in range(steps - 1):
                h, state = self.lstm(y, state)
                y = torch.tanh(self.head(h))
                outs.append(y)
        return outs

    def reset(self) -> None:
        pass

    def run(self, n: int) -> None:
        self.made(n * sequence_data.GENERATED)

    def check(self) -> list[float]:
        return [y.item() for y in self.made(50)]


def first_step(name: str, _kind: str = "") -> dict[str, float]:
    training = Training(sequence_data.NAMED[name])
    times = []
    for _ in range(8):
        begin = time.perf_counter()
        training.step()
        times.append(time.perf_counter() - begin)
    return {"first": times[0], "step": min(times[1:])}


WORK: dict[str, Callable[[], Any]] = {
    **{name: (lambda configuration=configuration: Training(configuration)) for name, configuration in sequence_data.NAMED.items()},
    "generation": Generating,
}


def facts() -> dict[str, Any]:
    return {"version": torch.__version__, "threads": torch.get_num_threads()}
