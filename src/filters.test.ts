import { dateTime, type QueryFixAction, type TimeRange } from '@grafana/data';
import { hasFilter, keyParams, modified, toggled, valueParams, withFilters } from './filters';
import { type AuditlakeQuery, type EventsModel, type Filter } from './types';

const events = (given: Partial<EventsModel> = {}): EventsModel => ({ refId: 'A', queryType: 'events', ...given });
const isAda: Filter = { key: 'email', operator: '=', value: 'ada' };
const notAda: Filter = { key: 'email', operator: '!=', value: 'ada' };
const isCreate: Filter = { key: 'actionName', operator: '=', value: 'create' };

describe('toggled', () => {
  it.each<[string, Filter[], Filter[]]>([
    ['adds', [isCreate], [isCreate, isAda]],
    ['takes away', [isAda, isCreate], [isCreate]],
    ['replaces the opposite', [notAda, isCreate], [isCreate, isAda]],
  ])('%s', (_, before, after) => {
    expect(toggled(before, 'email', '=', 'ada')).toEqual(after);
  });
});

describe('modified', () => {
  const act = (query: AuditlakeQuery, type: string, options?: QueryFixAction['options']) =>
    modified(query, { type, options });
  const email = { key: 'email', value: 'ada' };

  it.each<[string, EventsModel, string, QueryFixAction['options'], Partial<EventsModel>]>([
    ['filters for a value', events(), 'ADD_FILTER', email, { filters: [isAda] }],
    ['filters a value out', events(), 'ADD_FILTER_OUT', email, { filters: [notAda] }],
    ['filters for what was out', events({ filters: [notAda] }), 'ADD_FILTER', email, { filters: [isAda] }],
    ['adds a filter only once', events({ filters: [isAda] }), 'ADD_FILTER', email, { filters: [isAda] }],
    [
      'searches for a selected text as a phrase',
      events({ search: 'deleted' }),
      'ADD_STRING_FILTER',
      { value: 'my cluster' },
      { search: 'deleted "my cluster"' },
    ],
    [
      'searches for a text with quotes',
      events(),
      'ADD_STRING_FILTER',
      { value: 'name: "my cluster"' },
      { search: '"name: \\"my cluster\\""' },
    ],
  ])('%s', (_, query, type, options, expected) => {
    expect(act(query, type, options)).toEqual({ ...query, ...expected });
  });

  it('leaves queries without filters of their own alone', () => {
    const query: AuditlakeQuery = { refId: 'A', queryType: 'sql', sql: 'select 1' };

    expect(act(query, 'ADD_FILTER', email)).toBe(query);
  });

  it('leaves actions it does not know alone', () => {
    const query = events();

    expect(act(query, 'ADD_UNICORN', email)).toBe(query);
  });
});

describe('hasFilter', () => {
  it('knows filters for a value', () => {
    const query = withFilters(events(), () => [isAda, { key: 'actionName', operator: '!=', value: 'get' }]);

    expect(hasFilter(query, 'email', 'ada')).toBe(true);
    expect(hasFilter(query, 'email', 'grace')).toBe(false);
    expect(hasFilter(query, 'actionName', 'get')).toBe(false);
  });
});

describe('what is asked of the backend', () => {
  const timeRange = { from: dateTime(1000), to: dateTime(2000) } as TimeRange;

  it('has key, times, and the other filters', () => {
    const params = valueParams({ key: 'email', filters: [isAda, isCreate], timeRange });

    expect(params).toEqual({ key: 'email', from: 1000, to: 2000, filters: JSON.stringify([isCreate]) });
  });

  it('has nothing that is not known', () => {
    expect(valueParams({ key: 'email', filters: [] })).toEqual({ key: 'email' });
    expect(keyParams()).toEqual({});
  });

  it('has a table where all queries are of the same', () => {
    const clusters = events({ table: 'clusters' });

    expect(keyParams({ queries: [clusters, clusters] })).toEqual({ table: 'clusters' });
    expect(keyParams({ queries: [clusters, events({ table: 'jobs' })] })).toEqual({});
    expect(keyParams({ queries: [clusters, { refId: 'B', queryType: 'named' }] })).toEqual({});
  });
});
