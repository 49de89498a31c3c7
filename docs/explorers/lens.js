"use strict";
// The lens grid. Every figure comes from data/lens.js.

const promptSelect = byId("prompt");
const quantitySelect = byId("quantity");
const grid = byId("grid");

const chosenPrompt = () => DATA.prompts[promptSelect.selectedIndex];

// How a quantity is read, and the value that is shaded fully.
const QUANTITIES = {
  probability: {
    at: (depth, position) => chosenPrompt().top[depth][position][0][1],
    shade: (value) => 1 - value,
    ends: "Under each token its probability; the shade runs from 1 (none) to 0 (full).",
  },
  entropy: {
    at: (depth, position) => chosenPrompt().entropy[depth][position],
    shade: (value) => value / 7,
    ends: "Under each token the entropy; the shade runs from 0 (none) to 7 nats (full).",
  },
  kl: {
    at: (depth, position) => chosenPrompt().kl[depth][position],
    shade: (value) => value / 40,
    ends: "Under each token KL(model || depth); the shade runs from 0 (none) to 40 nats or more (full).",
  },
};

function showPrompt() {
  const { tokens, top } = chosenPrompt();
  const head = element("tr", "", { role: "row" });
  head.append(element("th", "depth", { scope: "col", role: "columnheader" }));
  head.append(...tokens.map((token) => element("th", visible(token), { scope: "col", role: "columnheader" })));
  const rows = [];
  for (let depth = top.length - 1; depth >= 0; depth--) {
    const row = element("tr", "", { role: "row" });
    row.append(element("th", String(depth), { scope: "row", role: "rowheader" }));
    row.append(...tokens.map((_, position) => cell(depth, position)));
    rows.push(row);
  }
  const body = element("tbody", "", { role: "rowgroup" });
  const header = element("thead", "", { role: "rowgroup" });
  header.append(head);
  body.append(...rows);
  grid.replaceChildren(header, body);
  showQuantity();
  showCell(rows[0].lastElementChild);
  byId("box").scrollTo(byId("box").scrollWidth, 0);
}

function cell(depth, position) {
  const isFirst = depth === chosenPrompt().top.length - 1 && position === chosenPrompt().tokens.length - 1;
  const attributes = { role: "gridcell", tabindex: isFirst ? 0 : -1, "data-depth": depth, "data-position": position };
  const made = element("td", "", attributes);
  made.append(element("span", visible(chosenPrompt().top[depth][position][0][0])), element("span", "", { class: "figure" }));
  return made;
}

const cellRows = () => [...grid.tBodies[0].rows].map((row) => [...row.cells].slice(1));

function showQuantity() {
  const { at, shade, ends } = QUANTITIES[quantitySelect.value];
  for (const made of cellRows().flat()) {
    const value = at(made.dataset.depth, made.dataset.position);
    made.lastChild.textContent = value.toFixed(value < 10 ? 2 : 0);
    made.style.setProperty("--doubt", `${Math.round(100 * Math.min(1, Math.max(0, shade(value))))}%`);
  }
  byId("scale").textContent = ends;
}

function showCell(chosen) {
  const { tokens, top, entropy, kl } = chosenPrompt();
  const { depth, position } = chosen.dataset;
  for (const made of cellRows().flat()) made.setAttribute("aria-selected", made === chosen);
  const likeliest = top[depth][position];
  const others = likeliest.map(([text, p]) => `${quoted(text)} ${p.toFixed(2)}`).join(", ");
  const name = Number(depth) === top.length - 1 ? " (the model)" : Number(depth) === 0 ? " (the embedding)" : "";
  byId("says").textContent =
    `Depth ${depth}${name}, after ${quoted(tokens[position])}: entropy ${entropy[depth][position].toFixed(2)} nats, ` +
    `divergence ${kl[depth][position].toFixed(2)} nats. Likeliest: ${others}.`;
  byId("bars").replaceChildren(...likeliest.map(([text, p], i) => bar(quoted(text), p, i === 0)));
}

fillSelect(promptSelect, DATA.prompts.map(({ prompt }, i) => [i, prompt]));
promptSelect.addEventListener("change", showPrompt);
quantitySelect.addEventListener("change", showQuantity);
arrowKeys(grid, cellRows, showCell);
showPrompt();
