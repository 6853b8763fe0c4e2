import {
  CustomVariableSupport,
  FieldType,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type Field,
  type MetricFindValue,
} from '@grafana/data';
import { map, of, type Observable } from 'rxjs';
import { VariableEditor } from './components/QueryEditor/VariableEditor';
import { type AuditlakeDataSource } from './datasource';
import { isRunnable, variableQuery } from './queries';
import { defaultQuery, type AuditlakeQuery } from './types';

/** Options of a variable from a named query or SQL. */
export class AuditlakeVariables extends CustomVariableSupport<AuditlakeDataSource, AuditlakeQuery> {
  editor = VariableEditor;

  constructor(private readonly datasource: AuditlakeDataSource) {
    super();
  }

  getDefaultQuery(): Partial<AuditlakeQuery> {
    return { ...defaultQuery };
  }

  query(request: DataQueryRequest<AuditlakeQuery>): Observable<DataQueryResponse> {
    const targets = request.targets.map(variableQuery).filter(isRunnable);
    if (targets.length === 0) {
      return of({ data: [] });
    }
    // Errors stay in the response: Grafana shows them at the variable.
    return this.datasource
      .query({ ...request, targets })
      .pipe(map((response) => ({ ...response, data: optionsOf(response.data) })));
  }
}

/**
 * Options of the rows: text from the column `__text`, value from `__value`, as in Grafana's SQL data sources; one of
 * them stands for both, and without either the first column does. Nulls are left out, and what came before.
 */
export function optionsOf(frames: DataFrame[]): MetricFindValue[] {
  const options = new Map<string, MetricFindValue>();
  for (const { fields, length } of frames) {
    const column = (name: string) => fields.find((field) => field.name === name);
    const texts = column('__text') ?? column('__value') ?? fields[0];
    const values = column('__value') ?? texts;
    for (let row = 0; row < length; row++) {
      const text = cell(texts, row);
      const value = cell(values, row);
      if (text !== undefined && value !== undefined && !options.has(value)) {
        options.set(value, { text, value });
      }
    }
  }
  return [...options.values()];
}

function cell(field: Field | undefined, row: number): string | undefined {
  const value: unknown = field?.values[row];
  if (value === null || value === undefined) {
    return undefined;
  }
  return field?.type === FieldType.time ? new Date(Number(value)).toISOString().replace('.000Z', 'Z') : String(value);
}
