// Opens every page of the site in Chromium and writes what is wrong with it, as JSON.
//
// node tests/browser/audit_site.mjs CHROMIUM SITE_FOLDER OUT.json [page.html ...]
//
// Each page is read from its file, wide and 320 pixels wide, with every fold open; in each view axe-core looks for
// violations of WCAG 2.2, levels A and AA. In dark mode and in print only colours differ, so the rules on colours run.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const EVERY_RULE = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
const COLOURS = { type: "rule", values: ["color-contrast", "link-in-text-block"] };
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const VIEWS = [
  { name: "wide", width: 1280, theme: "light", runOnly: EVERY_RULE },
  { name: "phone", width: 320, theme: "light", runOnly: EVERY_RULE },
  { name: "dark", width: 1280, theme: "dark", runOnly: COLOURS },
  { name: "print", width: 1000, theme: "light", runOnly: COLOURS, media: "print" },
];

const [executablePath, site, out, ...chosen] = process.argv.slice(2);
const everyPage = readdirSync(site, { recursive: true }).filter((name) => name.endsWith(".html"));
const pages = chosen.length ? chosen : everyPage.filter((name) => !name.includes("_static/")).sort();

const browser = await chromium.launch({ executablePath, args: FLAGS });
const results = [];
for (const view of VIEWS) {
  const tab = await tabOf(view);
  for (const page of pages) results.push({ page, view: view.name, ...(await audit(tab, page, view)) });
  await tab.close();
  writeFileSync(out, JSON.stringify(results, null, 1));
}
await browser.close();

// A tab of a width, in which pages are light or dark.
async function tabOf(view) {
  const context = await browser.newContext({ viewport: { width: view.width, height: 900 } });
  await context.addInitScript((theme) => {
    localStorage.setItem("mode", theme);
    localStorage.setItem("theme", theme);
  }, view.theme);
  const page = await context.newPage();
  if (view.media) await page.emulateMedia({ media: view.media });
  return page;
}

// One page in one view: what axe-core found, what the page asked for, what went wrong, how far it scrolls sideways.
async function audit(tab, name, view) {
  const errors = [];
  const outside = [];
  tab.removeAllListeners();
  tab.on("pageerror", (error) => errors.push(String(error)));
  tab.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  tab.on("request", (request) => /^(file|data|blob):/.test(request.url()) || outside.push(request.url()));
  await tab.goto(pathToFileURL(join(site, name)).href);
  await tab.evaluate(async () => {
    await window.MathJax?.startup?.promise;
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 50)));
  });
  const facts = await tab.evaluate(factsOfThePage);
  await tab.evaluate(AXE);
  const run = (runOnly) => window.axe.run(document, { runOnly, preload: false, resultTypes: ["violations"] });
  const { violations } = await tab.evaluate(run, view.runOnly);
  return { violations: violations.flatMap(readable), errors, outside, ...facts };
}

function readable({ id, impact, nodes }) {
  const first = nodes.slice(0, 5);
  return first.map((node) => ({
    rule: id, impact, count: nodes.length, target: node.target.join(" "), html: node.html.slice(0, 300),
    why: node.any.concat(node.all, node.none).map((check) => check.message).join(" "),
  }));
}

function factsOfThePage() {
  const root = document.documentElement;
  const scrolls = (element) => getComputedStyle(element).overflowX !== "visible";
  const inABox = (element) => element !== document.body && (scrolls(element) || inABox(element.parentElement));
  const tooWide = [...document.body.querySelectorAll("*")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.right > root.clientWidth + 1 && !inABox(element.parentElement);
  });
  return {
    sideways: root.scrollWidth - root.clientWidth,
    wide: tooWide.slice(0, 8).map((element) => element.tagName + "." + element.className),
    theme: root.dataset.theme ?? null,
    formulas: document.querySelectorAll(".math").length,
    typeset: document.querySelectorAll("mjx-container").length,
  };
}
