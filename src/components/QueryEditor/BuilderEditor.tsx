import React from 'react';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { Combobox, MultiCombobox, type ComboboxOption } from '@grafana/ui';
import { type AuditlakeDataSource } from '../../datasource';
import { buildSql, defaultTable } from '../../sqlBuilder';
import { type Builder, type SqlMetadata, type SqlModel, type SqlTable } from '../../types';
import { Aggregates } from './Aggregates';
import { BuilderOrder } from './BuilderOrder';
import { FilterRows } from './FilterRows';
import { type PartProps } from './props';
import { paramsOf } from './sqlLanguage';
import { useLoaded } from './useLoaded';

const load = (datasource: AuditlakeDataSource) => datasource.getSqlMetadata();
const nothing: SqlMetadata = { tables: [], functions: [], macros: [] };

/** Times that rows are ordered by, the first that a table has. */
const preferredTimes = ['date_time', 'event_time', 'ingestedAt', 'startedAt'];

const buckets: Array<ComboboxOption<string>> = [
  { value: 'auto', label: 'auto', description: 'The interval of the panel' },
  ...['1m', '5m', '15m', '1h', '6h', '1d', '1w'].map((value) => ({ value, label: value })),
];

const preview = { margin: 0, whiteSpace: 'pre-wrap' } as const;

const option = (value: string): ComboboxOption<string> => ({ value, label: value });

/** A statement by its parts: what is not in here can be written as code. */
export function BuilderEditor({ datasource, query, range, onChange, onRunQuery }: PartProps<SqlModel>) {
  const { value: metadata } = useLoaded(datasource, load, nothing);
  const builder = query.builder ?? {};
  const name = builder.table || defaultTable;
  const table = metadata.tables.find((each) => each.name === name);
  const columns = table
    ? [...table.columns.map((column) => column.name), ...paramsOf(table).map((key) => key.name)]
    : [];
  const isGrouped = Boolean(builder.aggregates?.length);
  const id = (part: string) => `builder-${part}-${query.refId}`;

  const change = (part: Partial<Builder>) => {
    const next = { ...builder, ...part };
    onChange({ ...query, builder: next, sql: buildSql(next) });
  };
  const run = (part: Partial<Builder>) => {
    change(part);
    onRunQuery();
  };
  const chooseTable = (chosen: string) => {
    const times = timesOf(metadata, chosen);
    const time = preferredTimes.find((each) => times.includes(each)) ?? times[0];
    // Columns of one table are seldom those of another.
    run({
      table: chosen,
      time,
      bucket: time && builder.bucket,
      columns: [],
      filters: [],
      aggregates: [{ function: 'count' }],
      orderBy: undefined,
    });
  };

  return (
    <>
      <EditorRow>
        <EditorField label="Table" htmlFor={id('table')} width={25}>
          <Combobox
            id={id('table')}
            options={tablesOf(metadata, name)}
            value={name}
            onChange={({ value }) => chooseTable(value)}
          />
        </EditorField>
        <EditorField label="Time column" htmlFor={id('time')} width={25} tooltip="It has to be in the time range.">
          <Combobox
            id={id('time')}
            isClearable
            placeholder="No time range"
            options={[...new Set([...timesOf(metadata, name), builder.time ?? ''])].filter(Boolean).map(option)}
            value={builder.time ?? null}
            onChange={(chosen) => run({ time: chosen?.value, bucket: chosen ? builder.bucket : undefined })}
          />
        </EditorField>
        <EditorField
          label="Time bucket"
          htmlFor={id('bucket')}
          width={20}
          tooltip="A row for each interval, as time series need."
        >
          <Combobox
            id={id('bucket')}
            isClearable
            placeholder="None"
            disabled={!builder.time}
            options={buckets}
            value={builder.bucket ?? null}
            onChange={(chosen) => run({ bucket: chosen?.value })}
          />
        </EditorField>
        <EditorField label={isGrouped ? 'Group by' : 'Columns'} htmlFor={id('columns')} width={60}>
          <MultiCombobox
            id={id('columns')}
            placeholder={isGrouped ? 'All in one group' : 'All columns'}
            options={columns.map(option)}
            value={(builder.columns ?? []).map(option)}
            createCustomValue
            onChange={(chosen) => run({ columns: chosen.map(({ value }) => value) })}
          />
        </EditorField>
      </EditorRow>
      <Aggregates
        idPrefix={id('aggregate')}
        aggregates={builder.aggregates ?? []}
        columns={columns}
        onChange={(aggregates) => change({ aggregates })}
        onRunQuery={onRunQuery}
      />
      <FilterRows
        datasource={datasource}
        idPrefix={id('filter')}
        label="Filters"
        search={{ table: table?.layer === 'gold' ? name : undefined }}
        keys={columns.map((text) => ({ text }))}
        filters={builder.filters ?? []}
        range={range}
        onChange={(filters) => run({ filters })}
      />
      <BuilderOrder
        idPrefix={id('order')}
        builder={builder}
        columns={columns}
        onChange={change}
        onRunQuery={onRunQuery}
      />
      <EditorRow>
        <EditorField label="Statement">
          <pre aria-label="Statement" style={preview}>
            {query.sql ?? ''}
          </pre>
        </EditorField>
      </EditorRow>
    </>
  );
}

const layers: Record<string, string> = { silver: 'All events', gold: 'Events of one service', bronze: 'Deliveries' };

/** Those of the lake, that of all events first, and the one that is chosen. */
function tablesOf({ tables }: SqlMetadata, chosen: string): Array<ComboboxOption<string>> {
  const rank = ({ name, layer = '' }: SqlTable) =>
    name === defaultTable ? -1 : (Object.keys(layers).indexOf(layer) + 99) % 99;
  const known = [...tables].sort((a, b) => rank(a) - rank(b));
  const options = known.map(({ name, layer }) => ({ ...option(name), group: layers[layer ?? ''] ?? 'Others' }));
  return known.some(({ name }) => name === chosen) ? options : [...options, option(chosen)];
}

function timesOf({ tables }: SqlMetadata, name: string): string[] {
  const columns = tables.find((table) => table.name === name)?.columns ?? [];
  return columns.filter(({ type }) => type === 'timestamp').map((column) => column.name);
}
