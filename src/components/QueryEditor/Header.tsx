import React, { useRef } from 'react';
import { CoreApp, type SelectableValue } from '@grafana/data';
import { EditorHeader, FlexItem, InlineSelect } from '@grafana/plugin-ui';
import { InlineSwitch, RadioButtonGroup } from '@grafana/ui';
import { ofType } from '../../queries';
import { type Engine } from '../../settings';
import { type AuditlakeQuery, type Format, type QueryType } from '../../types';
import { AlertOptions } from './AlertOptions';
import { type Offer, type PartProps } from './props';
import { SqlMode } from './SqlMode';

const typeLabels: Record<QueryType, string> = {
  named: 'Named query',
  sql: 'SQL',
  events: 'Events',
  volume: 'Volume',
  line: 'Line',
  pipeline: 'Pipeline',
};

const formatLabels: Record<Format, string> = {
  table: 'Table',
  time_series: 'Time series',
  numeric: 'Numeric',
  annotations: 'Annotations',
};

const engines: Array<SelectableValue<'' | Engine>> = [
  { value: '', label: 'As set', description: 'As the settings of the data source say' },
  { value: 'auto', label: 'Auto', description: 'Trino for what has much to read' },
  { value: 'trino', label: 'Trino', description: 'Trino, if it can be answered there' },
  { value: 'embedded', label: 'Embedded', description: 'Here, whatever it has to read' },
];

/** The type of the query, and what queries of several types have in common. */
export function Header({ app, datasource, query, offer, onChange, onRunQuery }: PartProps & { offer: Offer }) {
  // What was typed is there again when its type is chosen again.
  const left = useRef<Partial<Record<QueryType, AuditlakeQuery>>>({});
  const { types, formats } = offer;
  const shown = types.includes(query.queryType) ? types : [...types, query.queryType];

  const run = (next: AuditlakeQuery) => {
    onChange(next);
    onRunQuery();
  };
  const choose = (type: QueryType) => {
    if (type !== query.queryType) {
      left.current[query.queryType] = query;
      run(left.current[type] ?? ofType(query, type));
    }
  };

  return (
    <EditorHeader>
      <RadioButtonGroup
        aria-label="Type of the query"
        size="sm"
        options={shown.map((value) => ({ value, label: typeLabels[value] }))}
        value={query.queryType}
        onChange={choose}
      />
      {query.queryType === 'sql' && formats.length > 0 && (
        <InlineSelect
          label="Format"
          options={formats.map((value) => ({ value, label: formatLabels[value] }))}
          value={query.format ?? 'table'}
          onChange={({ value }) => run({ ...query, format: value })}
        />
      )}
      {(query.queryType === 'named' || query.queryType === 'sql') && (
        <>
          <InlineSwitch
            id={`display-${query.refId}`}
            label="Display names"
            showLabel
            transparent
            value={query.display === 'names'}
            onChange={(event) => run({ ...query, display: event.currentTarget.checked ? 'names' : '' })}
          />
          {(datasource.asksTrino || query.engine) && !(query.queryType === 'sql' && query.dialect) && (
            <InlineSelect
              label="Engine"
              options={engines}
              value={query.engine ?? ''}
              onChange={({ value }) => run({ ...query, engine: value || undefined })}
            />
          )}
          {app === CoreApp.UnifiedAlerting && <AlertOptions query={query} onChange={run} />}
        </>
      )}
      {query.queryType === 'sql' && (
        <>
          <FlexItem grow={1} />
          <SqlMode query={query} asksTrino={datasource.asksTrino} onChange={onChange} onRunQuery={onRunQuery} />
        </>
      )}
    </EditorHeader>
  );
}
