import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { it } from 'node:test';
import { dashboardPath, heightOf, panelsOf, react } from './world.mjs';

const pictures = fileURLToPath(new URL(`../screenshots/${react === '19' ? '' : `react${react}/`}`, import.meta.url));

/** Every dashboard, in these themes and widths: drawn without an error, and a picture of it. */
export function testDashboards(the, dashboards, { themes, widths }) {
  for (const dashboard of dashboards) {
    for (const theme of themes) {
      for (const width of widths) {
        it(`draws ${dashboard.title}, ${theme}, ${width} wide`, async () => {
          const { from, to } = the().range;
          const view = await the().open(dashboardPath(dashboard, { theme, from, to }), {
            width,
            height: heightOf(dashboard),
            theme,
          });
          await mkdir(pictures, { recursive: true });
          await view.page.screenshot({ path: `${pictures}${dashboard.uid}-${theme}-${width}.png` });
          await assertDrawn(view, dashboard);
          await view.close();
        });
      }
    }
  }
}

async function assertDrawn({ page, problems }, dashboard) {
  const open = dashboard.panels.filter(({ type }) => type !== 'row');
  const sections = page.locator('section[data-testid^="data-testid Panel header"]');
  assert.equal(await sections.count(), open.length, 'panels');
  assert.deepEqual(await page.getByTestId('data-testid Panel status error').all(), [], 'panels with an error');
  const blank = await sections.evaluateAll((all) =>
    all
      .filter((one) => {
        const content = one.querySelector('[data-testid="data-testid panel content"]');
        return !content?.textContent?.trim() && !content?.querySelector('canvas, svg, [role="grid"]');
      })
      .map((one) => one.getAttribute('data-testid'))
  );
  assert.deepEqual(blank, [], 'panels that show nothing');
  assert.deepEqual(problems, []);
  assert.ok(panelsOf(dashboard).length > 0);
}
