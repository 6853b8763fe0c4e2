import {
  CoreApp,
  dateTime,
  LogRowContextQueryDirection,
  SupplementaryQueryType,
  type DataQueryRequest,
  type LogRowContextOptions,
  type LogRowModel,
  type SupplementaryQueryOptions,
} from '@grafana/data';
import { type AuditlakeQuery, type EventsModel, type VolumeModel } from './types';

/** How far around a line its context reaches, unless Grafana says so. */
const windowMs = 24 * 60 * 60 * 1000;
const contextLimit = 100;

/** The volume of the lines that a query gives: same table, words and filters. */
export function volumeOf(options: SupplementaryQueryOptions, query: AuditlakeQuery): VolumeModel | undefined {
  if (options.type !== SupplementaryQueryType.LogsVolume || query.queryType !== 'events' || query.hide) {
    return undefined;
  }
  const { datasource, table, search, filters, adhocFilters } = query;
  return { refId: `log-volume-${query.refId}`, datasource, queryType: 'volume', table, search, filters, adhocFilters };
}

/** The request for the volumes of all queries that have one. */
export function volumeRequest(
  type: SupplementaryQueryType,
  request: DataQueryRequest<AuditlakeQuery>
): DataQueryRequest<AuditlakeQuery> | undefined {
  if (type !== SupplementaryQueryType.LogsVolume) {
    return undefined;
  }
  const targets = request.targets.flatMap((query) => volumeOf({ type }, query) ?? []);
  return targets.length > 0 ? { ...request, targets } : undefined;
}

/** What the same actor did around a line; where nobody is known, everything that happened there. */
export function contextQuery(
  row: LogRowModel,
  options: LogRowContextOptions = {},
  query?: AuditlakeQuery
): EventsModel {
  const forward = options.direction === LogRowContextQueryDirection.Forward;
  const { actor } = row.labels;
  return {
    refId: `log-context-${row.uid}-${forward ? 'after' : 'before'}`,
    datasource: query?.datasource,
    queryType: 'events',
    ...(query?.queryType === 'events' && query.table && { table: query.table }),
    ...(row.rowId && (forward ? { after: row.rowId } : { before: row.rowId })),
    filters: actor ? [{ key: 'actor', operator: '=', value: actor }] : [],
    limit: options.limit ?? contextLimit,
    direction: forward ? 'forward' : 'backward',
  };
}

export function contextRequest(
  row: LogRowModel,
  options: LogRowContextOptions = {},
  query?: AuditlakeQuery
): DataQueryRequest<AuditlakeQuery> {
  const target = contextQuery(row, options, query);
  const span = options.timeWindowMs ?? windowMs;
  const [start, end] = target.direction === 'forward' ? [0, span] : [-span, 0];
  // A range ends before its end, and the millisecond of the line has others too; ids tell what is before and after.
  const from = dateTime(row.timeEpochMs + start);
  const to = dateTime(row.timeEpochMs + end + 1);
  return {
    requestId: target.refId,
    app: CoreApp.Explore,
    targets: [target],
    range: { from, to, raw: { from, to } },
    scopedVars: options.scopedVars ?? {},
    interval: '1s',
    intervalMs: 1000,
    timezone: 'utc',
    startTime: Date.now(),
  };
}
