import React, { useState } from 'react';
import { ConfirmModal, RadioButtonGroup } from '@grafana/ui';
import { buildSql, newBuilder } from '../../sqlBuilder';
import { type AuditlakeQuery, type SqlModel } from '../../types';

type Mode = 'builder' | 'code';

interface Props {
  query: SqlModel;
  /** Whether the data source has a Trino. */
  asksTrino: boolean;
  onChange: (query: AuditlakeQuery) => void;
  onRunQuery: () => void;
}

const modes: Array<{ value: Mode; label: string }> = [
  { value: 'builder', label: 'Builder' },
  { value: 'code', label: 'Code' },
];

type Dialect = 'embedded' | 'trino';

const dialects: Array<{ value: Dialect; label: string }> = [
  { value: 'embedded', label: 'Embedded SQL' },
  { value: 'trino', label: 'Trino SQL' },
];

/** How the statement is made; without a choice it is written. */
export const modeOf = ({ editorMode }: SqlModel): Mode => editorMode ?? 'code';

/** Says whether the builder can go on without losing what was written. */
const isOfBuilder = ({ sql, builder, dialect }: SqlModel) =>
  !sql?.trim() || (!dialect && builder !== undefined && buildSql(builder) === sql);

/** A statement is made of parts or written. What the builder makes can be edited; the way back gives that up. */
export function SqlMode({ query, asksTrino, onChange, onRunQuery }: Props) {
  const [isAsking, setAsking] = useState(false);
  const mode = modeOf(query);

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
    <>
      {mode === 'code' && (asksTrino || query.dialect) && (
        <RadioButtonGroup
          aria-label="Dialect"
          size="sm"
          options={dialects}
          value={query.dialect || 'embedded'}
          onChange={(next) => onChange({ ...query, dialect: next === 'trino' ? next : undefined })}
        />
      )}
      <RadioButtonGroup
        aria-label="How the statement is made"
        size="sm"
        options={modes}
        value={mode}
        onChange={choose}
      />
      <ConfirmModal
        isOpen={isAsking}
        title="Back to the builder"
        body="The statement was written by hand. The builder does not read SQL: it replaces the statement with its own."
        confirmText="Replace the statement"
        dismissText="Keep the statement"
        onConfirm={build}
        onDismiss={() => setAsking(false)}
      />
    </>
  );
}
