import { CoreApp } from '@grafana/data';
import { defaultEvents, defaultQuery, type AuditlakeQuery, type Filter, type QueryType } from './types';

/** The type as the backend reads it: a query without one is named. */
export const typeOf = (query: AuditlakeQuery): QueryType => query.queryType ?? defaultQuery.queryType;

/** Explore begins with events, everything else with the catalog. */
export function defaultFor(app: CoreApp | undefined): Partial<AuditlakeQuery> {
  return app === CoreApp.Explore ? { ...defaultEvents } : { ...defaultQuery };
}

/** Says whether there is something to ask the backend. Events need nothing: no words and no filters are all of them. */
export function isRunnable(query: AuditlakeQuery): boolean {
  if (query.hide) {
    return false;
  }
  switch (query.queryType) {
    case 'sql':
      return Boolean(query.sql?.trim());
    case 'events':
    case 'volume':
    case 'pipeline':
      return true;
    case 'line':
      return Boolean(query.fileId) && Boolean(query.lineNumber);
    default:
      return Boolean(query.named);
  }
}

/** One line about the query, for the query history and collapsed editors. */
export function describe(query: AuditlakeQuery): string {
  switch (query.queryType) {
    case 'sql':
      return query.sql?.trim().replaceAll(/\s+/g, ' ') ?? '';
    case 'events':
    case 'volume': {
      const { table, search, filters = [], queryType } = query;
      const what = queryType === 'events' ? 'events' : 'volume of events';
      return [table ? `${what} of ${table}` : what, search, ...filters.map(filterText)].filter(Boolean).join(' ');
    }
    case 'pipeline':
      return query.view === 'runs' ? 'runs of the pipeline' : 'tables of the pipeline';
    case 'line':
      return `line ${query.lineNumber ?? ''} of file ${query.fileId ?? ''}`;
    default: {
      const given = Object.entries(query.params ?? {}).filter(([, value]) => value !== '');
      const list = given.map(([name, value]) => `${name}=${value}`).join(', ');
      return [query.named ?? '', list && `(${list})`].filter(Boolean).join(' ');
    }
  }
}

function filterText({ key, operator, value, values }: Filter): string {
  return `${key}${operator}${values?.length ? values.join('|') : value}`;
}

/** All texts of a query that may hold variables, without the macros of SQL, which look like some. */
export function textsOf(query: AuditlakeQuery): string[] {
  switch (query.queryType) {
    case 'sql':
      return [query.sql?.replaceAll(/\$__\w+/g, '') ?? ''];
    case 'events':
    case 'volume': {
      const filters = (query.filters ?? []).flatMap(({ key, value, values = [] }) => [key, value, ...values]);
      return [query.table ?? '', query.search ?? '', ...filters];
    }
    case 'pipeline':
      return [];
    case 'line':
      return [String(query.fileId ?? ''), String(query.lineNumber ?? '')];
    default:
      return Object.values(query.params ?? {});
  }
}

/** A query of another type in the place of this one; the dashboard's filters are of every type. */
export function ofType(query: AuditlakeQuery, queryType: QueryType): AuditlakeQuery {
  const { refId, key, hide, datasource, adhocFilters } = query;
  const kept = { refId, key, hide, datasource, adhocFilters };
  return Object.fromEntries(
    Object.entries({ ...kept, queryType }).filter(([, value]) => value !== undefined)
  ) as unknown as AuditlakeQuery;
}

/** The query of a variable, which may be the text of a statement, as a table. */
export function variableQuery(given: AuditlakeQuery | string): AuditlakeQuery {
  const refId = 'variable';
  if (typeof given === 'string') {
    return { refId, queryType: 'sql', sql: given, format: 'table' };
  }
  const query = { ...given, refId: given.refId || refId };
  return query.queryType === 'sql' ? { ...query, format: 'table' } : query;
}
