// Shows every slide of decks and writes, as JSON, which are larger than the screen and what else went wrong.
//
// node tests/browser/walk_slides.mjs CHROMIUM deck.html [deck.html ...]
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const SCREEN = { width: 1280, height: 720 };
const [executablePath, ...decks] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: FLAGS });
const walks = [];
for (const deck of decks) walks.push(await walk(deck));
await browser.close();
console.log(JSON.stringify(walks, null, 1));

async function walk(deck) {
  const errors = [];
  const outside = [];
  const tab = await browser.newPage({ viewport: SCREEN });
  tab.on("pageerror", (error) => errors.push(String(error)));
  tab.on("request", (request) => /^(file|data|blob):/.test(request.url()) || outside.push(request.url()));
  await tab.goto(pathToFileURL(deck).href);
  await tab.waitForFunction(() => window.Reveal?.isReady());
  const slides = await tab.evaluate(showEach);
  return { slides: slides.length, larger: slides.filter(outsideTheScreen), errors, outside };
}

// The slides from the first to the last: the title and the edges of everything on it, fragments shown.
async function showEach() {
  const found = [];
  for (const slide of Reveal.getSlides()) {
    const { h, v } = Reveal.getIndices(slide);
    Reveal.slide(h, v, 99);
    await new Promise((shown) => setTimeout(shown, 60));
    const seen = [...slide.querySelectorAll(":scope *")].map((part) => part.getBoundingClientRect());
    const boxes = seen.filter((box) => box.width > 0 && box.height > 0);
    const edge = (name, side) => Math.round(side(...boxes.map((box) => box[name])));
    const title = slide.querySelector("h1, h2, h3").textContent;
    found.push({ title, left: edge("left", Math.min), top: edge("top", Math.min),
      right: edge("right", Math.max), bottom: edge("bottom", Math.max) });
  }
  return found;
}

function outsideTheScreen({ left, top, right, bottom }) {
  return left < 0 || top < 0 || right > SCREEN.width || bottom > SCREEN.height;
}
