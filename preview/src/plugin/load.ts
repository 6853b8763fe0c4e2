import * as emotionCss from '@emotion/css';
import * as emotionReact from '@emotion/react';
import { type DataSourceApi, type DataSourcePlugin } from '@grafana/data';
import * as grafanaData from '@grafana/data';
import * as grafanaRuntime from '@grafana/runtime';
import * as grafanaUi from '@grafana/ui';
import * as i18next from 'i18next';
import lodash from 'lodash';
// eslint-disable-next-line no-restricted-imports -- plugins may ask for it, and get Grafana's.
import moment from 'moment';
import * as React from 'react';
import * as ReactDOM from 'react-dom';
import * as jsxRuntime from 'react/jsx-runtime';
import * as rxjs from 'rxjs';

/** What Grafana gives a plugin under these names, instead of a copy in its bundle. */
const shared: Record<string, unknown> = {
  '@emotion/css': emotionCss,
  '@emotion/react': emotionReact,
  '@grafana/data': grafanaData,
  '@grafana/runtime': grafanaRuntime,
  '@grafana/ui': grafanaUi,
  i18next,
  lodash,
  moment,
  react: React,
  'react-dom': ReactDOM,
  'react/jsx-runtime': jsxRuntime,
  rxjs,
};

type Define = (
  names: string[],
  factory: (...modules: unknown[]) => { plugin: DataSourcePlugin<DataSourceApi> }
) => void;

/** Runs the built module.js as Grafana's loader of AMD modules does. */
export function loadPlugin(url: string): Promise<DataSourcePlugin<DataSourceApi>> {
  return new Promise((resolve, reject) => {
    const define: Define = (names, factory) => {
      const missing = names.filter((name) => name !== 'module' && !(name in shared));
      if (missing.length > 0) {
        reject(new Error(`The plugin wants modules that the preview does not share: ${missing.join(', ')}`));
        return;
      }
      const uri = new URL(url, window.location.href).toString();
      resolve(factory(...names.map((name) => (name === 'module' ? { uri, id: url } : shared[name]))).plugin);
    };
    Object.assign(window, { define: Object.assign(define, { amd: {} }) });
    const script = document.createElement('script');
    // Other scripts would take it for a loader of theirs.
    script.onload = () => Reflect.deleteProperty(window, 'define');
    script.src = url;
    script.onerror = () => reject(new Error(`${url} cannot be loaded: go tool mage build:frontend makes it`));
    document.head.append(script);
  });
}
