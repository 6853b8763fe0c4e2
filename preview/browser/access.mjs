import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { it } from 'node:test';
import { tabTo } from './editors.mjs';
import { dashboardPath, heightOf } from './world.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/**
 * What axe has against parts of Grafana's packages as they are, by rule and the place where it may be. Nothing of ours
 * is among them, and every other place counts. Contrast is not asked of the values in panels: thresholds have the
 * colours of Grafana's palette, and its orange on white is too light for axe.
 */
const grafanas = {
  // The title of a row is a heading without a level.
  'aria-required-attr': /<span[^>]* role="heading">/,
  // The pickers say more to a screen reader than they show; a row says the name of its variable, and an entry of a
  // legend in a line which series are chosen.
  'label-content-name-mismatch':
    /data-testid (TimePicker Open Button|RefreshPicker interval button|dashboard-row-title)|-LegendLabel"/,
};

/** Who has no mouse or does not see well gets on too. */
export function testAccess(the, dashboards) {
  const pages = [
    ['the list of dashboards', '/', 900],
    ['Explore', '/explore', 900],
    ['the data source', '/datasources/edit/auditlake', 2000],
    ...dashboards.map((one) => [one.title, dashboardPath(one, {}), heightOf(one)]),
  ];
  for (const theme of ['dark', 'light']) {
    for (const [name, path, height] of pages) {
      it(`axe finds nothing serious on ${name}, ${theme}`, async () => {
        const view = await the().open(`${path}${path.includes('?') ? '&' : '?'}theme=${theme}`, { height, theme });
        await view.page.addScriptTag({ path: axe });
        const violations = await view.page.evaluate(async () => {
          const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
          return violations
            .filter(({ impact }) => impact === 'serious' || impact === 'critical')
            .flatMap(({ id, help, nodes }) =>
              nodes.map(({ html, target }) => {
                const at = document.querySelector(target[0]);
                return { id, help, html, value: Boolean(at?.closest('[data-testid="data-testid panel content"]')) };
              })
            );
        });
        const serious = violations
          .filter(({ id, html, value }) => !grafanas[id]?.test(html) && !(id === 'color-contrast' && value))
          .map(({ id, help, html }) => `${id}: ${help}: ${html.slice(0, 300)}`);
        assert.deepEqual(serious, []);
        await view.close();
      });
    }
  }

  it('leads from the first page to a dashboard and its time range with keys alone', async () => {
    const view = await the().open('/');
    const { page } = view;
    await tabTo(page, (name) => name === dashboards[0].title);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: dashboards[0].title }).waitFor();
    await view.settled();
    await tabTo(page, (name) => name.startsWith('Time range selected'));
    await page.keyboard.press('Enter');
    await page.getByText('Last 24 hours').waitFor();
    // The button keeps the focus as long as its tip is shown.
    await page.keyboard.press('Tab');
    await page.locator('input:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Last 24 hours').waitFor({ state: 'detached' });
    assert.deepEqual(view.problems, []);
    await view.close();
  });
}
