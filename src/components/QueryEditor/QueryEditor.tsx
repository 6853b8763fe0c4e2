import React from 'react';
import { CoreApp } from '@grafana/data';
import { EditorRows } from '@grafana/plugin-ui';
import { typeOf } from '../../queries';
import { type AuditlakeQuery } from '../../types';
import { BuilderEditor } from './BuilderEditor';
import { EventsEditor } from './EventsEditor';
import { Executed } from './Executed';
import { FilterRows } from './FilterRows';
import { Header } from './Header';
import { LineEditor } from './LineEditor';
import { NamedEditor } from './NamedEditor';
import { PipelineEditor } from './PipelineEditor';
import { type Offer, type Props } from './props';
import { modeOf } from './SqlMode';
import { SqlTextEditor } from './SqlTextEditor';

const formats: Offer['formats'] = ['table', 'time_series', 'numeric'];
const everywhere: Offer = { types: ['named', 'sql', 'events', 'pipeline'], formats };
const alertRules: Offer = { types: ['named', 'sql'], formats };

/** The editor of panels, alert rules and Explore. */
export function QueryEditor(props: Props) {
  return <OfferedEditor {...props} offer={props.app === CoreApp.UnifiedAlerting ? alertRules : everywhere} />;
}

/** The editor with what is offered in a place. */
export function OfferedEditor({ offer, ...props }: Props & { offer: Offer }) {
  const { datasource, onChange, onRunQuery } = props;
  const query = { ...props.query, queryType: typeOf(props.query) } as AuditlakeQuery;
  const changeFilters = (adhocFilters: AuditlakeQuery['adhocFilters']) => {
    onChange({ ...query, adhocFilters });
    onRunQuery();
  };

  return (
    <EditorRows>
      <Header {...props} query={query} offer={offer} />
      {query.queryType === 'named' && <NamedEditor {...props} query={query} />}
      {query.queryType === 'sql' && modeOf(query) === 'builder' && <BuilderEditor {...props} query={query} />}
      {query.queryType === 'sql' && modeOf(query) === 'code' && <SqlTextEditor {...props} query={query} />}
      {query.queryType === 'events' && <EventsEditor {...props} query={query} />}
      {query.queryType === 'pipeline' && <PipelineEditor {...props} query={query} />}
      {query.queryType === 'line' && <LineEditor {...props} query={query} />}
      {query.adhocFilters && query.adhocFilters.length > 0 && (
        <FilterRows
          datasource={datasource}
          idPrefix={`adhoc-${query.refId}`}
          label="Filters of the dashboard"
          search={{}}
          filters={query.adhocFilters}
          range={props.range}
          onChange={changeFilters}
        />
      )}
      <Executed refId={query.refId} data={props.data} />
    </EditorRows>
  );
}
