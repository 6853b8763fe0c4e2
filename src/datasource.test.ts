import { type DataSourceInstanceSettings, type ScopedVars } from '@grafana/data';
import { setTemplateSrv, type TemplateSrv } from '@grafana/runtime';
import { AuditlakeDataSource } from './datasource';
import { type AuditlakeOptions, type AuditlakeQuery } from './types';

const datasource = new AuditlakeDataSource({
  uid: 'lake',
  type: 'auditlake-databricks-datasource',
  name: 'Auditlake',
  jsonData: {},
} as DataSourceInstanceSettings<AuditlakeOptions>);

const query = (given: Partial<AuditlakeQuery>): AuditlakeQuery => ({ refId: 'A', queryType: 'named', ...given });

describe('applyTemplateVariables', () => {
  beforeEach(() => {
    const replace = (text = '', scopedVars: ScopedVars = {}, format: unknown = 'glob') =>
      text.replace(/\$(\w+)/g, (_, name) => {
        const value = scopedVars[name]?.value;
        return Array.isArray(value) && format === 'csv' ? value.join(',') : String(value);
      });
    setTemplateSrv({ replace } as TemplateSrv);
  });

  it('replaces variables in parameter values', () => {
    const given = query({ named: 'clusters_by_creator', params: { creator: '$who', day: '2019-12-28' } });

    const sent = datasource.applyTemplateVariables(given, { who: { value: 'ada' } });

    expect(sent.params).toEqual({ creator: 'ada', day: '2019-12-28' });
  });

  it('joins several values with commas', () => {
    const sent = datasource.applyTemplateVariables(query({ params: { creator: '$who' } }), {
      who: { value: ['ada', 'grace'] },
    });

    expect(sent.params).toEqual({ creator: 'ada,grace' });
  });

  it('leaves the query of the dashboard as it is', () => {
    const given = query({ params: { creator: '$who' } });

    datasource.applyTemplateVariables(given, { who: { value: 'ada' } });

    expect(given).toEqual(query({ params: { creator: '$who' } }));
  });

  it('gives a query without a type the default one', () => {
    const sent = datasource.applyTemplateVariables({ refId: 'A', named: 'x' } as AuditlakeQuery, {});

    expect(sent).toEqual({ refId: 'A', queryType: 'named', named: 'x', params: {} });
  });
});

describe('filterQuery', () => {
  it.each([
    ['runs a chosen query', { named: 'x' }, true],
    ['skips an empty one', {}, false],
    ['skips a hidden one', { named: 'x', hide: true }, false],
  ])('%s', (_, given, runs) => {
    expect(datasource.filterQuery(query(given))).toBe(runs);
  });
});

describe('getQueryDisplayText', () => {
  it.each([
    ['the name', { named: 'x' }, 'x'],
    ['the given parameters', { named: 'x', params: { a: '1', b: '', c: '$v' } }, 'x (a=1, c=$v)'],
    ['nothing for an empty query', {}, ''],
  ])('shows %s', (_, given, text) => {
    expect(datasource.getQueryDisplayText(query(given))).toBe(text);
  });
});
