import { type Aggregate, type Builder, type Filter } from './types';

/** Words that cannot stand for a column without backticks. */
const reserved = new Set(
  (
    'all and any as asc between by case cast cross desc distinct else end except exists false filter from full group ' +
    'having in inner intersect interval is join left like limit not null on or order outer over qualify right rlike ' +
    'select semi some table then true union using values when where window with'
  ).split(' ')
);

/** The table that has all events, under the names of delivered logs. */
export const defaultTable = 'silver';
export const defaultPercentile = 95;

/** What a new statement begins with: all events of the time range, by service. */
export const newBuilder: Builder = {
  table: defaultTable,
  time: 'date_time',
  columns: ['serviceName'],
  aggregates: [{ function: 'count' }],
};

/**
 * The statement, in the subset of SQL that the backend makes a plan of. Every value is quoted, and every name that is
 * not plain, so that nothing that was typed is read as SQL.
 */
export function buildSql(builder: Builder): string {
  const { table, limit } = builder;
  const { keys, made } = partsOf(builder);
  const shown = [...keys, ...made].map(({ sql, name }) => (sql === quoted(name) ? sql : `${sql} AS ${quoted(name)}`));
  const conditions = [
    ...(builder.time ? [`$__timeFilter(${column(builder.time)})`] : []),
    ...(builder.filters ?? []).map(condition),
  ].filter(Boolean);
  const order = orderOf(builder);

  return [
    `SELECT ${shown.length === 0 ? '*' : shown.join(',\n  ')}`,
    `FROM ${(table || defaultTable).split('.').map(quoted).join('.')}`,
    conditions.length > 0 && `WHERE ${conditions.join('\n  AND ')}`,
    made.length > 0 && keys.length > 0 && `GROUP BY ${keys.map((_, i) => i + 1).join(', ')}`,
    order && `ORDER BY ${order.by}${order.descending ? ' DESC NULLS LAST' : ''}`,
    limit !== undefined && Number.isInteger(limit) && limit > 0 && `LIMIT ${limit}`,
  ]
    .filter(Boolean)
    .join('\n');
}

/** The names of the columns of the answer, none of which is there twice; empty for all of the table. */
export function outputOf(builder: Builder): string[] {
  const { keys, made } = partsOf(builder);
  return [...keys, ...made].map(({ name }) => name);
}

interface Output {
  sql: string;
  name: string;
}

/** What is grouped by, and what is made of each group. */
function partsOf(builder: Builder): { keys: Output[]; made: Output[] } {
  const keys = keysOf(builder);
  const all = unlike([...keys, ...(builder.aggregates ?? []).flatMap((aggregate) => aggregateOf(aggregate) ?? [])]);
  return { keys: all.slice(0, keys.length), made: all.slice(keys.length) };
}

function keysOf({ time, bucket, columns = [] }: Builder): Output[] {
  const interval = bucket === 'auto' ? '$__interval' : /^\d+[a-zA-Z]+$/.test(bucket ?? '') ? bucket : undefined;
  const buckets = time && interval ? [{ sql: `$__timeGroup(${column(time)}, ${interval})`, name: 'time' }] : [];
  const plain = [...new Set(columns)].filter(Boolean).map((key) => ({ sql: column(key), name: lastPart(key) }));
  return [...buckets, ...plain];
}

function aggregateOf({ function: name, column: key, percentile = defaultPercentile }: Aggregate): Output | undefined {
  if (name === 'count') {
    return { sql: 'count(*)', name: 'num_events' };
  }
  if (!key) {
    return undefined;
  }
  const x = column(key);
  const part = lastPart(key);
  // Request parameters are texts, also where they are numbers.
  const number = `CAST(${x} AS double)`;
  switch (name) {
    case 'count_distinct':
      return { sql: `count(DISTINCT ${x})`, name: `num_${part}` };
    case 'sum':
    case 'avg':
      return { sql: `${name}(${number})`, name: `${name}_${part}` };
    case 'min':
    case 'max':
      return { sql: `${name}(${x})`, name: `${name}_${part}` };
    case 'percentile': {
      const share = Math.min(Math.max(Number(percentile) || 0, 0), 100);
      return {
        sql: `percentile(${number}, ${Number((share / 100).toFixed(6))})`,
        name: `p${String(share).replace('.', '_')}_${part}`,
      };
    }
  }
}

/** With a number behind a name that was there before. */
function unlike(outputs: Output[]): Output[] {
  const taken = new Set<string>();
  return outputs.map(({ sql, name }) => {
    let free = name;
    for (let n = 2; taken.has(free.toLowerCase()); n++) {
      free = `${name}_${n}`;
    }
    taken.add(free.toLowerCase());
    return { sql, name: free };
  });
}

/** Series are in the order of time; else the order is as chosen, if the answer has the column. */
function orderOf(builder: Builder): { by: string; descending: boolean } | undefined {
  const { orderBy, descending = false } = builder;
  const names = outputOf(builder);
  if (orderBy && names.length === 0) {
    return { by: column(orderBy), descending };
  }
  if (orderBy && names.includes(orderBy)) {
    return { by: quoted(orderBy), descending };
  }
  return builder.bucket && names[0] === 'time' ? { by: 'time', descending: false } : undefined;
}

/** A condition with the meaning of a dashboard's filter; empty if it holds for every row. */
function condition({ key, operator, value, values }: Filter): string {
  const x = column(key);
  const list = (values?.length ? values : [value]).map(text).join(', ');
  const several = isMany(operator) || variable(value) !== undefined;
  switch (operator) {
    case '=':
    case '=|':
      return several ? `${x} IN (${list})` : `${x} = ${list}`;
    case '!=':
    case '!=|':
      return several ? `(${x} NOT IN (${list}) OR ${x} IS NULL)` : `${x} IS DISTINCT FROM ${list}`;
    case '=~':
      return value === '.*' ? '' : `${asText(x)} RLIKE ${pattern(value)}`;
    case '!~':
      return `(NOT ${asText(x)} RLIKE ${pattern(value)} OR ${x} IS NULL)`;
    case '<':
    case '<=':
    case '>':
    case '>=':
      return `${x} ${operator} ${/^-?\d+(\.\d+)?$/.test(value) ? value : text(value)}`;
  }
  throw new Error(`operator ${operator} is not known`);
}

const isMany = (operator: string) => operator.endsWith('|');
const asText = (x: string) => `CAST(${x} AS string)`;

/** A text in quotes. A variable alone is a list of all its values, which Grafana quotes. */
function text(value: string): string {
  const name = variable(value);
  return name === undefined ? `'${value.replaceAll("'", "''")}'` : `\${${name}:sqlstring}`;
}

/** The name of the variable that is all of a text. */
function variable(value: string): string | undefined {
  const match = /^\$(?:(\w+)|\{(\w+)\})$/.exec(value);
  const name = match?.[1] ?? match?.[2];
  return name?.startsWith('__') ? undefined : name;
}

/** A regular expression for the whole text, in which a dot is any character. Of two backslashes SQL makes one. */
const pattern = (value: string) => text(`(?s)^(?:${value.replaceAll('\\', '\\\\')})$`);

/** A path of names and of keys in brackets. */
function column(key: string): string {
  const path = pathOf(key);
  const [first, ...others] = path;
  return [quoted(first), ...others.map((part) => (isPlain(part) ? `.${part}` : `[${literal(part)}]`))].join('');
}

const literal = (part: string) => `'${part.replaceAll("'", "''")}'`;

function pathOf(key: string): string[] {
  const parts = key.match(/\['(?:[^']|'')*'\]|[^.[]+/g) ?? [];
  const path = parts.map((part) => (part.startsWith("['") ? part.slice(2, -2).replaceAll("''", "'") : part));
  // What is no path is a name of one part, whatever is in it.
  return path.length > 0 && written(parts) === key ? path : [key];
}

const written = (parts: string[]) =>
  parts.map((part, i) => (i > 0 && !part.startsWith('[') ? `.${part}` : part)).join('');

const isPlain = (name: string) => /^[a-z_]\w*$/i.test(name) && !reserved.has(name.toLowerCase());

const quoted = (name: string) => (isPlain(name) ? name : `\`${name.replaceAll('`', '``')}\``);

/** A name for a column of the answer. */
const lastPart = (key: string) => pathOf(key).at(-1)?.replaceAll(/\W+/g, '_') ?? '';
