import { defineConfig } from 'eslint/config';
import baseConfig from './.config/eslint.config.mjs';

export default defineConfig([
  { ignores: ['**/node_modules/', '**/dist/', '**/coverage/', 'bin/', 'work/', '.config/'] },
  ...baseConfig,
  {
    files: ['**/*.{ts,tsx}'],
    rules: { '@typescript-eslint/no-explicit-any': 'error' },
  },
  {
    // The preview is built with the newer way to compile JSX.
    files: ['preview/**/*.{ts,tsx}'],
    rules: { 'react/react-in-jsx-scope': 'off' },
  },
]);
