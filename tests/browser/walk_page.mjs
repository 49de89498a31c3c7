// Walks through a page with the Tab key and writes, as JSON, what the keyboard reached and what it did not.
//
// node tests/browser/walk_page.mjs CHROMIUM PAGE.html
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const [executablePath, file] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: FLAGS });
const tab = await browser.newPage({ viewport: { width: 1280, height: 900 } });
await tab.goto(pathToFileURL(file).href);
await tab.evaluate(async () => {
  await window.MathJax?.startup?.promise;
  // Folded code is opened: what stands in it has to be reached, too.
  for (const fold of document.querySelectorAll("details.hide")) fold.open = true;
  // What a person can use or must be able to scroll, numbered.
  const used = "a[href], button, summary, input, select, textarea";
  const visible = [...document.querySelectorAll(used)].filter((element) => element.checkVisibility({ visibilityProperty: true }));
  const scrolled = [...document.querySelectorAll("pre, mjx-container")].filter((box) => box.scrollWidth > box.clientWidth + 1);
  window.wanted = [...visible, ...scrolled];
  window.reached = new Set();
  window.faint = [];
});
let first;
for (let steps = 0; steps < 3000; steps += 1) {
  await tab.keyboard.press("Tab");
  const now = await tab.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const again = window.reached.has(element) || element === document.body;
    if (again) return { again };
    window.reached.add(element);
    if (style.outlineStyle === "none" && style.boxShadow === "none") window.faint.push(element.outerHTML.slice(0, 200));
    return { again, words: element.textContent.trim().slice(0, 80) };
  });
  first ??= now.words;
  if (now.again) break;
}
const result = await tab.evaluate(() => ({
  wanted: window.wanted.length,
  reached: window.reached.size,
  faint: window.faint,
  missed: window.wanted.filter((element) => !window.reached.has(element)).map((element) => element.outerHTML.slice(0, 200)),
}));
await browser.close();
console.log(JSON.stringify({ first, ...result }, null, 1));
