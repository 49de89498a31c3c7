"use strict";
// The token heat map. Every figure comes from data/tokens.js.

const answerSelect = byId("answer");
const measureSelect = byId("measure");
const list = byId("tokens");

// Where a figure stands in a token's entry, its words, and the doubt that is shaded fully.
const MEASURES = {
  probability: { place: 1, shade: (value) => 1 - value, ends: "1 (none) to 0 (full)" },
  surprisal: { place: 2, shade: (value) => value / 3, ends: "0 (none) to 3 nats or more (full)" },
  entropy: { place: 3, shade: (value) => value / 6, ends: "0 (none) to 6 nats or more (full)" },
};

const answer = () => DATA.answers[answerSelect.selectedIndex];

function showAnswer() {
  const { question, wrong, accepted, perplexity, rank, of, tokens } = answer();
  const verdict = element("strong", wrong ? "WRONG" : "Right", { class: wrong ? "wrong" : "right" });
  const cut = tokens.length === DATA.limit ? `, cut off at ${DATA.limit} tokens` : "";
  byId("about").replaceChildren(
    `${question} `,
    verdict,
    `${cut}. Accepted: ${accepted.join(", ")}. Perplexity ${perplexity}, number ${rank} of ${of} from the surest.`,
  );
  list.replaceChildren(...tokens.map((_, i) => option(i)));
  showMeasure();
  showToken(list.firstElementChild);
}

function option(i) {
  const [text] = answer().tokens[i];
  const made = element("div", "", { role: "option", tabindex: i ? -1 : 0, "data-place": i });
  made.append(element("span", visible(text)), element("span", "", { class: "figure" }));
  return made;
}

function showMeasure() {
  const { place, shade, ends } = MEASURES[measureSelect.value];
  for (const made of list.children) {
    const value = answer().tokens[made.dataset.place][place];
    made.lastChild.textContent = value.toFixed(2);
    made.style.setProperty("--doubt", `${Math.round(100 * Math.min(1, Math.max(0, shade(value))))}%`);
  }
  byId("scale").textContent = `Under each token its ${measureSelect.value}; the shade runs from ${ends}.`;
}

function showToken(chosen) {
  const tokens = answer().tokens;
  const [text, probability, surprisal, entropy, likeliest] = tokens[chosen.dataset.place];
  for (const made of list.children) made.setAttribute("aria-selected", made === chosen);
  const others = likeliest.map(([other, p]) => `${quoted(other)} ${p.toFixed(2)}`).join(", ");
  byId("says").textContent =
    `Token ${Number(chosen.dataset.place) + 1} of ${tokens.length}, ${quoted(text)}: ` +
    `probability ${probability.toFixed(2)}, surprisal ${surprisal.toFixed(2)} nats, ` +
    `entropy ${entropy.toFixed(2)} nats. Likeliest: ${others}.`;
  byId("bars").replaceChildren(...likeliest.map(([other, p]) => bar(quoted(other), p, other === text)));
}

fillSelect(answerSelect, DATA.answers.map(({ kind, question }, i) => [i, `${kind}: ${question}`]));
answerSelect.addEventListener("change", showAnswer);
measureSelect.addEventListener("change", showMeasure);
arrowKeys(list, () => [[...list.children]], showToken);
showAnswer();
