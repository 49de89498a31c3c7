"use strict";
// The scatter of the last layer's neurons. Every figure comes from data/neurons.js; only "larger
// than ... % of the layer" is counted here.

const xSelect = byId("x");
const ySelect = byId("y");
const numberInput = byId("neuron");

const COLUMNS = [
  { key: "norm", words: "length of the output vector" },
  { key: "rho", words: "ρ, part in the six least-read directions", ends: [0, 1] },
  { key: "variance", words: "logit variance", log: true },
  { key: "frequency", words: "cosine with word frequency" },
  { key: "entropy", words: "mean |entropy change| (nats)", log: true },
  { key: "share", words: "share through the norm", ends: [-1, 1] },
  { key: "flips", words: "share of likeliest tokens changed" },
];
const column = (select) => COLUMNS[select.selectedIndex];
const values = (key) => DATA.columns[key];
const total = DATA.columns.norm.length;
const chosen = () => Math.min(total - 1, Math.max(0, Math.round(Number(numberInput.value) || 0)));
const written = (value) => (value === null ? "not told" : String(value));
const within = (value, [low, high]) => Math.min(high, Math.max(low, value));

let dots = []; // [neuron, x, y] in pixels, for the pointer

/** How a column is laid along an axis: the place of a value, the ends and the ticks. */
function scale({ key, log, ends }) {
  const known = values(key).filter((value) => value !== null && (!log || value > 0));
  const lowest = known.reduce((a, b) => Math.min(a, b));
  const highest = known.reduce((a, b) => Math.max(a, b));
  if (log) {
    const [low, high] = [Math.log10(lowest) - 0.1, Math.log10(highest) + 0.1];
    const decades = Array.from({ length: Math.ceil(high - low) + 2 }, (_, i) => Math.floor(low) + i);
    const ticks = decades.flatMap((tick) => [tick, tick + Math.log10(3)]).filter((tick) => tick > low && tick < high);
    return { ends: [low, high], ticks, of: (value) => (value > 0 ? Math.log10(value) : null), write: (tick) => String(Number((10 ** tick).toPrecision(1))) };
  }
  const margin = 0.03 * (highest - lowest);
  const [low, high] = ends || [lowest - margin, highest + margin];
  const step = niceStep((high - low) / 4);
  const first = Math.ceil(low / step - 1e-9);
  const ticks = Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
  return { ends: [low, high], ticks, of: (value) => within(value, [low, high]), write: (tick) => String(Number(tick.toPrecision(3))) };
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough - 1e-12);
}

function showChart() {
  const svg = byId("chart");
  const title = byId("chart-title");
  svg.replaceChildren(title);
  const [across, upwards] = [scale(column(xSelect)), scale(column(ySelect))];
  const width = svg.parentElement.clientWidth;
  const { placeX, placeY } = axes(svg, {
    width,
    height: Math.max(280, Math.min(460, width * 0.6)),
    x: across.ends,
    y: upwards.ends,
    xLabel: column(xSelect).words,
    yLabel: column(ySelect).words,
    xTicks: width < 420 ? across.ticks.filter((_, i) => i % 2 === 0) : across.ticks,
    yTicks: upwards.ticks,
    write: (tick, axis) => (axis === "x" ? across : upwards).write(tick),
  });
  const at = (neuron) => {
    const [x, y] = [values(column(xSelect).key)[neuron], values(column(ySelect).key)[neuron]];
    if (x === null || y === null || across.of(x) === null || upwards.of(y) === null) return null;
    return [placeX(across.of(x)), placeY(upwards.of(y))];
  };
  dots = [];
  for (let neuron = 0; neuron < total; neuron++) {
    const place = at(neuron);
    if (!place) continue;
    dots.push([neuron, ...place]);
    draw(svg, "circle", { cx: place[0], cy: place[1], r: 2.5, fill: "var(--blue)", "fill-opacity": 0.55 });
  }
  for (const { kind, neurons } of DATA.marked) for (const neuron of neurons) mark(svg, kind, neuron, at(neuron), width);
  const here = at(chosen());
  if (here) {
    draw(svg, "circle", { cx: here[0], cy: here[1], r: 4, fill: "var(--text)" });
    const style = { stroke: "var(--text)", "stroke-width": 1, "stroke-dasharray": "5 3" };
    draw(svg, "line", { x1: here[0], x2: here[0], y1: placeY(upwards.ends[0]), y2: placeY(upwards.ends[1]), ...style });
    draw(svg, "line", { x1: placeX(across.ends[0]), x2: placeX(across.ends[1]), y1: here[1], y2: here[1], ...style });
  }
  title.textContent = `Scatter of ${dots.length} neurons: ${column(ySelect).words} against ${column(xSelect).words}.`;
}

/** A ring or a square around a neuron that a lesson names, with its number. */
function mark(svg, kind, neuron, place, width) {
  if (!place) return;
  const [x, y] = place;
  const style = { fill: "none", "stroke-width": 2.5 };
  if (kind === "rho") draw(svg, "circle", { cx: x, cy: y, r: 7, stroke: "var(--red)", ...style });
  else draw(svg, "rect", { x: x - 6.5, y: y - 6.5, width: 13, height: 13, stroke: "var(--green)", ...style });
  if (width < 420) return; // no room; the buttons name them
  const isRight = x > width - 70;
  draw(svg, "text", { x: isRight ? x - 11 : x + 11, y: y - 6, "text-anchor": isRight ? "end" : "start", class: "named" }, neuron);
}

function showFigures() {
  const neuron = chosen();
  const rows = COLUMNS.map(({ key, words }) => {
    const value = values(key)[neuron];
    const known = values(key).filter((other) => other !== null);
    const below = known.filter((other) => other < value).length / known.length;
    const row = element("tr");
    row.append(
      element("th", words, { scope: "row" }),
      element("td", written(value), { class: "number" }),
      element("td", value === null ? "" : `${Math.floor(100 * below)} %`, { class: "number" }),
    );
    return row;
  });
  byId("figures").replaceChildren(...rows);
  const kinds = { rho: "one of the six of highest ρ", frequency: "one of the three that point along word frequency most" };
  const found = DATA.marked.filter(({ neurons }) => neurons.includes(neuron)).map(({ kind }) => `, ${kinds[kind]}`);
  const told = [column(xSelect), column(ySelect)].map(({ key, words }) => `${words} ${written(values(key)[neuron])}`);
  byId("says").textContent = `Neuron ${DATA.layer}.${neuron}${found.join("")}: ${told.join("; ")}.`;
}

function show() {
  showFigures();
  showChart();
}

function choose(neuron) {
  numberInput.value = neuron;
  show();
}

function nearestTo(event) {
  const box = byId("chart").getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const distance = ([, dotX, dotY]) => Math.hypot(dotX - x, dotY - y);
  return dots.reduce((best, dot) => (distance(dot) < distance(best) ? dot : best))[0];
}

const pairs = COLUMNS.map(({ key, words }) => [key, words]);
fillSelect(xSelect, pairs);
fillSelect(ySelect, pairs);
xSelect.value = "norm";
ySelect.value = "entropy";
for (const { kind, neurons } of DATA.marked) {
  for (const neuron of neurons) {
    const made = element("button", String(neuron), { type: "button" });
    made.addEventListener("click", () => choose(neuron));
    byId(`of-${kind}`).append(made);
  }
}
for (const select of [xSelect, ySelect]) select.addEventListener("change", show);
numberInput.addEventListener("input", show);
byId("chart").addEventListener("click", (event) => choose(nearestTo(event)));
showFigures();
drawAtWidth(byId("chart").parentElement, showChart);
