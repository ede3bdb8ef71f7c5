"""Concatenations that are views: adjacent slices and overlapping windows are read in place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plait


def program_of(build, value):
    """The outputs of a program over one input, those of a plain evaluation, and the names of the program's steps."""
    x = plait.input("x", value.shape, dtype=value.dtype.name)
    outputs = build(x)
    program = plait.compile(outputs)
    return program(x=value), [plait.evaluate(y, {x: value}) for y in outputs], [step.label for step in program.steps]


def windows(x, kernel, dilation=1, axis=1, joined=2):
    steps = x.shape[axis] - (kernel - 1) * dilation
    parts = [x[(slice(None),) * axis + (slice(k * dilation, k * dilation + steps),)] for k in range(kernel)]
    return plait.concatenate(parts, axis=joined) if isinstance(x, plait.Node) else np.concatenate(parts, axis=joined)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("batch", "steps", "channels", "kernel"), [(1, 12, 3, 2), (3, 40, 16, 3), (2, 200, 64, 5)])
def test_a_product_reads_overlapping_windows_in_place(batch, steps, channels, kernel, threads):
    rng = np.random.default_rng(0)
    value = rng.standard_normal((batch, steps, channels))
    weight = rng.standard_normal((kernel * channels, 7))
    before = plait.get_num_threads()
    plait.set_num_threads(threads)
    try:
        (y,), (plain,), steps_run = program_of(lambda x: [plait.relu(windows(x, kernel) @ plait.constant(weight))], value)
    finally:
        plait.set_num_threads(before)
    assert len(steps_run) == 1
    np.testing.assert_allclose(y, np.maximum(windows(value, kernel) @ weight, 0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(y, plain, rtol=1e-12, atol=1e-12)


def test_windows_that_strides_cannot_tell_are_copied():
    value = np.random.default_rng(1).standard_normal((2, 30, 4))
    weight = np.ones((12, 2))
    (y,), _, _ = program_of(lambda x: [windows(x, 3, dilation=2) @ plait.constant(weight)], value)
    np.testing.assert_allclose(y, windows(value, 3, dilation=2) @ weight, rtol=1e-12)


def test_joined_pieces_as_outputs_updates_and_parts_of_others():
    value = np.random.default_rng(2).standard_normal((2, 9, 4))

    def build(x):
        w = windows(x, 3)
        again = plait.concatenate([x[:, :4], x[:, 4:]], axis=1)
        return [
            w,
            again,
            plait.concatenate([w, w * 2], axis=1),
            plait.exp(w) + 1,
            plait.sum(w, axis=2),
            plait.transpose(w, (2, 0, 1)),
            again * 2,
        ]

    made, plain, _ = program_of(build, value)
    w = windows(value, 3)
    expected = [w, value, np.concatenate([w, w * 2], 1), np.exp(w) + 1, w.sum(2), w.transpose(2, 0, 1), value * 2]
    for got, other, wanted in zip(made, plain, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-14)
        np.testing.assert_allclose(other, wanted, rtol=1e-14)
    # A parameter that becomes its own windows, while others still read it.
    p = plait.parameter(np.arange(6.0).reshape(1, 6, 1), name="p")
    halves = plait.concatenate([p[:, 3:], p[:, :3]], axis=1)
    pairs = plait.concatenate([p[:, 0:3], p[:, 3:6]], axis=1)
    step = plait.compile([plait.sum(windows(p, 2) * np.array([1.0, -1.0]))], updates={p: halves + pairs})
    assert step()[0] == -5
    assert np.array_equal(np.asarray(p.value).ravel(), [3, 5, 7, 3, 5, 7])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_pieces_of_one_value(data):
    """Slices of one value in any places along any axis, joined along any axis where they fit."""
    shape = data.draw(st.tuples(st.integers(1, 3), st.integers(2, 7), st.integers(1, 4)))
    value = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    cut = data.draw(st.integers(0, 2))
    length = data.draw(st.integers(1, shape[cut]))
    begins = data.draw(st.lists(st.integers(0, shape[cut] - length), min_size=2, max_size=4))
    if data.draw(st.booleans()):  # at equal distances
        begins = [b for b in (begins[0] + k * data.draw(st.integers(0, length)) for k in range(3)) if b + length <= shape[cut]] or begins
    joined = data.draw(st.integers(0, 2))
    order = data.draw(st.permutations(range(3)))

    def build(x, concatenate):
        parts = [x[(slice(None),) * cut + (slice(b, b + length),)] for b in begins]
        return concatenate([part.transpose(*order) for part in parts], axis=joined)

    def outputs(x):
        joined_parts = build(x, plait.concatenate)
        return [joined_parts * 2, plait.sum(joined_parts, axis=2)]

    (scaled, rows), _, _ = program_of(outputs, value)
    expected = build(value, np.concatenate)
    assert np.array_equal(scaled, expected * 2)
    assert np.array_equal(rows, expected.sum(axis=2))
