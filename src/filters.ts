import {
  type DataSourceGetTagKeysOptions,
  type DataSourceGetTagValuesOptions,
  type QueryFixAction,
} from '@grafana/data';
import { type AuditlakeQuery, type Filter } from './types';

/** The operators of filters, with what they mean. */
export const operators: Record<string, string> = {
  '=': 'Equals',
  '!=': 'Is not',
  '=|': 'One of',
  '!=|': 'None of',
  '=~': 'Matches the regular expression',
  '!~': 'Does not match the regular expression',
  '<': 'Less than',
  '<=': 'At most',
  '>': 'Greater than',
  '>=': 'At least',
};

/** Says whether the operator compares with several values. */
export const isMulti = (operator: string) => operator === '=|' || operator === '!=|';

const opposite: Record<string, string> = { '=': '!=', '!=': '=' };

const is = (key: string, operator: string, value: string) => (filter: Filter) =>
  filter.key === key && filter.operator === operator && filter.value === value;

/** Adds a filter for the value or against it, in place of its opposite. */
export function withFilter(filters: Filter[], key: string, operator: '=' | '!=', value: string): Filter[] {
  if (filters.some(is(key, operator, value))) {
    return filters;
  }
  return [...filters.filter((filter) => !is(key, opposite[operator], value)(filter)), { key, operator, value }];
}

/** As withFilter, but takes the filter away where it is already there. */
export function toggled(filters: Filter[], key: string, operator: '=' | '!=', value: string): Filter[] {
  const others = filters.filter((filter) => !is(key, operator, value)(filter));
  return others.length < filters.length ? others : withFilter(filters, key, operator, value);
}

export function hasFilter(query: AuditlakeQuery, key: string, value: string): boolean {
  return query.queryType === 'events' && (query.filters ?? []).some(is(key, '=', value));
}

/** Changes the filters of a query of events; other types have none of their own and stay as they are. */
export function withFilters(query: AuditlakeQuery, change: (filters: Filter[]) => Filter[]): AuditlakeQuery {
  return query.queryType === 'events' ? { ...query, filters: change(query.filters ?? []) } : query;
}

/** Actions of Explore that `modified` knows. */
export const modifications = ['ADD_FILTER', 'ADD_FILTER_OUT', 'ADD_STRING_FILTER'];

/** What Explore's buttons on a log line and on a selected text do. */
export function modified(query: AuditlakeQuery, { type, options = {} }: QueryFixAction): AuditlakeQuery {
  const { key, value } = options;
  if (query.queryType !== 'events' || value === undefined) {
    return query;
  }
  switch (type) {
    case 'ADD_FILTER':
      return withFilters(query, (filters) => withFilter(filters, key, '=', value));
    case 'ADD_FILTER_OUT':
      return withFilters(query, (filters) => withFilter(filters, key, '!=', value));
    case 'ADD_STRING_FILTER':
      return { ...query, search: [query.search, phrase(value)].filter(Boolean).join(' ') };
  }
  return query;
}

/** A text as one phrase of a search, in which a quote is written with a backslash. */
function phrase(text: string): string {
  return text.trim() && `"${text.replaceAll('"', '\\"').replace(/\\+$/, '')}"`;
}

/** The one table that the queries search; without one the backend looks at all events. */
function tableOf(queries: AuditlakeQuery[] = []): { table?: string } {
  const tables = new Set(queries.map((query) => (query.queryType === 'events' ? (query.table ?? '') : '')));
  const [table] = tables;
  return tables.size === 1 && table ? { table } : {};
}

/** Parameters of `GET filter-keys`. */
export function keyParams({ queries }: Partial<DataSourceGetTagKeysOptions<AuditlakeQuery>> = {}) {
  return tableOf(queries);
}

/** Parameters of `GET filter-values`: times in milliseconds, the other filters as JSON. */
export function valueParams({ key, filters, timeRange, queries }: DataSourceGetTagValuesOptions<AuditlakeQuery>) {
  const others = (filters ?? []).filter((filter) => filter.key !== key);
  return {
    key,
    ...tableOf(queries),
    ...(timeRange && { from: timeRange.from.valueOf(), to: timeRange.to.valueOf() }),
    ...(others.length > 0 && {
      filters: JSON.stringify(others.map(({ key, operator, value, values }) => ({ key, operator, value, values }))),
    }),
  };
}
