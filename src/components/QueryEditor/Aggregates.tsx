import React from 'react';
import { EditorField, EditorRow, InputGroup } from '@grafana/plugin-ui';
import { Button, Combobox, Input, Stack, type ComboboxOption } from '@grafana/ui';
import { defaultPercentile } from '../../sqlBuilder';
import { type Aggregate, type AggregateFunction } from '../../types';
import { Label } from './FilterRow';
import { useTyped } from './useTyped';

interface Props {
  idPrefix: string;
  aggregates: Aggregate[];
  columns: string[];
  onChange: (aggregates: Aggregate[]) => void;
  onRunQuery: () => void;
}

const functions: Array<ComboboxOption<AggregateFunction>> = [
  { value: 'count', label: 'Count' },
  { value: 'count_distinct', label: 'Count distinct' },
  { value: 'sum', label: 'Sum' },
  { value: 'avg', label: 'Average' },
  { value: 'min', label: 'Minimum' },
  { value: 'max', label: 'Maximum' },
  { value: 'percentile', label: 'Percentile' },
];

/** What is made of each group of rows, one in a row. */
export function Aggregates({ idPrefix, aggregates, columns, onChange, onRunQuery }: Props) {
  const run = (next: Aggregate[]) => {
    onChange(next);
    onRunQuery();
  };
  return (
    <EditorRow>
      <EditorField label="Aggregates">
        <Stack direction="column" gap={1} alignItems="flex-start">
          {aggregates.map((aggregate, index) => (
            <AggregateRow
              key={index}
              id={`${idPrefix}-${index}`}
              name={`Aggregate ${index + 1}`}
              aggregate={aggregate}
              columns={columns}
              onChange={(next) => onChange(aggregates.map((before, i) => (i === index ? next : before)))}
              onRunQuery={onRunQuery}
              onRemove={() => run(aggregates.filter((_, i) => i !== index))}
            />
          ))}
          <Button size="sm" icon="plus" variant="secondary" onClick={() => run([...aggregates, { function: 'count' }])}>
            Add aggregate
          </Button>
        </Stack>
      </EditorField>
    </EditorRow>
  );
}

interface RowProps {
  id: string;
  /** What screen readers call the row. */
  name: string;
  aggregate: Aggregate;
  columns: string[];
  onChange: (aggregate: Aggregate) => void;
  onRunQuery: () => void;
  onRemove: () => void;
}

function AggregateRow({ id, name, aggregate, columns, onChange, onRunQuery, onRemove }: RowProps) {
  const { function: chosen, column, percentile } = aggregate;
  const typed = useTyped(percentile, onRunQuery);
  const run = (next: Aggregate) => {
    onChange(next);
    onRunQuery();
  };
  return (
    <div role="group" aria-label={name}>
      <InputGroup>
        <Label htmlFor={`${id}-function`}>Function</Label>
        <Combobox
          id={`${id}-function`}
          width={20}
          options={functions}
          value={chosen}
          onChange={({ value }) => run({ function: value, ...(value !== 'count' && column && { column }) })}
        />
        {chosen === 'percentile' ? (
          <Input
            aria-label="Percentile"
            type="number"
            width={10}
            min={0}
            max={100}
            suffix="%"
            placeholder={String(defaultPercentile)}
            value={percentile ?? ''}
            onChange={({ currentTarget: { value } }) =>
              onChange({ ...aggregate, percentile: value === '' ? undefined : Number(value) })
            }
            onBlur={typed.leave}
            onKeyDown={(event) => event.key === 'Enter' && typed.run()}
          />
        ) : undefined}
        {chosen !== 'count' ? <Label htmlFor={`${id}-column`}>Column</Label> : undefined}
        {chosen !== 'count' ? (
          <Combobox
            id={`${id}-column`}
            width={40}
            placeholder="Column"
            options={columns.map((value) => ({ value, label: value }))}
            value={column ? { value: column, label: column } : null}
            createCustomValue
            onChange={(next?: ComboboxOption<string>) => next && run({ ...aggregate, column: next.value })}
          />
        ) : undefined}
        <Button aria-label={`Remove ${name}`} icon="times" variant="secondary" onClick={onRemove} />
      </InputGroup>
    </div>
  );
}
