import React, { useState } from 'react';
import { type MetricFindValue, type TimeRange } from '@grafana/data';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { Button, Stack } from '@grafana/ui';
import { type AuditlakeDataSource } from '../../datasource';
import { type Filter, type Search } from '../../types';
import { FilterRow } from './FilterRow';
import { useLoaded } from './useLoaded';

interface Props {
  datasource: AuditlakeDataSource;
  idPrefix: string;
  label: string;
  /** The search that the filters belong to: its table says which keys and values there are. */
  search: Search;
  filters: Filter[];
  /** Keys to choose from; those that dashboards are filtered by unless given. */
  keys?: MetricFindValue[];
  range?: TimeRange;
  onChange: (filters: Filter[]) => void;
}

const load = (datasource: AuditlakeDataSource) => datasource.getTagKeys();
const none: MetricFindValue[] = [];
const empty: Filter = { key: '', operator: '=', value: '' };

const isComplete = ({ key, value, values }: Filter) => key !== '' && (value !== '' || Boolean(values?.length));

/** Filters, one in a row. A new one belongs to the query once it has a key and a value. */
export function FilterRows({ datasource, idPrefix, label, search, filters, keys: given, range, onChange }: Props) {
  const { value: loaded } = useLoaded(datasource, load, none);
  const keys = given ?? loaded;
  const [draft, setDraft] = useState<Filter>();

  const changeDraft = (next: Filter) => {
    if (isComplete(next)) {
      setDraft(undefined);
      onChange([...filters, next]);
    } else {
      setDraft(next);
    }
  };
  const valuesOf = (key: string) => (prefix: string) => datasource.findValues(search, key, prefix, range);
  const others = (index: number) => filters.filter((_, i) => i !== index);

  return (
    <EditorRow>
      <EditorField label={label}>
        <Stack direction="column" gap={1} alignItems="flex-start">
          {filters.map((filter, index) => (
            <FilterRow
              key={index}
              id={`${idPrefix}-${index}`}
              name={`${label} ${index + 1}`}
              filter={filter}
              keys={keys}
              findValues={valuesOf(filter.key)}
              onChange={(next) => onChange(filters.map((before, i) => (i === index ? next : before)))}
              onRemove={() => onChange(others(index))}
            />
          ))}
          {draft && (
            <FilterRow
              id={`${idPrefix}-new`}
              name={`${label} new`}
              filter={draft}
              keys={keys}
              findValues={valuesOf(draft.key)}
              onChange={changeDraft}
              onRemove={() => setDraft(undefined)}
            />
          )}
          <Button
            size="sm"
            icon="plus"
            variant="secondary"
            disabled={draft !== undefined}
            onClick={() => setDraft(empty)}
          >
            Add filter
          </Button>
        </Stack>
      </EditorField>
    </EditorRow>
  );
}
