import { type Locator } from '@playwright/test';
import { test as base } from '@grafana/plugin-e2e';

interface Fixtures {
  /** The name of the provisioned data source. */
  source: string;
  /** Chooses a named query by its title in an editor. */
  chooseNamed: (editor: Locator, title: string) => Promise<void>;
}

export const test = base.extend<Fixtures>({
  source: async ({ readProvisionedDataSource }, provide) => {
    const { name } = await readProvisionedDataSource({ fileName: 'auditlake.yaml' });
    await provide(name);
  },
  chooseNamed: async ({ page }, provide) => {
    await provide(async (editor, title) => {
      const box = editor.getByRole('combobox', { name: 'Query' });
      await box.click();
      await box.fill(title);
      // The list is drawn beside the editor, not in it.
      await page.getByRole('option', { name: title }).first().click();
    });
  },
});

export { expect } from '@grafana/plugin-e2e';
