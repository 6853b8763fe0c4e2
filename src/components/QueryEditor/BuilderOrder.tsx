import React from 'react';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { Combobox, Input, RadioButtonGroup } from '@grafana/ui';
import { outputOf } from '../../sqlBuilder';
import { type Builder } from '../../types';
import { useTyped } from './useTyped';

interface Props {
  idPrefix: string;
  builder: Builder;
  /** Those of the table, all of which are in the answer if none is chosen. */
  columns: string[];
  onChange: (part: Partial<Builder>) => void;
  onRunQuery: () => void;
}

const directions = [
  { value: 'ascending', label: 'Ascending' },
  { value: 'descending', label: 'Descending' },
];

/** In which order the rows come, and how many. */
export function BuilderOrder({ idPrefix, builder, columns, onChange, onRunQuery }: Props) {
  const { orderBy, descending, limit } = builder;
  const typed = useTyped(limit, onRunQuery);
  const output = outputOf(builder);
  const names = output.length > 0 ? output : columns;
  const run = (part: Partial<Builder>) => {
    onChange(part);
    onRunQuery();
  };

  return (
    <EditorRow>
      <EditorField label="Order by" htmlFor={`${idPrefix}-by`} width={30}>
        <Combobox
          id={`${idPrefix}-by`}
          isClearable
          placeholder="No order"
          options={names.map((value) => ({ value, label: value }))}
          value={orderBy ? { value: orderBy, label: orderBy } : null}
          onChange={(chosen) => run({ orderBy: chosen?.value })}
        />
      </EditorField>
      {orderBy && (
        <EditorField label="Direction">
          <RadioButtonGroup
            aria-label="Direction of the order"
            options={directions}
            value={descending ? 'descending' : 'ascending'}
            onChange={(value) => run({ descending: value === 'descending' })}
          />
        </EditorField>
      )}
      <EditorField label="Limit" htmlFor={`${idPrefix}-limit`}>
        <Input
          id={`${idPrefix}-limit`}
          type="number"
          width={12}
          min={1}
          placeholder="No limit"
          value={limit ?? ''}
          onChange={({ currentTarget: { value } }) => onChange({ limit: value === '' ? undefined : Number(value) })}
          onBlur={typed.leave}
          onKeyDown={(event) => event.key === 'Enter' && typed.run()}
        />
      </EditorField>
    </EditorRow>
  );
}
