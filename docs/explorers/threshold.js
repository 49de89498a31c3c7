"use strict";
// The threshold slider. Every count and bound comes from data/threshold.js; nothing is computed
// here but shares of two counts.

const doubtSelect = byId("doubt");
const limitSelect = byId("limit");
const slider = byId("threshold");

const total = DATA.answers.length;
const doubt = () => DATA.doubts[doubtSelect.selectedIndex];
const limit = () => DATA.limits[limitSelect.selectedIndex];

/** The figures at a place of the slider; place 0 answers nothing. */
function figures(place) {
  const { threshold, answered, wrong, bound } = doubt();
  const at = place - 1;
  if (at < 0) return { answered: 0, wrong: 0, bound: 1 };
  return { threshold: threshold[at], answered: answered[at], wrong: wrong[at], bound: bound[at] };
}

/** The largest place at which so many answers or fewer are given. */
const placeOf = (count) => doubt().answered.filter((answered) => answered <= count).length;

function sentence() {
  const now = figures(Number(slider.value));
  const promised = doubt().promised[limitSelect.selectedIndex];
  const walk = promised
    ? `The walk promises the limit of ${percent(limit())} for ${promised} answers.`
    : `The walk cannot promise a limit of ${percent(limit())} for any number of answers.`;
  if (!now.answered) return `No answer is given, so none is wrong. ${walk}`;
  const risk = now.wrong / now.answered;
  const seen = `${now.answered} of ${total} answers are given (${percent(now.answered / total)}). ` +
    `${now.wrong} of them are wrong: ${percentExact(risk)}. Upper bound: ${percentExact(now.bound)}, `;
  const verdict = now.bound <= limit()
    ? "within the limit."
    : `above the limit${risk <= limit() ? ", although the share seen is within it" : ""}.`;
  return `${seen}${verdict} ${walk}`;
}

const percentExact = (share) => `${(100 * share).toFixed(1)} %`;

function showAround() {
  const now = figures(Number(slider.value));
  const { order, threshold, answered } = doubt();
  const items = [];
  const first = Math.max(0, now.answered - 3);
  for (let rank = first; rank < Math.min(total, now.answered + 2); rank++) {
    const [question, answer, isWrong] = DATA.answers[order[rank]];
    const value = threshold[answered.findIndex((count) => count > rank)];
    const isGiven = rank < now.answered;
    const item = element("li", `${isGiven ? "Given" : "Refused"} (${value}), `, { class: isGiven ? "given" : "refused" });
    item.append(
      element("span", isWrong ? "WRONG" : "right", { class: isWrong ? "wrong" : "right" }),
      `: ${question}`,
      element("br"),
      element("q", answer),
    );
    items.push(item);
  }
  byId("around").replaceChildren(...items);
}

function showChart() {
  const svg = byId("chart");
  const title = byId("chart-title");
  svg.replaceChildren(title);
  const width = svg.parentElement.clientWidth;
  const ticks = width < 420 ? [0, 0.5, 1] : [0, 0.2, 0.4, 0.6, 0.8, 1];
  const { placeX, placeY } = axes(svg, {
    width,
    height: Math.max(240, Math.min(380, width * 0.5)),
    x: [0, 1],
    y: [0, 1],
    xLabel: "coverage (share that is given)",
    yLabel: "risk (share of these that is wrong)",
    xTicks: ticks,
    yTicks: [0, 0.2, 0.4, 0.6, 0.8, 1],
    write: percent,
  });
  const { answered, wrong, bound } = doubt();
  const points = (values) =>
    values.map((value, i) => `${placeX(answered[i] / total)},${placeY(value)}`).join(" ");
  const line = (values, style) =>
    draw(svg, "polyline", { points: points(values), fill: "none", "stroke-width": 2, ...style });
  line(bound, { stroke: "var(--red)", "stroke-dasharray": "7 4" });
  line(wrong.map((count, i) => count / answered[i]), { stroke: "var(--blue)" });
  const across = { x1: placeX(0), x2: placeX(1), y1: placeY(limit()), y2: placeY(limit()) };
  draw(svg, "line", { ...across, stroke: "var(--text)", "stroke-width": 1.5, "stroke-dasharray": "2 4" });
  const legend = [
    ["upper bound", { stroke: "var(--red)", "stroke-dasharray": "7 4" }],
    ["risk", { stroke: "var(--blue)" }],
  ];
  legend.forEach(([name, style], i) => {
    const y = placeY(0.92) + 20 * i;
    draw(svg, "line", { x1: placeX(1) - 130, x2: placeX(1) - 98, y1: y, y2: y, "stroke-width": 2, ...style });
    draw(svg, "text", { x: placeX(1) - 90, y: y + 4 }, name);
  });
  const now = figures(Number(slider.value));
  const at = placeX(now.answered / total);
  draw(svg, "line", { x1: at, x2: at, y1: placeY(0), y2: placeY(1), stroke: "var(--text)", "stroke-width": 1.5 });
  if (now.answered) {
    draw(svg, "circle", { cx: at, cy: placeY(now.wrong / now.answered), r: 6, fill: "var(--blue)" });
    const middle = placeY(now.bound);
    draw(svg, "rect", { x: at - 5, y: middle - 5, width: 10, height: 10, fill: "var(--red)" });
  }
  title.textContent = `Risk and its upper bound against coverage for ${doubt().label}. ` +
    "The bound falls towards the risk as more answers are given.";
}

function show() {
  const now = figures(Number(slider.value));
  const value = now.answered ? `is at most ${now.threshold}` : "is below every doubt seen";
  slider.setAttribute("aria-valuetext", `${doubt().label} ${value}`);
  byId("threshold-value").textContent = `${doubt().label} ${value}`;
  byId("says").textContent = sentence();
  showAround();
  showChart();
}

function goTo(answered) {
  slider.value = placeOf(answered);
  show();
}

function largestSeen() {
  const { answered, wrong } = doubt();
  return Math.max(0, ...answered.filter((count, i) => wrong[i] / count <= limit()));
}

function chooseDoubt() {
  slider.max = doubt().threshold.length;
  goTo(Math.round(total / 2));
}

fillSelect(doubtSelect, DATA.doubts.map((each) => [each.key, `${each.label}, AUROC ${each.auroc.toFixed(2)}`]));
fillSelect(limitSelect, DATA.limits.map((share) => [share, percent(share)]));
limitSelect.value = "0.2";
doubtSelect.addEventListener("change", chooseDoubt);
limitSelect.addEventListener("change", show);
slider.addEventListener("input", show);
byId("go-seen").addEventListener("click", () => goTo(largestSeen()));
byId("go-walk").addEventListener("click", () => goTo(doubt().promised[limitSelect.selectedIndex]));
chooseDoubt();
drawAtWidth(byId("chart").parentElement, showChart);
