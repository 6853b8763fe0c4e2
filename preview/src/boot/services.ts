import { EventBusSrv, locationUtil, setWeekStart, urlUtil } from '@grafana/data';
import {
  config,
  getDataSourceSrv,
  setAppEvents,
  setBackendSrv,
  setCurrentUser,
  setDataSourceSrv,
  setEchoSrv,
  setGrafanaLiveSrv,
  setPluginImportUtils,
  setRunRequest,
  setTemplateSrv,
} from '@grafana/runtime';
import { initializeLoggersRegistry, reloadDataSourceInstanceSettings } from '@grafana/runtime/unstable';
import { sceneGraph, sceneUtils, type SceneObject } from '@grafana/scenes';
import { cacheStore } from 'react-inlinesvg';
import { loadPlugin } from '../plugin/load';
import { backend } from './backend';
import { PreviewDataSources } from './datasources';
import { live } from './live';
import { fillRegistries } from './registries';
import { runRequest } from './runRequest';
import { type Start } from './start';
import { PreviewTemplates } from './templates';

/** What pages need of the services beyond their interfaces in @grafana/runtime. */
export interface Services {
  templates: PreviewTemplates;
  sources: PreviewDataSources;
}

/** Puts everything in place that the packages and the plugin expect of Grafana. */
export async function startServices(start: Start): Promise<Services> {
  initializeLoggersRegistry();
  keepIcons();
  fillRegistries();
  setWeekStart('monday');
  setAppEvents(new EventBusSrv());
  setBackendSrv(backend);
  setEchoSrv(silence);
  setRunRequest(runRequest);
  setGrafanaLiveSrv(live);
  setCurrentUser?.(config.bootData.user);
  // The newer way to data sources. It asks for /api/frontend/settings, as long as there is no older one.
  await reloadDataSourceInstanceSettings();
  const templates = new PreviewTemplates();
  setTemplateSrv(templates);
  const plugin = await loadPlugin(`/public/plugins/${start.pluginId}/module.js`);
  const sources = new PreviewDataSources(plugin, start.plugin, templates, start.datasources);
  setDataSourceSrv(sources);
  setPluginImportUtils({
    importPanelPlugin: (id) => Promise.reject(new Error(`the preview does not draw ${id}`)),
    getPanelPluginFromCache: () => undefined,
  });
  locationUtil.initialize({
    // What is missing in its type is of no matter to URLs.
    config: config as unknown as Parameters<typeof locationUtil.initialize>[0]['config'],
    getTimeRangeForUrl: () => ({ from: 'now-6h', to: 'now' }),
    getVariablesUrlParams: () => ({}),
  });
  sceneUtils.registerVariableMacro('__dashboard', DashboardMacro);
  return { templates, sources };
}

/** Nobody counts what users do here. Grafana 13.1 has no onInteraction. */
const silence = {
  flush: () => undefined,
  addBackend: () => undefined,
  addEvent: () => undefined,
  onInteraction: () => () => undefined,
};

/**
 * Grafana's server has its icons in the page. Here they are fetched, and one that takes the place of another before that
 * has come would be overwritten by it.
 */
function keepIcons(): void {
  for (const name of ['angle-down', 'angle-right', 'heart-rate', 'search', 'sync']) {
    void cacheStore.get(`/public/build/img/icons/unicons/${name}.svg`);
  }
}

/** `${__dashboard.uid}`: the key of a dashboard's scene is its uid. */
class DashboardMacro {
  readonly state = { name: '__dashboard', type: 'dashboard' };

  constructor(
    _name: string,
    private readonly from: SceneObject
  ) {}

  getValue(path?: string): string {
    const { key } = this.from.getRoot().state;
    return path === 'title' ? document.title : (key ?? '');
  }

  getValueText(): string {
    return this.getValue();
  }
}

/** The URL of Explore with these queries, over the time range of the scene. */
export function exploreUrl(scene: SceneObject, uid: string, queries: object[]): string {
  const { from, to } = sceneGraph.getTimeRange(scene).state;
  const datasource = getDataSourceSrv().getInstanceSettings(uid)?.uid ?? uid;
  const panes = JSON.stringify({ a: { datasource, queries, range: { from, to } } });
  return urlUtil.renderUrl('/explore', { schemaVersion: 1, panes });
}
