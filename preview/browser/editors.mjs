import assert from 'node:assert/strict';
import { it } from 'node:test';

/** The plugin's own editors, as somebody uses them. */
export function testEditors(the) {
  it('asks a named query that is chosen in the query editor', async () => {
    const view = await the().open('/explore');
    await chooseNamed(view, 'Failed logins by user');
    await view.page.getByRole('button', { name: 'Run query' }).first().click();
    await view.settled();
    const [first] = the().rowsOf('failed_logins_by_user');
    const table = view.panel('Table');
    await table.getByText(first.user).first().waitFor();
    assert.match(view.page.url(), /failed_logins_by_user/);
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  it('chooses a query and runs it with keys alone', async () => {
    const view = await the().open('/explore');
    const { page } = view;
    await tabTo(page, (name) => name === 'Events');
    for (const presses of ['ArrowLeft', 'ArrowLeft']) {
      await page.keyboard.press(presses);
    }
    await page.getByRole('combobox', { name: 'Query' }).waitFor();
    await tabTo(page, (name) => name === 'Query');
    await chooseByKeys(page, 'Clusters by creator');
    await tabTo(page, (name) => name.includes('Run query'));
    await page.keyboard.press('Enter');
    await view.settled();
    await view.panel('Table').getByText('JOB_LAUNCHER').first().waitFor();
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  it('leads from an event to the line that was delivered', async () => {
    const view = await the().open(explorePath(the(), { queryType: 'events', search: 'planted-endless' }));
    const { page } = view;
    await view.panel('Log volume').locator('canvas').first().waitFor();
    await page.getByRole('list', { name: 'Logs' }).getByRole('button').first().click();
    await page.getByRole('link', { name: 'Delivered line' }).click();
    await view.panel('Table').getByText('planted-endless').first().waitFor();
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  it('saves and tests the data source', async () => {
    const view = await the().open('/datasources/edit/auditlake');
    const { page } = view;
    const lake = page.getByLabel(/^Lake/).first();
    const good = await lake.inputValue();
    await page.getByRole('button', { name: 'Save & test' }).click();
    await view.settled();
    // Beside gold: bronze, silver, quarantine, runs, identities.
    const tables = Object.keys(the().truth.layers.gold).length + 5;
    assert.match(
      await page.getByRole('status').first().innerText(),
      new RegExp(`^Auditlake is ready: 1 source with deliveries until [-0-9]{10}, lake with ${tables} tables, last run`)
    );
    assert.deepEqual(view.problems, []);

    await lake.fill('relative/to/nothing');
    await page.getByRole('button', { name: 'Save & test' }).click();
    await page.getByRole('alert', { name: /^The data source settings need a change: lake/ }).waitFor();
    await page.getByRole('alert', { name: 'The state could not be read' }).waitFor();

    await lake.fill(good);
    await page.getByRole('button', { name: 'Save & test' }).click();
    for (const name of [/^The data source settings need/, 'The state could not be read']) {
      await page.getByRole('alert', { name }).waitFor({ state: 'detached' });
    }
    await view.settled();
    await view.close();
  });

  it('does not let a viewer change the data source', async () => {
    const view = await the().open('/datasources/edit/auditlake?role=Viewer');
    await view.page.getByRole('button', { name: 'Save & test' }).click();
    await view.page.getByRole('alert').getByText('data sources are changed by administrators').waitFor();
    await view.close();
  });
}

/** The path of Explore with a query over everything that was generated. */
export function explorePath({ range }, query) {
  const { from, to } = range;
  const pane = {
    datasource: 'auditlake',
    queries: [{ refId: 'A', ...query }],
    range: { from: String(from), to: String(to) },
  };
  return `/explore?${new URLSearchParams({ schemaVersion: '1', panes: JSON.stringify({ a: pane }) })}`;
}

/** Runs what is in the editor, and waits for the answer. */
export async function runQuery(view) {
  await view.page.getByRole('button', { name: 'Run query' }).click();
  await view.settled();
}

/** Chooses one of a group of radio buttons, whose labels lie on top of them. */
export async function chooseRadio(page, name) {
  await page.getByRole('radio', { name, exact: true }).focus();
  await page.keyboard.press('Space');
}

/** Chooses an option of a combobox. */
export async function choose(page, box, name) {
  await box.click();
  await page.keyboard.type(name);
  await page.getByRole('option', { name, exact: true }).first().click();
}

/** Replaces the statement in the editor. */
export async function write(page, text) {
  await page.locator('.monaco-editor .view-lines').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(text);
  await page.keyboard.press('Escape');
}

/** Waits until the statement in the editor is this one. */
export async function waitForStatement(page, want) {
  const deadline = Date.now() + 20_000;
  while ((await statementOf(page)) !== want && Date.now() < deadline) {
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
  }
  assert.equal(await statementOf(page), want);
}

/** The statement in the editor, of which all lines are drawn. */
async function statementOf(page) {
  const lines = await page
    .locator('.monaco-editor .view-line')
    .evaluateAll((all) =>
      all
        .map((one) => ({ top: parseFloat(one.style.top), text: one.textContent.replaceAll('\u00a0', ' ') }))
        .sort((a, b) => a.top - b.top)
    );
  return lines.map(({ text }) => text).join('\n');
}

/** Chooses a named query by its title, with the keyboard. */
async function chooseNamed({ page }, title) {
  const kind = page.getByRole('radio', { name: 'Named query' });
  if ((await kind.count()) > 0) {
    await kind.focus();
    await page.keyboard.press('Space');
  }
  const box = page.getByRole('combobox', { name: /Query/ }).first();
  await box.focus();
  await chooseByKeys(page, title);
}

async function chooseByKeys(page, title) {
  await page.keyboard.press('Enter');
  await page.keyboard.type(title);
  await page.getByRole('option', { name: title }).first().waitFor();
  await page.keyboard.press('Enter');
}

/** Presses Tab until the element with the focus has such a name. */
export async function tabTo(page, wanted) {
  const seen = [];
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      const at = document.activeElement;
      return at?.getAttribute('aria-label') ?? at?.labels?.[0]?.textContent ?? at?.textContent ?? '';
    });
    if (wanted(name)) {
      return;
    }
    seen.push(name.slice(0, 40));
  }
  throw new Error(`the keyboard does not get there, only to ${seen.join(' | ')}`);
}
