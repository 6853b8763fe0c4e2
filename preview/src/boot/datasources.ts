import {
  type DataSourceApi,
  type DataSourceInstanceSettings,
  type DataSourcePlugin,
  type DataSourceRef,
  type PluginMeta,
  type ScopedVars,
} from '@grafana/data';
import { type DataSourceSrv, type GetDataSourceListFilters, type TemplateSrv } from '@grafana/runtime';
import { type SourceSettings } from './start';

type Ref = DataSourceRef | string | null;

/** The data sources of the plugin, which are all there are. */
export class PreviewDataSources implements DataSourceSrv {
  private readonly settings = new Map<string, DataSourceInstanceSettings>();
  private readonly instances = new Map<string, DataSourceApi>();

  constructor(
    readonly plugin: DataSourcePlugin<DataSourceApi>,
    private readonly meta: PluginMeta,
    private readonly templates: TemplateSrv,
    sources: SourceSettings[]
  ) {
    sources.forEach((source) => this.put(source));
  }

  /** Takes new settings; whoever asks next gets a new instance. */
  put(source: SourceSettings): void {
    const base = `/api/datasources/proxy/uid/${source.uid}`;
    // id, uid, type and meta have to be right: without them variables are silently not replaced.
    const settings = { ...source, url: base, meta: { ...this.meta, module: '', baseUrl: '' } };
    this.settings.set(source.uid, settings as DataSourceInstanceSettings);
    this.instances.delete(source.uid);
  }

  getInstanceSettings(ref?: Ref, scopedVars?: ScopedVars): DataSourceInstanceSettings | undefined {
    const given = typeof ref === 'string' ? ref : ref?.uid;
    const wanted = given && this.templates.replace(given, scopedVars);
    const all = [...this.settings.values()];
    if (!wanted || wanted === 'default') {
      return all[0];
    }
    return this.settings.get(wanted) ?? all.find(({ name }) => name === wanted);
  }

  async get(ref?: Ref, scopedVars?: ScopedVars): Promise<DataSourceApi> {
    const settings = this.getInstanceSettings(ref, scopedVars);
    if (!settings) {
      throw new Error(`The preview has no data source ${JSON.stringify(ref)}`);
    }
    let instance = this.instances.get(settings.uid);
    if (!instance) {
      instance = new this.plugin.DataSourceClass(settings);
      instance.components = this.plugin.components;
      instance.meta = settings.meta;
      this.instances.set(settings.uid, instance);
    }
    return instance;
  }

  getList({ type, pluginId, filter }: GetDataSourceListFilters = {}): DataSourceInstanceSettings[] {
    const types = [type ?? [], pluginId ?? []].flat();
    return [...this.settings.values()].filter(
      (one) => (types.length === 0 || types.includes(one.type)) && (filter?.(one) ?? true)
    );
  }

  async reload(): Promise<void> {
    // put() has told everything.
  }

  registerRuntimeDataSource(): void {
    throw new Error('the preview has the data sources of the plugin alone');
  }
}
