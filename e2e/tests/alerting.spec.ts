import { expect, test } from './fixtures';

interface Groups {
  data: { groups: Array<{ rules: Array<{ name: string; health: string; lastError?: string }> }> };
}

/** Rules are evaluated every five minutes or more rarely. */
const evaluation = 11 * 60_000;

test('the provisioned rule is evaluated without an error', async ({ page, request, readProvisionedAlertRule }) => {
  test.setTimeout(evaluation + 60_000);
  const { uid, title } = await readProvisionedAlertRule({ fileName: 'rules.yaml', ruleTitle: 'Audit data is stale' });
  await expect
    .poll(
      async () => {
        const response = await request.get('/api/prometheus/grafana/api/v1/rules');
        const { data }: Groups = await response.json();
        const rule = data.groups.flatMap(({ rules }) => rules).find(({ name }) => name === title);
        return rule?.lastError || rule?.health;
      },
      { timeout: evaluation, intervals: [5_000] }
    )
    .toBe('ok');
  await page.goto(`/alerting/grafana/${uid}/view`);
  await expect(page.getByRole('heading', { name: title }).first()).toBeVisible();
});

test('a named query is evaluated in a new rule', async ({ alertRuleEditPage, chooseNamed, source }) => {
  const { datasource, locator } = await alertRuleEditPage.getQueryRow();
  await datasource.set(source);
  await chooseNamed(locator, 'Age of the newest event');
  await expect(alertRuleEditPage.evaluate()).toBeOK();
});
