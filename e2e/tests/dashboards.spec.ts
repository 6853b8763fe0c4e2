import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Answer } from './answer';
import { expect, test } from './fixtures';

const folder = join(__dirname, '../../provisioning/dashboards');
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

interface Dashboard {
  uid: string;
  panels: Array<{ type: string }>;
}

test.describe('dashboards', () => {
  // Panels are drawn when they come into view: here all of them are.
  test.use({ viewport: { width: 1600, height: 6000 } });

  for (const fileName of files) {
    test(`${fileName} is drawn without an error`, async ({
      page,
      gotoDashboardPage,
      readProvisionedDashboard,
      selectors,
    }) => {
      const failed: string[] = [];
      page.on('response', async (response) => {
        if (response.url().includes(selectors.apis.DataSource.query) && response.status() >= 400) {
          failed.push(await response.text());
        }
      });
      // The fixture reads all of the file, and its type is of the first lines alone.
      const { uid, panels } = (await readProvisionedDashboard({ fileName })) as Dashboard;
      const dashboard = await gotoDashboardPage({ uid });
      const { title } = selectors.components.Panels.Panel;
      await expect(dashboard.getByGrafanaSelector(title(''), { startsWith: true })).toHaveCount(
        panels.filter(({ type }) => type !== 'row').length
      );
      await dashboard.waitForPanelsQueriesToComplete();
      await expect(dashboard).not.toHavePanelErrors();
      expect(failed).toEqual([]);
    });
  }
});

test('a variable offers what is in the lake', async ({ page, gotoDashboardPage, selectors }) => {
  const dashboard = await gotoDashboardPage({ uid: 'auditlake-clusters' });
  const { submenuItemLabels } = selectors.pages.Dashboard.SubMenu;
  await dashboard.getByGrafanaSelector(submenuItemLabels('User')).locator('..').locator('input').first().click();
  // Beside All there are users.
  await expect.poll(() => page.getByRole('option').count()).toBeGreaterThan(2);
});

test('an ad-hoc filter reaches the queries of panels', async ({ page, gotoDashboardPage, selectors }) => {
  const asked = page.waitForRequest(
    (request) =>
      request.url().includes(selectors.apis.DataSource.query) &&
      request
        .postDataJSON()
        .queries.some(({ adhocFilters = [] }: { adhocFilters?: Array<{ key: string; value: string }> }) =>
          adhocFilters.some(({ key, value }) => key === 'serviceName' && value === 'clusters')
        )
  );
  const queryParams = new URLSearchParams({ 'var-filters': 'serviceName|=|clusters' });
  const dashboard = await gotoDashboardPage({ uid: 'auditlake-databricks-audit', queryParams });
  const response = await (await asked).response();
  const answer: Answer = await response?.json();
  expect(Object.values(answer.results).map(({ status }) => status)).not.toContain(500);
  await expect(dashboard).not.toHavePanelErrors();
});
