from . import graph
def _r(x, reduction): return x if reduction=="none" else x.mean() if reduction=="mean" else x.sum()
def mse(a, b, reduction="mean"): return _r(graph.square(a-b), reduction)
def binary_cross_entropy_with_logits(y, t, reduction="mean"): return _r(graph.softplus(y)-y*t, reduction)
def cross_entropy_with_logits(y, t, reduction="mean"):
    return _r(graph.logsumexp(y, -1) - graph.squeeze(graph.take_along_axis(y, graph.expand_dims(t, -1), -1), -1), reduction)
def gaussian_kl(mean, lv, reduction="mean"): return _r(0.5*(graph.exp(lv)+mean*mean-1-lv), reduction)
