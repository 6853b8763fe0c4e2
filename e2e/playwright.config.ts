import { dirname, join, resolve } from 'node:path';
import { type PluginOptions } from '@grafana/plugin-e2e';
import { defineConfig, devices } from '@playwright/test';

// What docker-compose.yaml gives Grafana for the provisioned data source: reading its file fills them in.
process.env.AUDITLAKE_S3_ENDPOINT ??= 'http://s3:9000';
process.env.AUDITLAKE_S3_ACCESS_KEY ??= 'testkey';
process.env.AUDITLAKE_S3_SECRET_KEY ??= 'testsecret';

const signedIn = { storageState: resolve(__dirname, 'playwright/.auth/admin.json') };

export default defineConfig<PluginOptions>({
  testDir: './tests',
  forbidOnly: Boolean(process.env.CI),
  retries: process.env.CI ? 1 : 0,
  // One Grafana answers all of them.
  workers: 2,
  timeout: 90_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['html', { open: 'never' }]],
  use: {
    ...devices['Desktop Chrome'],
    baseURL: process.env.GRAFANA_URL ?? 'http://localhost:3000',
    provisioningRootDir: resolve(__dirname, '../provisioning'),
    trace: 'retain-on-failure',
  },
  projects: [
    {
      name: 'sign in',
      testDir: join(dirname(require.resolve('@grafana/plugin-e2e')), 'auth'),
      testMatch: 'auth.setup.js',
    },
    { name: 'lake', testMatch: 'lake.setup.ts', use: signedIn, dependencies: ['sign in'] },
    { name: 'plugin', testMatch: '*.spec.ts', use: signedIn, dependencies: ['lake'] },
  ],
});
