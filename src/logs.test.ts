import {
  findHighlightChunksInText,
  LogRowContextQueryDirection,
  SupplementaryQueryType,
  toDataFrame,
  type DataQueryRequest,
  type LogRowModel,
} from '@grafana/data';
import { contextQuery, contextRequest, volumeOf, volumeRequest, withSearchWords, wordsOf } from './logs';
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
  const row = { uid: 'A_7', labels: { actor: 'ada' }, timeEpochMs: 1_000_000_000 } as unknown as LogRowModel;
  const minutes = 60_000;

  it('is what the actor did before, newest first', () => {
    expect(contextQuery(row, { direction: LogRowContextQueryDirection.Backward, limit: 5 }, events)).toEqual({
      refId: 'log-context-A_7-before',
      queryType: 'events',
      table: 'clusters',
      filters: [{ key: 'actor', operator: '=', value: 'ada' }],
      limit: 5,
      direction: 'backward',
    });
  });

  it('is what the actor did after, oldest first', () => {
    const query = contextQuery(row, { direction: LogRowContextQueryDirection.Forward });

    expect(query).toMatchObject({ refId: 'log-context-A_7-after', direction: 'forward', limit: 100 });
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

describe('words', () => {
  it.each([
    ['two words', 'deleted cluster', ['deleted', 'cluster']],
    ['a phrase', 'deleted "my cluster"', ['deleted', 'my cluster']],
    ['a phrase without an end', 'deleted "my clu', ['deleted', 'my clu']],
    ['nothing', ' "" ', []],
  ])('are found: %s', (_, search, words) => {
    expect(wordsOf(search)).toEqual(words);
  });

  it('are highlighted literally and in any letter case', () => {
    const frame = toDataFrame({ meta: { custom: { limit: 10 } }, fields: [] });
    const text = 'Deleted a+b, not aab';

    const { meta } = withSearchWords(frame, { ...events, search: 'deleted a+b' });

    expect(meta?.custom).toEqual({ limit: 10, searchWords: meta?.searchWords });
    const chunks = findHighlightChunksInText({ searchWords: meta?.searchWords ?? [], textToHighlight: text });
    expect(chunks.map((chunk) => chunk.text)).toEqual(['Deleted', 'a+b']);
  });

  it('are none where nothing was searched for', () => {
    const frame = toDataFrame({ fields: [] });

    expect(withSearchWords(frame, { ...events, search: '' })).toBe(frame);
    expect(withSearchWords(frame, { refId: 'A', queryType: 'named' })).toBe(frame);
  });
});
