"""LSTM, GRU and RNN: as their formulas, with shared weights, over ragged batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from reference.recurrent import recurrent

import plait
from plait import nn

KINDS = ["LSTM", "GRU", "RNN"]
LENGTHS = np.array([4, 1, 6, 2])
Array = np.ndarray[Any, Any]


def made(kind: str, features: int = 2, hidden: int = 3, **options: Any) -> nn.Recurrent:
    layer: nn.Recurrent = getattr(nn, kind)(features, hidden, **{"dtype": "float64", "rng": 1, **options})
    return layer


def some(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def parts(state: Any) -> tuple[Any, ...]:
    return state if isinstance(state, tuple) else (state,)


def values(parameters: list[plait.Node]) -> list[Array]:
    return [np.array(p.value) for p in parameters]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("ragged", [False, True])
def test_they_are_their_formulas(kind: str, layers: int, ragged: bool) -> None:
    layer = made(kind, layers=layers)
    X, lengths = some(4, 6, 2), LENGTHS if ragged else None
    states = [tuple(some(4, 3, seed=7 * k + j) for j in range(len(layer.cells[0].parts))) for k in range(layers)]
    expected, ended = recurrent(kind, values(layer.parameters()), X, lengths, states)
    given = states[0] if layers == 1 else tuple(np.stack(part) for part in zip(*states, strict=True))
    outs, state = layer(plait.input("x", (None, 6, 2), dtype="float64"), given if len(given) > 1 else given[0], lengths)
    got = plait.compile([outs, *parts(state)])(x=X)
    table = plait.evaluate([outs, *parts(state)], {"x": X})
    wanted = [expected, *(ended[0] if layers == 1 else [np.stack(part) for part in zip(*ended, strict=True)])]
    for result in (got, table):
        for a, b in zip(result, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_begins_at_zero_and_can_be_given_back(kind: str) -> None:
    layer = made(kind, layers=2)
    X = some(3, 6, 2)
    whole, ended = layer(plait.constant(X))
    zero, _ = layer(plait.constant(X), layer.initial_state(3))
    first, state = layer(plait.constant(X[:, :4]))
    rest, end = layer(plait.constant(X[:, 4:]), state)
    a, z, b, c, *states = plait.compile([whole, zero, first, rest, *parts(ended), *parts(end)])()
    np.testing.assert_array_equal(a, z)
    np.testing.assert_allclose(a, np.concatenate([b, c], axis=1), rtol=1e-13)
    for p, q in zip(states[: len(states) // 2], states[len(states) // 2 :], strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_of_steps_gives_a_list(kind: str) -> None:
    layer = made(kind)
    X = some(3, 4, 2)
    steps = [plait.input(f"x{t}", (None, 2), dtype="float64") for t in range(4)]
    outs, state = layer(steps, lengths=[4, 2, 1])
    assert isinstance(outs, list)
    whole, end = layer(plait.constant(X), lengths=[4, 2, 1])
    feeds = {x: X[:, t] for t, x in enumerate(steps)}
    got, expected = plait.compile([plait.stack(outs, axis=1), *parts(state)])(feeds), plait.compile([whole, *parts(end)])()
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("steps", [1, 5, 50])
def test_each_weight_waits_for_one_gradient_per_step(steps: int) -> None:
    lstm = made("LSTM", layers=2)
    outs, _ = lstm(plait.input("x", (None, steps, 2), dtype="float64"))
    assert [p.wait_count for p in lstm.parameters()] == [steps] * 6
    assert len({id(node) for node in lstm.parameters()[0].consumers}) == steps
    before = [p.wait_count for p in lstm.parameters()]
    gradients = plait.gradient(outs.sum(), lstm.parameters())
    assert before == [steps] * 6
    assert [g.shape for g in gradients] == [p.shape for p in lstm.parameters()]


def test_the_picture_shows_the_sharing() -> None:
    lstm = made("LSTM")
    outs, _ = lstm(plait.input("x", (None, 3, 2), dtype="float64"))
    shown = plait.to_dot(outs)
    assert shown.count("lstm.weight_h") == 1
    label = next(line for line in shown.splitlines() if "lstm.weight_h" in line)
    assert "waits for 3" in label
    node = label.split()[0]
    assert sum(line.strip().startswith(f"{node} ->") for line in shown.splitlines()) == 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ragged", [False, True])
def test_gradients_are_central_differences(kind: str, ragged: bool) -> None:
    layer = made(kind, layers=2)
    X, W = some(2, 5, 2), some(2, 5, 3, seed=3)
    names = ["weight_x", "weight_h", "bias", *(["bias_h"] if kind == "GRU" else [])]
    state = layer.initial_state(2)

    def loss(x: Any, begin: Any, *weights: Any) -> Any:
        replaced = iter(weights)
        for cell in layer.cells:
            for name in names:
                setattr(cell, name, next(replaced))
        outs, end = layer(x, begin, [5, 2] if ragged else None)
        return (outs * W).sum() + sum(((part + 1) ** 2).sum() for part in parts(end))

    begin = [some(*np.shape(part), seed=5) for part in parts(state)]
    arrays = values(layer.parameters())
    whole = (lambda x, *rest: loss(x, rest[0], *rest[1:])) if len(begin) == 1 else lambda x, h, c, *rest: loss(x, (h, c), *rest)
    assert plait.check_gradient(whole, X, *begin, *arrays) < 1e-6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unroll", [True, False])
@pytest.mark.parametrize("steps", [1, 5, 50])
def test_a_direction_in_all_weights_is_a_central_difference(kind: str, unroll: bool, steps: int) -> None:
    """Three layers, ragged, the forget gates open: along one direction, so that many steps cost no more than two runs."""
    layer = made(kind, layers=3, **({"forget_bias": 1.5} if kind == "LSTM" else {}))
    X, W, lengths = some(3, steps, 2), some(3, steps, 3, seed=3), np.maximum(1, [steps, steps // 2, steps // 3])
    x = plait.input("x", (None, None if not unroll else steps, 2), dtype="float64")
    outs, end = layer(x, lengths=plait.input("lengths", (None,), dtype="int64"), unroll=unroll)
    loss = (outs * plait.constant(W)).sum() + sum(((part + 1) ** 2).sum() for part in parts(end))
    parameters = layer.parameters()
    value, slopes = plait.compile(loss), plait.compile(plait.gradient(loss, [*parameters, x]))
    begin, direction = [*values(parameters), X], [some(*p.shape, seed=k) for k, p in enumerate(parameters)] + [some(*X.shape, seed=99)]

    def at(h: float) -> float:
        for p, a, d in zip(parameters, begin, direction, strict=False):
            p.value = a + h * d
        return float(value(x=X + h * direction[-1], lengths=lengths))

    numeric = (8 * (at(1e-4) - at(-1e-4)) - (at(2e-4) - at(-2e-4))) / 12e-4  # fourth order
    at(0.0)
    exact = sum(float((g * d).sum()) for g, d in zip(slopes(x=X, lengths=lengths), direction, strict=True))
    assert abs(numeric - exact) < 1e-7 * max(1.0, abs(exact))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("ragged", [False, True])
def test_a_loop_gives_what_copies_give(kind: str, layers: int, ragged: bool) -> None:
    layer = made(kind, layers=layers)
    x, lengths = plait.input("x", (None, 6, 2), dtype="float64"), plait.input("lengths", (None,), dtype="int64")
    open_x = plait.input("x", (None, None, 2), dtype="float64")
    given = tuple(some(*np.shape(part), seed=9) for part in parts(layer.initial_state(4)))
    for begin in (None, given if len(given) > 1 else given[0]):
        results = []
        for source, unroll in ((x, True), (x, False), (open_x, None)):
            outs, state = layer(source, begin, lengths if ragged else None, unroll=unroll)
            loss = (outs**2).sum() + sum(((part + 1) ** 3).sum() for part in parts(state))
            program = plait.compile([outs, *parts(state), *plait.gradient(loss, [*layer.parameters(), source])])
            results.append(program(x=some(4, 6, 2), **({"lengths": LENGTHS} if ragged else {})))
        for other in results[1:]:
            for a, b in zip(other, results[0], strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_long_sequences_are_a_loop() -> None:
    gru = made("GRU")
    outs, _ = gru(plait.input("x", (None, 100_000, 2), dtype="float64"))
    assert outs.shape == (None, 100_000, 3)
    assert max(p.wait_count for p in gru.parameters()) <= 2
    steps = [plait.input(f"x{t}", (None, 2), dtype="float64") for t in range(4)]
    listed, _ = gru(steps, unroll=False)
    copied, _ = gru(steps, unroll=True)
    feeds = {x: some(3, 2, seed=t) for t, x in enumerate(steps)}
    for a, b in zip(plait.compile(listed)(feeds), plait.compile(copied)(feeds), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("unroll", [True, False])
def test_what_stands_behind_a_sequences_end_does_not_matter(kind: str, layers: int, unroll: bool) -> None:
    layer = made(kind, layers=layers)
    x, lengths = plait.input("x", (None, 6, 2), dtype="float64"), plait.input("lengths", (None,), dtype="int64")
    outs, state = layer(x, lengths=lengths, unroll=unroll)
    loss = (outs**2).sum() + sum((part**2).sum() for part in parts(state))
    nodes = [outs, *parts(state), *plait.gradient(loss, [*layer.parameters(), x])]
    program = plait.compile(nodes)
    X = some(4, 6, 2)
    beyond = np.arange(6) >= LENGTHS[:, None]
    expected = None
    for garbage in (0.0, 1e300, np.nan, np.inf):
        X[beyond] = garbage
        for results in (program(x=X, lengths=LENGTHS), plait.evaluate(nodes, {"x": X, "lengths": LENGTHS})):
            expected = expected or results
            for a, b in zip(results, expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)
    assert expected is not None
    assert (expected[0][beyond] == 0).all()
    assert (expected[-1][beyond] == 0).all()


def test_ragged_is_what_each_sequence_gives_alone() -> None:
    gru = made("GRU")
    X = some(4, 6, 2)
    x = plait.input("x", (None, 6, 2), dtype="float64")
    outs, h = gru(x, lengths=LENGTHS)
    together, last = plait.compile([outs, h])(x=X)
    for b, length in enumerate(LENGTHS):
        alone, end = plait.compile(list(gru(plait.constant(X[b : b + 1, :length]))))()
        np.testing.assert_allclose(together[b, :length], alone[0], rtol=1e-12)
        np.testing.assert_allclose(last[b], end[0], rtol=1e-12)


def test_initial_weights() -> None:
    lstm = nn.LSTM(4, 100, forget_bias=1.5, rng=0)
    x, h, b = values(lstm.parameters())
    assert x.dtype == h.dtype == b.dtype == np.float32
    for array in (x, h, np.delete(b, slice(100, 200)), b[100:200] - 1.5):
        assert np.abs(array).max() <= 0.1 + 1e-6
        np.testing.assert_allclose(array.std(), 0.2 / np.sqrt(12), rtol=0.15)
    assert [p.name for p in nn.LSTM(4, 5, layers=2).parameters()] == [
        f"lstm.{k}.{n}" for k in (0, 1) for n in ("weight_x", "weight_h", "bias")
    ]
    same, other = nn.LSTM(4, 5, rng=3), nn.LSTM(4, 5, rng=4)
    assert (same.parameters()[1].value == nn.LSTM(4, 5, rng=3).parameters()[1].value).all()
    assert (same.parameters()[1].value != other.parameters()[1].value).any()


def test_parameters_travel(tmp_path: Any) -> None:
    lstm, other = nn.LSTM(2, 3, layers=2, rng=0), nn.LSTM(2, 3, layers=2, rng=1)
    lstm.save(tmp_path / "lstm")
    other.load(tmp_path / "lstm")
    for p, q in zip(lstm.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(p.value, q.value)


def test_a_cell_of_ones_own() -> None:
    class Leaky(nn.Cell):
        parts = ("v",)

        def step(self, x: Any, state: nn.cells.State) -> tuple[Any, nn.cells.State]:
            v = 0.5 * state[0] + x
            return plait.relu(v), (v,)

    layer = nn.Recurrent([Leaky(1, 1, dtype="float64")])
    outs, v = layer(plait.constant(np.array([[[1.0], [-4.0], [8.0]]])))
    got = plait.evaluate([outs, v])
    np.testing.assert_array_equal(got[0].ravel(), [1, 0, 6.25])
    np.testing.assert_array_equal(got[1], [[6.25]])


@pytest.mark.parametrize("steps", [3, None])
def test_a_picture_of_a_long_sequence_waits_for_one_loop(tmp_path: Any, steps: int | None) -> None:
    lstm = made("LSTM")
    outs, _ = lstm(plait.input("x", (None, steps, 2), dtype="float64"))
    plait.draw(outs, tmp_path / "lstm.svg")
    assert (tmp_path / "lstm.svg").read_text(encoding="utf-8").count(f"waits for {steps or 1}<") >= 3
    assert [p.wait_count for p in lstm.parameters()] == [steps or 1] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_alone_of_sequences_whose_sizes_come_when_they_run(kind: str) -> None:
    layer = made(kind)
    source, open_x = plait.input("x", (4, 6, 2), dtype="float64"), plait.input("x", (None, None, 2), dtype="float64")
    for k, p in enumerate(layer.parameters()):
        expected, found = (
            plait.compile(plait.gradient(layer(x, unroll=False)[0][:, -1].sum(), p))(x=some(4, 6, 2)) for x in (source, open_x)
        )
        np.testing.assert_allclose(found, expected, rtol=1e-12, err_msg=str(k))


@pytest.mark.parametrize(("unroll", "time"), [(True, 5), (False, 5), (False, None)])
def test_lengths_beyond_the_steps_are_found_when_fed(unroll: bool, time: int | None) -> None:
    lengths = plait.input("lengths", (None,), dtype="int64")
    outs, _ = nn.LSTM(2, 3)(plait.input("x", (None, time, 2)), lengths=lengths, unroll=unroll)
    program = plait.compile(outs)
    assert program(x=np.zeros((2, 5, 2)), lengths=[5, 0]).shape == (2, 5, 3)
    with pytest.raises(plait.ShapeError, match="lengths: 6 at index 0 is beyond the 5 steps"):
        program(x=np.zeros((2, 5, 2)), lengths=[6, 1])
    with pytest.raises(plait.ShapeError, match="lengths: expected numbers of steps, got -1 at index 1"):
        program(x=np.zeros((2, 5, 2)), lengths=[3, -1])
    with pytest.raises(plait.ShapeError, match=r"lengths: expected shape \(2,\), got \(3,\)"):
        program(x=np.zeros((2, 5, 2)), lengths=[3, 1, 1])
    with pytest.raises(plait.ShapeError, match="lengths: 6 at index 0 is beyond the 5 steps"):
        plait.evaluate(outs, {"x": np.zeros((2, 5, 2)), "lengths": [6, 1]})


def test_what_does_not_fit_when_bound_is_named() -> None:
    x = plait.input("x", (None, None, 2))
    for state in (None, (np.zeros((3, 3)),) * 2):
        program = plait.compile(nn.LSTM(2, 3)(x, state)[0])
        assert program(x=np.zeros((3, 4, 2))).shape == (3, 4, 3)
        with pytest.raises(plait.ShapeError, match="the first step of inputs"):
            program(x=np.zeros((3, 0, 2)))
    with pytest.raises(plait.ShapeError, match=r"\(3, 3\) and \(2, 1\).*state h"):
        program(x=np.zeros((2, 4, 2)))


def test_bad_input_is_refused_by_name() -> None:
    lstm, deep = nn.LSTM(2, 3), nn.LSTM(2, 3, layers=2)
    x = plait.input("x", (None, 5, 2))
    zeros = np.zeros
    for call, error, text in (
        (lambda: lstm([]), plait.ShapeError, "inputs: a sequence of zero steps"),
        (lambda: lstm(plait.input("x", (None, 0, 2))), plait.ShapeError, "inputs: a sequence of zero steps"),
        (
            lambda: lstm(plait.input("x", (None, 5, 4))),
            plait.ShapeError,
            r"LSTM: inputs: expected shape \(batch, time, features\).* with 2 features, got",
        ),
        (lambda: lstm(plait.input("x", (5, 2))), plait.ShapeError, "inputs: expected shape"),
        (lambda: lstm([plait.input("x", (None, 2)), plait.input("y", (None, 3))]), plait.ShapeError, r"inputs\[1\]"),
        (lambda: lstm(zeros((1, 5, 2))), TypeError, "called with an array of shape"),
        (lambda: lstm(x, lengths=[3, 0]), ValueError, "lengths: a sequence of zero steps: 0 at index 1"),
        (lambda: lstm(x, lengths=[3, 6, 1]), ValueError, "lengths: 6 at index 1 is beyond the 5 steps"),
        (lambda: lstm(x, lengths=[2.0, 3.0]), plait.DTypeError, "lengths: expected integers, got float64"),
        (lambda: lstm(x, lengths=[[2, 3]]), plait.ShapeError, r"lengths: expected shape \(batch,\), got \(1, 2\)"),
        (lambda: lstm(plait.input("x", (3, 5, 2)), lengths=[2, 3]), plait.ShapeError, r"lengths: expected shape \(3,\), got \(2,\)"),
        (lambda: lstm(x, lengths=plait.input("n", (None,))), plait.DTypeError, "lengths: expected integers, got float32"),
        (lambda: lstm(x, zeros((1, 3))), plait.ShapeError, "state: expected h and c, got 1 of 2 parts"),
        (lambda: lstm(x, (zeros((1, 3)), zeros((1, 4)))), plait.ShapeError, r"state: c has shape \(1, 4\), expected \(batch, 3\)"),
        (lambda: lstm(x, (zeros(3), zeros(3))), plait.ShapeError, r"state: h has shape \(3,\), expected \(batch, 3\)"),
        (
            lambda: lstm(plait.input("x", (7, 5, 2)), (zeros((6, 3)),) * 2),
            plait.ShapeError,
            r"state: h has shape \(6, 3\), expected \(7, 3\)",
        ),
        (lambda: deep(x, (zeros((1, 3)),) * 2), plait.ShapeError, r"state: h has shape \(1, 3\), expected \(2, batch, 3\)"),
        (lambda: lstm(plait.input("x", (None, None, 2)), unroll=True), plait.ShapeError, "unroll=True needs the number of steps"),
        (
            lambda: lstm([plait.input("x", (3, 2)), plait.input("y", (4, 2))]),
            plait.ShapeError,
            r"inputs\[1\]: 4 sequences, but inputs\[0\] has 3",
        ),
        (lambda: lstm(x, lengths=[]), plait.ShapeError, r"lengths: expected shape \(batch,\), got \(0,\)"),
        (lambda: lstm(x, lengths=3), plait.ShapeError, r"lengths: expected shape \(batch,\), got \(\)"),
        (lambda: lstm(x, (zeros((1, 3)) * 1j,) * 2), plait.DTypeError, "state: h: expected numbers, got complex128"),
        (lambda: nn.LSTM(2, 3, dtype="float16"), plait.DTypeError, "dtype: expected 'float32' or 'float64', got 'float16'"),
        (lambda: nn.LSTM(2, 3, forget_bias=np.nan), ValueError, "forget_bias: expected a finite number, got nan"),
        (lambda: nn.LSTM(2, 3, forget_bias="1"), ValueError, "forget_bias"),
        (lambda: nn.LSTM(2, 0), ValueError, "hidden"),
        (lambda: nn.GRU(2, 3, layers=0), ValueError, "GRU: layers"),
        (lambda: nn.RNN(2, 3, activation="sin"), ValueError, "activation"),
        (lambda: nn.Recurrent([]), ValueError, "at least one cell"),
        (lambda: nn.Recurrent([nn.GRUCell(2, 3), nn.LSTMCell(3, 3)]), ValueError, "same kind of state"),
        (lambda: nn.Recurrent([nn.GRUCell(2, 3), nn.GRUCell(2, 3)]), ValueError, "where one of 3 inputs"),
    ):
        with pytest.raises(error, match=text):
            call()
