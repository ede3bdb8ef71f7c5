"""Resumed runs: bitwise identical to uninterrupted ones, or an error that gives the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait import optim
from plait.train import History, Progress


class Run:
    """A small network with dropout, so that the order of rows, the random nodes and the optimiser's state all matter."""

    def __init__(self, hidden: int = 16, optimizer: optim.Optimizer | None = None) -> None:
        self.model = plait.nn.Sequential(plait.nn.Dense(4, hidden, "tanh", rng=0), plait.nn.Dropout(0.3), plait.nn.Dense(hidden, 1, rng=1))
        self.x, self.t = plait.input("x", (None, 4)), plait.input("t", (None, 1))
        self.loss = plait.losses.mse(self.model(self.x, training=True), self.t)
        rng = np.random.default_rng(0)
        self.X = rng.normal(size=(77, 4))
        self.optimizer = optimizer or optim.Adam(optim.RobbinsMonro(0.1, 2.0, 0.6), clip_norm=5.0)

    def fit(self, epochs: int, **options: Any) -> History:
        data = {self.x: self.X, self.t: self.X[:, :1] * self.X[:, 1:2]}
        held_out = {self.x: self.X[:20], self.t: self.X[:20, :1]}
        options = {"batch_size": 10, "rng": 3, "validation": (plait.losses.mse(self.model(self.x), self.t), held_out), **options}
        return plait.train(self.loss, data, optimizer=self.optimizer, epochs=epochs, **options)

    def bits(self) -> bytes:
        return b"".join(p.value.tobytes() for p in self.model.parameters())


def test_a_resumed_run_has_the_bits_of_one_that_never_stopped(tmp_path: Path) -> None:
    whole = Run()
    history = whole.fit(7)
    file = tmp_path / "run.ckpt"
    Run().fit(3, checkpoint=file)
    again = Run()
    with pytest.raises(plait.FormatError, match="written by a run with rng seed 3, this one has seed 99"):
        again.fit(7, checkpoint=file, resume=True, rng=99)
    resumed = again.fit(7, checkpoint=file, resume=True)
    assert again.bits() == whole.bits()
    assert resumed.loss == history.loss
    assert resumed.validation == history.validation
    assert resumed.step == history.step
    # And once more from what the resumed run wrote: everything is done already.
    done = Run()
    assert done.fit(7, checkpoint=file, resume=True).loss == history.loss
    assert done.bits() == whole.bits()


def test_stopping_after_every_epoch_changes_nothing(tmp_path: Path) -> None:
    whole = Run()
    whole.fit(5)
    run = Run()
    for epochs in range(1, 6):
        run = Run()
        run.fit(epochs, checkpoint=tmp_path / "run.ckpt", resume=True)  # the first time there is no file: it begins
    assert run.bits() == whole.bits()


def test_a_run_stopped_within_an_epoch_resumes_at_its_beginning(tmp_path: Path) -> None:
    whole = Run()
    whole.fit(6)

    class Stopped(Exception):
        pass

    def stop(now: Progress) -> None:
        if now.epoch == 4:
            raise Stopped

    run = Run()
    with pytest.raises(Stopped):
        run.fit(6, checkpoint=tmp_path / "run.ckpt", callbacks=stop)
    again = Run()
    again.fit(6, checkpoint=tmp_path / "run.ckpt", resume=True)
    assert again.bits() == whole.bits()


def test_every_flipped_bit_and_every_cut_is_found(tmp_path: Path) -> None:
    file = tmp_path / "run.ckpt"
    Run(hidden=2).fit(2, checkpoint=file)
    good = file.read_bytes()
    rng = np.random.default_rng(0)
    run = Run(hidden=2)
    before = run.bits()
    for position in [0, 7, 8, 9, len(good) - 1, *rng.integers(0, len(good), 60)]:
        broken = bytearray(good)
        broken[position] ^= 1 << int(rng.integers(8))
        file.write_bytes(bytes(broken))
        with pytest.raises(plait.FormatError):
            run.fit(3, checkpoint=file, resume=True)
    for length in [0, 1, 8, len(good) // 2, len(good) - 1]:
        file.write_bytes(good[:length])
        with pytest.raises(plait.FormatError):
            run.fit(3, checkpoint=file, resume=True)
    assert run.bits() == before
    file.write_bytes(good)
    assert run.fit(3, checkpoint=file, resume=True).epochs == 3


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "run.ckpt"
    Run().fit(1, checkpoint=file)
    with pytest.raises(plait.FormatError, match=r"dense\.weight"):
        Run(hidden=8).fit(2, checkpoint=file, resume=True)
    with pytest.raises(plait.FormatError, match="arrays"):
        Run(optimizer=optim.SGD(0.1)).fit(2, checkpoint=file, resume=True)
    with pytest.raises(ValueError, match="batch_size 10"):
        Run().fit(2, checkpoint=file, resume=True, batch_size=11)
    plait.save(file, {"kind": "something else"})
    with pytest.raises(plait.FormatError, match="not a checkpoint"):
        Run().fit(2, checkpoint=file, resume=True)


def test_a_checkpoint_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        Run().fit(1, checkpoint=tmp_path / "nowhere" / "run.ckpt")
