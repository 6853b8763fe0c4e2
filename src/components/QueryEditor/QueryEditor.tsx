import React from 'react';
import { type QueryEditorProps } from '@grafana/data';
import { EditorField, EditorRow, EditorRows } from '@grafana/plugin-ui';
import { Alert, Combobox, Text } from '@grafana/ui';
import { type AuditlakeDataSource } from '../../datasource';
import { defaultQuery, type AuditlakeOptions, type AuditlakeQuery } from '../../types';
import { ParamsEditor } from './ParamsEditor';
import { useNamedQueries } from './useNamedQueries';

type Props = QueryEditorProps<AuditlakeDataSource, AuditlakeQuery, AuditlakeOptions>;

export function QueryEditor({ datasource, query, onChange, onRunQuery }: Props) {
  const { queries, loading, error } = useNamedQueries(datasource);
  const selected = queries.find(({ name }) => name === query.named);
  const inputId = `named-query-${query.refId}`;

  const select = (named: string) => {
    // Parameters belong to the query they were given to.
    onChange({ ...defaultQuery, ...query, named, params: {} });
    onRunQuery();
  };

  return (
    <EditorRows>
      {error && <Alert title="The catalog of queries could not be loaded">{error}</Alert>}
      <EditorRow>
        <EditorField label="Query" htmlFor={inputId} width={40}>
          <Combobox
            id={inputId}
            placeholder="Choose a query"
            loading={loading}
            options={queries.map(({ name, title, description, group }) => ({
              value: name,
              label: title,
              description,
              group,
            }))}
            value={query.named ?? null}
            onChange={({ value }) => select(value)}
          />
        </EditorField>
        {selected && <Text color="secondary">{selected.description}</Text>}
      </EditorRow>
      {selected && selected.params.length > 0 && (
        <EditorRow>
          <ParamsEditor
            idPrefix={inputId}
            params={selected.params}
            values={query.params ?? {}}
            onChange={(params) => onChange({ ...query, params })}
            onBlur={onRunQuery}
          />
        </EditorRow>
      )}
    </EditorRows>
  );
}
