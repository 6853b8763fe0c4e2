import React, { useId, useState } from 'react';
import { ConfigSection } from '@grafana/plugin-ui';
import { Button, Field, IconButton, Input, Stack } from '@grafana/ui';
import { lakeProblem, listOf, sourceProblem } from './checks';
import { TextField, update, useShown, width, type ConfigEditorProps } from './fields';
import { LakeFound, Landed, SourceFound, useFound, type Found } from './Found';

/** Where deliveries come from and where the tables are kept, each with what is there. */
export function Places(editor: ConfigEditorProps) {
  const found = useFound(editor.options.uid, editor.options.version);
  return (
    <ConfigSection title="Lake" description="Where the audit logs arrive and where the Delta tables are kept.">
      <Sources editor={editor} found={found} />
      <TextField
        {...editor}
        name="lake"
        label="Lake"
        description="Root of the Delta tables, outside every source."
        placeholder="s3://acme-auditlake/lake"
        problem={lakeProblem(editor.options.jsonData)}
        required
      />
      <LakeFound {...found} />
    </ConfigSection>
  );
}

/** Rows of URLs, some of which may be empty for now; those that are not are stored. */
function Sources({ editor, found }: { editor: ConfigEditorProps; found: Found }) {
  const stored = listOf(editor.options.jsonData.sources);
  const [drafts, setDrafts] = useState<string[]>([]);
  // Drafts count as long as nobody else has changed the sources.
  const isCurrent = drafts.length > 0 && drafts.filter(Boolean).join('\n') === stored.join('\n');
  const rows = isCurrent ? drafts : stored.length > 0 ? stored : [''];
  const change = (next: string[]) => {
    setDrafts(next);
    update(editor, { sources: next.filter(Boolean) });
  };
  const { readOnly } = editor.options;

  return (
    <Field
      label="Sources"
      description="Where Databricks delivers the logs: the folder that has workspaceId=… folders. A lake that is filled elsewhere needs none."
      htmlFor="config-sources"
    >
      <Stack direction="column" gap={1} alignItems="flex-start">
        {rows.map((row, index) => (
          <Source
            key={index}
            editor={editor}
            found={found}
            row={row}
            index={index}
            stored={rows.slice(0, index).filter(Boolean).length}
            onChange={(text) => change(rows.map((old, i) => (i === index ? text : old)))}
            onRemove={rows.length > 1 || row ? () => change(rows.filter((_, i) => i !== index)) : undefined}
          />
        ))}
        <Button
          variant="secondary"
          size="sm"
          icon="plus"
          disabled={readOnly || rows.includes('')}
          onClick={() => setDrafts([...rows, ''])}
        >
          Add source
        </Button>
        <Landed {...found} />
      </Stack>
    </Field>
  );
}

interface SourceProps {
  editor: ConfigEditorProps;
  found: Found;
  row: string;
  index: number;
  /** Place among the sources that are stored. */
  stored: number;
  onChange: (text: string) => void;
  onRemove?: () => void;
}

function Source({ editor, found, row, index, stored, onChange, onRemove }: SourceProps) {
  const { readOnly, jsonData } = editor.options;
  const { field, watch } = useShown(row ? sourceProblem(stored, jsonData) : undefined, false);
  const id = useId();
  return (
    <Stack direction="column" gap={0.5}>
      <Field {...field} disabled={readOnly} noMargin>
        <Input
          {...watch}
          id={index === 0 ? 'config-sources' : id}
          aria-label={index === 0 ? undefined : `Source ${index + 1}`}
          width={width}
          placeholder="s3://acme-audit-logs/delivery"
          autoComplete="off"
          value={row}
          onChange={(event) => onChange(event.currentTarget.value.trim())}
          addonAfter={
            onRemove &&
            !readOnly && (
              <IconButton name="trash-alt" aria-label={`Remove source ${index + 1}`} onClick={onRemove} size="lg" />
            )
          }
        />
      </Field>
      {row && !field.invalid && <SourceFound {...found} url={row} onUse={readOnly ? undefined : onChange} />}
    </Stack>
  );
}
