from . import _core
from ._core import *
from ._core import Node, GraphError, ShapeError, DTypeError, FormatError, Program
import numpy as np, pickle, zlib
def input(name, shape, dtype="float32"): return _core.input(name, shape, dtype)
def parameter(value, name="", dtype=None): return _core.parameter(np.asarray(value), name or "", dtype)
def normal(shape=None, like=None, seed=None, dtype="float32"): return _core.random("normal", shape, like, seed, dtype)
def uniform(shape=None, like=None, seed=None, dtype="float32"): return _core.random("uniform", shape, like, seed, dtype)
def gradient(loss, wrt, seeds=None):
    return _core.gradient([loss], list(wrt), seeds)
def compile(outputs, updates=None, seed=0):
    return Program(list(outputs), list((updates or {}).items()), seed, list(range(len(outputs))))
for n in "exp log sqrt square tanh sigmoid relu softplus erf log1p".split():
    globals()[n] = (lambda n: lambda x: _core.elementwise(n, x))(n)
def minimum(a,b): return _core.elementwise("minimum",a,b)
def maximum(a,b): return _core.elementwise("maximum",a,b)
def where(c,a,b): return _core.elementwise("where",c,a,b)
def sum(x, axis=None, keepdims=False): return _core.reduction("sum", x, axis, keepdims)
def mean(x, axis=None, keepdims=False): return _core.reduction("mean", x, axis, keepdims)
def max(x, axis=None, keepdims=False): return _core.reduction("max", x, axis, keepdims)
def logsumexp(x, axis=None, keepdims=False):
    m = stop_gradient(max(x, axis, True))
    r = log(sum(exp(x-m), axis, True)) + m
    return r if keepdims else _core.squeeze(r, axis)
def log_softmax(x, axis=-1): return x - logsumexp(x, axis, True)
def softmax(x, axis=-1): return exp(log_softmax(x, axis))
def silu(x): return x*sigmoid(x)
def gelu(x, approximate=False): return 0.5*x*(1+erf(x/np.sqrt(2)))
def dropout(x, rate): return where(uniform(None, like=x) < rate, 0.0, x/(1-rate))
def save(path, tree):
    b = pickle.dumps(tree)
    with open(path,"wb") as f: f.write(zlib.crc32(b).to_bytes(4,"little")+b)
def load(path):
    with open(path,"rb") as f: b=f.read()
    if len(b)<5 or int.from_bytes(b[:4],"little") != zlib.crc32(b[4:]): raise FormatError(f"{path}: damaged")
    return pickle.loads(b[4:])
def _ufunc(self, uf, method, *a, **k):
    n = {"true_divide":"divide"}.get(uf.__name__, uf.__name__)
    return _core.elementwise(n, *a) if n != "power" else (a[0]**a[1])
Node.__array_ufunc__ = _ufunc
