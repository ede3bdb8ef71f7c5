"""Weights of other libraries in plait's layout: the same outputs as torch's, and as Keras's formulas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import plait

RNG = np.random.default_rng(0)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


class Net(plait.nn.Layer):
    """A recurrent layer and a head."""

    def __init__(self, kind: str, layers: int) -> None:
        self.rnn = getattr(plait.nn, kind)(3, 4, layers=layers, rng=0, name="rnn")
        self.head = plait.nn.Dense(4, 2, rng=1, name="head")

    def __call__(self, x: Any, *, training: bool = False) -> Any:  # noqa: ARG002 - the same in both
        return self.head(self.rnn(x)[0])


@pytest.mark.peer
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_networks_of_torch(kind: str, layers: int, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    rnn, fc = getattr(torch.nn, kind)(3, 4, layers, batch_first=True), torch.nn.Linear(4, 2)
    state = {f"encoder.{k}": v.detach().numpy() for k, v in rnn.state_dict().items()}
    state |= {f"fc.{k}": v.detach().numpy() for k, v in fc.state_dict().items()}
    safetensors.numpy.save_file({k: np.ascontiguousarray(v) for k, v in state.items()}, tmp_path / "s.safetensors")
    net = Net(kind, layers)
    plait.load_state(tmp_path / "s.safetensors", into=net, rename={"fc": "head", "encoder": "rnn"})
    x = RNG.normal(size=(5, 6, 3)).astype("f4")
    with torch.no_grad():
        expected = fc(rnn(torch.from_numpy(x))[0]).numpy()
    np.testing.assert_allclose(net.predict(x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.peer
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_both_directions_and_convolutions_of_torch(kind: str, layers: int, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    conv, rnn = torch.nn.Conv1d(3, 5, 3, dilation=2), getattr(torch.nn, kind)(5, 4, layers, batch_first=True, bidirectional=True)
    state = {f"c.{k}": v.detach().numpy() for k, v in conv.state_dict().items()}
    state |= {f"r.{k}": v.detach().numpy() for k, v in rnn.state_dict().items()}
    safetensors.numpy.save_file({k: np.ascontiguousarray(v) for k, v in state.items()}, tmp_path / "s.safetensors")
    make = getattr(plait.nn, kind)
    net = plait.nn.Sequential(plait.nn.Conv1d(3, 5, 3, dilation=2, name="c"), make(5, 4, layers=layers, bidirectional=True, name="r"))
    plait.load_state(tmp_path / "s.safetensors", into=net)
    x = RNG.normal(size=(2, 9, 3)).astype("f4")
    with torch.no_grad():
        expected = rnn(conv(torch.from_numpy(x.transpose(0, 2, 1).copy())).transpose(1, 2))[0].numpy()
    np.testing.assert_allclose(net.predict(x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.peer
def test_perceptrons_and_tables_of_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    table, norm, fc = torch.nn.Embedding(4, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 4)
    state = {f"{n}.{k}": v.detach().numpy() for n, m in (("e", table), ("n", norm), ("d", fc)) for k, v in m.state_dict().items()}
    safetensors.numpy.save_file(state, tmp_path / "s")
    net = plait.nn.Sequential(
        plait.nn.Embedding(4, 4, name="e", rng=0), plait.nn.LayerNorm(4, name="n"), plait.nn.Dense(4, 4, name="d", rng=0)
    )
    plait.load_state(tmp_path / "s", into=net)
    i = np.array([0, 3, 2])
    with torch.no_grad():
        expected = fc(norm(table(torch.from_numpy(i)))).numpy()
    np.testing.assert_allclose(net.predict(i), expected, rtol=1e-5, atol=1e-6)


def keras_lstm(w: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """As Keras documents it: gates in the order i, f, c, o."""
    h = c = np.zeros((len(x), 4))
    for t in range(x.shape[1]):
        i, f, new, o = np.split(x[:, t] @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"], 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(new)
        h = sigmoid(o) * np.tanh(c)
    return h


def keras_gru(w: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """With reset_after=True: gates in the order z, r, h."""
    h = np.zeros((len(x), 4))
    for t in range(x.shape[1]):
        a, b = x[:, t] @ w["kernel"] + w["bias"][0], h @ w["recurrent_kernel"] + w["bias"][1]
        (xz, xr, xh), (hz, hr, hh) = np.split(a, 3, axis=1), np.split(b, 3, axis=1)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        h = z * h + (1 - z) * np.tanh(xh + r * hh)
    return h


@pytest.mark.parametrize("kind", ["lstm", "gru"])
@pytest.mark.parametrize("ending", [".npz", ".safetensors"])
def test_layouts_of_keras(kind: str, ending: str, tmp_path: Path) -> None:
    gates = {"lstm": 4, "gru": 3}[kind]
    w = {"kernel": RNG.normal(size=(3, 4 * gates)), "recurrent_kernel": RNG.normal(size=(4, 4 * gates))}
    w["bias"] = RNG.normal(size=(4 * gates,) if kind == "lstm" else (2, 4 * gates))
    dense = {"kernel": RNG.normal(size=(4, 2)), "bias": RNG.normal(size=2)}
    arrays = {f"sequential/rnn/{kind}_cell/{k}": v for k, v in w.items()} | {f"sequential/head/{k}:0": v for k, v in dense.items()}
    path = tmp_path / f"w{ending}"
    np.savez(path, **arrays) if ending == ".npz" else safetensors.numpy.save_file(arrays, path)
    net = Net(kind.upper(), 1)
    plait.load_state(path, into=net)
    x = RNG.normal(size=(5, 6, 3))
    expected = {"lstm": keras_lstm, "gru": keras_gru}[kind](w, x) @ dense["kernel"] + dense["bias"]
    np.testing.assert_allclose(net.predict(x)[:, -1], expected, rtol=2e-4, atol=1e-5)


def test_saved_layers_have_their_names_in_the_file(tmp_path: Path) -> None:
    net = Net("LSTM", 1)
    net.save(tmp_path / "w")
    tensors = safetensors.numpy.load_file(tmp_path / "w")
    assert sorted(tensors) == ["head.bias", "head.weight", "rnn.bias", "rnn.weight_h", "rnn.weight_x"]
    state = plait.load_state(tmp_path / "w")
    assert all(np.array_equal(state[p.name], p.value) for p in net.parameters())
    square = plait.nn.Dense(3, 3, name="head", rng=0)  # its form does not say whether it is transposed; the file does
    square.save(tmp_path / "d")
    assert np.array_equal(plait.load_state(tmp_path / "d")["head.weight"], square.weight.value)
    other = Net("LSTM", 1)
    other.head.weight.value = np.zeros((4, 2), "f4")
    plait.load_state(tmp_path / "w", into=other)
    assert np.array_equal(other.head.weight.value, net.head.weight.value)


def test_what_does_not_fit_is_named_and_changes_nothing(tmp_path: Path) -> None:
    net = Net("LSTM", 1)
    before = [np.array(p.value) for p in net.parameters()]
    good = {"rnn.weight_ih_l0": np.ones((16, 3), "f4"), "rnn.weight_hh_l0": np.ones((16, 4), "f4"), "head.weight": np.ones((2, 4), "f4")}

    def refused(state: dict[str, np.ndarray], words: str, kind: type[Exception] = ValueError) -> None:
        safetensors.numpy.save_file(state, tmp_path / "s")
        with pytest.raises(kind, match=words):
            plait.load_state(tmp_path / "s", into=net)
        assert all(np.array_equal(a, p.value) for a, p in zip(before, net.parameters(), strict=True))

    refused(good, r"nothing for the parameter 'head.bias'; it has 'head.weight'")
    refused(good | {"head.bias": np.ones(3, "f4")}, r"'head.bias' has shape \(3,\) in .*, and \(2,\) here")
    refused({"rnn.weight_ih_l0_reverse": np.ones((16, 3), "f4")}, "has no weight_hh", plait.FormatError)
    refused({"rnn.weight_hh_l0": np.ones((16, 4), "f4")}, "rnn has no weight_ih", plait.FormatError)
    refused(good | {"rnn.weight_hh_l0": np.ones((16, 5), "f4")}, "is that of no LSTM", plait.FormatError)
    gru = {f"g/gru_cell/{k}": v for k, v in (("kernel", np.ones((3, 12))), ("recurrent_kernel", np.ones((4, 12))), ("bias", np.ones(12)))}
    refused(gru, "reset_after=False", plait.FormatError)
    with pytest.raises(ValueError, match="expected 'torch', 'keras' or 'plait', got 'jax'"):
        plait.load_state(tmp_path / "s", layout="jax")


@pytest.mark.parametrize("ending", ["safetensors", "npz", "plait"])
def test_damaged_files(ending: str, tmp_path: Path) -> None:
    path = tmp_path / "f"
    arrays = {"head.weight": np.ones((2, 2), "f4"), "head.bias": np.ones(2, "f4")}
    if ending == "npz":
        with path.open("wb") as file:
            np.savez(file, **arrays)
    elif ending == "plait":
        plait.save(path, arrays)
    else:
        safetensors.numpy.save_file(arrays, path)
    data = path.read_bytes()
    for n in range(len(data)):
        path.write_bytes(data[:n])
        with pytest.raises(plait.FormatError):
            plait.load_state(path)
    with path.open("wb") as file:
        np.savez(file, objects=np.array([None, 1], dtype=object))
    with pytest.raises(plait.FormatError, match="cannot be read"):
        plait.load_state(path)


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_networks_of_keras(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    recurrent = getattr(keras.layers, kind)(4, return_sequences=True, name="rnn")
    model = keras.Sequential([keras.layers.Input((6, 3)), recurrent, keras.layers.Dense(2, name="head")])
    for w in model.weights:
        w.assign(RNG.normal(size=w.shape) * 0.5)
    np.savez(tmp_path / "w.npz", **{w.path: keras.ops.convert_to_numpy(w) for w in model.weights})
    net = Net(kind.removeprefix("Simple"), 1)
    plait.load_state(tmp_path / "w.npz", into=net)
    x = RNG.normal(size=(5, 6, 3)).astype("f4")
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(net.predict(x), expected, rtol=1e-5, atol=1e-6)
    place = {"SimpleRNN": "simple_rnn"}.get(kind, kind.lower())
    for file in ("m.weights.h5", "m.keras"):
        model.save_weights(tmp_path / file) if file.endswith("h5") else model.save(tmp_path / file)
        again = Net(kind.removeprefix("Simple"), 1)
        plait.load_state(tmp_path / file, into=again, rename={place: "rnn", "dense": "head"})
        np.testing.assert_allclose(again.predict(x), expected, rtol=1e-5, atol=1e-6)


class Both(plait.nn.Layer):
    """Layers called as Keras calls its wrappers: two directions side by side, summed, and as a state."""

    def __init__(self) -> None:
        self.first = plait.nn.LSTM(3, 4, bidirectional=True, name="bidirectional")
        self.second = plait.nn.Bidirectional(plait.nn.GRU(8, 5, name="bidirectional_1"), merge="sum")
        self.third = plait.nn.RNN(5, 3, bidirectional=True, name="bidirectional_2")
        self.head = plait.nn.Dense(6, 2, name="dense")

    def __call__(self, x: Any, *, training: bool = False) -> Any:
        outs, _ = self.second(self.first(x, training=training)[0], training=training)
        _, h = self.third(outs)
        return self.head(plait.concatenate([h[0], h[1]], axis=1))


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
def test_both_directions_of_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HDF5 files do not say of which kind the cells in a Bidirectional are; .npz do. The wrapper gives its name."""
    pytest.importorskip("torch")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    layers = pytest.importorskip("keras").layers
    import keras

    model = keras.Sequential(
        [
            layers.Input((7, 3)),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="bidirectional"),
            layers.Bidirectional(layers.GRU(5, return_sequences=True), merge_mode="sum", name="bidirectional_1"),
            layers.Bidirectional(layers.SimpleRNN(3), name="bidirectional_2"),
            layers.Dense(2, name="dense"),
        ]
    )
    for w in model.weights:
        w.assign(RNG.normal(size=w.shape) * 0.5)
    x = RNG.normal(size=(5, 7, 3)).astype("f4")
    expected = model.predict(x, verbose=0)
    np.savez(tmp_path / "m.npz", **{w.path: keras.ops.convert_to_numpy(w) for w in model.weights})
    model.save_weights(tmp_path / "m.weights.h5")
    model.save(tmp_path / "m.keras")
    for file in ("m.npz", "m.weights.h5", "m.keras"):
        net = Both()
        plait.load_state(tmp_path / file, into=net)
        np.testing.assert_allclose(net.predict(x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize(("kind", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_one_recurrent_module_saved_alone(kind: str, gates: int, both: bool, tmp_path: Path) -> None:
    """Names without a prefix are loaded into a layer of any name, but only of the same kind."""
    parts = [f"l{k}{end}" for k in range(2) for end in (("", "_reverse") if both else ("",))]
    raw = {f"{part}_{place}": RNG.normal(size=gates * 4).astype("float32") for part in ("bias_ih", "bias_hh") for place in parts}
    for place in parts:
        width = 3 if place.startswith("l0") else 4 * (1 + both)
        raw |= {f"weight_{p}_{place}": RNG.normal(size=(gates * 4, n)).astype("float32") for p, n in (("ih", width), ("hh", 4))}
    safetensors.numpy.save_file(raw, tmp_path / "m.safetensors")
    assert {name.split(".")[0] for name in plait.load_state(tmp_path / "m.safetensors")} == {kind.lower()}
    for name in (kind.lower(), "net.encoder"):
        layer = getattr(plait.nn, kind)(3, 4, layers=2, bidirectional=both, name=name)
        used = plait.load_state(tmp_path / "m.safetensors", into=layer)
        assert set(used) == {p.name for p in layer.parameters()}
        np.testing.assert_array_equal(used[f"{name}.1.weight_x"], raw["weight_ih_l1"].T)
    other = getattr(plait.nn, "GRU" if kind == "LSTM" else "LSTM")(3, 4, layers=2, bidirectional=both)
    with pytest.raises(ValueError, match=r"has shape|has nothing"):
        plait.load_state(tmp_path / "m.safetensors", into=other)


def test_one_matrix_saved_alone(tmp_path: Path) -> None:
    raw = {"weight": RNG.normal(size=(4, 3)).astype("float32"), "bias": np.ones(4, "float32")}
    safetensors.numpy.save_file(raw, tmp_path / "linear.safetensors")
    used = plait.load_state(tmp_path / "linear.safetensors", into=plait.nn.Dense(3, 4))
    np.testing.assert_array_equal(used["dense.weight"], raw["weight"].T)
    safetensors.numpy.save_file({"weight": raw["weight"]}, tmp_path / "table.safetensors")
    used = plait.load_state(tmp_path / "table.safetensors", into=plait.nn.Embedding(4, 3, name="words"))
    np.testing.assert_array_equal(used["words.table"], raw["weight"])
    two = plait.nn.Sequential(plait.nn.Dense(3, 4, name="a"), plait.nn.Dense(4, 4, name="b"))
    with pytest.raises(ValueError, match=r"has nothing for the parameter 'a\.weight'"):
        plait.load_state(tmp_path / "linear.safetensors", into=two)
