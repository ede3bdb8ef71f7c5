"""ONNX files: checked, and equal in onnxruntime; and read again."""

from __future__ import annotations

import contextlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export.c_models import MODELS, rng
from graph.test_ops import CASES

import plait
from plait import _core
from plait.graph.structure import flatten

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.peer


def arrays_of(tree: Any) -> list[np.ndarray]:
    return flatten(tree, lambda part: isinstance(part, np.ndarray))[0]


def agree(found: list[np.ndarray], wanted: list[np.ndarray], rtol: float) -> None:
    assert len(found) == len(wanted)
    floats = [b[np.isfinite(b)] for b in wanted if b.dtype.kind == "f"]
    largest = max((np.abs(b).max(initial=0) for b in floats), default=0)  # gradients that cancel are rounding of what they are made of
    for a, b in zip(found, wanted, strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * min(largest, 1) if b.dtype.kind == "f" else 0)


def through_runtime(program: plait.Program, feeds: dict[str, Any], path: Path, rtol: float = 1e-5) -> Any:
    """Written, checked, run by onnxruntime; equal to the program. The session."""
    program.to_onnx(path)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    fed = {node.name: np.asarray(feeds[node.name]).astype(node.dtype) for node in program.inputs}
    assert [i.name for i in session.get_inputs()] == [node.name for node in program.inputs]
    agree(session.run(None, fed), arrays_of(program(fed)), rtol)
    return session


@pytest.mark.parametrize("name", MODELS)
def test_models_are_equal_in_onnxruntime_and_come_back(name: str, tmp_path: Path) -> None:
    program, feeds = MODELS[name]()
    through_runtime(program, feeds, tmp_path / "m.onnx")
    again = plait.from_onnx(tmp_path / "m.onnx")
    assert [(n.name, n.shape, n.dtype) for n in again.inputs] == [(n.name, n.shape, n.dtype) for n in program.inputs]
    fed = {node.name: np.asarray(feeds[node.name]).astype(node.dtype) for node in program.inputs}
    agree(arrays_of(again(fed)), arrays_of(program(fed)), 1e-6)


def test_sizes_of_none_are_dynamic(tmp_path: Path) -> None:
    """One file for every batch and every length."""
    layer = plait.nn.LSTM(2, 4, rng=0)
    x = plait.input("x", (None, None, 2))
    program = plait.compile({"y": layer(x, unroll=False)[0]})
    session = through_runtime(program, {"x": rng().normal(size=(3, 5, 2))}, tmp_path / "m.onnx")
    for batch, steps in ((1, 1), (4, 9)):
        fed = {"x": rng().normal(size=(batch, steps, 2)).astype("f4")}
        agree(session.run(None, fed), arrays_of(program(fed)), 1e-5)
        agree(arrays_of(plait.from_onnx(tmp_path / "m.onnx")(fed)), arrays_of(program(fed)), 1e-6)


LACKING = {"lgamma", "digamma"}  # of the cases: what ONNX has no operation for


@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_op_of_the_table(dtype: str, unknown: bool, tmp_path: Path) -> None:
    """Values, first and second gradients; with sizes that are bound when it runs, too."""
    for number, parameter in enumerate(CASES):
        c = parameter.values[0]
        if unknown and c.sizes:
            continue
        if not unknown and dtype == "float64" and number % 3:
            continue  # each third: the other way goes over all
        arrays = [a.astype(dtype) if a.dtype == np.float64 else a for a in c.arrays]
        nodes = [plait.input(f"x{k}", (None,) * a.ndim if unknown else a.shape, a.dtype) for k, a in enumerate(arrays)]
        outputs = [c.f(*nodes)]
        floats = [n for n in nodes if n.dtype.kind == "f"]
        if c.smooth and floats:
            outputs += plait.gradient(outputs[0], floats)
            if number % 2:
                outputs += plait.gradient(outputs[1:], floats)
        program = plait.compile(outputs)
        feeds = {n.name: a for n, a in zip(nodes, arrays, strict=True)}
        if c.name in LACKING:
            with pytest.raises(NotImplementedError, match=rf"{c.name} at {c.name}_\d+ cannot be written: ONNX has no such"):
                program.to_onnx(tmp_path / "f.onnx")
            continue
        rtol = (
            1e-9 if dtype == "float64" and c.name not in {"erf", "erfc", "gelu"} else 2e-5
        )  # onnxruntime has erf in single precision only
        try:
            through_runtime(program, feeds, tmp_path / "f.onnx", rtol)
            if not (unknown and c.name.startswith("prod")):  # whose gradient has two open sizes in one shape
                fed = {n: feeds[n.name] for n in program.inputs}
                again = plait.from_onnx(tmp_path / "f.onnx")
                agree(arrays_of(again({n.name: feeds[n.name] for n in again.inputs})), arrays_of(program(fed)), rtol)
        except Exception as error:
            raise AssertionError(c.name) from error


def test_every_op_is_written_or_named_with_a_reason() -> None:
    from plait.export.onnx.ops import OPS, REFUSED, SAME
    from plait.export.onnx.write import write_nodes  # noqa: F401 - registers the ops of loops

    leaves = {"input", "parameter", "constant", "scan", "scan_output"}
    ops = set(_core.operations())
    written = leaves | set(OPS) | set(SAME)
    assert ops - written - set(REFUSED) == set()
    assert set(REFUSED) & written == set()
    assert (written | set(REFUSED)) - ops == set()


@pytest.mark.parametrize("checkpoint", [None, True, 3])
@pytest.mark.parametrize("reverse", [False, True])
def test_loops_and_their_gradients(reverse: bool, checkpoint: Any, tmp_path: Path) -> None:
    x = plait.input("x", (7, 3), dtype="float64")
    w = plait.parameter(rng().normal(size=(3, 3)) * 0.5, name="w")

    def step(state: Any, row: Any) -> Any:
        h = plait.tanh(state[0] @ w + row)
        return (h, state[1] + 1), (h * row, plait.cast(state[1], "int64"))

    begin = (plait.constant(np.zeros(3)), plait.constant(np.int64(0)))
    (h, count), (ys, numbers) = plait.scan(step, begin, x, reverse=reverse, checkpoint=checkpoint)
    loss = plait.square(ys).sum() + h.sum()
    program = plait.compile([loss, count, numbers, plait.gradient(loss, w), plait.gradient(loss, x)])
    through_runtime(program, {"x": rng().normal(size=(7, 3))}, tmp_path / "m.onnx", 1e-10)


def test_names_of_all_kinds(tmp_path: Path) -> None:
    """Equal names, an output that is an input, a constant output, names of other scripts."""
    a, b = plait.input("x", (2,)), plait.input("x", (2,))
    w = plait.parameter(np.ones(2, "f4"), name="x")
    plait.compile([a + b * w, a, plait.constant(3.0), w, w]).to_onnx(tmp_path / "m.onnx")
    session = ort.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    assert names == ["x", "x_1"]
    found = session.run(None, {"x": np.array([1, 2], "f4"), "x_1": np.array([3, 4], "f4")})
    assert [f.tolist() for f in found] == [[4, 6], [1, 2], 3.0, [1, 1], [1, 1]]
    y = plait.input("größe/ 1", (1,))
    through_runtime(plait.compile({"a": {"b.c": [y * 2]}}), {"größe/ 1": [1.0]}, tmp_path / "n.onnx")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_ends_of_the_range(dtype: str, tmp_path: Path) -> None:
    numbers = np.array([np.inf, -np.inf, np.nan, 50.0, -50.0, 0.0, -0.0, 1e-20, -1e-20, 1e30, 20.0, -20.0, 0.3], dtype)
    functions = [
        plait.expm1,
        plait.log1p,
        plait.sigmoid,
        plait.tanh,
        np.hypot,
        np.logaddexp,
        plait.softplus,
        plait.relu,
        np.sinh,
        plait.abs,
    ]
    x = plait.input("x", numbers.shape, dtype)
    outputs = [f(x, 1.0) if f in (np.hypot, np.logaddexp) else f(x) for f in functions]
    with np.errstate(all="ignore"):
        through_runtime(
            plait.compile([*outputs, x % 0.7, x // 0.7, _core.elementwise("erfc", x)]), {"x": numbers}, tmp_path / "m.onnx", 1e-5
        )


def test_what_onnx_lacks_is_named(tmp_path: Path) -> None:
    w = plait.parameter(np.zeros(2), name="w")
    with pytest.raises(NotImplementedError, match="the program updates w"):
        plait.compile(w, updates={w: w + 1}).to_onnx(tmp_path / "f.onnx")
    with pytest.raises(NotImplementedError, match=r"random_normal at .* random numbers"):
        plait.compile(plait.normal((2,)) + w).to_onnx(tmp_path / "f.onnx")
    with pytest.raises(NotImplementedError, match="cholesky"):
        plait.compile(plait.cholesky(plait.input("a", (2, 2)))).to_onnx(tmp_path / "f.onnx")
    assert not (tmp_path / "f.onnx").exists()


def test_weights_come_back_as_parameters(tmp_path: Path) -> None:
    """So that training of an imported model can continue."""
    model = plait.nn.MLP(3, (4,), 1, rng=0)
    x = plait.input("x", (None, 3))
    plait.compile({"y": model(x)}).to_onnx(tmp_path / "m.onnx")
    read = plait.from_onnx(tmp_path / "m.onnx")
    weights = [node for node in _core.ancestors([read.outputs["y"]]) if node.op == "parameter"]
    assert sorted(w.name for w in weights) == sorted(p.name for p in model.parameters())
    loss = plait.square(read.outputs["y"]).mean()
    step = plait.compile(loss, updates=plait.optim.SGD(0.1).updates(loss, weights))
    fed = {"x": rng().normal(size=(8, 3)).astype("f4")}
    assert step(fed) > [step(fed) for _ in range(5)][-1]


def test_damaged_files_are_format_errors(tmp_path: Path) -> None:
    x = plait.input("x", (None, 3))
    plait.compile({"y": plait.softmax(plait.nn.Dense(3, 2, rng=0)(x))}).to_onnx(tmp_path / "m.onnx")
    data = (tmp_path / "m.onnx").read_bytes()
    path = tmp_path / "bad.onnx"
    for n in range(0, len(data), 3):
        path.write_bytes(data[:n])
        with pytest.raises((plait.FormatError, NotImplementedError)):
            plait.from_onnx(path)
    random = rng(5)
    for _ in range(200):
        bad = bytearray(data)
        bad[random.integers(len(bad))] ^= 1 << int(random.integers(8))
        path.write_bytes(bytes(bad))
        with contextlib.suppress(plait.FormatError, NotImplementedError):
            plait.from_onnx(path)
    with pytest.raises(FileNotFoundError):
        plait.from_onnx(tmp_path / "none.onnx")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ["relu", "logistic"])
def test_perceptrons_of_scikit_learn(activation: str, dtype: str, tmp_path: Path) -> None:
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.datasets import load_iris
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    X, y = load_iris(return_X_y=True)
    options = {"hidden_layer_sizes": (8, 5), "activation": activation, "max_iter": 40, "random_state": 0}
    for model, targets in ((MLPClassifier(**options), y), (MLPClassifier(**options), y == 1), (MLPRegressor(**options), X[:, 0])):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, targets)
            zipmap = {"options": {"zipmap": False}} if isinstance(model, MLPClassifier) else {}
            file = skl2onnx.to_onnx(model, X[:1].astype(dtype), **zipmap)
        (tmp_path / "m.onnx").write_bytes(file.SerializeToString())
        found = arrays_of(plait.from_onnx(tmp_path / "m.onnx")(X=X.astype(dtype)))
        if isinstance(model, MLPClassifier):
            np.testing.assert_allclose(found[1], model.predict_proba(X), rtol=1e-4, atol=1e-5)
            assert np.mean(found[0] == model.predict(X)) == 1
        else:
            np.testing.assert_allclose(found[0][:, 0], model.predict(X), rtol=1e-4)


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize(("kind", "layers", "both"), [("LSTM", 1, False), ("LSTM", 2, True), ("GRU", 1, True), ("RNN", 2, False)])
def test_recurrent_networks_of_torch(kind: str, layers: int, both: bool, dynamic: bool, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)

    class Net(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.rnn = getattr(torch.nn, kind)(3, 5, layers, batch_first=True, bidirectional=both)
            self.head = torch.nn.Linear(10 if both else 5, 2)

        def forward(self, x: Any) -> Any:
            return self.head(self.rnn(x)[0][:, -1])

    net, x = Net().eval(), torch.randn(4, 6, 3)
    path = tmp_path / "m.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net, (x,), str(path), dynamo=False, input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "b"}} if dynamic else None
        )
    program = plait.from_onnx(path)
    x = torch.randn(7, 6, 3) if dynamic else x
    np.testing.assert_allclose(program(x=x.numpy())["y"], net(x).detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dynamic", [False, True])
def test_what_others_could_not_read(dynamic: bool, tmp_path: Path) -> None:
    """A table, two bidirectional layers, a norm; states that are inputs; a file written with a batch of one, run with three."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)

    class Text(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.table, self.norm, self.head = torch.nn.Embedding(20, 6), torch.nn.LayerNorm(10), torch.nn.Linear(10, 4)
            self.rnn = torch.nn.LSTM(6, 5, 2, batch_first=True, bidirectional=True)

        def forward(self, x: Any) -> Any:
            y = self.norm(self.rnn(self.table(x))[0].max(1).values)
            return torch.softmax(self.head(torch.nn.functional.gelu(y)), -1)

    class States(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.rnn = torch.nn.LSTM(6, 5)

        def forward(self, x: Any, h: Any, c: Any) -> Any:
            y, (h, c) = self.rnn(x, (h, c))
            return y, h, c

    def read(net: Any, written: tuple[Any, ...], run: tuple[Any, ...], axes: Any) -> None:
        names = [f"i{k}" for k in range(len(written))]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                net, written, str(tmp_path / "m.onnx"), dynamo=False, input_names=names, dynamic_axes=axes if dynamic else None
            )
        run = run if dynamic else written
        program = plait.from_onnx(tmp_path / "m.onnx")
        expected = net(*run)
        expected = expected if isinstance(expected, tuple) else (expected,)
        found = arrays_of(program({name: value.numpy() for name, value in zip(names, run, strict=True)}))
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b.detach().numpy(), rtol=1e-5, atol=1e-6)

    read(Text().eval(), (torch.randint(0, 20, (1, 7)),), (torch.randint(0, 20, (3, 5)),), {"i0": {0: "batch", 1: "time"}})
    states = (torch.randn(3, 2, 6), torch.randn(1, 2, 5), torch.randn(1, 2, 5))
    more = (torch.randn(4, 3, 6), torch.randn(1, 3, 5), torch.randn(1, 3, 5))
    read(States().eval(), states, more, {"i0": {0: "time", 1: "batch"}, "i1": {1: "batch"}, "i2": {1: "batch"}})


def test_pipelines_and_labels_of_scikit_learn(tmp_path: Path) -> None:
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.datasets import make_multilabel_classification
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = make_multilabel_classification(n_labels=3, n_classes=4, random_state=0)

    def read(model: Any) -> list[np.ndarray]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = skl2onnx.to_onnx(model, X[:1].astype("f4"), options={"zipmap": False})
        (tmp_path / "m.onnx").write_bytes(file.SerializeToString())
        return arrays_of(plait.from_onnx(tmp_path / "m.onnx")(X=X.astype("f4")))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        several = MLPClassifier((5,), max_iter=30, random_state=0).fit(X, y)
        scaled = make_pipeline(StandardScaler(), MLPClassifier((5,), max_iter=30, random_state=0)).fit(X, y[:, 0])
        named = MLPClassifier((5,), max_iter=30).fit(X, np.array(["no", "yes"])[y[:, 0]])
    found = read(several)
    assert np.array_equal(found[0], several.predict(X))
    np.testing.assert_allclose(found[1], several.predict_proba(X), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(read(scaled)[1], scaled.predict_proba(X), rtol=1e-4, atol=1e-5)
    with pytest.raises(NotImplementedError, match="holds text, and plait has numbers only"):
        read(named)


def test_what_stands_before_perceptrons_of_scikit_learn(tmp_path: Path) -> None:
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import Ridge
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, Normalizer

    X = rng(0).normal(size=(60, 3)).astype("f4")
    holes = np.where(rng(1).random(X.shape) < 0.1, np.nan, X).astype("f4")
    y = X.sum(1)

    def net() -> MLPRegressor:
        return MLPRegressor(hidden_layer_sizes=(5,), max_iter=20, random_state=0)

    for model, data in (
        (make_pipeline(SimpleImputer(), MinMaxScaler(), net()), holes),
        (make_pipeline(Normalizer("l2"), net()), X),
        (make_pipeline(Normalizer("l1"), Ridge()), X),
        (make_pipeline(Normalizer("max"), net()), X),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = skl2onnx.to_onnx(model.fit(data, y), data[:1])
        (tmp_path / "m.onnx").write_bytes(file.SerializeToString())
        (found,) = arrays_of(plait.from_onnx(tmp_path / "m.onnx")(X=data))
        np.testing.assert_allclose(found.ravel(), model.predict(data), rtol=1e-4, atol=1e-5)
