import { defineConfig } from 'eslint/config';
import baseConfig from './.config/eslint.config.mjs';

// What the validator of Grafana's catalog objects to in a front end, and some that it
// asks for in words only.
const catalog = {
  'no-console': 'error',
  'no-alert': 'error',
  'no-restricted-globals': [
    'error',
    { name: 'location', message: 'Use locationService of @grafana/runtime.' },
    { name: 'grafanaBootData', message: 'Use config of @grafana/runtime.' },
  ],
  'no-restricted-properties': [
    'error',
    ...['window', 'document', 'globalThis'].map((object) => ({
      object,
      property: 'location',
      message: 'Use locationService of @grafana/runtime.',
    })),
    ...['grafanaBootData', 'grafanaRuntime', '__grafanaSceneContext'].map((property) => ({
      object: 'window',
      property,
      message: "That is Grafana's own. Use @grafana/runtime.",
    })),
  ],
  'no-restricted-imports': [
    'error',
    {
      paths: [
        { name: '@emotion/react', importNames: ['Global'], message: "Styles must not leave the plugin's own parts." },
      ],
      patterns: [{ regex: '\\.(css|scss|less)$', message: "Use @emotion/css: a file's styles reach all of Grafana." }],
    },
  ],
  'no-restricted-syntax': [
    'error',
    {
      selector: 'Literal[value=/api\\u002Fds\\u002Fquery/], TemplateElement[value.raw=/api\\u002Fds\\u002Fquery/]',
      message: 'Use query() of DataSourceWithBackend.',
    },
    {
      selector: 'ClassBody > :matches(MethodDefinition, PropertyDefinition)[key.name="testDatasource"]',
      message: "The backend's health check is the test.",
    },
    { selector: 'Literal[value=/\\bgf-form/]', message: 'Use the parts of @grafana/ui.' },
    { selector: 'Identifier[name="__SECRET_INTERNALS_DO_NOT_USE_OR_YOU_WILL_BE_FIRED"]', message: "React's own." },
  ],
  '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true, 'ts-ignore': true, 'ts-nocheck': true }],
};

export default defineConfig([
  { ignores: ['**/node_modules/', '**/dist/', '**/coverage/', 'bin/', 'work/', '.config/'] },
  ...baseConfig,
  {
    files: ['**/*.{ts,tsx}'],
    rules: { '@typescript-eslint/no-explicit-any': 'error' },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    ignores: ['src/**/*.{test,fake}.{ts,tsx}'],
    rules: catalog,
  },
  {
    // The preview is built with the newer way to compile JSX.
    files: ['preview/**/*.{ts,tsx}'],
    rules: { 'react/react-in-jsx-scope': 'off' },
  },
]);
