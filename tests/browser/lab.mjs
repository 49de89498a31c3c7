// One lesson in JupyterLab, in a real browser: run all cells, fail an exercise and pass it, move a control.
//
//   node tests/browser/lab.mjs LESSON [FOLDER]       LESSON: start_here, is_it_any_good, logit_lens or
//                                                   guarantee; pictures are kept in FOLDER
//
// PYTHON       a Python with the course and JupyterLab   (python3)
// CHROMIUM     the browser                               (/usr/bin/chromium)
//
// A line is printed for each step that was seen, with the seconds since the start. The exit status is 1
// when a step did not happen, a cell had an error, the page had one on its console, it asked for anything
// outside of 127.0.0.1, or axe-core found something in the lesson (lab_accessibility.mjs).
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { auditLesson } from './lab_accessibility.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const PYTHON = process.env.PYTHON || 'python3';

// `wrong` must get the sentence `says`; `right` must pass. `control` is moved, and `picture`, what is shown beside it, must change.
const LESSONS = {
  start_here: { exercise: 'surprise', says: 'The sign is missing',
    wrong: ['import math', 'def surprise(probability):', '    return math.log(probability)'],
    right: ['import math', 'def surprise(probability):', '    return -math.log(probability)'],
    control: 'select', picture: '.widget-output' },
  is_it_any_good: { exercise: 'ranking', says: 'Ties count half, not nothing',
    wrong: ['def ranking(wrong, doubt):', '    return float((doubt[wrong][:, None] > doubt[~wrong]).mean())'],
    right: ['def ranking(wrong, doubt):', '    a, b = doubt[wrong][:, None], doubt[~wrong]',
      '    return float(((a > b) + 0.5 * (a == b)).mean())'],
    control: '.noUi-handle', button: 'next answer', picture: '.widget-html-content' },
  logit_lens: { exercise: 'rms_norm', says: 'The gain is missing.',
    wrong: ['def rms_norm(x, gain):', '    return x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()'],
    right: ['def rms_norm(x, gain):', '    return x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() * gain'],
    control: '.noUi-handle', picture: '.widget-output' },
  guarantee: { exercise: 'broken_share', says: 'You counted the promises that were kept.',
    wrong: ['def broken_share(risks, limit):', '    return float((risks <= limit).mean())'],
    right: ['def broken_share(risks, limit):', '    return float((risks > limit).mean())'],
    control: '.noUi-handle', picture: '.widget-output' },
};

const [title, pictures] = process.argv.slice(2);
const lesson = LESSONS[title];
if (!lesson) { console.error(`usage: lab.mjs ${Object.keys(LESSONS).join('|')} [FOLDER]`); process.exit(2); }
if (pictures) fs.mkdirSync(pictures, { recursive: true });

const started = Date.now();
const say = (...words) => console.log(`${((Date.now() - started) / 1000).toFixed(1)} s`, ...words);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

// A folder with the lesson alone, JupyterLab's own settings, and the course's cache without what its user has solved.
function makeFolder() {
  const folder = fs.mkdtempSync(join(os.tmpdir(), 'lab-'));
  const file = fs.readdirSync(join(ROOT, 'notebooks')).find((name) => name.slice(3) === `${title}.ipynb`);
  fs.mkdirSync(join(folder, 'content'));
  fs.copyFileSync(join(ROOT, 'notebooks', file), join(folder, 'content', file));
  const settings = {
    'apputils-extension/notification': { fetchNews: 'false', checkForUpdates: false, doNotDisturbMode: true },
    'notebook-extension/tracker': { windowingMode: 'none' },
  };
  for (const [name, value] of Object.entries(settings)) {
    const path = join(folder, 'settings', '@jupyterlab', `${name}.jupyterlab-settings`);
    fs.mkdirSync(dirname(path), { recursive: true });
    fs.writeFileSync(path, JSON.stringify(value));
  }
  const ask = 'from uncertainty.loading.cache import cache_folder; print(cache_folder())';
  const cache = execFileSync(PYTHON, ['-c', ask], { encoding: 'utf8' }).trim();
  fs.mkdirSync(join(folder, 'cache'));
  for (const name of fs.existsSync(cache) ? fs.readdirSync(cache) : []) {
    if (name !== 'progress.json') fs.symlinkSync(join(cache, name), join(folder, 'cache', name));
  }
  return { folder, file };
}

function startLab(folder, port, token) {
  const at = (name) => join(folder, name);
  const own = {
    JUPYTER_CONFIG_DIR: at('config'), JUPYTER_DATA_DIR: at('data'), JUPYTER_RUNTIME_DIR: at('runtime'),
    JUPYTERLAB_SETTINGS_DIR: at('settings'), JUPYTERLAB_WORKSPACES_DIR: at('workspaces'), IPYTHONDIR: at('ipython'),
    UNCERTAINTY_CACHE: at('cache'),
  };
  const options = ['--no-browser', '--allow-root', '--ip=127.0.0.1', `--port=${port}`, '--ServerApp.port_retries=0',
    `--IdentityProvider.token=${token}`, `--ServerApp.root_dir=${at('content')}`, '--expose-app-in-browser'];
  const log = fs.openSync(at('lab.log'), 'w');
  return spawn(PYTHON, ['-m', 'jupyterlab', ...options],
    { env: { ...process.env, ...own }, stdio: ['ignore', log, log] });
}

async function waitForLab(lab, address, token) {
  for (let i = 0; i < 600 && lab.exitCode === null; i += 1) {
    try { if ((await fetch(`${address}/api/status?token=${token}`)).ok) return; } catch { /* not yet */ }
    await sleep(200);
  }
  throw new Error('JupyterLab did not start');
}

// All of it has run: every code cell has a number, and the kernel has nothing to do.
const isDone = () => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = [...panel.content.model.cells].filter((c) => c.type === 'code' && c.sharedModel.source.trim());
  return cells.every((c) => c.executionCount) && panel.sessionContext.session.kernel.status === 'idle';
};
const errorsOfCells = () => [...window.jupyterapp.shell.currentWidget.content.model.cells]
  .filter((c) => c.type === 'code').flatMap((c) => c.outputs.toJSON())
  .filter((o) => o.output_type === 'error').map((o) => `${o.ename}: ${o.evalue}`);

async function answer(page, lines, says) {
  const cell = page.locator('.jp-CodeCell').filter({ hasText: `${lesson.exercise} = check(${lesson.exercise})` }).first();
  await cell.scrollIntoViewIfNeeded();
  await cell.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  const code = ['from uncertainty import check, hint, progress, solution', ...lines,
    `${lesson.exercise} = check(${lesson.exercise})`].join('\n');
  await page.keyboard.insertText(code);
  await page.keyboard.press('Control+Enter');
  await cell.locator('.jp-OutputArea-output').filter({ hasText: says }).first().waitFor({ timeout: 120000 });
  if (pictures) await cell.screenshot({ path: join(pictures, `${title}-${says.slice(0, 12).replace(/\W+/g, '_')}.png`) });
}

async function moveControl(page) {
  const area = page.locator('.jp-Cell-outputArea:has(.jupyter-widgets)').filter({ has: page.locator(lesson.control) }).first();
  await area.scrollIntoViewIfNeeded();
  const picture = area.locator(lesson.picture);
  await picture.first().waitFor({ timeout: 120000 });
  const look = () => picture.evaluateAll((all) => all.map((e) => e.src || e.innerHTML).join('\n'));
  const before = await look();
  if (pictures) await area.screenshot({ path: join(pictures, `${title}-before.png`) });
  const control = area.locator(lesson.control).first();
  if (lesson.control === 'select') {
    await control.selectOption({ index: 1 });
  } else {
    await control.focus();
    for (let i = 0; i < 5; i += 1) await page.keyboard.press('ArrowRight');
  }
  if (lesson.button) await area.getByRole('button', { name: lesson.button }).click();
  for (let i = 0; ; i += 1) {
    const now = await look();
    if (now && now !== before) break;
    if (i > 600) throw new Error('the picture beside the control did not change');
    await sleep(200);
  }
  if (pictures) { await sleep(1000); await area.screenshot({ path: join(pictures, `${title}-after.png`) }); }
}

const port = await freePort();
const address = `http://127.0.0.1:${port}`;
const token = `t${Math.random().toString(36).slice(2)}`;
const { folder, file } = makeFolder();
const lab = startLab(folder, port, token);
let browser;
try {
  await waitForLab(lab, address, token);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
      '--disable-background-networking', '--disable-component-update'],
  });
  const page = await browser.newPage({ viewport: { width: 1200, height: 1500 } });
  page.setDefaultTimeout(120000); // for busy machines
  const errors = []; const outside = [];
  const isInside = (url) => /^(data|blob):/.test(url) || /^(http|ws):\/\/127\.0\.0\.1[:/]/.test(url);
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  page.on('request', (request) => { if (!isInside(request.url())) outside.push(request.url()); });
  page.on('websocket', (socket) => { if (!isInside(socket.url())) outside.push(socket.url()); });
  await page.goto(`${address}/doc/tree/${file}?token=${token}&reset`, { waitUntil: 'domcontentloaded' });
  await page.waitForFunction(() => window.jupyterapp, null, { timeout: 120000 });
  await page.waitForSelector('.jp-NotebookPanel .jp-Cell', { timeout: 120000 });
  await page.evaluate(async () => {
    await window.jupyterapp.restored;
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.context.ready; await panel.sessionContext.ready;
  });
  say('open:', file);
  await page.evaluate(() => {
    const cells = [...window.jupyterapp.shell.currentWidget.content.model.cells];
    for (const cell of cells) if (cell.type === 'code') cell.executionCount = null; // the committed numbers
    window.jupyterapp.commands.execute('notebook:run-all-cells');
  });
  await page.waitForFunction(isDone, null, { timeout: 1800000, polling: 250 });
  const failed = await page.evaluate(errorsOfCells);
  if (failed.length) throw new Error(`cells with an error: ${failed.join('; ')}`);
  say('ran all cells without an error');
  await answer(page, lesson.wrong, lesson.says);
  say(`wrong answer to ${lesson.exercise}, told:`, lesson.says);
  await answer(page, lesson.right, 'right. The cells below use your function.');
  say(`right answer to ${lesson.exercise}, passed`);
  await moveControl(page);
  say('control moved, picture changed');
  const { faults, frame, texts, figures, undescribed } = await auditLesson(page);
  if (faults.length) throw new Error(`not accessible: ${JSON.stringify(faults, null, 1)}`);
  if (undescribed.length) throw new Error(`figures without a description: ${JSON.stringify(undescribed)}`);
  if (!texts) throw new Error('axe-core saw no text in the lesson');
  const others = frame.map(({ rule, count }) => `${rule} ${count}`).join(', ') || 'none';
  say(`accessible: axe-core finds nothing in the lesson, light and dark, with ${texts} texts and ${figures} figures; `
    + `in JupyterLab's own frame: ${others}`);
  if (errors.length) throw new Error(`on the page's console: ${errors.join('; ')}`);
  if (outside.length) throw new Error(`asked for outside of this machine: ${outside.join(' ')}`);
  say('no error on the console, no request outside of 127.0.0.1');
} catch (error) {
  process.exitCode = 1;
  console.error(`FAILED: ${error.message}`);
  console.error(fs.readFileSync(join(folder, 'lab.log'), 'utf8').slice(-1500));
  const page = browser?.contexts()[0]?.pages()[0];
  if (pictures) await page?.screenshot({ path: join(pictures, `${title}-failed.png`) }).catch(() => {});
} finally {
  await browser?.close();
  if (lab.exitCode === null) {
    lab.kill('SIGTERM');
    await Promise.race([once(lab, 'exit'), sleep(8000)]);
    if (lab.exitCode === null && lab.signalCode === null) lab.kill('SIGKILL');
  }
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
