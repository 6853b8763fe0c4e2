import React from 'react';
import { ConfigSection } from '@grafana/plugin-ui';
import { durationProblem } from './checks';
import { NumberField, TextField, type ConfigEditorProps } from './fields';

/** What the data source may use of Grafana's machine. */
export function Limits(editor: ConfigEditorProps) {
  return (
    <ConfigSection title="Limits" isCollapsible isInitiallyOpen={false}>
      <NumberField {...editor} name="maxRows" label="Rows of an answer" placeholder="100000" min={1} max={1_000_000} />
      <NumberField
        {...editor}
        name="maxQueryMemoryMiB"
        label="Memory of a query"
        placeholder="256"
        min={16}
        max={2048}
        unit="MiB"
      />
      <TextField
        {...editor}
        name="queryTimeout"
        label="Time of a query"
        description="Waiting for its turn included."
        placeholder="60s"
        problem={durationProblem(editor.options.jsonData.queryTimeout ?? '', '1s', '1h')}
      />
      <NumberField {...editor} name="maxParallelQueries" label="Queries at once" placeholder="4" min={1} max={64} />
      <NumberField
        {...editor}
        name="maxJoinRows"
        label="Rows of joins"
        placeholder="100000000"
        min={1_000_000}
        max={10_000_000_000}
      />
      <NumberField
        {...editor}
        name="resultCacheMiB"
        label="Kept answers"
        placeholder="32"
        min={0}
        max={4096}
        unit="MiB"
      />
      <NumberField
        {...editor}
        name="etlMemoryMiB"
        label="Memory of the ETL"
        placeholder="192"
        min={64}
        max={65_536}
        unit="MiB"
      />
    </ConfigSection>
  );
}
