"use strict";
// What every explorer needs; plain functions, no framework.

const byId = (id) => document.getElementById(id);
const percent = (share) => `${Math.round(100 * share)} %`;

/** An HTML element with text and attributes. */
function element(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** An SVG element with attributes, put into its parent. */
function draw(parent, tag, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  parent.append(made);
  return made;
}

/** Fill a <select> with [value, text] pairs. */
function fillSelect(select, pairs) {
  select.replaceChildren(...pairs.map(([value, text]) => element("option", text, { value })));
}

/** Call a function now and whenever the width of an element changes. */
function drawAtWidth(box, redraw) {
  let width = 0;
  new ResizeObserver(() => {
    if (box.clientWidth === width) return;
    width = box.clientWidth;
    redraw();
  }).observe(box);
}

/** Axes of a chart: returns the functions that place x and y, in pixels. */
function axes(svg, { width, height, x, y, xLabel, yLabel, xTicks, yTicks, write = String }) {
  const left = 52;
  const bottom = 44;
  const top = 26;
  const right = 26;
  const placeX = (value) => left + ((value - x[0]) / (x[1] - x[0])) * (width - left - right);
  const placeY = (value) => height - bottom - ((value - y[0]) / (y[1] - y[0])) * (height - bottom - top);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("height", height);
  for (const tick of yTicks) {
    const at = placeY(tick);
    draw(svg, "line", { x1: left, x2: width - right, y1: at, y2: at, class: "grid" });
    draw(svg, "text", { x: left - 6, y: at + 4, "text-anchor": "end" }, write(tick, "y"));
  }
  for (const tick of xTicks) {
    const at = placeX(tick);
    draw(svg, "line", { x1: at, x2: at, y1: height - bottom, y2: top, class: "grid" });
    draw(svg, "text", { x: at, y: height - bottom + 17, "text-anchor": "middle" }, write(tick, "x"));
  }
  draw(svg, "line", { x1: left, x2: width - right, y1: height - bottom, y2: height - bottom, class: "axis" });
  draw(svg, "line", { x1: left, x2: left, y1: top, y2: height - bottom, class: "axis" });
  draw(svg, "text", { x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle" }, xLabel);
  draw(svg, "text", { x: 4, y: 14 }, yLabel);
  return { placeX, placeY };
}

/** A token for a cell: without blanks around it, unless it is nothing but blanks. */
function visible(token) {
  return token.trim() || token.replace(/ /g, "␣").replace(/\n/g, "↵").replace(/\u00a0/g, "nbsp");
}

/** A token within a sentence, with its leading space, which may not end a line. */
const quoted = (token) => `"${token.trim() ? token.replace(/ /g, "\u00a0") : visible(token)}"`;

/** One alternative as a bar; the one that was chosen is marked. */
function bar(name, share, isMarked) {
  const row = element("div", "", { class: isMarked ? "bar marked" : "bar" });
  const drawn = element("span", "", { class: "length" });
  drawn.style.width = `${100 * share}%`;
  const track = element("span", "", { class: "track" });
  track.append(drawn);
  row.append(element("span", name), track, element("span", share.toFixed(2), { class: "number" }));
  return row;
}

/**
 * One stop for the tab key among many cells, and arrow keys between them.
 * `cells()` returns rows of elements; `onFocus` is called with the element that has the focus.
 */
function arrowKeys(container, cells, onFocus) {
  const place = (target) => {
    const rows = cells();
    const row = rows.findIndex((each) => each.includes(target));
    return row < 0 ? null : { rows, row, column: rows[row].indexOf(target) };
  };
  container.addEventListener("focusin", (event) => {
    const at = place(event.target);
    if (!at) return;
    for (const cell of at.rows.flat()) cell.tabIndex = cell === event.target ? 0 : -1;
    onFocus(event.target);
  });
  container.addEventListener("keydown", (event) => {
    const at = place(event.target);
    if (!at || event.ctrlKey || event.altKey || event.metaKey) return;
    const { rows, row, column } = at;
    const along = rows[row];
    const next = {
      ArrowRight: along[column + 1],
      ArrowLeft: along[column - 1],
      ArrowDown: rows.length === 1 ? along[column + 1] : (rows[row + 1] || [])[column],
      ArrowUp: rows.length === 1 ? along[column - 1] : (rows[row - 1] || [])[column],
      Home: along[0],
      End: along[along.length - 1],
    };
    if (!(event.key in next)) return;
    event.preventDefault();
    if (next[event.key]) next[event.key].focus();
  });
}
