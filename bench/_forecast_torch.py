"""PyTorch's side of the forecast bench: the network of the same size, trained on the same windows."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import numpy as np
import torch

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


class Net(torch.nn.Module):
    def __init__(self, features: int, known: int, hidden: int, horizon: int, outputs: int):
        super().__init__()
        self.lstm = torch.nn.LSTM(features + known, hidden, batch_first=True)
        self.mixing = torch.nn.Linear(hidden + horizon * known, hidden) if known else None
        self.head = torch.nn.Linear(hidden, horizon * outputs)
        self.shape = (-1, horizon, outputs)

    def forward(self, x: torch.Tensor, known: torch.Tensor | None) -> torch.Tensor:
        top = self.lstm(x)[1][0][-1]
        if self.mixing is not None and known is not None:
            top = torch.tanh(self.mixing(torch.cat([top, known.flatten(1)], dim=1)))
        return self.head(top).reshape(self.shape)


class Run:
    """One training: `forecast.npz` holds windows X, targets y, what is known ahead, and the windows to forecast from."""

    def __init__(self, folder: str, hidden: int, epochs: int, batch: int, rate: float, final: float, seed: int):
        torch.manual_seed(seed)
        with np.load(Path(folder) / "forecast.npz") as data:
            self.data = {name: torch.from_numpy(data[name]) for name in data.files}
        known = self.data["future"].shape[2] if "future" in self.data else 0
        self.net = Net(self.data["X"].shape[2] - known, known, hidden, self.data["y"].shape[1], self.data["y"].shape[2])
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=rate, fused=True)
        self.steps, self.at = epochs * math.ceil(len(self.data["X"]) / batch), 0
        self.batch, self.rate, self.final = batch, rate, final

    def epoch(self) -> dict[str, float]:
        begin, total = time.perf_counter(), 0.0
        x, y, known = self.data["X"], self.data["y"], self.data.get("future")
        order = torch.randperm(len(x))
        for begin_at in range(0, len(x), self.batch):
            rows = order[begin_at : begin_at + self.batch]
            for group in self.optimizer.param_groups:
                group["lr"] = self.final + (self.rate - self.final) * 0.5 * (1 + math.cos(math.pi * self.at / self.steps))
            loss = torch.nn.functional.mse_loss(self.net(x[rows], None if known is None else known[rows]), y[rows])
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
            self.optimizer.step()
            self.at += 1
            total += loss.item() * len(rows)
        return {"loss": total / len(x), "seconds": time.perf_counter() - begin}

    def forecast(self, folder: str) -> None:
        with torch.inference_mode():
            said = self.net(self.data["test_X"], self.data.get("test_future"))
        np.save(Path(folder) / "said.npy", said.numpy())


_run: Run | None = None


def start(*arguments: object) -> None:
    global _run
    _run = Run(*arguments)  # type: ignore[arg-type]


def epoch() -> dict[str, float]:
    assert _run is not None
    return _run.epoch()


def forecast(folder: str) -> None:
    assert _run is not None
    _run.forecast(folder)
