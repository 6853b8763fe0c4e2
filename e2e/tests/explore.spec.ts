import { answerOf, column, frameOf } from './answer';
import { expect, test } from './fixtures';

test('Explore shows events as log lines', async ({ explorePage, components, selectors, source }) => {
  await explorePage.datasource.set(source);
  await components.radioGroup.within(explorePage.getQueryEditorRow('A')).check('Events');
  await explorePage.timeRange.set({ from: 'now-30d', to: 'now' });

  // The volume of the lines is asked for beside them.
  const lines = explorePage.waitForQueryDataResponseWithBody((_, body) => Boolean(body?.results.A));
  await explorePage.runQuery();
  const frame = frameOf(await answerOf((await lines).response));
  expect(frame.schema.meta?.preferredVisualisationType).toBe('logs');

  const logs = explorePage.getByGrafanaSelector(selectors.components.Panels.Panel.title('Logs'), { startsWith: true });
  const [newest] = column(frame, 'body');
  await expect(logs.getByText(String(newest).slice(0, 40)).first()).toBeVisible();
});

test('Explore shows a named query as a table', async ({ explorePage, components, chooseNamed, source }) => {
  await explorePage.datasource.set(source);
  const editor = explorePage.getQueryEditorRow('A');
  await components.radioGroup.within(editor).check('Named query');
  await explorePage.timeRange.set({ from: 'now-30d', to: 'now' });
  await chooseNamed(editor, 'Clusters by creator');
  await expect(explorePage.runQuery()).toBeOK();
  await expect(explorePage.tablePanel.data.first()).toBeVisible();
});
