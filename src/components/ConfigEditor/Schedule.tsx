import React from 'react';
import { ConfigSection } from '@grafana/plugin-ui';
import { Combobox, Field, type ComboboxOption } from '@grafana/ui';
import { NumberField, TextField, update, width, type ConfigEditorProps } from './fields';

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
  return (
    <ConfigSection
      title="Schedule and retention"
      description="How the lake is filled from the sources, if there are any."
      isCollapsible
    >
      <Field label="Schedule" description="Or type a duration of your own, such as 30m or 6h; at least 1m.">
        <Combobox
          id="config-schedule"
          width={width}
          options={schedules}
          value={editor.options.jsonData.schedule || '15m'}
          createCustomValue
          // Enter on a text that matches nothing comes without an option.
          onChange={(option?: ComboboxOption<string>) => option && update(editor, { schedule: option.value })}
        />
      </Field>
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
        unit="days"
      />
      {layers.map((layer) => (
        <NumberField key={layer.name} {...editor} {...layer} placeholder="0 = for ever" min={0} unit="days" />
      ))}
    </ConfigSection>
  );
}
