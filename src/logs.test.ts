import {
  LogRowContextQueryDirection,
  SupplementaryQueryType,
  type DataQueryRequest,
  type LogRowModel,
} from '@grafana/data';
import { contextQuery, contextRequest, volumeOf, volumeRequest } from './logs';
import { type AuditlakeQuery, type EventsModel } from './types';

const type = SupplementaryQueryType.LogsVolume;
const events: EventsModel = {
  refId: 'A',
  queryType: 'events',
  table: 'clusters',
  search: 'deleted',
  filters: [{ key: 'email', operator: '=', value: 'ada' }],
  limit: 10,
};

describe('the volume', () => {
  it('has table, words and filters of the lines', () => {
    const { table, search, filters } = events;

    expect(volumeOf({ type }, events)).toEqual({ refId: 'log-volume-A', queryType: 'volume', table, search, filters });
  });

  it('is not of queries without lines, hidden ones, and other extras', () => {
    expect(volumeOf({ type }, { refId: 'A', queryType: 'named', named: 'x' })).toBeUndefined();
    expect(volumeOf({ type }, { ...events, hide: true })).toBeUndefined();
    expect(volumeOf({ type: SupplementaryQueryType.LogsSample }, events)).toBeUndefined();
  });

  it('is asked for by one request', () => {
    const request = {
      requestId: '1',
      targets: [events, { refId: 'B', queryType: 'named' }, { ...events, refId: 'C' }],
    };

    const asked = volumeRequest(type, request as DataQueryRequest<AuditlakeQuery>);

    expect(asked?.targets.map(({ refId, queryType }) => [refId, queryType])).toEqual([
      ['log-volume-A', 'volume'],
      ['log-volume-C', 'volume'],
    ]);
  });

  it('is not asked for where no query has lines', () => {
    const request = { targets: [{ refId: 'B', queryType: 'named' }] } as DataQueryRequest<AuditlakeQuery>;

    expect(volumeRequest(type, request)).toBeUndefined();
  });
});

describe('the context of a line', () => {
  const row = {
    uid: 'A_7',
    rowId: '1000000000000000-7-12-0-0',
    labels: { actor: 'ada' },
    timeEpochMs: 1_000_000_000,
  } as unknown as LogRowModel;
  const minutes = 60_000;

  it('is what the actor did before, newest first', () => {
    expect(contextQuery(row, { direction: LogRowContextQueryDirection.Backward, limit: 5 }, events)).toEqual({
      refId: 'log-context-A_7-before',
      queryType: 'events',
      table: 'clusters',
      filters: [{ key: 'actor', operator: '=', value: 'ada' }],
      before: row.rowId,
      limit: 5,
      direction: 'backward',
    });
  });

  it('is what the actor did after, oldest first', () => {
    const query = contextQuery(row, { direction: LogRowContextQueryDirection.Forward });

    expect(query).toMatchObject({ refId: 'log-context-A_7-after', after: row.rowId, direction: 'forward', limit: 100 });
    expect(query).not.toHaveProperty('table');
  });

  it('is everything where nobody is known', () => {
    expect(contextQuery({ ...row, labels: {} }).filters).toEqual([]);
  });

  it.each([
    [LogRowContextQueryDirection.Backward, row.timeEpochMs - 5 * minutes, row.timeEpochMs + 1],
    [LogRowContextQueryDirection.Forward, row.timeEpochMs, row.timeEpochMs + 5 * minutes + 1],
  ])('reaches as far as Grafana says: %s', (direction, from, to) => {
    const { range } = contextRequest(row, { direction, timeWindowMs: 5 * minutes });

    expect([range.from.valueOf(), range.to.valueOf()]).toEqual([from, to]);
  });
});
