import React, { useState } from 'react';
import { ConfirmModal, RadioButtonGroup, Stack } from '@grafana/ui';
import { buildSql, newBuilder } from '../../sqlBuilder';
import { type SqlModel } from '../../types';
import { BuilderEditor } from './BuilderEditor';
import { type PartProps } from './props';
import { SqlTextEditor } from './SqlTextEditor';

type Mode = 'builder' | 'code';

const modes: Array<{ value: Mode; label: string }> = [
  { value: 'builder', label: 'Builder' },
  { value: 'code', label: 'Code' },
];

type Dialect = 'embedded' | 'trino';

const dialects: Array<{ value: Dialect; label: string }> = [
  { value: 'embedded', label: 'Embedded SQL' },
  { value: 'trino', label: 'Trino SQL' },
];

/** Says whether the builder can go on without losing what was written. */
const isOfBuilder = ({ sql, builder, dialect }: SqlModel) =>
  !sql?.trim() || (!dialect && builder !== undefined && buildSql(builder) === sql);

/** A statement, made of parts or written. What the builder makes can be edited; the way back gives that up. */
export function SqlEditor(props: PartProps<SqlModel>) {
  const { datasource, query, onChange, onRunQuery } = props;
  const [isAsking, setAsking] = useState(false);
  const mode = query.editorMode ?? 'code';

  const build = () => {
    const builder = query.builder ?? newBuilder;
    setAsking(false);
    onChange({ ...query, editorMode: 'builder', builder, sql: buildSql(builder), dialect: undefined });
    onRunQuery();
  };
  const choose = (next: Mode) => {
    if (next === mode) {
      return;
    }
    if (next === 'code') {
      onChange({ ...query, editorMode: next });
    } else if (isOfBuilder(query)) {
      build();
    } else {
      setAsking(true);
    }
  };

  return (
    <Stack direction="column" gap={1}>
      <Stack gap={1} alignItems="center">
        <RadioButtonGroup
          aria-label="How the statement is made"
          size="sm"
          options={modes}
          value={mode}
          onChange={choose}
        />
        {mode === 'code' && (datasource.asksTrino || query.dialect) && (
          <RadioButtonGroup
            aria-label="Dialect"
            size="sm"
            options={dialects}
            value={query.dialect || 'embedded'}
            onChange={(next) => onChange({ ...query, dialect: next === 'trino' ? next : undefined })}
          />
        )}
      </Stack>
      {mode === 'builder' ? <BuilderEditor {...props} /> : <SqlTextEditor {...props} />}
      <ConfirmModal
        isOpen={isAsking}
        title="Back to the builder"
        body="The statement was written by hand. The builder does not read SQL: it replaces the statement with its own."
        confirmText="Replace the statement"
        dismissText="Keep the statement"
        onConfirm={build}
        onDismiss={() => setAsking(false)}
      />
    </Stack>
  );
}
