import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, normalizePath, type Plugin } from 'vite';

const here = (path: string) => normalizePath(fileURLToPath(new URL(path, import.meta.url)));

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
const files = (home: string): Plugin => ({
  name: 'grafana-files',
  closeBundle: () => {
    const packages = `${home}node_modules/`;
    for (const [from, to] of Object.entries(copies)) {
      cpSync(packages + from, `${home}dist/public/${to}`, { recursive: true });
    }
    const icon = readFileSync(packages + mirrored.from, 'utf8');
    const flipped = icon
      .replace(/(<svg[^>]*>)/, '$1<g transform="matrix(-1 0 0 1 24 0)">')
      .replace('</svg>', '</g></svg>');
    writeFileSync(`${home}dist/public/${mirrored.to}`, flipped);
  },
});

/** Packages of which the page has one copy, whoever imports them: a second React or emotion knows nothing of the first. */
const single = [
  'react',
  'react-dom',
  'react-router-dom',
  'moment',
  'rxjs',
  '@emotion/css',
  '@emotion/react',
  '@grafana/data',
  '@grafana/runtime',
  '@grafana/ui',
];

/** The name of the package in an import, and nothing for a file. */
const packageName = (source: string) => /^(@[\w.-]+\/)?[\w.-]+(?=\/|$)/.exec(source)?.[0];

/** Has our modules import the packages of a folder, and sees to it that no other folder's get among them. */
const packagesOf = (home: string): Plugin => ({
  name: 'packages-of-a-folder',
  enforce: 'pre',
  async resolveId(source, importer, options) {
    const name = packageName(source);
    if (!importer || !name) {
      return null;
    }
    const ours = !importer.includes('/node_modules/');
    const from = ours || single.includes(name) ? `${home}package.json` : importer;
    const found = await this.resolve(source, from, { ...options, skipSelf: true });
    if (found?.id.includes('/node_modules/') && !found.id.startsWith(`${home}node_modules/`)) {
      this.error(`${source} is not among the packages of ${home}, and would come from ${found.id}`);
    }
    return found;
  },
});

const versionOf = (home: string, name: string): string =>
  JSON.parse(readFileSync(`${home}node_modules/${name}/package.json`, 'utf8')).version;

/** `vite build` takes the packages of this folder, with React 19; `vite build --mode react18` those of react18. */
export default defineConfig(({ mode }) => {
  const home = here(mode === 'react18' ? 'react18/' : './');
  return {
    base: '/',
    plugins: [react(), packagesOf(home), files(home)],
    resolve: {
      // Its default export is another one under the rules of Node that .mjs files have in bundlers.
      alias: [{ find: /^react-custom-scrollbars-2$/, replacement: here('src/boot/scrollbars.ts') }],
    },
    define: { grafanaVersion: JSON.stringify(versionOf(home, '@grafana/ui')) },
    build: {
      outDir: `${home}dist`,
      emptyOutDir: true,
      assetsDir: 'public/assets',
      chunkSizeWarningLimit: 10_000,
      // The page is read on the machine that built it.
      minify: 'oxc',
      sourcemap: false,
      rolldownOptions: { shimMissingExports: true },
    },
  };
});
