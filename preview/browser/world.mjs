// What all browser tests look at: a lake of generated logs, the preview over it
// and a browser. Everything is made anew in a temporary folder and gone at the end.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const auditlake = join(root, 'bin', process.platform === 'win32' ? 'auditlake.exe' : 'auditlake');
const run = promisify(execFile);

/** The built pages, by the React that draws them. */
const pages = { 19: 'preview/dist', 18: 'preview/react18/dist' };

/** The React to test with, from AUDITLAKE_REACT. */
export const react = process.env.AUDITLAKE_REACT || '19';
if (!(react in pages)) {
  throw new Error(`AUDITLAKE_REACT is one of ${Object.keys(pages).join(', ')}, and not ${react}`);
}

/** The dashboards' JSON, as it is served. */
export async function readDashboards() {
  const folder = join(root, 'provisioning', 'dashboards');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8'))));
}

/** All panels of a dashboard but rows, those of collapsed rows too. */
export const panelsOf = ({ panels }) =>
  panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]).filter(({ type }) => type !== 'row');

export class World {
  /** Generates 30 days with something to find for every query, brings them into a lake and starts everything. */
  static async make() {
    const world = new World();
    world.dir = await mkdtemp(join(tmpdir(), 'auditlake-browser-'));
    const logs = join(world.dir, 'logs');
    /** Where deliveries are. */
    world.logs = logs;
    const lake = join(world.dir, 'lake');
    await run(auditlake, ['generate', '--out', logs, '--scenario', 'detections', '--events-per-day', '500']);
    await run(auditlake, ['etl', '--source', logs, '--lake', lake]);
    world.truth = JSON.parse(await readFile(join(logs, 'truth.json'), 'utf8'));
    const start = Date.parse(world.truth.config.start);
    /** All that was generated, in milliseconds. */
    world.range = { from: start - 86_400_000, to: start + (world.truth.config.days + 2) * 86_400_000 };
    world.dashboards = await readDashboards();
    await world.show(lake, logs);
    return world;
  }

  /** The lake of the documentation's pictures, which is the same each time; its clock stands at `now`. */
  static async still() {
    const world = new World();
    world.dir = await mkdtemp(join(tmpdir(), 'auditlake-pictures-'));
    const { stdout } = await run(auditlake, ['still', '--dir', world.dir]);
    world.now = Date.parse(stdout.trim().split(' ').at(-1));
    world.dashboards = await readDashboards();
    await world.show(join(world.dir, 'lake'), join(world.dir, 'logs'));
    return world;
  }

  async show(lake, logs) {
    await this.serve(lake, logs);
    this.browser = await chromium.launch({
      executablePath: process.env.AUDITLAKE_CHROMIUM ?? '/usr/bin/chromium',
      // Chromium's sandbox does not run as root.
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    });
  }

  async serve(lake, logs) {
    // A schedule, so that the ETL can be started; at its first run there is nothing new.
    const paths = ['--page', pages[react], '--lake', lake, '--source', logs, '--schedule', '24h'];
    this.server = spawn(auditlake, ['preview', '--address', '127.0.0.1:0', ...paths], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    this.server.stderr.on('data', (text) => {
      log = (log + text).slice(-10_000);
    });
    for await (const line of createInterface({ input: this.server.stdout })) {
      if (line.startsWith('Preview: ')) {
        this.url = line.slice('Preview: '.length).replace(/\/$/, '');
        return;
      }
    }
    throw new Error(`the preview has not started:\n${log}`);
  }

  async end() {
    await this.browser?.close();
    if (this.server && this.server.exitCode === null) {
      const ended = new Promise((resolve) => this.server.once('exit', resolve));
      this.server.kill('SIGINT');
      await ended;
    }
    await rm(this.dir, { recursive: true, force: true });
  }

  /** The rows of a named query with these parameters over everything, or nothing where the truth does not have them. */
  rowsOf(named, params = {}) {
    const same = (given) =>
      JSON.stringify(Object.entries(given).sort()) === JSON.stringify(Object.entries(params).sort());
    const found = (this.truth.queries[named] ?? []).find((one) => one.from === '' && one.to === '' && same(one.params));
    return found?.rows;
  }

  /** A page that remembers what went wrong in it and which queries are under way. */
  async open(path, { width = 1280, height = 900, theme = 'dark' } = {}) {
    const page = await this.browser.newPage({ viewport: { width, height }, colorScheme: theme });
    const problems = [];
    page.on('console', (message) => {
      if (message.type() === 'error') {
        problems.push(`console: ${message.text()}`);
      }
    });
    page.on('pageerror', (error) => problems.push(`error: ${error.stack ?? error}`));
    page.on('response', (response) => {
      if (response.status() >= 400) {
        problems.push(`${response.status()} ${response.url()}`);
      }
    });
    const view = new View(page, problems);
    await page.goto(this.url + path);
    await view.settled();
    return view;
  }
}

/** How long a page has to ask nothing until it counts as drawn, in ms. */
const quiet = 700;

class View {
  constructor(page, problems) {
    this.page = page;
    this.problems = problems;
    this.asking = new Set();
    this.last = Date.now();
    page.on('request', (request) => {
      // A stream never ends.
      if (!request.url().includes('/api/live/')) {
        this.asking.add(request);
      }
    });
    const answered = (request) => {
      this.asking.delete(request);
      this.last = Date.now();
    };
    page.on('requestfinished', answered);
    page.on('requestfailed', answered);
  }

  /** Waits until everything that was asked for is answered and drawn. */
  async settled() {
    const deadline = Date.now() + 60_000;
    await this.page.locator('main h1').first().waitFor();
    this.last = Date.now();
    while (this.asking.size > 0 || Date.now() - this.last < quiet) {
      if (Date.now() > deadline) {
        throw new Error(`still asking: ${[...this.asking].map((request) => request.url()).join(', ')}`);
      }
      const before = Date.now();
      await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      // A page that is busy has not asked yet what it is going to.
      this.last = Math.max(this.last, Date.now() - before > 200 ? Date.now() : 0);
      await this.page.waitForTimeout(50);
    }
  }

  /** The panel with this title. */
  panel(title) {
    return this.page.locator(`section[data-testid="data-testid Panel header ${title}"]`);
  }

  close() {
    return this.page.close();
  }
}

/** The URL of a dashboard, tall enough that all its panels are drawn. */
export function dashboardPath({ uid }, params = {}) {
  return `/d/${uid}?${new URLSearchParams(params)}`;
}

export const heightOf = (dashboard) => Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h)) * 38 + 500;
