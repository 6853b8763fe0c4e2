import { FieldType, toDataFrame, type DataQueryRequest, type DataQueryResponse } from '@grafana/data';
import { lastValueFrom, of } from 'rxjs';
import { type AuditlakeDataSource } from './datasource';
import { type AuditlakeQuery } from './types';
import { AuditlakeVariables, optionsOf } from './variables';

const strings = (name: string, values: Array<string | null>) => ({ name, type: FieldType.string, values });

describe('optionsOf', () => {
  it('takes the first column', () => {
    const frame = toDataFrame({ fields: [strings('email', ['ada', 'grace']), strings('actionName', ['x', 'y'])] });

    expect(optionsOf([frame])).toEqual([
      { text: 'ada', value: 'ada' },
      { text: 'grace', value: 'grace' },
    ]);
  });

  it('takes text and value from their columns', () => {
    const frame = toDataFrame({ fields: [strings('x', ['?']), strings('__value', ['7']), strings('__text', ['ETL'])] });

    expect(optionsOf([frame])).toEqual([{ text: 'ETL', value: '7' }]);
  });

  it('takes both from one of them', () => {
    const frame = toDataFrame({ fields: [strings('x', ['?']), strings('__value', ['7'])] });

    expect(optionsOf([frame])).toEqual([{ text: '7', value: '7' }]);
  });

  it('leaves out nulls and repetitions, also of several frames', () => {
    const frame = toDataFrame({ fields: [strings('email', ['ada', null, 'ada'])] });

    expect(optionsOf([frame, frame])).toEqual([{ text: 'ada', value: 'ada' }]);
  });

  it('makes texts of numbers and times', () => {
    const numbers = toDataFrame({ fields: [{ name: 'n', type: FieldType.number, values: [0, 1.5] }] });
    const times = toDataFrame({ fields: [{ name: 't', type: FieldType.time, values: [86_400_000] }] });

    expect(optionsOf([numbers]).map(({ value }) => value)).toEqual(['0', '1.5']);
    expect(optionsOf([times]).map(({ value }) => value)).toEqual(['1970-01-02T00:00:00Z']);
  });

  it('has none of no columns', () => {
    expect(optionsOf([toDataFrame({ fields: [] })])).toEqual([]);
  });
});

describe('AuditlakeVariables', () => {
  const ask = async (target: unknown, response: Partial<DataQueryResponse> = {}) => {
    const query = jest.fn((_: DataQueryRequest<AuditlakeQuery>) => of({ data: [], ...response } as DataQueryResponse));
    const variables = new AuditlakeVariables({ query } as unknown as AuditlakeDataSource);
    const request = { targets: [target] } as DataQueryRequest<AuditlakeQuery>;
    return { query, answer: await lastValueFrom(variables.query(request)) };
  };

  it('runs a statement and gives its options', async () => {
    const frame = toDataFrame({ fields: [strings('email', ['ada'])] });

    const { query, answer } = await ask('select email from silver', { data: [frame] });

    expect(query.mock.calls[0][0].targets).toMatchObject([{ queryType: 'sql', sql: 'select email from silver' }]);
    expect(answer.data).toEqual([{ text: 'ada', value: 'ada' }]);
  });

  it('passes errors on', async () => {
    const errors = [{ message: 'no such table' }];

    expect((await ask('select 1', { errors })).answer.errors).toEqual(errors);
  });

  it('asks nothing while nothing is chosen', async () => {
    const { query, answer } = await ask({ refId: 'A', queryType: 'named' });

    expect(query).not.toHaveBeenCalled();
    expect(answer.data).toEqual([]);
  });
});
