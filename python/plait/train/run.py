"""The training run: epochs in C++, and between them progress, checkpoints and callbacks."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _core
from .._rng import RandomSource
from .._rng import seed as random_seed
from ..optim import Optimizer
from ..optim.base import optimizer_of, trainable
from ..optim.plateau import Plateau
from . import checkpoint as checkpoints
from .data import Array, at_least_one, feeds, not_finite, require_probabilities
from .history import History, NotFiniteError, Progress
from .progress import reporter

if TYPE_CHECKING:
    from ..graph import Node

Data = Mapping[Any, Any]


def train(
    loss: Node,
    data: Data,
    parameters: Sequence[Node] | None = None,
    optimizer: Optimizer | str | None = None,
    *,
    epochs: int = 10,
    batch_size: int = 32,
    shuffle: bool = True,
    rng: RandomSource = 0,
    progress: bool | Callable[[Progress], Any] = False,
    callbacks: Callable[[Progress], Any] | Iterable[Callable[[Progress], Any]] = (),
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    validation: Data | tuple[Node, Data] | None = None,
) -> History:
    """Minimise a loss over data, by mini-batches.

    Parameters
    ----------
    loss : Node, shape ()
        The mean loss over the rows of a batch.
    data : dict
        For each input of the loss (the node or its name) an array whose first axis counts rows; all have the same number of them. An input
        without axes takes one value for all batches. Integers and other precisions are converted batch by batch.
    parameters : sequence of Node, optional
        The parameters to train; every parameter with a floating dtype that the loss depends on, unless given.
    optimizer : Optimizer or str, optional
        The update rule, or its name in any case, such as ``"adam"``; ``Adam()`` unless given. Its state is new for each run.
    epochs : int
        Passes over the rows. With `resume`, earlier epochs count.
    batch_size : int
        Rows per step; the last step of an epoch has the remainder.
    shuffle : bool
        Whether to shuffle the rows in each epoch; the order is a function of `rng` and the epoch's number.
    rng : int, SeedSequence or Generator
        Seed of the order of rows and of the loss's random nodes.
    progress : bool or callable
        True shows a bar (tqdm where it is installed) on stderr; a callable is called with a ``Progress`` at most ten times a second and at
        each epoch's end.
    callbacks : callable or sequence of callables
        Called with a ``Progress`` at each epoch's end; one that returns True (or NumPy's), or raises StopIteration, ends the run after that
        epoch. Methods ``begin(parameters)`` and ``end()``, where a callback has them, are called before the first epoch and after the last.
    checkpoint : path, optional
        A file that is written atomically after each epoch.
    resume : bool
        Continue from the checkpoint if it exists. The result is bitwise identical to that of an uninterrupted run. The optimizer must be
        the same, with the momentum, betas, decay and form (Nesterov, centred) that its state depends on; the rate, weight_decay, clip_norm
        and eps may change.
    validation : dict, or tuple of Node and dict, optional
        Data on which the loss, or another scalar node such as the loss without dropout, is measured after each epoch.

    Returns
    -------
    History
        ``.loss``, ``.validation``, ``.seconds`` of each epoch, ``.plot()``.

    Raises
    ------
    NotFiniteError
        (a FloatingPointError) If the loss or a parameter becomes NaN or infinite; the parameters are restored to the end of the epoch
        before.
    FormatError
        If the checkpoint is damaged or belongs to another run: parameters of other names, another optimizer, another `rng`.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C; the parameters have the values after the last step.

    Examples
    --------
    >>> x, t = plait.input("x", (None, 2)), plait.input("t", (None,))
    >>> w = plait.parameter(np.zeros(2, "float32"), name="w")
    >>> X = np.random.default_rng(0).normal(size=(256, 2))
    >>> history = plait.train(plait.losses.mse(x @ w, t), {x: X, t: X @ [1.0, -2.0]}, optimizer=plait.optim.SGD(0.1), epochs=20)
    >>> w.value.round(3)
    array([ 1., -2.], dtype=float32)
    """
    epochs, batch_size = at_least_one("train: epochs", epochs), at_least_one("train: batch_size", batch_size)
    rule = optimizer_of(optimizer)
    if isinstance(rule, Optimizer) and isinstance(data, Mapping):
        rule = rule.in_steps(_steps_per_epoch(data, batch_size))
    updates = rule.updates(loss, parameters)
    program = _core.BatchProgram([loss], updates)
    loss_inputs = list(program.inputs)
    loop_arrays, fixed = feeds(loss_inputs, data, "train: data")
    require_probabilities(loss, loss_inputs, loop_arrays, "train: data")
    loop = _core.Loop(program, loop_arrays, fixed, batch_size)
    measure = None
    if validation is not None:
        measured, validation_data = validation if isinstance(validation, tuple) else (loss, validation)
        measure = _loop(_core.BatchProgram([measured]), validation_data, batch_size, "train: validation")
    nodes = list(updates)
    calls = (callbacks,) if callable(callbacks) else tuple(callbacks)
    for call in calls:
        if not callable(call):
            raise TypeError(f"train: callbacks: expected functions of the progress, got {call!r}")
    path = None if checkpoint is None else Path(checkpoint)
    if resume and path is None:
        raise ValueError("train: resume=True needs checkpoint=, the file to resume from")

    history = History()
    settings = {"rows": loop.rows, "batch_size": batch_size, "shuffle": int(shuffle)}
    seed = random_seed(rng)
    identity = checkpoints.identity(rule, rng, loss, nodes) if path is not None else {}
    if resume and path is not None and path.exists():
        history, kept = checkpoints.read(path, nodes, settings, identity)
        seed = kept["seed"]
    settings["seed"] = seed
    shuffle_seed, run_seed, validation_seed = (int(s) for s in np.random.SeedSequence(seed).generate_state(3, np.uint64))

    settle = _plateau(rule, nodes)
    settle(history)
    trained = trainable(loss, parameters)
    for call in calls:
        if hasattr(call, "begin"):
            call.begin(trained)
    began = time.perf_counter()
    shown = reporter(progress)
    try:
        while history.epochs < epochs:
            epoch, epoch_began = history.epochs + 1, time.perf_counter()

            def standing(step: int, mean: float, validated: float | None, at: int = epoch) -> Progress:
                return Progress(at, epochs, step, loop.steps, mean, validated, time.perf_counter() - began, history)

            def within(_: int, step: int, __: int, mean: float) -> None:
                shown.show(standing(step, mean, None), False)

            result = loop.run(epoch - 1, shuffle, shuffle_seed, run_seed, history.step, True, within if shown.wants_steps else None)
            _require_finite(result, epoch, history, lambda: not_finite(loop_arrays, loss_inputs))
            history.step += result.steps
            mean = result.means[0]
            validated = None
            if measure is not None:
                validated = measure.run(0, False, 0, validation_seed, 0, False, None).means[0]
                history.validation.append(validated)
            history.loss.append(mean)
            history.seconds.append(time.perf_counter() - epoch_began)
            settle(history)
            if path is not None:
                checkpoints.write(path, nodes, history, settings, identity)
            now = standing(loop.steps, mean, validated)
            shown.show(now, True)
            if _stop(calls, now):
                break
    finally:
        shown.close()
    for call in calls:
        if hasattr(call, "end"):
            call.end()
    return history


def _steps_per_epoch(data: Data, batch_size: int) -> int:
    """Steps of an epoch, for schedules in epochs; invalid data are refused later, by name."""
    shapes = [shape for value in data.values() if (shape := getattr(value, "shape", None) or np.shape(value))]
    return max(-(-int(shapes[0][0]) // batch_size), 1) if shapes else 1


def _plateau(rule: Any, nodes: Sequence[Node]) -> Callable[[History], None]:
    """A function that sets the rate after an epoch, for `Plateau`."""
    rate = getattr(rule, "rate", None)
    if not isinstance(rate, Plateau):
        return lambda _: None
    node = next(n for n in nodes if n.name == "optimizer.rate")

    def settle(history: History) -> None:
        node.value = np.full((), rate.after(history.validation or history.loss), "float64")

    return settle


def _loop(program: Any, data: Data, batch_size: int, what: str) -> Any:
    """The C++ loop of a program over data."""
    arrays, fixed = feeds(program.inputs, data, what)
    return _core.Loop(program, arrays, fixed, batch_size)


def _stop(calls: Iterable[Callable[[Progress], Any]], now: Progress) -> bool:
    """Whether one of the callbacks stops the run; all of them are called."""
    stop = False
    for call in calls:
        try:
            stop = _says_stop(call(now)) or stop
        except StopIteration:
            stop = True
    return stop


def _says_stop(answer: Any) -> bool:
    """Whether an answer is True, a NumPy bool or a 0-d boolean array included."""
    plain = isinstance(answer, (bool, np.bool_)) or (isinstance(answer, np.ndarray) and answer.dtype == bool and answer.ndim == 0)
    return plain and bool(answer)


def _require_finite(result: Any, epoch: int, history: History, in_data: Callable[[], str]) -> None:
    """Turn the loop's status into an exception that says where it happened."""
    if result.status == "done":
        return
    step = history.step + result.steps
    bad = result.bad_loss
    where = f"at step {step} (epoch {epoch})"
    if result.status == "loss":
        kind = "NaN" if math.isnan(bad) else "infinite"
        text = f"train: the loss is {kind} {where}"
    else:
        text = f"train: parameter '{result.bad_parameter}' is no longer finite {where}"
    found = in_data()
    first = step == 1 and result.status == "loss"  # nothing was updated yet
    cause = (
        f"it is in the data: {found}; fill or leave out such rows"
        if found
        else "the parameters as they were given, or a formula at them, give it; the rate is not the cause"
        if first
        else "a smaller rate or clip_norm= may help"
    )
    raise NotFiniteError(f"{text}; {cause}. The parameters are those of epoch {epoch - 1}", epoch, step, bad, history)


def predict(outputs: Sequence[Node] | _core.BatchProgram, data: Data, *, batch_size: int = 256, rng: RandomSource = 0) -> list[Array]:
    """Values of nodes over all rows of data, batch by batch.

    Parameters
    ----------
    outputs : sequence of Node, or a BatchProgram of them
        Their first axis is the batch.
    data : dict
        For each input (the node or its name) an array whose first axis counts rows.
    batch_size : int
        Rows per run.
    rng : int, SeedSequence or Generator
        Seed of the random nodes.

    Returns
    -------
    list of ndarray
        One for each output, with as many rows as the data.

    Examples
    --------
    >>> from plait.train import predict
    >>> x = plait.input("x", (None, 2))
    >>> predict([x.sum(axis=1)], {x: np.ones((3, 2))}, batch_size=2)[0]
    array([2., 2., 2.], dtype=float32)
    """
    batch_size = at_least_one("predict: batch_size", batch_size)
    program = outputs if isinstance(outputs, _core.BatchProgram) else _core.BatchProgram(list(outputs))
    return list(_loop(program, data, batch_size, "predict: data").predict(random_seed(rng), 0))
