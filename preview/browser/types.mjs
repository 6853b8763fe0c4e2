import assert from 'node:assert/strict';
import { it } from 'node:test';

const inTable = (text) => (view) => view.panel('Table').getByText(text).first();

/** A query of each type, what its editor has that no other does, and the answer as it is shown. */
const types = [
  {
    label: 'Named query',
    query: { queryType: 'named', named: 'clusters_by_creator' },
    part: (page) => page.getByRole('combobox', { name: 'Query', exact: true }),
    answer: inTable('JOB_LAUNCHER'),
  },
  {
    label: 'SQL',
    query: { queryType: 'sql', sql: "select 'SQL has ' || 'an answer' as words from silver limit 1", format: 'table' },
    part: (page) => page.locator('.monaco-editor').first(),
    answer: inTable('SQL has an answer'),
  },
  {
    label: 'Events',
    query: { queryType: 'events', search: 'planted-endless' },
    part: (page) => page.getByLabel('Search', { exact: true }),
    answer: ({ page }) => page.getByRole('list', { name: 'Logs' }).getByRole('button').first(),
  },
  {
    label: 'Pipeline',
    query: { queryType: 'pipeline' },
    part: (page) => page.getByRole('radiogroup', { name: 'View of the pipeline' }),
    answer: inTable('quarantine'),
  },
];

/** The editor of every type opens, and its query is answered. */
export function testTypes(the) {
  for (const { label, query, part, answer } of types) {
    it(`opens the editor of ${label} and runs its query`, async () => {
      const { from, to } = the().range;
      const queries = [{ refId: 'A', ...query }];
      const panes = { a: { datasource: 'auditlake', queries, range: { from: String(from), to: String(to) } } };
      const view = await the().open(
        `/explore?${new URLSearchParams({ schemaVersion: '1', panes: JSON.stringify(panes) })}`
      );
      const { page } = view;
      assert.ok(await page.getByRole('radio', { name: label, exact: true }).isChecked());
      await part(page).waitFor();
      await answer(view).waitFor();
      assert.deepEqual(view.problems, []);
      await view.close();
    });
  }
}
