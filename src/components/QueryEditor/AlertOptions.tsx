import React from 'react';
import { type SelectableValue } from '@grafana/data';
import { InlineSelect } from '@grafana/plugin-ui';
import { type NamedModel, type SqlModel } from '../../types';

interface Props {
  query: NamedModel | SqlModel;
  onChange: (query: NamedModel | SqlModel) => void;
}

type Zero = 'default' | 'zero' | 'none';

const zeros: Array<SelectableValue<Zero>> = [
  { value: 'default', label: 'as it suits the query' },
  { value: 'zero', label: 'are the number 0', description: 'The rule is in the state Normal' },
  { value: 'none', label: 'are no data', description: 'The rule is in the state No data' },
];

const shapes: Array<SelectableValue<'numeric' | 'time_series'>> = [
  { value: 'numeric', label: 'A number for each label' },
  { value: 'time_series', label: 'Time series' },
];

/** What only matters for alert rules: what they get, and what they get of no rows. */
export function AlertOptions({ query, onChange }: Props) {
  const zero = query.zero === undefined ? 'default' : query.zero ? 'zero' : 'none';
  return (
    <>
      {query.queryType === 'named' && (
        <InlineSelect
          label="Answer"
          options={shapes}
          value={query.format === 'time_series' ? 'time_series' : 'numeric'}
          onChange={({ value }) => onChange({ ...query, format: value === 'time_series' ? value : undefined })}
        />
      )}
      <InlineSelect
        label="No rows"
        options={zeros}
        value={zero}
        onChange={({ value }) => onChange({ ...query, zero: value === 'default' ? undefined : value === 'zero' })}
      />
    </>
  );
}
