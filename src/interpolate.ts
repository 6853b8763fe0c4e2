import { type AdHocVariableFilter } from '@grafana/data';
import { defaultQuery, type AuditlakeQuery, type Filter } from './types';

/** What Grafana gives a function that formats a variable's value: the value, one or several, and the variable. */
export type Formatter = (value: unknown, variable?: { multi?: boolean; includeAll?: boolean }) => string;

/** Puts values in place of the variables in a text. A format written at the variable, like `${v:raw}`, comes first. */
export type Replace = (text: string, format: string | Formatter) => string;

/** Stands between several values of a variable, and for a `$` that is no variable; no value of an event has it. */
const separator = '\u001f';

const listed: Formatter = (value) => (Array.isArray(value) ? value.join(separator) : String(value ?? ''));
const spaced: Formatter = (value) => (Array.isArray(value) ? value.join(' ') : String(value ?? ''));

/**
 * A variable in SQL, as in Grafana's own SQL data sources: a variable that may have several values becomes quoted
 * texts joined by commas, for `in ($v)`; one that cannot stands between the quotes of the statement and only has its
 * own quotes doubled. Of no value at all, `null` is left, which nothing equals.
 */
export const sqlText: Formatter = (value, variable) => {
  const doubled = (one: unknown) => String(one ?? '').replaceAll("'", "''");
  if (Array.isArray(value)) {
    return value.map((one) => `'${doubled(one)}'`).join(', ') || 'null';
  }
  return variable?.multi || variable?.includeAll ? `'${doubled(value)}'` : doubled(value);
};

/**
 * A variable in a parameter: values of a variable that may have several are a list with commas, in which a value with
 * a comma, a quote or blanks around it is quoted as in CSV. A variable that has one value stands for just that.
 */
export const listText: Formatter = (value, variable) => {
  if (!Array.isArray(value) && !variable?.multi && !variable?.includeAll) {
    return String(value ?? '');
  }
  const quoted = (text: string) => (/[",]|^\s|\s$|^$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [value]
    .flat()
    .map((one) => quoted(String(one ?? '')))
    .join(',');
};

/**
 * A statement with its variables replaced. `$__interval` and `$__interval_ms` are left to the backend: its macros are
 * an INTERVAL and a number, in alert rules too, where Grafana would put in texts like `1m`.
 */
function interpolateSql(sql: string, replace: Replace): string {
  const hidden = sql.replace(/\$(__interval(?:_ms)?)(?!\w)/g, `${separator}$1`);
  return replace(hidden, sqlText).replace(new RegExp(`${separator}(__interval)`, 'g'), '$$$1');
}

/** A filter with its variables replaced; several values make of equality one of them, of inequality none of them. */
export function interpolateFilter({ key, operator, value, values }: Filter, replace: Replace): Filter {
  const all = (text: string) => replace(text, listed).split(separator);
  const plain = { key: replace(key, 'csv'), operator };
  switch (operator) {
    case '=|':
    case '!=|': {
      const list = (values?.length ? values : [value]).flatMap(all);
      return { ...plain, value: list[0] ?? '', values: list };
    }
    case '=':
    case '!=': {
      const list = all(value);
      return list.length > 1
        ? { ...plain, operator: `${operator}|`, value: list[0], values: list }
        : { ...plain, value: list[0] };
    }
    case '=~':
    case '!~':
      return { ...plain, value: replace(value, 'regex') };
  }
  return { ...plain, value: replace(value, 'csv') };
}

function interpolateFilters(filters: Filter[], replace: Replace): Filter[] {
  // Grafana has filters that are not finished among the others.
  return filters.filter(({ key, operator }) => key && operator).map((filter) => interpolateFilter(filter, replace));
}

/** The filters that a query has kept from a dashboard, and the dashboard's as it stands; none of them twice. */
function joined(kept: Filter[] = [], dashboard: AdHocVariableFilter[] = []): Filter[] {
  const plain = [...kept, ...dashboard].map(({ key, operator, value, values }) => ({
    key,
    operator,
    value,
    ...(values?.length && { values }),
  }));
  return [...new Map(plain.map((filter) => [JSON.stringify(filter), filter])).values()];
}

/** A new query for the backend; Grafana keeps the given one as what the user typed. */
export function interpolate(
  given: AuditlakeQuery,
  replace: Replace,
  dashboard?: AdHocVariableFilter[]
): AuditlakeQuery {
  const query: AuditlakeQuery = { ...defaultQuery, ...given };
  const adhocFilters = interpolateFilters(joined(query.adhocFilters, dashboard), replace);
  if (adhocFilters.length > 0) {
    query.adhocFilters = adhocFilters;
  }
  switch (query.queryType) {
    case 'named': {
      const params = Object.entries(query.params ?? {}).map(([name, value]) => [name, replace(value, listText)]);
      return { ...query, params: Object.fromEntries(params) };
    }
    case 'sql':
      return { ...query, sql: interpolateSql(query.sql ?? '', replace) };
    case 'events':
    case 'volume':
      return {
        ...query,
        ...(query.table && { table: replace(query.table, 'csv') }),
        search: replace(query.search ?? '', spaced),
        filters: interpolateFilters(query.filters ?? [], replace),
      };
    case 'pipeline':
      return query;
    case 'line':
      return {
        ...query,
        fileId: replace(String(query.fileId ?? ''), 'csv'),
        lineNumber: replace(String(query.lineNumber ?? ''), 'csv'),
      };
  }
}
