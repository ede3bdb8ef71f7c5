"""Folding: boxes of one scope become one box, so that a graph of thousands of nodes fits on a page."""

from __future__ import annotations

import heapq
from collections import deque

from ._model import Box, Drawing

LEGIBLE = 60  # boxes: a larger drawing is folded where it has scopes


def settle_leaves(drawing: Drawing) -> None:
    """Moves weights and constants outside of every fold into the innermost fold that contains all their consumers."""
    used_in: dict[int, list[tuple[str, ...]]] = {}
    for source, target, _ in drawing.arrows:
        used_in.setdefault(source, []).append(drawing.boxes[target].path)
    for i, box in enumerate(drawing.boxes):
        if box.kind in {"parameter", "constant"} and not box.path and i in used_in:
            box.path = common(used_in[i])


def common(paths: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The longest common prefix."""
    first, last = min(paths), max(paths)
    n = 0
    while n < min(len(first), len(last)) and first[n] == last[n]:
        n += 1
    return first[:n]


def folded(drawing: Drawing, depth: int | None) -> Drawing:
    """The drawing with all folds closed that are deeper than `depth`; None: the largest depth that is legible."""
    settle_leaves(drawing)
    depth = depth_of(drawing, depth)
    return closed(drawing, depth) if any(len(box.path) > depth for box in drawing.boxes) else drawing


def depth_of(drawing: Drawing, wanted: int | None) -> int:
    """The number of open levels: as given, or the most that leave the drawing legible."""
    deepest = max((len(box.path) for box in drawing.boxes), default=0)
    if wanted is not None:
        return min(wanted, deepest)
    for depth in range(deepest, 0, -1):
        if len({holder(box, depth) or i for i, box in enumerate(drawing.boxes)}) <= LEGIBLE:
            return depth
    return 0


def holder(box: Box, depth: int) -> tuple[str, ...] | None:
    """The closed fold that shows a box, if one does."""
    return box.path[: depth + 1] if len(box.path) > depth else None


def closed(drawing: Drawing, depth: int) -> Drawing:
    """The drawing with one box for each fold at that depth, and one arrow between two of them."""
    made = Drawing(note=drawing.note)
    place: list[int] = []
    of_fold: dict[tuple[str, ...], int] = {}
    for box in drawing.boxes:
        path = holder(box, depth)
        if path is None or path not in of_fold:
            place.append(len(made.boxes))
            if path is None:
                made.boxes.append(box)
                continue
            of_fold[path] = len(made.boxes)
            made.boxes.append(Box("fold", "/".join(path), "", 0, path=path, backward=box.backward, mark=box.mark))
        else:
            place.append(of_fold[path])
        fold = made.boxes[of_fold[path]]
        fold.members += 1
        fold.spec = f"{fold.members} node{'' if fold.members == 1 else 's'}"
        fold.output = fold.output or box.output
        if box.mark in {"forward", "backward"} or fold.mark == "later":
            fold.mark = box.mark
    arrows: dict[tuple[int, int], int] = {}
    slots: dict[int, int] = {}
    for i, (source, target, slot) in enumerate(drawing.arrows):
        a, b = place[source], place[target]
        if a == b:
            continue
        is_fold = made.boxes[a].members or made.boxes[b].members
        if not is_fold or (a, b) not in arrows:
            if made.boxes[b].members:
                slot = slots.get(b, 0)
                slots[b] = slot + 1
            arrows[a, b] = at = len(made.arrows)
            made.arrows.append((a, b, slot))
            if i in drawing.dotted:
                made.dotted.add(at)
        elif i not in drawing.dotted:
            made.dotted.discard(arrows[a, b])
        if i in drawing.marked:
            made.marked[arrows[a, b]] = drawing.marked[i]
    return inputs_first(made)


def inputs_first(drawing: Drawing) -> Drawing:
    """The same with boxes in topological order; a cycle of folds is broken at the smallest number."""
    n = len(drawing.boxes)
    indegree = [0] * n
    after: list[list[int]] = [[] for _ in range(n)]
    for source, target, _ in drawing.arrows:
        indegree[target] += 1
        after[source].append(target)
    ready = [i for i in range(n) if indegree[i] == 0]
    left = deque(range(n))
    done = [False] * n
    order: list[int] = []
    while len(order) < n:
        if ready:
            i = heapq.heappop(ready)
        else:
            while done[left[0]]:
                left.popleft()
            i = left.popleft()
        if done[i]:
            continue
        done[i] = True
        order.append(i)
        for target in after[i]:
            indegree[target] -= 1
            if indegree[target] == 0 and not done[target]:
                heapq.heappush(ready, target)
    number = {i: k for k, i in enumerate(order)}
    drawing.boxes = [drawing.boxes[i] for i in order]
    drawing.arrows = [(number[a], number[b], slot) for a, b, slot in drawing.arrows]
    return drawing
