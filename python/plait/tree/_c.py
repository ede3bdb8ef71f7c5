"""A tree as C99: its arrays and two functions that traverse them without nested code, so that a tree of any depth compiles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import _core
from ._nodes import Nodes

SOURCE = """\
/* A decision tree: {features} features, {classes} classes, {nodes} nodes. Made by plait.
   Features: {feature_list}
   Classes: {class_list}
   NaN is a missing value; a category is its index, counted from 0. Needs C99. */
#include <stddef.h>

{prototypes}
enum {{ NAME_FEATURES = {features}, NAME_CLASSES = {classes} }};

static const int NAME_attribute[{nodes}] = {{{attribute}}};
static const double NAME_threshold[{nodes}] = {{{threshold}}};
static const int NAME_first[{nodes}] = {{{first}}};
static const int NAME_branches[{nodes}] = {{{branches}}};
static const int NAME_map[{nodes}] = {{{map}}};
static const int NAME_maps[{map_size}] = {{{maps}}};
static const int NAME_categories[{features}] = {{{categories}}};
static const double NAME_weight[{nodes}] = {{{weight}}};
static const double NAME_total[{nodes}] = {{{total}}};
static const double NAME_counts[{cells}] = {{{counts}}};

/* The branch that x takes at a node; -1 if its value is missing or was never seen. */
static int NAME_branch(int node, const double *x) {{
  const int feature = NAME_attribute[node];
  const double value = x[feature];
  if (value != value) return -1;
  if (NAME_map[node] < 0) return value <= NAME_threshold[node] ? 0 : 1;
  if (!(value >= 0 && value < NAME_categories[feature])) return -1;
  return NAME_maps[NAME_map[node] + (int)value];
}}

void NAME_predict_proba(const double *x, double *p) {{
  int nodes[{stack}];
  double shares[{stack}];
  size_t top = 1;
  int k;
  nodes[0] = 0;
  shares[0] = 1.0;
  for (k = 0; k < NAME_CLASSES; ++k) p[k] = 0.0;
  while (top > 0) {{
    const int node = nodes[--top];
    const double share = shares[top];
    int b;
    double all = 0.0;
    if (NAME_attribute[node] >= 0) {{
      b = NAME_branch(node, x);
      if (b >= 0) {{
        nodes[top] = NAME_first[node] + b;
        shares[top++] = share;
        continue;
      }}
      for (b = 0; b < NAME_branches[node]; ++b) all += NAME_weight[NAME_first[node] + b];
    }}
    if (!(all > 0.0)) {{
      for (k = 0; k < NAME_CLASSES; ++k) p[k] += share * NAME_counts[(size_t)node * NAME_CLASSES + (size_t)k] / NAME_total[node];
      continue;
    }}
    for (b = NAME_branches[node] - 1; b >= 0; --b) {{
      const double weight = NAME_weight[NAME_first[node] + b];
      if (weight > 0.0) {{
        nodes[top] = NAME_first[node] + b;
        shares[top++] = share * weight / all;
      }}
    }}
  }}
}}

int NAME_predict(const double *x) {{
  double p[NAME_CLASSES];
  int best = 0, k;
  NAME_predict_proba(x, p);
  for (k = 1; k < NAME_CLASSES; ++k)
    if (p[k] > p[best] + 1e-9) best = k;
  return best;
}}
"""

KEYWORDS = re.findall(
    r"\w+",
    "auto break case char const continue default do double else enum extern float for goto if inline int long register restrict return "
    "short signed sizeof static struct switch typedef union unsigned void volatile while",
)


def _list(values: Iterable[Any]) -> str:
    texts = [repr(v) for v in values]
    lines = [", ".join(texts[i : i + 16]) for i in range(0, len(texts), 16)]
    return ",\n  ".join(lines) or "0"


def _comment(texts: Iterable[str]) -> str:
    return ", ".join(texts).replace("*/", "* /").replace("/*", "/ *").replace("\\", "/").replace("??", "? ?").replace("\n", " ")


def to_c(nodes: Nodes, tree: _core.tree.Tree, name: str) -> str:
    """C source of a tree."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or name in KEYWORDS:
        raise ValueError(f"name: {name!r} was given, an identifier of C was expected")
    # below[node]: entries under it on the stack when it is popped, the siblings of the nodes on its path.
    below = np.zeros(len(nodes), np.int64)
    for node in range(len(nodes)):
        if nodes.branches[node]:
            below[nodes.first[node] : nodes.first[node] + nodes.branches[node]] = below[node] + nodes.branches[node] - 1
    features = []
    for i, column in enumerate(nodes.columns):
        listed = " (" + ", ".join(f"{c} {v}" for c, v in enumerate(column.values)) + ")" if column.values else ""
        features.append(f"{i} {nodes.names[i]}{listed}")
    totals = np.zeros(len(nodes))
    for k in range(nodes.counts.shape[1]):  # in the core's order of summation: equal rounding
        totals += nodes.counts[:, k]
    source = SOURCE.format(
        features=len(nodes.columns),
        classes=len(nodes.labels),
        nodes=len(nodes),
        feature_list=_comment(features),
        class_list=_comment(f"{i} {label}" for i, label in enumerate(nodes.labels)),
        prototypes="int NAME_predict(const double *x);\nvoid NAME_predict_proba(const double *x, double *p);\n",
        attribute=_list(nodes.attribute),
        threshold=_list(nodes.threshold),
        first=_list(nodes.first),
        branches=_list(nodes.branches),
        map=_list(nodes.map),
        maps=_list(nodes.maps),
        map_size=max(1, len(nodes.maps)),
        categories=_list(tree.categories.tolist()),
        weight=_list(nodes.weight),
        total=_list(totals.tolist()),
        counts=_list(nodes.counts.ravel().tolist()),
        cells=nodes.counts.size,
        stack=int(below.max()) + 1,
    )
    return re.sub(r"\bNAME_", f"{name}_", source)
