import React, { useEffect, useMemo, useRef, useState } from 'react';
import { CoreApp } from '@grafana/data';
import { SQLEditor } from '@grafana/plugin-ui';
import { Button, FieldValidationMessage, Stack, Text } from '@grafana/ui';
import { formatSql } from '../../formatSql';
import { type SqlModel } from '../../types';
import { type PartProps } from './props';
import { sqlLanguage } from './sqlLanguage';

/** A statement, run when the editor is left after a change, or by Ctrl or Cmd and Enter. */
export function SqlTextEditor({ app, datasource, query, onChange, onRunQuery }: PartProps<SqlModel>) {
  const language = useMemo(() => sqlLanguage(() => datasource.getSqlMetadata()), [datasource]);
  const [problem, setProblem] = useState('');
  const sql = query.sql ?? '';
  const ran = useRef(sql);

  // Monaco keeps the callbacks of the first drawing and tells of changes that came from outside, too.
  const latest = useRef(query);
  useEffect(() => {
    latest.current = query;
  });

  const change = (text: string) => {
    if (text !== (latest.current.sql ?? '')) {
      setProblem('');
      onChange({ ...latest.current, sql: text });
    }
  };
  const run = (text: string) => {
    ran.current = text;
    onRunQuery();
  };
  const format = async () => {
    const before = latest.current.sql ?? '';
    try {
      const formatted = await formatSql(before);
      // What was typed meanwhile stays.
      if ((latest.current.sql ?? '') === before) {
        change(formatted);
      }
    } catch {
      setProblem('The statement cannot be formatted: there is something in it that is no SQL.');
    }
  };

  return (
    <Stack direction="column" gap={1} role="group" aria-label="SQL statement">
      <SQLEditor
        query={sql}
        language={language}
        height={heightOf(sql)}
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
      <Stack alignItems="center" gap={1} wrap="wrap">
        {app !== CoreApp.Explore && (
          <Button size="sm" variant="secondary" icon="play" disabled={!sql.trim()} onClick={() => run(sql)}>
            Run query
          </Button>
        )}
        <Button size="sm" variant="secondary" icon="brackets-curly" disabled={!sql.trim()} onClick={format}>
          Format
        </Button>
        <Text variant="bodySmall" color="secondary">
          Ctrl+Enter runs the statement, Ctrl+Space completes, Ctrl+M lets Tab leave the editor.
        </Text>
        {problem && <FieldValidationMessage>{problem}</FieldValidationMessage>}
      </Stack>
    </Stack>
  );
}

/** Of the editor in pixels: all lines of a statement are seen, unless it is a long one. */
const heightOf = (sql: string) => Math.min(Math.max(180, sql.split('\n').length * 19 + 24), 480);
