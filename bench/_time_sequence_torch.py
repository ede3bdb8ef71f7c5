"""PyTorch's side of the time-sequence bench: one training run, an epoch at a time."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


class Run:
    def __init__(self, folder: str, hidden: int, stretch: int, rate: float, final: float, steps: int):
        with np.load(Path(folder) / "start.npz") as start:
            values = [torch.from_numpy(start[name]) for name in start.files]
        self.lstm, self.head = torch.nn.LSTM(1, hidden, num_layers=2, batch_first=True), torch.nn.Linear(hidden, 1)
        with torch.no_grad():
            for k in range(2):
                x, h, b = values[3 * k : 3 * k + 3]
                getattr(self.lstm, f"weight_ih_l{k}").copy_(x.T)
                getattr(self.lstm, f"weight_hh_l{k}").copy_(h.T)
                getattr(self.lstm, f"bias_ih_l{k}").copy_(b)
                # The second bias stays at zero: the other side has one.
                getattr(self.lstm, f"bias_hh_l{k}").zero_().requires_grad_(False)
            self.head.weight.copy_(values[6].T)
            self.head.bias.copy_(values[7])
        self.parameters = [p for p in (*self.lstm.parameters(), *self.head.parameters()) if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.parameters, lr=rate, fused=True)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, steps, final)
        with np.load(Path(folder) / "data.npz") as data:
            self.train, self.test = (torch.from_numpy(data[name])[:, :, None] for name in ("train", "test"))
        self.stretch = stretch

    def epoch(self) -> dict[str, float]:
        begin = time.perf_counter()
        x, t = self.train[:, :-1], self.train[:, 1:]
        state, total = None, 0.0
        for at in range(0, x.shape[1], self.stretch):
            outs, state = self.lstm(x[:, at : at + self.stretch], state)
            state = tuple(part.detach() for part in state)
            loss = F.mse_loss(self.head(outs), t[:, at : at + self.stretch])
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
            self.optimizer.step()
            self.schedule.step()
            total += loss.item() * self.stretch
        return {"loss": total / x.shape[1], "seconds": time.perf_counter() - begin}

    def judge(self, future: int, truth: list[list[float]]) -> dict[str, float]:
        with torch.inference_mode():
            outs, state = self.lstm(self.test[:, :-1])
            ys = self.head(outs)
            loss = F.mse_loss(ys, self.test[:, 1:]).item()
            outs, state = self.lstm(self.test[:, -1:], state)
            begin = time.perf_counter()
            made = [self.head(outs)]
            for _ in range(future - 1):
                outs, state = self.lstm(made[-1], state)
                made.append(self.head(outs))
            seconds = time.perf_counter() - begin
            error = (torch.cat(made, dim=1)[:, :, 0] - torch.tensor(truth)).abs().mean().item()
        return {"test": loss, "future": error, "generation": seconds}


_run: Run | None = None


def start(folder: str, hidden: int, stretch: int, rate: float, final: float, steps: int) -> None:
    global _run
    _run = Run(folder, hidden, stretch, rate, final, steps)


def epoch() -> dict[str, float]:
    assert _run is not None
    return _run.epoch()


def judge(future: int, truth: list[list[float]]) -> dict[str, float]:
    assert _run is not None
    return _run.judge(future, truth)
