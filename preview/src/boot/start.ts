import { type DataSourceInstanceSettings, type PluginMeta } from '@grafana/data';

/** What the page knows before anything is drawn, from `GET /api/preview`. */
export interface Start {
  pluginId: string;
  plugin: PluginMeta;
  datasources: SourceSettings[];
  user: { login: string; name: string; email: string; role: Role };
  links: Array<{ title: string; text: string; source: string; from: string; to: string }> | null;
}

/** A data source as the server tells it. */
export type SourceSettings = Omit<DataSourceInstanceSettings, 'meta'> & {
  secureJsonFields: Record<string, boolean>;
};

export type Role = 'Admin' | 'Editor' | 'Viewer';
export type ThemeName = 'dark' | 'light';

/** A choice in the URL holds for all pages of the tab: links between dashboards do not carry it. */
function chosen(name: string, fallback: string): string {
  const given = new URLSearchParams(window.location.search).get(name);
  if (given) {
    sessionStorage.setItem(`preview.${name}`, given);
  }
  return given ?? sessionStorage.getItem(`preview.${name}`) ?? fallback;
}

const system = () => (window.matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark');

export const theme: ThemeName = chosen('theme', system()) === 'light' ? 'light' : 'dark';
export const role = chosen('role', 'Admin');

/** The header by which the server knows who asks. */
export const roleHeader = { 'X-Preview-Role': role };

export async function fetchStart(): Promise<Start> {
  const response = await fetch('/api/preview', { headers: roleHeader });
  if (!response.ok) {
    throw new Error(`The preview's server answers ${response.status}: ${await response.text()}`);
  }
  return response.json();
}
