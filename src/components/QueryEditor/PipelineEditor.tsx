import React from 'react';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { RadioButtonGroup, Stack, Text } from '@grafana/ui';
import { type PipelineModel } from '../../types';
import { type PartProps } from './props';

const views: Array<{ value: 'tables' | 'runs'; label: string; description: string }> = [
  { value: 'tables', label: 'Tables', description: 'Version, rows, files, bytes and newest event of each' },
  { value: 'runs', label: 'Runs', description: 'The last 20 runs of the ETL, the newest first' },
];

/** Which part of the lake's state; the time range does not matter. */
export function PipelineEditor({ query, onChange, onRunQuery }: PartProps<PipelineModel>) {
  const chosen = views.find(({ value }) => value === query.view) ?? views[0];
  return (
    <EditorRow>
      <EditorField label="View">
        <Stack alignItems="center" gap={2} wrap="wrap">
          <RadioButtonGroup
            aria-label="View of the pipeline"
            options={views}
            value={chosen.value}
            onChange={(view) => {
              onChange({ ...query, view });
              onRunQuery();
            }}
          />
          <Text variant="bodySmall" color="secondary">
            {chosen.description}
          </Text>
        </Stack>
      </EditorField>
    </EditorRow>
  );
}
