import React from 'react';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { RadioButtonGroup } from '@grafana/ui';
import { type PipelineModel } from '../../types';
import { type PartProps } from './props';

const views: Array<{ value: 'tables' | 'runs'; label: string; description: string }> = [
  { value: 'tables', label: 'Tables', description: 'Version, rows, files, bytes and newest event of each' },
  { value: 'runs', label: 'Runs', description: 'The last 20 runs of the ETL, the newest first' },
];

/** Which part of the lake's state; the time range does not matter. */
export function PipelineEditor({ query, onChange, onRunQuery }: PartProps<PipelineModel>) {
  return (
    <EditorRow>
      <EditorField label="View">
        <RadioButtonGroup
          aria-label="View of the pipeline"
          options={views}
          value={query.view ?? 'tables'}
          onChange={(view) => {
            onChange({ ...query, view });
            onRunQuery();
          }}
        />
      </EditorField>
    </EditorRow>
  );
}
