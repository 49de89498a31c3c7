// Open pages from the disk in Chromium, use them, and print what happened as JSON.
//   node pages.cjs CHROMIUM < jobs.json
// jobs: [{file, steps: [{focus, press: [keys], select: {selector, value}, click, reads}]}]
// playwright-core and axe-core are found as node finds any package; NODE_PATH names another folder.
const { readFileSync } = require("node:fs");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");
const axe = require("axe-core");

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

async function opened(browser, file, found, settings) {
  const page = await browser.newPage(settings);
  page.on("pageerror", (error) => found.errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && found.errors.push(message.text()));
  page.on("request", (request) => /^(file|data|blob):/.test(request.url()) || found.outside.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  return page;
}

async function violations(page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate((values) => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    return axe.run({ runOnly: { type: "tag", values }, preload: false });
  }, RULES);
  return found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`);
}

async function done(page, step) {
  if (step.select) await page.selectOption(step.select.selector, step.select.value);
  if (step.focus) await page.focus(step.focus);
  if (step.click) await page.click(step.click);
  for (const key of step.press || []) await page.keyboard.press(key);
  return page.innerText(step.reads);
}

async function report(browser, { file, steps }) {
  const found = { errors: [], outside: [], violations: [], sideways: 0, texts: [] };
  const light = await opened(browser, file, found, { viewport: { width: 1100, height: 800 } });
  for (const step of steps) found.texts.push(await done(light, step));
  found.violations.push(...(await violations(light)));
  const small = { viewport: { width: 320, height: 640 }, colorScheme: "dark" };
  const dark = await opened(browser, file, found, small);
  found.violations.push(...(await violations(dark)));
  found.sideways = await dark.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  return found;
}

(async () => {
  const jobs = JSON.parse(readFileSync(0, "utf8"));
  const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];
  const browser = await chromium.launch({ executablePath: process.argv[2], args });
  const reports = [];
  for (const job of jobs) reports.push(await report(browser, job));
  await browser.close();
  console.log(JSON.stringify(reports));
})();
