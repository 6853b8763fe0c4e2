import { answerOf, frameOf } from './answer';
import { expect, test } from './fixtures';

test('a named query that is chosen in a panel shows its rows', async ({ panelEditPage, chooseNamed, source }) => {
  await panelEditPage.datasource.set(source);
  await panelEditPage.setVisualization('Table');
  await panelEditPage.timeRange.set({ from: 'now-30d', to: 'now' });
  await chooseNamed(panelEditPage.getQueryEditorRow('A'), 'Clusters by creator');

  const { schema, data } = frameOf(await answerOf(await panelEditPage.refreshPanel()));
  await expect(panelEditPage.panel.getErrorIcon()).toHaveCount(0);
  for (const { name } of schema.fields) {
    await expect(panelEditPage.panel.fieldNames.filter({ hasText: name }).first()).toBeVisible();
  }
  await expect(panelEditPage.panel.data.filter({ hasText: String(data.values[0][0]) }).first()).toBeVisible();
});

test('SQL that is wrong is an error of the panel', async ({ panelEditPage, components, page, source }) => {
  await panelEditPage.datasource.set(source);
  await panelEditPage.setVisualization('Table');
  const editor = panelEditPage.getQueryEditorRow('A');
  await components.radioGroup.within(editor).check('SQL');
  await editor.locator('.monaco-editor').first().click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('select nothing from nowhere');
  await panelEditPage.refreshPanel();
  await expect(panelEditPage.panel.getErrorIcon()).toBeVisible();
});
