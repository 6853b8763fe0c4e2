import { interpolate } from './interpolate';
import { fakeReplace } from './templates.fake';
import { type AuditlakeQuery, type Filter } from './types';

const replace = fakeReplace({
  __interval: { value: '1m' },
  __interval_ms: { value: '60000' },
  who: { value: 'ada' },
  irish: { value: "O'Hara" },
  several: { value: ['ada', "O'Hara"], multi: true },
  comma: { value: 'Doe, Jane' },
  odd: { value: ['Doe, Jane', 'ann', 'say "hi"', ''], multi: true },
  oneOdd: { value: ['Doe, Jane'], multi: true },
  one: { value: 'ada', multi: true },
  all: { value: 'grace', includeAll: true },
  none: { value: [], multi: true },
  table: { value: 'clusters' },
  dotted: { value: ['a.b', 'c'], multi: true },
  line: { value: '12' },
});

const sql = (text: string) => {
  const sent = interpolate({ refId: 'A', queryType: 'sql', sql: text }, replace);
  return sent.queryType === 'sql' && sent.sql;
};

describe('SQL', () => {
  it.each([
    ['a single value between the quotes of the statement', "email = '$who'", "email = 'ada'"],
    ['quotes in a single value doubled', "email = '$irish'", "email = 'O''Hara'"],
    ['a single value as a name', 'select $who', 'select ada'],
    ['several values quoted and joined', 'email in ($several)', "email in ('ada', 'O''Hara')"],
    ['one value of a variable that may have several quoted', 'email in ($one)', "email in ('ada')"],
    ['the one value of a variable with All quoted', 'email = $all', "email = 'grace'"],
    ['nothing that equals where no value is chosen', 'email in ($none)', 'email in (null)'],
    ['a format of its own as it is', "email = '${irish:raw}'", "email = 'O'Hara'"],
    ['intervals left to the backend', 'x - $__interval, $__interval_ms', 'x - $__interval, $__interval_ms'],
    ["Grafana's interval where it is asked for", "'${__interval}'", "'1m'"],
    ['macros left to the backend', '$__timeFilter(date_time)', '$__timeFilter(date_time)'],
    ['unknown names left', 'limit $count', 'limit $count'],
  ])('has %s', (_, text, expected) => {
    expect(sql(text)).toBe(expected);
  });
});

describe('named queries', () => {
  it.each([
    ['a value as it is', '$comma', 'Doe, Jane'],
    ['values joined with commas', '$several', "ada,O'Hara"],
    ['values that have commas or quotes in quotes', '$odd', '"Doe, Jane",ann,"say ""hi""",""'],
    ['the one value of several possible in quotes too', '$oneOdd', '"Doe, Jane"'],
    ['a format of its own', '${odd:csv}', 'Doe, Jane,ann,say "hi",'],
  ])('have %s', (_, text, expected) => {
    const sent = interpolate({ refId: 'A', queryType: 'named', params: { a: text, b: 'x' } }, replace);

    expect(sent).toEqual({ refId: 'A', queryType: 'named', params: { a: expected, b: 'x' } });
  });

  it('are what a query without a type is', () => {
    const sent = interpolate({ refId: 'A', named: 'x' } as AuditlakeQuery, replace);

    expect(sent).toEqual({ refId: 'A', queryType: 'named', named: 'x', params: {} });
  });
});

describe('events', () => {
  const filtered = (filter: Filter) => {
    const sent = interpolate({ refId: 'A', queryType: 'events', filters: [filter] }, replace);
    return sent.queryType === 'events' && sent.filters;
  };

  it('have table and words replaced', () => {
    const sent = interpolate({ refId: 'A', queryType: 'events', table: '$table', search: '"$who" x' }, replace);

    expect(sent).toMatchObject({ table: 'clusters', search: '"ada" x' });
  });

  it.each<[string, Filter, Filter]>([
    ['a value', { key: 'email', operator: '=', value: '$who' }, { key: 'email', operator: '=', value: 'ada' }],
    [
      'one of several values',
      { key: 'email', operator: '=', value: '$several' },
      { key: 'email', operator: '=|', value: 'ada', values: ['ada', "O'Hara"] },
    ],
    [
      'none of several values',
      { key: 'email', operator: '!=', value: '$several' },
      { key: 'email', operator: '!=|', value: 'ada', values: ['ada', "O'Hara"] },
    ],
    [
      'values among values',
      { key: 'email', operator: '=|', value: '', values: ['x', '$several'] },
      { key: 'email', operator: '=|', value: 'x', values: ['x', 'ada', "O'Hara"] },
    ],
    [
      'a pattern of any of the values, literally',
      { key: 'email', operator: '=~', value: '$dotted' },
      { key: 'email', operator: '=~', value: '(a\\.b|c)' },
    ],
    ['an empty value', { key: 'email', operator: '=', value: '' }, { key: 'email', operator: '=', value: '' }],
  ])('filter by %s', (_, given, expected) => {
    expect(filtered(given)).toEqual([expected]);
  });

  it('leave out filters that are not finished', () => {
    expect(filtered({ key: '', operator: '=', value: 'x' })).toEqual([]);
  });
});

describe('lines', () => {
  it('have their place as texts, as links fill it in', () => {
    const sent = interpolate({ refId: 'A', queryType: 'line', fileId: 7, lineNumber: '$line' }, replace);

    expect(sent).toEqual({ refId: 'A', queryType: 'line', fileId: '7', lineNumber: '12' });
  });
});

describe('filters of the dashboard', () => {
  const given: AuditlakeQuery = { refId: 'A', queryType: 'sql', sql: 'select 1' };
  const filter = { key: 'email', operator: '=', value: 'ada' };

  it('come with every query', () => {
    const dashboard = { ...filter, origin: 'dashboard', condition: '' };

    expect(interpolate(given, replace, [dashboard])).toEqual({ ...given, adhocFilters: [filter] });
  });

  it('are replaced too', () => {
    const sent = interpolate(given, replace, [{ ...filter, value: '$several' }]);

    expect(sent.adhocFilters).toEqual([{ key: 'email', operator: '=|', value: 'ada', values: ['ada', "O'Hara"] }]);
  });

  it('stay where the query was taken to Explore, and are not doubled back in the dashboard', () => {
    const kept = { ...given, adhocFilters: [filter] };
    const other = { key: 'actionName', operator: '!=', value: 'get' };

    expect(interpolate(kept, replace).adhocFilters).toEqual([filter]);
    expect(interpolate(kept, replace, [filter, other]).adhocFilters).toEqual([filter, other]);
  });

  it('are none where there are none', () => {
    expect(interpolate(given, replace, [])).toEqual(given);
  });
});

it('leaves the query of the dashboard as it is', () => {
  const given: AuditlakeQuery = {
    refId: 'A',
    queryType: 'events',
    search: '$who',
    filters: [{ key: 'email', operator: '=|', value: '', values: ['$several'] }],
    adhocFilters: [{ key: 'email', operator: '=', value: '$several' }],
  };
  const before = JSON.stringify(given);

  interpolate(given, replace, [{ key: '$who', operator: '=', value: '$who' }]);

  expect(JSON.stringify(given)).toBe(before);
});
