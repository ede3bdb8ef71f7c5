// A graph whose folds open by a click, and a player of its steps, if there are any. Data: see _page.py. Nothing is fetched.
"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const { nodes, edges, events } = data;
const byId = (id) => document.getElementById(id);
const FONT = 11, LINE = 14, PAD = 8, MARGIN = 10, GAP_X = 18, GAP_Y = 34, SWEEPS = 12, MOST_GAPS = 6000, SLOT = 12, FAR = 12, MANY = 8;

// ---- folds: visible boxes ----

const keyOf = (path, n) => path.slice(0, n).join("\u0000");
const open = new Set();
const allFolds = new Map();  // key -> path
for (const node of nodes) for (let n = 1; n <= node.path.length; n++) allFolds.set(keyOf(node.path, n), node.path.slice(0, n));
for (const [key, path] of allFolds) if (path.length <= data.depth) open.add(key);

function visible() {
  const boxes = [], place = [], folds = new Map();
  nodes.forEach((node, i) => {
    let n = 1;
    while (n <= node.path.length && open.has(keyOf(node.path, n))) n++;
    if (n > node.path.length) {
      place.push(boxes.length);
      boxes.push({ kind: node.kind, members: [i], node: i, output: node.output });
      return;
    }
    const key = keyOf(node.path, n);
    if (!folds.has(key)) {
      folds.set(key, boxes.length);
      boxes.push({ kind: node.back ? "gradfold" : "fold", members: [], fold: key, path: node.path.slice(0, n), output: false });
    }
    const box = boxes[folds.get(key)];
    box.members.push(i);
    box.output = box.output || node.output;
    place.push(folds.get(key));
  });
  const arrows = [], seen = new Map(), slots = new Map();
  edges.forEach(([source, target, slot, dotted], e) => {
    const a = place[source], b = place[target];
    if (a === b) return;
    const folded = boxes[a].fold !== undefined || boxes[b].fold !== undefined;
    const pair = a * boxes.length + b;
    if (folded && seen.has(pair)) {
      const arrow = arrows[seen.get(pair)];
      arrow.edges.push(e);
      arrow.dotted = arrow.dotted && dotted;
      return;
    }
    if (boxes[b].fold !== undefined) { slot = slots.get(b) || 0; slots.set(b, slot + 1); }
    seen.set(pair, arrows.length);
    arrows.push({ from: a, to: b, slot, dotted, edges: [e] });
  });
  return inputsFirst(boxes, arrows);
}

function inputsFirst(boxes, arrows) {
  const waiting = boxes.map(() => 0), after = boxes.map(() => []), done = boxes.map(() => false), order = [];
  for (const { from, to } of arrows) { waiting[to]++; after[from].push(to); }
  let ready = boxes.map((_, i) => i).filter((i) => waiting[i] === 0), next = 0;
  while (order.length < boxes.length) {
    let i;
    if (ready.length) i = ready.shift();
    else { while (done[next]) next++; i = next; }
    if (done[i]) continue;
    done[i] = true;
    order.push(i);
    for (const to of after[i]) if (--waiting[to] === 0 && !done[to]) ready.push(to);
  }
  const number = [];
  order.forEach((i, k) => { number[i] = k; });
  return { boxes: order.map((i) => boxes[i]), arrows: arrows.map((a) => ({ ...a, from: number[a.from], to: number[a.to] })) };
}

// ---- layout: layers, as in _layout.py ----

function ranks(n, arrows) {
  const rank = Array(n).fill(0), hasInput = Array(n).fill(false), nearest = Array(n).fill(n);
  for (const [s, t] of [...arrows].sort((a, b) => a[1] - b[1])) { rank[t] = Math.max(rank[t], rank[s] + 1); hasInput[t] = true; }
  for (const [s, t] of arrows) nearest[s] = Math.min(nearest[s], rank[t]);
  return rank.map((r, i) => (hasInput[i] || nearest[i] === n ? r : nearest[i] - 1));
}

function apart(wanted, widths) {
  const offset = [0];
  for (let i = 1; i < widths.length; i++) offset.push(offset[i - 1] + (widths[i - 1] + widths[i]) / 2 + GAP_X);
  const pools = [];
  wanted.forEach((value, i) => {
    let mean = value - offset[i], members = 1;
    while (pools.length && pools[pools.length - 1][0] > mean) {
      const [other, count] = pools.pop();
      mean = (mean * members + other * count) / (members + count);
      members += count;
    }
    pools.push([mean, members]);
  });
  const at = [];
  for (const [mean, count] of pools) for (let k = 0; k < count; k++) at.push(mean + offset[at.length]);
  return at;
}

function layOut(sizes, given) {
  const arrows = given.map((a) => [Math.min(a.from, a.to), Math.max(a.from, a.to), a.slot]);
  const n = sizes.length, rank = ranks(n, arrows), width = sizes.map((s) => s[0]);
  // Long edges, and those of a weight of many steps or a sum of many terms, are drawn faintly behind the rest and ignored by the layout.
  const out = Array(n).fill(0), into = Array(n).fill(0);
  for (const [s, t] of arrows) { out[s]++; into[t]++; }
  const far = arrows.map(([s, t]) => rank[t] - rank[s] > FAR || (rank[t] - rank[s] > 1 && (out[s] >= MANY || into[t] >= MANY)));
  const ways = arrows.map(([s, t]) => [s, t]), led = ways.filter((_, a) => !far[a]);
  for (const way of [...led].sort((a, b) => rank[a[1]] - rank[a[0]] - rank[b[1]] + rank[b[0]])) {
    const [s, t] = way;
    if (rank.length + rank[t] - rank[s] > n + MOST_GAPS) break;
    for (let layer = rank[s] + 1; layer < rank[t]; layer++) { way.splice(-1, 0, rank.length); rank.push(layer); width.push(2); }
  }
  const depth = rank.reduce((a, b) => Math.max(a, b), 0) + 1;
  const layers = Array.from({ length: depth }, () => []), above = rank.map(() => []), below = rank.map(() => []);
  rank.forEach((layer, i) => layers[layer].push(i));
  for (const way of led) for (let k = 1; k < way.length; k++) { below[way[k - 1]].push(way[k]); above[way[k]].push(way[k - 1]); }
  const x = rank.map(() => 0);
  const settle = (members, wanted) => apart(wanted, members.map((i) => width[i])).forEach((v, k) => { x[members[k]] = v; });
  for (const members of layers) settle(members, members.map(() => 0));
  for (let sweep = 0; sweep < 2 * SWEEPS; sweep++) {
    const down = sweep % 2 === 0, near = down ? above : below;
    for (const members of down ? layers : [...layers].reverse()) {
      const want = new Map(members.map((i) => [i, near[i].length ? near[i].reduce((a, j) => a + x[j], 0) / near[i].length : x[i]]));
      if (sweep < SWEEPS) members.sort((a, b) => want.get(a) - want.get(b));
      settle(members, members.map((i) => want.get(i)));
    }
  }
  const heights = layers.map((members) => members.reduce((h, i) => (i < n ? Math.max(h, sizes[i][1]) : h), 0));
  const middle = [heights[0] / 2];
  for (let k = 1; k < depth; k++) middle.push(middle[k - 1] + (heights[k - 1] + heights[k]) / 2 + GAP_Y);
  const left = x.reduce((m, v, i) => Math.min(m, v - width[i] / 2), Infinity);
  x.forEach((v, i) => { x[i] = v - left; });
  const heads = new Map();
  for (const [, t, slot] of arrows) heads.set(t, Math.max(heads.get(t) || 0, slot + 1));
  const routes = arrows.map(([s, t, slot], a) => {
    const step = Math.min(SLOT, sizes[t][0] / (heads.get(t) + 1)), shift = (slot - (heads.get(t) - 1) / 2) * step;
    const points = [[x[s], middle[rank[s]] + sizes[s][1] / 2]];
    for (const i of ways[a].slice(1, -1)) {
      const half = heights[rank[i]] / 2;
      points.push([x[i], middle[rank[i]] - half], [x[i], middle[rank[i]] + half]);
    }
    points.push([x[t] + shift, middle[rank[t]] - sizes[t][1] / 2]);
    return given[a].from > given[a].to ? points.reverse() : points;
  });
  return { centres: sizes.map((_, i) => [x[i], middle[rank[i]]]), routes,
    far, width: x.reduce((m, v, i) => Math.max(m, v + width[i] / 2), 0), height: middle[depth - 1] + heights[depth - 1] / 2 };
}

// ---- the picture ----

const make = (name, attributes, parent, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.appendChild(element);
  return element;
};
const ruler = document.createElement("canvas").getContext("2d");
const widthOf = (text, bold) => { ruler.font = `${bold ? "700 " : ""}${FONT}px system-ui, sans-serif`; return ruler.measureText(text).width; };
const shortened = (text) => (text.length <= 40 ? text : text.slice(0, 39) + "…");

let shown = null, zoom = 1, fitted = true, selected = -1, at = -1;
const values = [], gradients = [], came = [], expected = [];
for (const event of events) if (event.kind === "arrival") expected[event.node] = event.of;

const STATE_LINES = events.length ? 3 : 0;
function linesOf(box) {
  if (box.fold !== undefined) {
    const inside = allFolds.get(box.fold).join("/");
    return [inside, `${box.members.length} node${box.members.length === 1 ? "" : "s"}, click to open`];
  }
  const node = nodes[box.node];
  return [node.label, ...(node.second ? [node.second] : []), node.spec, ...(events.length ? [] : [`waits for ${node.waits}`])];
}
function stateLines(i) {
  return [values[i] === undefined ? "" : `= ${values[i]}`, gradients[i] === undefined ? "" : `gradient ${gradients[i]}`,
    expected[i] ? `${came[i] || 0} of ${expected[i]} came` : ""];
}

const curve = (points) => points.slice(1).reduce((path, [x1, y1], k) => {
  const [x0, y0] = points[k], bend = (y1 - y0) / 2;
  return `${path} C${x0.toFixed(1)},${(y0 + bend).toFixed(1)} ${x1.toFixed(1)},${(y1 - bend).toFixed(1)} ${x1.toFixed(1)},${y1.toFixed(1)}`;
}, `M${points[0][0].toFixed(1)},${points[0][1].toFixed(1)}`);
const head = ([x, y], up) => `M${x.toFixed(1)},${y.toFixed(1)} l-3.5,${up ? 7 : -7} l7,0 z`;

function draw() {
  const seen = visible(), stage = byId("stage");
  const widest = events.length ? widestStates() : [];
  const sizes = seen.boxes.map((box) => {
    box.lines = linesOf(box).map(shortened);
    const count = box.lines.length + (box.fold === undefined ? STATE_LINES : 0);
    const texts = box.lines.map((line, i) => widthOf(line, i === 0));
    return [Math.max(60, ...texts, box.node === undefined ? 0 : widest[box.node] || 0) + 2 * PAD, LINE * count + PAD];
  });
  const placed = layOut(sizes, seen.arrows);
  const w = placed.width + 2 * MARGIN, h = placed.height + 2 * MARGIN;
  const svg = make("svg", { viewBox: `0 0 ${w.toFixed(1)} ${h.toFixed(1)}`, role: "group", "aria-label": `graph of ${nodes.length} nodes` });
  const plane = make("g", { transform: `translate(${MARGIN},${MARGIN})` }, svg);
  const drawnEdges = [];  // edge -> [path, head, points, dotted]
  seen.arrows.forEach((arrow, a) => {
    const line = make("path", { class: "edge" }, plane), tip = make("path", { class: "head" }, plane);
    const drawn = { line, tip, points: placed.routes[a], dotted: arrow.dotted, far: placed.far[a], ends: [...seen.boxes[arrow.from].members, ...seen.boxes[arrow.to].members] };
    for (const e of arrow.edges) drawnEdges[e] = drawn;
    lead(drawn, "");
  });
  const drawnNodes = [];
  seen.boxes.forEach((box, b) => {
    const [x, y] = placed.centres[b], [bw, bh] = sizes[b];
    const kind = box.kind === "backward" ? "backward-node" : box.kind;
    const group = make("g", { class: `box ${kind}${box.output ? " output" : ""}`, tabindex: 0, role: "button" }, plane);
    group.setAttribute("aria-label", box.lines.join(", "));
    const rect = { x: (x - bw / 2).toFixed(1), y: (y - bh / 2).toFixed(1), width: bw.toFixed(1), height: bh.toFixed(1), rx: 6 };
    if (box.fold !== undefined) make("rect", { ...rect, x: (x - bw / 2 + 3).toFixed(1), y: (y - bh / 2 + 3).toFixed(1) }, group);
    const frame = make("rect", rect, group);
    if (box.node !== undefined && nodes[box.node].cut) frame.setAttribute("stroke-dasharray", "4 3");
    const line = (i, text, style) => make("text", { class: style, x: x.toFixed(1), y: (y - bh / 2 + PAD / 2 + LINE * (i + 0.78)).toFixed(1) }, group, text);
    box.lines.forEach((text, i) => line(i, text, i === 0 ? "title" : "quiet"));
    const drawn = { group, state: [] };
    if (box.fold === undefined) for (let k = 0; k < STATE_LINES; k++) drawn.state.push(line(box.lines.length + k, "", "state"));
    for (const i of box.members) drawnNodes[i] = drawn;
    const act = () => (box.fold !== undefined ? toggle([box.fold], true) : select(box.node));
    group.addEventListener("click", act);
    group.addEventListener("keydown", (event) => { if (event.key === "Enter") { act(); event.stopPropagation(); } });
  });
  shown = { svg, w, h, nodes: drawnNodes, edges: drawnEdges, boxes: seen.boxes };
  stage.replaceChildren(svg);
  scale();
  paint();
  chips();
}

function widestStates() {
  const widest = [];
  for (const event of events) {
    const text = event.kind === "value" ? `= ${event.short}` : `gradient ${event.short}`;
    widest[event.node] = Math.max(widest[event.node] || 0, widthOf(text, false));
  }
  return widest;
}

function lead(drawn, mark) {
  const points = mark === "backward" ? [...drawn.points].reverse() : drawn.points;  // a gradient goes against the arrow
  const last = points[points.length - 1], up = last[1] < points[points.length - 2][1];
  drawn.line.setAttribute("d", curve([...points.slice(0, -1), [last[0], last[1] + (up ? 5 : -5)]]));
  drawn.tip.setAttribute("d", head(last, up));
  const faint = drawn.far && !mark && !(selected >= 0 && drawn.ends.includes(selected)) ? " far" : "";
  drawn.line.setAttribute("class", `edge ${mark}${drawn.dotted ? " dotted" : ""}${faint}`);
  drawn.tip.setAttribute("class", `head ${mark}${faint}`);
}

function scale() {
  if (!shown) return;
  const stage = byId("stage");
  if (fitted) zoom = Math.max(0.3, Math.min(1.25, (stage.clientWidth - 4) / shown.w));
  shown.svg.setAttribute("width", Math.round(shown.w * zoom));
  shown.svg.setAttribute("height", Math.round(shown.h * zoom));
}

// ---- folds: opening and closing ----

function toggle(keys, opening) {
  for (const key of keys) if (opening) open.add(key); else for (const other of [...open]) if (other === key || other.startsWith(key + "\u0000")) open.delete(other);
  draw();
}
function chips() {
  const bar = byId("folds");
  if (!bar) return;
  bar.replaceChildren();
  if (!allFolds.size) return;
  const button = (text, act, title) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.title = title;
    made.addEventListener("click", act);
    bar.appendChild(made);
  };
  if (open.size < allFolds.size && nodes.length <= 1500) button("Open all", () => toggle([...allFolds.keys()], true), "open every fold");
  if (open.size) button("Close all", () => { open.clear(); draw(); }, "close every fold");
  for (const key of [...open].slice(0, 12)) button(`${allFolds.get(key).join("/")} ×`, () => toggle([key], false), "close this fold");
}

// ---- one node in words ----

function select(i) {
  selected = selected === i ? -1 : i;
  paint();
}
function detail() {
  const place = byId("detail");
  place.replaceChildren();
  byId("side").hidden = selected < 0 && !events.length;
  if (selected < 0) return;
  const node = nodes[selected], list = document.createElement("dl"), title = document.createElement("h2");
  title.textContent = node.label;
  const add = (term, text) => {
    list.appendChild(document.createElement("dt")).textContent = term;
    list.appendChild(document.createElement("dd")).textContent = text;
  };
  if (node.how) add("is", node.how);
  add("type", node.spec);
  for (let k = 0; k <= at; k++) {
    const event = events[k];
    if (event.node !== selected) continue;
    if (event.kind === "value") add("value", event.full);
    else if (event.kind === "seed") add("seed", event.full);
    else if (event.kind === "arrival") add(`${event.count} of ${event.of}`, `${event.full} from ${nodes[event.consumer].label}`);
    else add("gradient", event.full);
  }
  if (!events.length) add("waits for", String(node.waits));
  place.append(title, list);
}

// ---- steps ----

function paint() {
  values.length = gradients.length = came.length = 0;
  for (let k = 0; k <= at; k++) {
    const event = events[k];
    if (event.kind === "value") values[event.node] = event.short;
    else gradients[event.node] = event.short;
    if (event.kind === "arrival") came[event.node] = event.count;
  }
  const event = events[at];
  for (const drawn of new Set(shown.edges)) if (drawn) lead(drawn, "");
  const groups = new Map();
  shown.nodes.forEach((drawn, i) => {
    const before = groups.get(drawn) || { later: true, mark: "" };
    groups.set(drawn, { later: before.later && events.length > 0 && values[i] === undefined,
      mark: event && event.node === i ? event.phase : before.mark, selected: before.selected || i === selected });
    if (drawn.state.length) stateLines(i).forEach((text, k) => { drawn.state[k].textContent = shortened(text); });
  });
  for (const [drawn, { later, mark, selected: chosen }] of groups) {
    drawn.group.classList.remove("forward", "backward", "later", "selected");
    if (mark) drawn.group.classList.add(mark);
    if (later) drawn.group.classList.add("later");
    if (chosen) drawn.group.classList.add("selected");
  }
  if (event) {
    const lit = event.kind === "value" ? edges.map((e, k) => (e[1] === event.node ? k : -1)).filter((k) => k >= 0) : event.edge >= 0 ? [event.edge] : [];
    for (const e of lit) if (shown.edges[e]) lead(shown.edges[e], event.phase);
  }
  detail();
}

let timer = 0;
const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
function go(k, follow = true) {
  at = Math.max(0, Math.min(events.length - 1, k));
  paint();
  const event = events[at], now = byId("now");
  now.textContent = event.text;
  now.className = `now ${event.phase}`;
  byId("slider").value = at;
  byId("slider").setAttribute("aria-valuetext", `step ${at + 1} of ${events.length}: ${event.text}`);
  byId("count").textContent = `${at + 1} of ${events.length}`;
  rows.forEach((row, i) => {
    row.classList.toggle("past", i <= at);
    if (i === at) row.setAttribute("aria-current", "step"); else row.removeAttribute("aria-current");
  });
  if (!follow) return;
  const list = byId("side"), row = rows[at];
  if (row.offsetTop < list.scrollTop || row.offsetTop + row.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = row.offsetTop - list.clientHeight / 2;
  const drawn = shown.nodes[event.node], stage = byId("stage");
  if (!drawn) return;
  const box = drawn.group.getBoundingClientRect(), frame = stage.getBoundingClientRect();
  if (box.top < frame.top || box.bottom > frame.bottom || box.left < frame.left || box.right > frame.right)
    stage.scrollBy({ top: box.top - frame.top - frame.height / 2 + box.height / 2, left: box.left - frame.left - frame.width / 2 + box.width / 2,
      behavior: calm ? "auto" : "smooth" });
}
function play(on) {
  window.clearInterval(timer);
  timer = 0;
  if (on && at === events.length - 1) go(0);
  if (on) timer = window.setInterval(() => { go(at + 1); if (at === events.length - 1) play(false); }, 1000 / Number(byId("speed").value));
  byId("play").textContent = on ? "❚❚ Pause" : "▶ Play";
  byId("play").setAttribute("aria-pressed", String(on));
}

const rows = [];
events.forEach((event, k) => {
  const row = document.createElement("li");
  row.className = event.phase;
  row.textContent = event.text;
  row.addEventListener("click", () => { play(false); go(k, false); });
  byId("list").appendChild(row);
  rows.push(row);
});

byId("in").addEventListener("click", () => { fitted = false; zoom *= 1.25; scale(); });
byId("out").addEventListener("click", () => { fitted = false; zoom /= 1.25; scale(); });
byId("fit").addEventListener("click", () => { fitted = true; scale(); });
window.addEventListener("resize", scale);
byId("find").addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const drawn of new Set(shown.nodes)) drawn.group.classList.remove("found");
  if (!wanted) return;
  const found = nodes.map((node, i) => (node.label.toLowerCase().includes(wanted) ? i : -1)).filter((i) => i >= 0);
  for (const i of found) shown.nodes[i].group.classList.add("found");
  if (found.length) shown.nodes[found[0]].group.scrollIntoView({ block: "center", inline: "center" });
});
byId("find").addEventListener("keydown", (event) => {  // opens the folds around the first that is found
  if (event.key !== "Enter") return;
  const first = nodes.findIndex((node) => node.label.toLowerCase().includes(event.target.value.trim().toLowerCase()));
  if (first < 0 || !event.target.value.trim()) return;
  toggle(nodes[first].path.map((_, n) => keyOf(nodes[first].path, n + 1)), true);
  selected = -1;
  select(first);
  shown.nodes[first].group.scrollIntoView({ block: "center", inline: "center" });
});
draw();
if (events.length) {
  byId("back").addEventListener("click", () => { play(false); go(at - 1); });
  byId("on").addEventListener("click", () => { play(false); go(at + 1); });
  byId("play").addEventListener("click", () => play(timer === 0));
  byId("slider").addEventListener("input", (event) => { play(false); go(Number(event.target.value)); });
  byId("speed").addEventListener("change", () => { if (timer) play(true); });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -events.length, End: events.length };
    const on = event.target.tagName;
    if (event.target.type === "search") return;
    if (event.key in steps && on !== "SELECT") { play(false); go(at + steps[event.key]); event.preventDefault(); }
    else if (event.key === " " && on !== "BUTTON" && on !== "SELECT") { play(timer === 0); event.preventDefault(); }
    else if (event.key === "Escape") { selected = -1; paint(); }
  });
  go(data.step);
}
})();
