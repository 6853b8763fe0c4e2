import {
  getDefaultTimeRange,
  type AdHocVariableFilter,
  type CoreApp,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceGetTagKeysOptions,
  type DataSourceGetTagValuesOptions,
  type DataSourceInstanceSettings,
  type DataSourceWithLogsContextSupport,
  type DataSourceWithQueryModificationSupport,
  type DataSourceWithSupplementaryQueriesSupport,
  type DataSourceWithToggleableQueryFiltersSupport,
  type LegacyMetricFindQueryOptions,
  type LogRowContextOptions,
  type LogRowModel,
  type MetricFindValue,
  type QueryFilterOptions,
  type QueryFixAction,
  type ScopedVars,
  type SupplementaryQueryOptions,
  SupplementaryQueryType,
  type TimeRange,
  type ToggleFilterAction,
} from '@grafana/data';
import { DataSourceWithBackend, getTemplateSrv } from '@grafana/runtime';
import { lastValueFrom, map, type Observable } from 'rxjs';
import { annotations } from './annotations';
import { hasFilter, keyParams, modifications, modified, toggled, valueParams, withFilters } from './filters';
import { interpolate, type Replace } from './interpolate';
import { withLineLinks, withPlaces } from './links';
import { contextQuery, contextRequest, volumeOf, volumeRequest } from './logs';
import { defaultFor, describe, isRunnable, textsOf, typeOf } from './queries';
import { type AuditlakeOptions } from './settings';
import { type AuditlakeQuery, type LakeTable, type NamedQuery, type Search, type SqlMetadata } from './types';
import { AuditlakeVariables } from './variables';

/** The browser's side of the data source: every query is answered by the backend. */
export class AuditlakeDataSource
  extends DataSourceWithBackend<AuditlakeQuery, AuditlakeOptions>
  implements
    DataSourceWithLogsContextSupport<AuditlakeQuery>,
    DataSourceWithQueryModificationSupport<AuditlakeQuery>,
    DataSourceWithSupplementaryQueriesSupport<AuditlakeQuery>,
    DataSourceWithToggleableQueryFiltersSupport<AuditlakeQuery>
{
  annotations = annotations;
  readonly supportsAdjustableWindow = true;
  /** SQL can be written for a Trino, too. */
  readonly asksTrino: boolean;

  constructor(settings: DataSourceInstanceSettings<AuditlakeOptions>) {
    super(settings);
    this.variables = new AuditlakeVariables(this);
    const { trinoUrl, engine } = settings.jsonData ?? {};
    this.asksTrino = Boolean(trinoUrl) && engine !== 'embedded';
  }

  getDefaultQuery(app?: CoreApp): Partial<AuditlakeQuery> {
    return defaultFor(app);
  }

  filterQuery(query: AuditlakeQuery): boolean {
    return isRunnable(query);
  }

  getQueryDisplayText(query: AuditlakeQuery): string {
    return describe(query);
  }

  /** Alert rules, which have no variables, ask for it. */
  targetContainsTemplate(query: AuditlakeQuery): boolean {
    return textsOf(query).some((text) => getTemplateSrv().containsTemplate(text));
  }

  applyTemplateVariables(
    query: AuditlakeQuery,
    scopedVars: ScopedVars,
    filters?: AdHocVariableFilter[]
  ): AuditlakeQuery {
    const replace: Replace = (text, format) => getTemplateSrv().replace(text, scopedVars, format);
    return interpolate(query, replace, filters);
  }

  /** As the backend answers, with links, which only the browser can make. Lines have none: they are where links lead. */
  query(request: DataQueryRequest<AuditlakeQuery>): Observable<DataQueryResponse> {
    const lines = new Set(request.targets.filter((query) => typeOf(query) === 'line').map(({ refId }) => refId));
    const linked = (frame: DataFrame) =>
      lines.has(frame.refId ?? '') ? frame : withLineLinks(withPlaces(frame), { uid: this.uid, name: this.name });
    return super.query(request).pipe(map((response) => ({ ...response, data: response.data.map(linked) })));
  }

  /** Options for who asks for them without the support for variables. */
  async metricFindQuery(
    query: AuditlakeQuery | string,
    options: LegacyMetricFindQueryOptions = {}
  ): Promise<MetricFindValue[]> {
    const range = options.range ?? getDefaultTimeRange();
    const request = { targets: [query], range, scopedVars: options.scopedVars ?? {} };
    const response = await lastValueFrom(
      new AuditlakeVariables(this).query(request as DataQueryRequest<AuditlakeQuery>)
    );
    if (response.errors?.length) {
      throw new Error(response.errors[0].message ?? response.errors[0].data?.message);
    }
    return response.data;
  }

  getTagKeys(options?: DataSourceGetTagKeysOptions<AuditlakeQuery>): Promise<MetricFindValue[]> {
    return this.getResource<MetricFindValue[]>('filter-keys', keyParams(options));
  }

  getTagValues(options: DataSourceGetTagValuesOptions<AuditlakeQuery>): Promise<MetricFindValue[]> {
    return this.getResource<MetricFindValue[]>('filter-values', valueParams(options));
  }

  /** Values of a key that begin with a text, as the table of a search has them. */
  findValues({ table }: Search, key: string, prefix: string, timeRange?: TimeRange): Promise<MetricFindValue[]> {
    const params = valueParams({ key, filters: [], timeRange, queries: [{ refId: '', queryType: 'events', table }] });
    return this.getResource<MetricFindValue[]>('filter-values', { ...params, ...(prefix && { prefix }) });
  }

  getSupportedSupplementaryQueryTypes(): SupplementaryQueryType[] {
    return [SupplementaryQueryType.LogsVolume];
  }

  getSupplementaryQuery(options: SupplementaryQueryOptions, query: AuditlakeQuery): AuditlakeQuery | undefined {
    return volumeOf(options, query);
  }

  getSupplementaryRequest(
    type: SupplementaryQueryType,
    request: DataQueryRequest<AuditlakeQuery>
  ): DataQueryRequest<AuditlakeQuery> | undefined {
    return volumeRequest(type, request);
  }

  getLogRowContext(
    row: LogRowModel,
    options?: LogRowContextOptions,
    query?: AuditlakeQuery
  ): Promise<DataQueryResponse> {
    return lastValueFrom(this.query(contextRequest(row, options, query)));
  }

  async getLogRowContextQuery(
    row: LogRowModel,
    options?: LogRowContextOptions,
    query?: AuditlakeQuery
  ): Promise<AuditlakeQuery> {
    return contextQuery(row, options, query);
  }

  modifyQuery(query: AuditlakeQuery, action: QueryFixAction): AuditlakeQuery {
    return modified(query, action);
  }

  getSupportedQueryModifications(): string[] {
    return modifications;
  }

  toggleQueryFilter(query: AuditlakeQuery, { type, options }: ToggleFilterAction): AuditlakeQuery {
    const operator = type === 'FILTER_FOR' ? '=' : '!=';
    return withFilters(query, (filters) => toggled(filters, options.key, operator, options.value));
  }

  queryHasFilter(query: AuditlakeQuery, { key, value }: QueryFilterOptions): boolean {
    return hasFilter(query, key, value);
  }

  /** The catalog the backend offers, in its order. */
  getNamedQueries(): Promise<NamedQuery[]> {
    return this.getResource<NamedQuery[]>('named-queries');
  }

  getTables(): Promise<LakeTable[]> {
    return this.getResource<LakeTable[]>('tables');
  }

  getSqlMetadata(): Promise<SqlMetadata> {
    return this.getResource<SqlMetadata>('sql-metadata');
  }
}
