// A lesson in JupyterLab for people who cannot see it: what axe-core finds, and which figures have no description.
//
// Only what the course puts there is judged: text cells, outputs and controls. JupyterLab's own frame is reported
// beside it, since nothing in this repository can change it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const EVERY_RULE = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };
const COLOURS = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };
const OURS = ['.jp-NotebookPanel .jp-MarkdownOutput', '.jp-NotebookPanel .jp-OutputArea-output'];

// faults, frame: by rule, in the lesson and in JupyterLab's own frame; texts: how many had their contrast judged;
// figures, undescribed: images among the outputs, and those without a description.
export async function auditLesson(page) {
  await page.evaluate(AXE);
  await showAllOfIt(page);
  const here = { include: OURS.map((each) => [each]) };
  const light = await runAxe(page, here, EVERY_RULE);
  const frame = await runAxe(page, { exclude: OURS.map((each) => [each]) }, EVERY_RULE);
  const figures = await figuresOf(page);
  await changeTheme(page, 'JupyterLab Dark');
  const dark = await runAxe(page, here, COLOURS);
  await changeTheme(page, 'JupyterLab Light');
  const texts = Math.min(light.texts, dark.texts);
  return { faults: [...light.faults, ...dark.faults], frame: frame.faults, texts, ...figures };
}

// axe-core judges the colours of what no box cuts off: the window becomes as high as the notebook, the page's body, which
// JupyterLab gives no height, as high as the window, and nothing is scrolled any more.
async function showAllOfIt(page) {
  const high = await page.evaluate(() => document.querySelector('.jp-WindowedPanel-outer').scrollHeight);
  await page.setViewportSize({ width: 1200, height: high + 300 });
  await page.addStyleTag({ content: 'body { height: 100vh; } .jp-WindowedPanel-outer { overflow: visible !important; }' });
  await page.waitForFunction((all) => document.querySelector('.jp-WindowedPanel-outer').clientHeight >= all, high);
}

async function runAxe(page, where, runOnly) {
  const run = ([context, options]) => window.axe.run(context, options);
  const { violations, passes } = await page.evaluate(run, [where, { runOnly, preload: false }]);
  const faults = violations.map(({ id, nodes }) => (
    { rule: id, count: nodes.length, first: nodes[0].html.slice(0, 200), why: nodes[0].failureSummary }));
  return { faults, texts: passes.find(({ id }) => id === 'color-contrast')?.nodes.length ?? 0 };
}

// The theme is a style sheet that is fetched, and a splash screen covers everything meanwhile.
async function changeTheme(page, theme) {
  const background = () => page.evaluate(() => getComputedStyle(document.body).getPropertyValue('--jp-layout-color1'));
  const before = await background();
  await page.evaluate((name) => window.jupyterapp.commands.execute('apputils:change-theme', { theme: name }), theme);
  while (await background() === before) await page.waitForTimeout(200);
  await page.waitForSelector('#jupyterlab-splash', { state: 'detached' });
}

// Every image of an output must be in the browser's accessibility tree with its description as its name.
async function figuresOf(page) {
  const described = await page.evaluate(() => [...document.querySelectorAll('.jp-OutputArea-output img')]
    .map((image) => image.alt.replace(/\s+/g, ' ').trim()));
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const names = nodes.filter((node) => node.role?.value === 'image').map((node) => node.name?.value.replace(/\s+/g, ' ').trim());
  const undescribed = described.filter((text) => text.length < 20 || !names.includes(text));
  return { figures: described.length, undescribed };
}
