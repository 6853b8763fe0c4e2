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
    await chooseNamed(view, 'Clusters by creator');
    await tabTo(page, (name) => name.includes('Run query'));
    await page.keyboard.press('Enter');
    await view.settled();
    await view.panel('Table').getByText('JOB_LAUNCHER').first().waitFor();
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  it('leads from an event to the line that was delivered', async () => {
    const { from, to } = the().range;
    const queries = [{ refId: 'A', queryType: 'events', search: 'planted-endless' }];
    const panes = { a: { datasource: 'auditlake', queries, range: { from: String(from), to: String(to) } } };
    const view = await the().open(
      `/explore?${new URLSearchParams({ schemaVersion: '1', panes: JSON.stringify(panes) })}`
    );
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
    const { bronze, silver } = the().truth.layers;
    assert.match(
      await page.getByRole('status').first().innerText(),
      new RegExp(`${bronze} delivered lines and ${silver} events`)
    );
    assert.deepEqual(view.problems, []);

    await lake.fill('relative/to/nothing');
    await page.getByRole('button', { name: 'Save & test' }).click();
    await page.getByRole('alert').filter({ hasText: /lake/i }).waitFor();

    await lake.fill(good);
    await page.getByRole('button', { name: 'Save & test' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
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

/** Chooses a named query by its title, with the keyboard. */
async function chooseNamed({ page }, title) {
  const kind = page.getByRole('radio', { name: 'Named query' });
  if ((await kind.count()) > 0) {
    await kind.focus();
    await page.keyboard.press('Space');
  }
  const box = page.getByRole('combobox', { name: /Query/ }).first();
  await box.focus();
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
      return at?.getAttribute('aria-label') ?? at?.textContent ?? '';
    });
    if (wanted(name)) {
      return;
    }
    seen.push(name.slice(0, 40));
  }
  throw new Error(`the keyboard does not get there, only to ${seen.join(' | ')}`);
}
