import { prepareAnnotation, prepareQuery } from './annotations';
import { type AuditlakeQuery } from './types';

const base = { name: 'Failures', enable: true, iconColor: 'red' };
const named = { refId: 'Anno', queryType: 'named', named: 'jobs_failing', params: { hours: '24' } };

describe('prepareAnnotation', () => {
  it.each<[string, object, object]>([
    ['in target', { target: { ...named, refId: 'A' } }, { ...named, refId: 'A' }],
    ['in query', { query: named }, named],
    ['beside the name', { queryType: 'named', named: 'jobs_failing', params: { hours: '24' } }, named],
    ['beside the name, without a type', { named: 'jobs_failing', params: { hours: '24' } }, named],
    ['as the text of a statement', { query: 'select 1' }, { refId: 'Anno', queryType: 'sql', sql: 'select 1' }],
    ['as sql', { sql: 'select 1' }, { refId: 'Anno', queryType: 'sql', sql: 'select 1' }],
    ['nowhere', {}, { refId: 'Anno', queryType: 'named' }],
  ])('finds the query %s', (_, given, target) => {
    expect(prepareAnnotation({ ...base, ...given })).toEqual({ ...base, target });
  });
});

describe('prepareQuery', () => {
  const prepared = (target?: object) => prepareQuery({ ...base, target: target as AuditlakeQuery });

  it('asks for annotations', () => {
    expect(prepared(named)).toEqual({ ...named, format: 'annotations' });
    expect(prepared({ refId: 'A', queryType: 'sql', sql: 'select 1', format: 'table' })).toEqual({
      refId: 'A',
      queryType: 'sql',
      sql: 'select 1',
      format: 'annotations',
    });
  });

  it('takes events as they are', () => {
    const events = { refId: 'A', queryType: 'events', search: 'failed' };

    expect(prepared(events)).toEqual(events);
  });

  it('asks nothing without a query', () => {
    expect(prepared()).toBeUndefined();
    expect(prepared({ refId: 'A', queryType: 'named' })).toBeUndefined();
  });
});
