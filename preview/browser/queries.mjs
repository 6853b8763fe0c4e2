import assert from 'node:assert/strict';
import { it } from 'node:test';
import { choose, chooseRadio, explorePath, runQuery, waitForStatement, write } from './editors.mjs';

/** The builder and the editor of SQL, and what was executed. */
export function testQueries(the) {
  it('builds a question, answers it, and goes to SQL and not back without a warning', async () => {
    const view = await the().open(explorePath(the(), { queryType: 'sql' }));
    const { page } = view;
    await chooseRadio(page, 'Builder');
    await choose(page, page.getByLabel('Table', { exact: true }), 'clusters');
    await choose(page, page.getByLabel('Group by', { exact: true }), 'creator');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Add filter' }).click();
    const filter = page.getByRole('group', { name: 'Filters new' });
    await choose(page, filter.getByLabel('Key'), 'actionName');
    await choose(page, filter.getByLabel('Value'), 'create');
    await page.getByLabel('Statement').getByText("actionName = 'create'").waitFor();
    await runQuery(view);
    const creators = the().rowsOf('clusters_by_creator');
    const table = (await view.panel('Table').innerText()).split('\n').map((text) => text.trim());
    const shown = creators.map(({ creator }) => ({ creator, num_clusters: Number(table[table.indexOf(creator) + 1]) }));
    assert.deepEqual(shown, creators, table.join('\n'));

    await chooseRadio(page, 'Code');
    await page.locator('.view-line', { hasText: 'FROM clusters' }).waitFor();
    await write(page, 'select 1 as one from clusters limit 1');
    await chooseRadio(page, 'Builder');
    const dialog = page.getByRole('dialog', { name: 'Back to the builder' });
    await dialog.getByText('The builder does not read SQL').waitFor();
    await dialog.getByRole('button', { name: 'Keep the statement' }).click();
    await dialog.waitFor({ state: 'detached' });
    await waitForStatement(page, 'select 1 as one from clusters limit 1');
    await chooseRadio(page, 'Builder');
    await page.getByRole('button', { name: 'Replace the statement' }).click();
    await page.getByLabel('Statement').getByText('FROM clusters').waitFor();
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  it('shows all values of a filter that there is room for', async () => {
    const values = ['create', 'delete'];
    const filters = [{ key: 'actionName', operator: '=|', value: values[0], values }];
    const view = await the().open(explorePath(the(), { queryType: 'events', filters }));
    const filter = view.page.getByRole('group', { name: 'Filters 1' });
    for (const value of values) {
      await filter.getByText(value, { exact: true }).waitFor();
    }
    await view.close();
  });

  it('completes tables, columns, functions and macros', async () => {
    const view = await the().open(explorePath(the(), { queryType: 'sql' }));
    const { page } = view;
    const cases = [
      {
        text: 'select * from ',
        typed: 'clusterlib',
        label: 'clusterlibraries',
        // A blank, after which more is offered.
        want: 'select * from clusterlibraries ',
      },
      {
        text: 'select  from silver',
        back: 12,
        typed: 'actionN',
        label: 'actionName',
        want: 'select actionName from silver',
      },
      {
        text: 'select  from silver',
        back: 12,
        typed: 'count_i',
        label: 'count_if',
        want: 'select count_if() from silver',
      },
      {
        text: 'select * from silver where ',
        typed: '$__timeFil',
        label: '$__timeFilter',
        want: 'select * from silver where $__timeFilter()',
      },
    ];
    for (const { text, back = 0, typed, label, want } of cases) {
      await write(page, text);
      for (let presses = 0; presses < back; presses++) {
        await page.keyboard.press('ArrowLeft');
      }
      const suggestions = page.locator('.suggest-widget.visible .monaco-list-row');
      await page.keyboard.press('Control+Space');
      await suggestions.first().waitFor();
      await page.keyboard.type(typed);
      await suggestions.filter({ hasText: label }).first().waitFor();
      await page.keyboard.press('Enter');
      await waitForStatement(page, want);
      await page.keyboard.press('Escape');
    }
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  it('formats a statement, with a chunk that is loaded from where the plugin is', async () => {
    const sql =
      "select serviceName, count(*) as n from silver where $__timeFilter(date_time) and email = '$user' group by 1";
    const view = await the().open(explorePath(the(), { queryType: 'sql', sql }));
    const { page } = view;
    const chunk = page.waitForResponse((response) => /\/public\/plugins\/[\w-]+\/\d+\.js/.test(response.url()));
    await page.getByRole('button', { name: 'Format' }).click();
    assert.equal((await chunk).status(), 200);
    await waitForStatement(
      page,
      "select\n  serviceName,\n  count(*) as n\nfrom\n  silver\nwhere\n  $__timeFilter(date_time)\n  and email = '$user'\ngroup by\n  1"
    );
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  it('shows what was executed, without macros, and its plan', async () => {
    const sql = 'select count(*) as n from silver where $__timeFilter(date_time)';
    const view = await the().open(explorePath(the(), { queryType: 'sql', sql }));
    const { page } = view;
    await view.panel('Table').getByText(String(the().truth.layers.silver)).waitFor();
    await page.getByRole('button', { name: 'What was executed' }).click();
    const text = await page.getByRole('region', { name: 'What was executed' }).innerText();
    assert.match(text, /date_time >= TIMESTAMP '20\d\d-/);
    assert.match(text, /^ *scan silver/m);
    assert.doesNotMatch(text, /\$__/);
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  it('says at which line and column a statement is wrong', async () => {
    const sql = 'select serviceName\nfrm silver';
    const view = await the().open(explorePath(the(), { queryType: 'sql', sql }));
    await view.page.getByRole('alert').getByText('line 2, column 5').waitFor();
    await view.close();
  });

  it('has help, whose examples are asked at a click', async () => {
    const view = await the().open(explorePath(the(), { queryType: 'events', search: 'nothing-has-this' }));
    const { page } = view;
    await page.getByRole('button', { name: 'Help' }).click();
    await page.getByRole('button', { name: 'How many clusters were created, and by whom?' }).click();
    const [first] = the().rowsOf('clusters_by_creator');
    await view.panel('Table').getByText(String(first.num_clusters), { exact: true }).first().waitFor();
    assert.deepEqual(view.problems, []);
    await view.close();
  });
}
