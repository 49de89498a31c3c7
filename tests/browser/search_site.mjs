// Searches the site for a word, from the keyboard, and writes what it found as JSON.
//
// node tests/browser/search_site.mjs CHROMIUM SITE_FOLDER WORD
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const [executablePath, site, word] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: FLAGS });
const tab = await browser.newPage();
const errors = [];
tab.on("pageerror", (error) => errors.push(String(error)));
tab.on("console", (message) => message.type() === "error" && errors.push(message.text()));
await tab.goto(pathToFileURL(join(site, "index.html")).href);
await tab.keyboard.press("Control+k");
await tab.locator("dialog input[name=q]").waitFor({ state: "visible" });
await tab.keyboard.type(word);
await tab.keyboard.press("Enter");
await tab.waitForFunction(() => /found|not match/.test(document.querySelector("#search-results p")?.textContent ?? ""));
const titles = await tab.locator("#search-results li a").allTextContents();
await browser.close();
console.log(JSON.stringify({ titles, errors }, null, 1));
