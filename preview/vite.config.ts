import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const packages = here('node_modules/');
const copies: Record<string, string> = {
  '@grafana/ui/dist/public/img': 'build/img',
  // Not among the icons of the package, but used by it.
  '@grafana/ui/dist/public/img/icons/unicons/sync.svg': 'build/img/icons/unicons/spinner.svg',
  'inter-ui/web/Inter-Regular.woff2': 'fonts/inter/Inter-Regular.woff2',
  'inter-ui/web/Inter-Italic.woff2': 'fonts/inter/Inter-Italic.woff2',
  'inter-ui/web/Inter-MediumItalic.woff2': 'fonts/inter/Inter-MediumItalic.woff2',
  'inter-ui/web/Inter-Medium.woff2': 'fonts/inter/Inter-Medium.woff2',
  '@fontsource/roboto-mono/files/roboto-mono-latin-400-normal.woff2':
    'fonts/roboto/L0xTDF4xlVMF-BfR8bXMIhJHg45mwgGEFl0_3vrtSM1J-gEPT5Ese6hmHSh0mQ.woff2',
};

/** The other way round, for an icon that the package lacks as well. */
const mirrored = {
  from: '@grafana/ui/dist/public/img/icons/unicons/angle-double-right.svg',
  to: 'build/img/icons/unicons/angle-double-left.svg',
};

/** Icons and fonts, where @grafana/ui looks for them on a Grafana server. */
const files: Plugin = {
  name: 'grafana-files',
  closeBundle: () => {
    for (const [from, to] of Object.entries(copies)) {
      cpSync(packages + from, here(`dist/public/${to}`), { recursive: true });
    }
    const icon = readFileSync(packages + mirrored.from, 'utf8');
    const flipped = icon
      .replace(/(<svg[^>]*>)/, '$1<g transform="matrix(-1 0 0 1 24 0)">')
      .replace('</svg>', '</g></svg>');
    writeFileSync(here(`dist/public/${mirrored.to}`), flipped);
  },
};

export default defineConfig({
  base: '/',
  plugins: [react(), files],
  resolve: {
    // Its default export is another one under the rules of Node that .mjs files have in bundlers.
    alias: [{ find: /^react-custom-scrollbars-2$/, replacement: here('src/boot/scrollbars.ts') }],
    dedupe: [
      'react',
      'react-dom',
      'react-router-dom',
      'rxjs',
      '@emotion/css',
      '@emotion/react',
      '@grafana/data',
      '@grafana/runtime',
      '@grafana/ui',
    ],
  },
  build: {
    assetsDir: 'public/assets',
    chunkSizeWarningLimit: 10_000,
    // The page is read on the machine that built it.
    minify: 'oxc',
    sourcemap: false,
    rolldownOptions: { shimMissingExports: true },
  },
});
