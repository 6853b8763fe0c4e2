import { expect, test } from './fixtures';

/** The ETL into the lake is the provisioned data source's. */
const readingOnly = { schedule: 'off' };

test('a new data source is saved and tested', async ({
  createDataSource,
  gotoDataSourceConfigPage,
  readProvisionedDataSource,
}) => {
  const { type, access, jsonData, secureJsonData } = await readProvisionedDataSource({ fileName: 'auditlake.yaml' });
  const { uid } = await createDataSource({
    name: 'Auditlake, saved and tested',
    type,
    access,
    jsonData: { ...jsonData, ...readingOnly },
    secureJsonData,
  });
  const page = await gotoDataSourceConfigPage(uid);
  await expect(page.saveAndTest()).toBeOK();
  await expect(page).toHaveAlert('success', { hasText: /delivered lines and .* events/ });
  await page.deleteDataSource();
});

test('a lake that does not exist is refused with words', async ({
  createDataSource,
  gotoDataSourceConfigPage,
  page,
}) => {
  const { uid } = await createDataSource({
    name: 'Auditlake, without a lake',
    type: 'auditlake-databricks-datasource',
    access: 'proxy',
    jsonData: readingOnly,
  });
  const config = await gotoDataSourceConfigPage(uid);
  await page.getByLabel(/^Lake/).first().fill('relative/to/nothing');
  await expect(config.saveAndTest()).not.toBeOK();
  await expect(config).toHaveAlert('error', { hasText: /lake/i });
  await config.deleteDataSource();
});

test('the provisioned data source is tested and cannot be changed', async ({
  gotoDataSourceConfigPage,
  page,
  selectors,
}) => {
  const config = await gotoDataSourceConfigPage('auditlake');
  await expect(config.getByGrafanaSelector(selectors.pages.DataSource.readOnly)).toBeVisible();
  await expect(config.getByGrafanaSelector(selectors.pages.DataSource.saveAndTest)).toHaveCount(0);
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await expect(config).toHaveAlert('success');
});
