import {
  FieldType,
  SupplementaryQueryType,
  toDataFrame,
  type DataQueryRequest,
  type DataSourceInstanceSettings,
  type LogRowModel,
} from '@grafana/data';
import { DataSourceWithBackend, setTemplateSrv, type TemplateSrv } from '@grafana/runtime';
import { lastValueFrom, of } from 'rxjs';
import { AuditlakeDataSource } from './datasource';
import { type AuditlakeOptions } from './settings';
import { fakeReplace, type FakeVariable } from './templates.fake';
import { type AuditlakeQuery } from './types';

const datasource = new AuditlakeDataSource({
  uid: 'lake',
  type: 'auditlake-databricks-datasource',
  name: 'Auditlake',
  jsonData: {},
} as DataSourceInstanceSettings<AuditlakeOptions>);

/** Has the backend answer with a frame of one event; the returned mock tells what was asked. */
function answering() {
  const frame = {
    ...toDataFrame({
      fields: [
        { name: 'body', type: FieldType.string, values: ['ada deleted a cluster'] },
        { name: 'fileId', type: FieldType.string, values: ['7'] },
        { name: 'lineNumber', type: FieldType.number, values: [12] },
      ],
    }),
    refId: 'A',
  };
  return jest.spyOn(DataSourceWithBackend.prototype, 'query').mockReturnValue(of({ data: [frame] }));
}

beforeEach(() => {
  const replace = (text: string, scopedVars = {}, format: string | (() => string)) =>
    fakeReplace(scopedVars as Record<string, FakeVariable>)(text, format);
  setTemplateSrv({ replace } as unknown as TemplateSrv);
});

afterEach(() => jest.restoreAllMocks());

describe('applyTemplateVariables', () => {
  it('puts in variables and the filters of the dashboard', () => {
    const query: AuditlakeQuery = { refId: 'A', queryType: 'named', named: 'x', params: { who: '$who' } };
    const filter = { key: 'email', operator: '=', value: '$who' };

    expect(datasource.applyTemplateVariables(query, { who: { value: 'ada' } }, [filter])).toEqual({
      ...query,
      params: { who: 'ada' },
      adhocFilters: [{ ...filter, value: 'ada' }],
    });
  });
});

describe('targetContainsTemplate', () => {
  it.each([
    ['$who', true],
    ['ada', false],
  ])('%s: %s', (sql, contains) => {
    setTemplateSrv({ containsTemplate: (text: string) => text.includes('$') } as unknown as TemplateSrv);

    expect(datasource.targetContainsTemplate({ refId: 'A', queryType: 'sql', sql: `${sql} $__timeFilter(t)` })).toBe(
      contains
    );
  });
});

describe('query', () => {
  const ask = async (query: object) => {
    const request = { targets: [{ refId: 'A', ...query }], scopedVars: {} };
    const { data } = await lastValueFrom(datasource.query(request as unknown as DataQueryRequest<AuditlakeQuery>));
    return data[0];
  };

  it('links rows to their delivered lines', async () => {
    answering();

    const frame = await ask({ queryType: 'events', search: 'ada' });

    expect(frame.fields[2].config.links).toHaveLength(1);
  });

  it('does not link a line to itself', async () => {
    answering();

    const frame = await ask({ queryType: 'line', fileId: '7', lineNumber: 12 });

    expect(frame.fields[2].config.links).toBeUndefined();
  });
});

describe('metricFindQuery', () => {
  it('gives the options of a statement', async () => {
    answering();

    expect(await datasource.metricFindQuery('select body from x')).toEqual([
      { text: 'ada deleted a cluster', value: 'ada deleted a cluster' },
    ]);
  });

  it('says what went wrong', async () => {
    answering().mockReturnValue(of({ data: [], errors: [{ message: 'no such table' }] }));

    await expect(datasource.metricFindQuery('select body from x')).rejects.toThrow('no such table');
  });
});

describe('resources', () => {
  it('answers keys and values of filters', async () => {
    const get = jest.spyOn(datasource, 'getResource').mockResolvedValue([{ text: 'email', value: 'email' }]);

    expect(await datasource.getTagKeys()).toEqual([{ text: 'email', value: 'email' }]);
    await datasource.getTagValues({ key: 'email', filters: [] });
    await datasource.findValues({ table: 'jobs' }, 'email', 'a');

    expect(get.mock.calls).toEqual([
      ['filter-keys', {}],
      ['filter-values', { key: 'email' }],
      ['filter-values', { key: 'email', table: 'jobs', prefix: 'a' }],
    ]);
  });
});

describe('in Explore', () => {
  const events: AuditlakeQuery = { refId: 'A', queryType: 'events' };
  const options = { key: 'email', value: 'ada' };

  it('toggles filters', () => {
    const on = datasource.toggleQueryFilter(events, { type: 'FILTER_FOR', options });

    expect(datasource.queryHasFilter(on, options)).toBe(true);
    expect(datasource.toggleQueryFilter(on, { type: 'FILTER_FOR', options })).toEqual({ ...events, filters: [] });
    expect(datasource.toggleQueryFilter(on, { type: 'FILTER_OUT', options })).toEqual({
      ...events,
      filters: [{ key: 'email', operator: '!=', value: 'ada' }],
    });
  });

  it('offers the volume of lines', () => {
    const type = SupplementaryQueryType.LogsVolume;

    expect(datasource.getSupportedSupplementaryQueryTypes()).toEqual([type]);
    expect(datasource.getSupplementaryQuery({ type }, events)).toMatchObject({ queryType: 'volume' });
  });

  it('asks for the context of a line', async () => {
    const asked = answering();
    const row = { uid: 'A_1', labels: { actor: 'ada' }, timeEpochMs: 0 } as unknown as LogRowModel;

    const { data } = await datasource.getLogRowContext(row);

    expect(asked.mock.calls[0][0].targets).toEqual([await datasource.getLogRowContextQuery(row)]);
    expect(data).toHaveLength(1);
  });
});
