import { CoreApp } from '@grafana/data';
import { defaultFor, describe as describeQuery, isRunnable, ofType, textsOf, variableQuery } from './queries';
import { type AuditlakeQuery } from './types';

describe('defaultFor', () => {
  it('is events in Explore and the catalog elsewhere', () => {
    expect(defaultFor(CoreApp.Explore)).toEqual({ queryType: 'events' });
    expect(defaultFor(CoreApp.PanelEditor)).toEqual({ queryType: 'named' });
    expect(defaultFor(undefined)).toEqual({ queryType: 'named' });
  });
});

describe('isRunnable', () => {
  it.each<[string, object, boolean]>([
    ['a chosen query', { queryType: 'named', named: 'x' }, true],
    ['a query without a type', { named: 'x' }, true],
    ['no query', { queryType: 'named' }, false],
    ['a statement', { queryType: 'sql', sql: 'select 1' }, true],
    ['blanks', { queryType: 'sql', sql: ' \n' }, false],
    ['all events', { queryType: 'events' }, true],
    ['hidden events', { queryType: 'events', hide: true }, false],
    ['a volume', { queryType: 'volume' }, true],
    ['a line', { queryType: 'line', fileId: '7', lineNumber: 1 }, true],
    ['a file', { queryType: 'line', fileId: '7' }, false],
    ['the pipeline', { queryType: 'pipeline' }, true],
  ])('%s', (_, query, runs) => {
    expect(isRunnable({ refId: 'A', ...query } as AuditlakeQuery)).toBe(runs);
  });
});

describe('describe', () => {
  it.each<[string, object, string]>([
    ['the name', { queryType: 'named', named: 'x' }, 'x'],
    ['the given parameters', { queryType: 'named', named: 'x', params: { a: '1', b: '', c: '$v' } }, 'x (a=1, c=$v)'],
    ['nothing for an empty query', { queryType: 'named' }, ''],
    ['a statement in one line', { queryType: 'sql', sql: 'select *\n  from jobs' }, 'select * from jobs'],
    ['events', { queryType: 'events' }, 'events'],
    ['the pipeline', { queryType: 'pipeline' }, 'tables of the pipeline'],
    ['its runs', { queryType: 'pipeline', view: 'runs' }, 'runs of the pipeline'],
    [
      'what is searched for',
      {
        queryType: 'events',
        table: 'jobs',
        search: 'failed',
        filters: [
          { key: 'email', operator: '!=', value: 'ada' },
          { key: 'actionName', operator: '=|', value: 'a', values: ['a', 'b'] },
        ],
      },
      'events of jobs failed email!=ada actionName=|a|b',
    ],
    ['a volume', { queryType: 'volume', search: 'failed' }, 'volume of events failed'],
    ['a line', { queryType: 'line', fileId: '7', lineNumber: 12 }, 'line 12 of file 7'],
  ])('shows %s', (_, query, text) => {
    expect(describeQuery({ refId: 'A', ...query } as AuditlakeQuery)).toBe(text);
  });
});

describe('textsOf', () => {
  it.each<[string, object, string[]]>([
    ['parameters', { queryType: 'named', params: { a: '$v', b: '1' } }, ['$v', '1']],
    ['a statement without macros', { queryType: 'sql', sql: 'a = $v and $__timeFilter(t)' }, ['a = $v and (t)']],
    [
      'what is searched for',
      { queryType: 'events', search: '$v', filters: [{ key: 'k', operator: '=|', value: 'x', values: ['x', '$w'] }] },
      ['', '$v', 'k', 'x', 'x', '$w'],
    ],
    ['a line', { queryType: 'line', fileId: 7 }, ['7', '']],
  ])('has %s', (_, query, texts) => {
    expect(textsOf({ refId: 'A', ...query } as AuditlakeQuery)).toEqual(texts);
  });
});

describe('ofType', () => {
  it('keeps what does not belong to the type', () => {
    const adhocFilters = [{ key: 'email', operator: '=', value: 'ada' }];
    const query: AuditlakeQuery = { refId: 'A', hide: true, queryType: 'sql', sql: 'select 1', adhocFilters };

    expect(ofType(query, 'events')).toEqual({ refId: 'A', hide: true, queryType: 'events', adhocFilters });
  });
});

describe('variableQuery', () => {
  it('takes the text of a statement', () => {
    expect(variableQuery('select email from silver')).toMatchObject({
      queryType: 'sql',
      sql: 'select email from silver',
      format: 'table',
    });
  });

  it('has a table of SQL, and a refId', () => {
    const query = { queryType: 'sql', sql: 'select 1', format: 'time_series' } as AuditlakeQuery;

    expect(variableQuery(query)).toEqual({ refId: 'variable', queryType: 'sql', sql: 'select 1', format: 'table' });
  });
});
