import React from 'react';
import { ConfigSection } from '@grafana/plugin-ui';
import { type ComboboxOption } from '@grafana/ui';
import { mostDays, retentionProblem, scheduleProblem } from './checks';
import { ChoiceField, NumberField, TextField, type ConfigEditorProps } from './fields';

const schedules: Array<ComboboxOption<string>> = [
  { value: '5m', label: 'Every 5 minutes' },
  { value: '15m', label: 'Every 15 minutes' },
  { value: '1h', label: 'Every hour' },
  { value: '1d', label: 'Every day' },
  { value: 'off', label: 'Off', description: 'The command line fills the lake' },
];

const layers = [
  {
    name: 'bronzeRetentionDays',
    label: 'Keep bronze',
    description: 'Delivered lines. Other layers are rebuilt from them.',
  },
  { name: 'silverRetentionDays', label: 'Keep silver', description: 'Events.' },
  { name: 'goldRetentionDays', label: 'Keep gold', description: 'Events by service.' },
] as const;

/** When the ETL runs and how long rows stay. Nothing of it applies to a data source without sources. */
export function Schedule(editor: ConfigEditorProps) {
  const { jsonData } = editor.options;
  const { schedule = '' } = jsonData;
  return (
    <ConfigSection
      title="Schedule and retention"
      description="How the lake is filled from the sources, if there are any."
      isCollapsible
    >
      <ChoiceField
        {...editor}
        name="schedule"
        label="Schedule"
        description="Or type a duration of your own, such as 30m or 6h; at least 1m."
        choices={schedules}
        fallback="15m"
        problem={scheduleProblem(schedule)}
      />
      <TextField
        {...editor}
        name="queueUrl"
        label="Queue"
        description="An SQS queue that gets the bucket's notifications of new objects: deliveries come in within seconds, and the schedule finds what it missed."
        placeholder="https://sqs.eu-central-1.amazonaws.com/123456789012/audit-logs"
      />
      <NumberField
        {...editor}
        name="lookbackDays"
        label="Look back"
        description="How far before the newest delivery each run looks; once a day a run looks at everything."
        placeholder="3"
        min={1}
        max={3650}
        unit="days"
      />
      {layers.map((layer) => (
        <NumberField
          key={layer.name}
          {...editor}
          {...layer}
          placeholder="0 = for ever"
          min={0}
          max={mostDays}
          unit="days"
          problem={retentionProblem(jsonData[layer.name], jsonData)}
        />
      ))}
    </ConfigSection>
  );
}
