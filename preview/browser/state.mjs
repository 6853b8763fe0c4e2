import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { explorePath } from './editors.mjs';

const number = (value) => value.toLocaleString('en-US');

/** The state of the data source and of its ETL. It comes last: it brings a delivery in that the truth does not have. */
export function testState(the) {
  it('shows what is in the source and in the lake', async () => {
    const { bronze, silver } = the().truth.layers;
    const view = await the().open('/datasources/edit/auditlake', { height: 2400 });
    const { page } = view;
    await page.getByRole('button', { name: 'Look at each part' }).click();
    const parts = page.getByRole('list', { name: 'Parts of the data source' });
    await parts.getByText(`${bronze} delivered lines and ${silver} events`).waitFor();
    for (const name of ['Settings', 'Source', 'Lake', 'Writing to the lake', 'Schedule']) {
      await parts.getByText(`${name}: works`, { exact: true }).waitFor();
    }
    const tables = page.getByRole('table', { name: 'Tables' });
    await tables.getByRole('row', { name: new RegExp(`^silver ${number(silver)} `) }).waitFor();
    assert.equal(await tables.getByRole('row', { name: /^workspacefiles / }).count(), 0);
    await page.getByRole('button', { name: /^Show all \d+ tables$/ }).click();
    const { clusters } = the().truth.layers.gold;
    await tables.getByRole('row', { name: new RegExp(`^clusters ${number(clusters)} `) }).waitFor();
    await tables.getByRole('row', { name: /^workspacefiles / }).waitFor();
    const { files, lines } = the().truth.source;
    await page
      .getByRole('table', { name: 'Last runs' })
      .getByRole('row', { name: new RegExp(`succeeded ${number(files)} ${number(lines)}`) })
      .waitFor();
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  it('has no buttons for a viewer', async () => {
    const view = await the().open('/datasources/edit/auditlake?role=Viewer', { height: 2400 });
    const { page } = view;
    await page.getByText('The ETL waits for its next run.').waitFor();
    for (const name of ['Run now', 'Optimize', 'Replay']) {
      assert.equal(await page.getByRole('button', { name }).count(), 0, name);
    }
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  it('asks before a replay', async () => {
    const view = await the().open('/datasources/edit/auditlake', { height: 2400 });
    const { page } = view;
    await page.getByRole('button', { name: 'Replay' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay' });
    await dialog.getByText('Builds silver, quarantine and gold anew').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('The ETL waits for its next run.').waitFor();
    await view.close();
  });

  it('starts a run that then is among the last ones', async () => {
    await deliver(the().logs);
    const view = await the().open('/datasources/edit/auditlake', { height: 2400 });
    const { page } = view;
    await page.getByRole('button', { name: 'Run now' }).click();
    await page
      .getByRole('table', { name: 'Last runs' })
      .getByRole('row', { name: /succeeded 1 1\b/ })
      .waitFor();
    const bronze = number(the().truth.layers.bronze + 1);
    await page
      .getByRole('table', { name: 'Tables' })
      .getByRole('row', { name: new RegExp(`^bronze ${bronze} `) })
      .waitFor();
    await page.getByText(/Last run: ended well/).waitFor();
    assert.deepEqual(view.problems, []);
    await view.close();

    const runs = await the().open(explorePath(the(), { queryType: 'pipeline', view: 'runs' }));
    await runs.page.getByRole('status').getByText('2 rows').waitFor();
    assert.deepEqual(runs.problems, []);
    await runs.close();
  });
}

/** Delivers the first line of the newest file once more, in a file of its own. */
async function deliver(logs) {
  const names = (await readdir(logs, { recursive: true })).filter((name) => /date=.*\.json$/.test(name));
  const date = (name) => /date=([\d-]+)/.exec(name)[1];
  const newest = names.sort((a, b) => date(a).localeCompare(date(b))).at(-1);
  const [line] = (await readFile(join(logs, newest), 'utf8')).split('\n');
  await writeFile(join(logs, dirname(newest), 'zz-one-more.json'), `${line}\n`);
}
