import React from 'react';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { Combobox, Input, RadioButtonGroup } from '@grafana/ui';
import { type AuditlakeDataSource } from '../../datasource';
import { defaultLimit, maxLimit, type Direction, type EventsModel, type LakeTable } from '../../types';
import { FilterRows } from './FilterRows';
import { type PartProps } from './props';
import { useLoaded } from './useLoaded';
import { useTyped } from './useTyped';

const silver = 'silver';
const load = (datasource: AuditlakeDataSource) => datasource.getTables();
const none: LakeTable[] = [];

const directions: Array<{ value: Direction; label: string }> = [
  { value: 'backward', label: 'Newest first' },
  { value: 'forward', label: 'Oldest first' },
];

/** Events as log lines: words to search for, filters, and how many lines in which order. */
export function EventsEditor({ datasource, query, range, onChange, onRunQuery }: PartProps<EventsModel>) {
  const { value: tables } = useLoaded(datasource, load, none);
  const typedSearch = useTyped(query.search, onRunQuery);
  const typedLimit = useTyped(query.limit, onRunQuery);
  const id = (name: string) => `events-${name}-${query.refId}`;
  const table = query.table || silver;
  const names = [silver, ...tables.filter(({ layer }) => layer === 'gold').map(({ name }) => name)];

  const change = (part: Partial<EventsModel>) => onChange({ ...query, ...part });
  const run = (part: Partial<EventsModel>) => {
    change(part);
    onRunQuery();
  };

  return (
    <>
      <EditorRow>
        <EditorField label="Table" htmlFor={id('table')} width={25}>
          <Combobox
            id={id('table')}
            options={[...new Set([...names, table])].map((value) => ({
              value,
              label: value,
              description: value === silver ? 'Events of all services' : undefined,
            }))}
            value={table}
            onChange={({ value }) => run({ table: value === silver ? undefined : value })}
          />
        </EditorField>
        <EditorField
          label="Search"
          htmlFor={id('search')}
          tooltip='Every word has to be somewhere in the event, in any letter case. "In quotes" is one phrase.'
          width={40}
        >
          <Input
            id={id('search')}
            placeholder='deleted "Interactive cluster"'
            value={query.search ?? ''}
            onChange={(event) => change({ search: event.currentTarget.value })}
            onBlur={typedSearch.leave}
            onKeyDown={(event) => event.key === 'Enter' && typedSearch.run()}
          />
        </EditorField>
        <EditorField label="Lines" htmlFor={id('limit')} tooltip={`At most ${maxLimit}.`}>
          <Input
            id={id('limit')}
            type="number"
            width={12}
            min={1}
            max={maxLimit}
            placeholder={String(defaultLimit)}
            value={query.limit ?? ''}
            onChange={({ currentTarget: { value } }) => change({ limit: value === '' ? undefined : Number(value) })}
            onBlur={typedLimit.leave}
            onKeyDown={(event) => event.key === 'Enter' && typedLimit.run()}
          />
        </EditorField>
        <EditorField label="Order">
          <RadioButtonGroup
            aria-label="Order of the lines"
            options={directions}
            value={query.direction ?? 'backward'}
            onChange={(direction) => run({ direction })}
          />
        </EditorField>
      </EditorRow>
      <FilterRows
        datasource={datasource}
        idPrefix={id('filter')}
        label="Filters"
        search={query}
        filters={query.filters ?? []}
        range={range}
        onChange={(filters) => run({ filters })}
      />
    </>
  );
}
