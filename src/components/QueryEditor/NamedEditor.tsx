import React from 'react';
import { CoreApp } from '@grafana/data';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { Alert, Combobox, Stack, Text } from '@grafana/ui';
import { type AuditlakeDataSource } from '../../datasource';
import { type NamedModel, type NamedQuery } from '../../types';
import { ParamsEditor } from './ParamsEditor';
import { type PartProps } from './props';
import { useLoaded } from './useLoaded';

const load = (datasource: AuditlakeDataSource) => datasource.getNamedQueries();
const none: NamedQuery[] = [];

/** Chooses a query of the catalog and fills in its parameters. */
export function NamedEditor({ app, datasource, query, onChange, onRunQuery }: PartProps<NamedModel>) {
  const { value: queries, loading, error } = useLoaded(datasource, load, none);
  // An alert rule can be set on some of them only; what is chosen already stays.
  const offered = queries.filter(
    ({ name, alertable }) => alertable || app !== CoreApp.UnifiedAlerting || name === query.named
  );
  const selected = queries.find(({ name }) => name === query.named);
  const inputId = `named-query-${query.refId}`;

  const select = (named: string) => {
    // Parameters belong to the query they were given to.
    onChange({ ...query, named, params: {} });
    onRunQuery();
  };

  return (
    <>
      {error && <Alert title="The catalog of queries could not be loaded">{error}</Alert>}
      <EditorRow>
        <Stack direction="column" gap={1}>
          <EditorField label="Query" htmlFor={inputId}>
            <Combobox
              id={inputId}
              width={50}
              placeholder="Choose a query"
              loading={loading}
              options={offered.map(({ name, title, description, group }) => ({
                value: name,
                label: title,
                description,
                group,
              }))}
              value={query.named ?? null}
              onChange={({ value }) => select(value)}
            />
          </EditorField>
          {selected && (
            <Text variant="bodySmall" color="secondary">
              {selected.description}
            </Text>
          )}
        </Stack>
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
    </>
  );
}
