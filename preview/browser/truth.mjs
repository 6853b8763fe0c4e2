import assert from 'node:assert/strict';
import { it } from 'node:test';
import { dashboardPath, heightOf, panelsOf } from './world.mjs';

/** How many panels have to be compared at least, so that the comparison cannot silently have nothing to compare. */
const least = 6;

/** The numbers on screen are those that the logs were generated with. */
export function testTruth(the, dashboards) {
  it('shows the numbers that the logs were generated with', async () => {
    const compared = [];
    for (const dashboard of dashboards) {
      const panels = panelsOf(dashboard)
        .map((panel) => ({ panel, rows: expected(the(), panel) }))
        .filter(({ rows }) => rows?.length > 0);
      const view = await the().open(dashboardPath(dashboard, the().range), {
        width: 1920,
        height: heightOf(dashboard),
      });
      for (const { panel, rows } of panels) {
        if ((await view.panel(panel.title).count()) === 1) {
          await compare(view.panel(panel.title), panel, rows, dashboard.title);
          compared.push(`${panel.type} ${panel.title}`);
        }
      }
      await view.close();
    }
    assert.ok(compared.length >= least, `only ${compared.join(', ')}`);
  });

  it('marks annotations in panels over time', async () => {
    const dashboard = dashboards.find(
      (one) =>
        one.annotations?.list?.some(({ builtIn }) => !builtIn) && one.panels.some(({ type }) => type === 'timeseries')
    );
    assert.ok(dashboard, 'no dashboard has annotations');
    const view = await the().open(dashboardPath(dashboard, the().range), { width: 1920, height: heightOf(dashboard) });
    const mark = dashboard.annotations.list.find(({ builtIn }) => !builtIn);
    if (!mark.enable) {
      await view.page.getByLabel(mark.name, { exact: true }).click({ force: true });
      await view.settled();
    }
    assert.ok((await view.page.getByTestId('annotation mark').count()) > 0);
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  it('shows the owner of the job that is chosen', async () => {
    const { job_id: job, rows } = the().truth.panels.job_owner;
    const { dashboard, panel } = find(dashboards, 'job_owner');
    const [, name] = /\$\{?(\w+)/.exec(panel.targets[0].params.job_id);
    const view = await the().open(dashboardPath(dashboard, { ...the().range, [`var-${name}`]: '1' }), {
      height: heightOf(dashboard),
    });
    const owner = view.page.locator('section', { hasText: /^Owner of job/ });
    assert.ok(!(await owner.innerText()).includes(rows[0].userId), 'the owner is shown before the job is chosen');
    await choose(
      view,
      dashboard.templating.list.find((one) => one.name === name),
      job
    );
    await view.settled();
    assert.match(await owner.innerText(), new RegExp(rows[0].userId));
    assert.match(view.page.url(), new RegExp(`var-${name}=${job}`));
    assert.deepEqual(view.problems, []);
    await view.close();
  });
}

/** Changes a variable as a user does. */
async function choose({ page }, { label, name, type }, value) {
  const box = page.getByTestId(`data-testid Dashboard template variables submenu Label ${label || name}`).locator('..');
  const input = box.locator('input').first();
  if (type === 'textbox') {
    await input.fill(value);
    await input.press('Enter');
    return;
  }
  await input.click();
  await page.keyboard.type(value);
  await page.getByRole('option', { name: value, exact: true }).first().click();
}

function find(dashboards, named) {
  for (const dashboard of dashboards) {
    const panel = panelsOf(dashboard).find(({ targets }) => targets?.some((one) => one.named === named));
    if (panel) {
      return { dashboard, panel };
    }
  }
  throw new Error(`no panel asks ${named}`);
}

/**
 * The rows that a panel's query has in truth. Nothing for panels of several queries, of variables, and of parameters
 * for which the truth has no answer; a limit only says how many there are.
 */
function expected(world, { type, targets, title = '' }) {
  if (targets?.length !== 1 || targets[0].queryType !== 'named' || !['stat', 'barchart', 'table'].includes(type)) {
    return undefined;
  }
  const { limit, ...params } = targets[0].params ?? {};
  if (title.includes('$') || Object.values(params).some((value) => value.includes('$'))) {
    return undefined;
  }
  return world.rowsOf(targets[0].named, params)?.slice(0, limit ? Number(limit) : undefined);
}

async function compare(section, panel, rows, dashboard) {
  const where = `${dashboard}, ${panel.title}`;
  const shown = await section.getByTestId('data-testid panel content').innerText();
  if (panel.type === 'stat') {
    const want = reduced(panel, rows);
    if (want !== undefined) {
      assert.equal(numberOf(shown), want, where);
    }
    return;
  }
  // Tables draw the rows that there is room for, in an order of their own.
  const texts = shown.split('\n').map((text) => text.trim());
  const hidden = panel.fieldConfig.overrides
    .filter(({ properties }) => properties.some(({ id, value }) => id === 'custom.hideFrom' && value.viz))
    .map(({ matcher }) => matcher.options);
  const seen = rows.filter((row) =>
    Object.entries(row)
      .filter(([name]) => !hidden.includes(name))
      .map(([, value]) => value)
      .filter((value) => typeof value === 'string' && !/^\d{4}-\d\d-\d\d/.test(value) && value !== '')
      .every((value) => texts.includes(value))
  );
  assert.ok(
    seen.length > 0,
    `${where}: none of the rows is shown as it is, such as ${JSON.stringify(rows[0])} in\n${shown}`
  );
  if (panel.type === 'barchart') {
    const numbers = rows.map((row) => Object.values(row).find((value) => typeof value === 'number'));
    for (const number of numbers.slice(0, 5)) {
      assert.ok(
        texts.some((text) => numberOf(text) === number),
        `${where}: no bar has ${number} in\n${shown}`
      );
    }
  }
}

/** What a stat panel makes of the rows; nothing where its unit or mappings rewrite it. */
function reduced({ options, fieldConfig }, rows) {
  const { calcs = [], fields } = options.reduceOptions;
  const { unit, mappings = [], decimals = 0 } = fieldConfig.defaults;
  if (!['short', 'locale', 'none', undefined].includes(unit) || decimals > 0) {
    return undefined;
  }
  const matches = (key) => (/^\/.*\/$/.test(fields) ? new RegExp(fields.slice(1, -1)).test(key) : true);
  const keys = Object.keys(rows[0]).filter((key) => matches(key) && (fields || typeof rows[0][key] === 'number'));
  if (keys.length !== 1) {
    return undefined;
  }
  const values = rows.map((row) => row[keys[0]]);
  // As Grafana counts: values that are there.
  const value = {
    count: values.filter((one) => one !== null).length,
    countAll: values.length,
    sum: values.reduce((a, b) => a + b, 0),
    lastNotNull: values.at(-1),
  }[calcs[0]];
  const mapped = mappings.some(({ type, options: texts }) => type === 'value' && String(value) in texts);
  return typeof value === 'number' && value < 1000 && !mapped ? value : undefined;
}

const numberOf = (text) => Number(text.replaceAll(',', '').trim());
