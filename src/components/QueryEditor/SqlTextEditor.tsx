import React, { useEffect, useMemo, useRef } from 'react';
import { SQLEditor } from '@grafana/plugin-ui';
import { Text } from '@grafana/ui';
import { type SqlModel } from '../../types';
import { type PartProps } from './props';
import { sqlLanguage } from './sqlLanguage';

/** A statement, run when the editor is left after a change, or by Ctrl or Cmd and Enter. */
export function SqlTextEditor({ datasource, query, onChange, onRunQuery }: PartProps<SqlModel>) {
  const language = useMemo(() => sqlLanguage(() => datasource.getSqlMetadata()), [datasource]);
  const sql = query.sql ?? '';
  const ran = useRef(sql);

  // Monaco keeps the callbacks of the first drawing and tells of changes that came from outside, too.
  const latest = useRef(query);
  useEffect(() => {
    latest.current = query;
  });

  const change = (text: string) => {
    if (text !== (latest.current.sql ?? '')) {
      onChange({ ...latest.current, sql: text });
    }
  };
  const run = (text: string) => {
    ran.current = text;
    onRunQuery();
  };

  return (
    <div role="group" aria-label="SQL statement">
      <SQLEditor
        query={sql}
        language={language}
        height={180}
        onChange={(text, asked) => {
          change(text);
          if (asked) {
            run(text);
          }
        }}
        onBlur={(text) => {
          change(text);
          if (text !== ran.current) {
            run(text);
          }
        }}
      />
      <Text variant="bodySmall" color="secondary">
        Ctrl+Enter runs the statement, Ctrl+Space completes, Ctrl+M lets Tab leave the editor.
      </Text>
    </div>
  );
}
