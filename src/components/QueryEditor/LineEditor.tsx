import React from 'react';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { Input } from '@grafana/ui';
import { type LineModel } from '../../types';
import { type PartProps } from './props';
import { useTyped } from './useTyped';

/** Which delivered line; links on events fill it in. */
export function LineEditor({ query, onChange, onRunQuery }: PartProps<LineModel>) {
  const typed = useTyped(`${query.fileId} ${query.lineNumber}`, onRunQuery);
  const field = (name: 'fileId' | 'lineNumber', label: string) => {
    const id = `line-${name}-${query.refId}`;
    return (
      <EditorField label={label} htmlFor={id}>
        <Input
          id={id}
          width={20}
          inputMode="numeric"
          value={query[name] ?? ''}
          onChange={(event) => onChange({ ...query, [name]: event.currentTarget.value.trim() })}
          onBlur={typed.leave}
          onKeyDown={(event) => event.key === 'Enter' && typed.run()}
        />
      </EditorField>
    );
  };
  return (
    <EditorRow>
      {field('fileId', 'File id')}
      {field('lineNumber', 'Line number')}
    </EditorRow>
  );
}
