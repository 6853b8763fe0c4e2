import React, { useState, type ComponentType } from 'react';
import { act, render } from '@testing-library/react';
import { AuditlakeDataSource } from '../../datasource';
import { type AuditlakeQuery } from '../../types';
import { type Props } from './props';
import { QueryEditor } from './QueryEditor';

/** A data source that has what the backend would have answered. */
export function fakeDataSource(answers: Partial<AuditlakeDataSource> = {}): AuditlakeDataSource {
  const nothing = () => Promise.resolve([]);
  const datasource = Object.create(AuditlakeDataSource.prototype) as AuditlakeDataSource;
  return Object.assign(datasource, {
    getNamedQueries: nothing,
    getTables: nothing,
    getTagKeys: nothing,
    findValues: nothing,
    getSqlMetadata: () => Promise.resolve({ tables: [], functions: [], macros: [] }),
    ...answers,
  });
}

interface Opened {
  query: () => AuditlakeQuery;
  onRunQuery: jest.Mock;
}

/** Shows an editor as Grafana does, keeping what it reports; the query is given as it stands. */
export function open(
  given: object,
  answers: Partial<AuditlakeDataSource> = {},
  props: Partial<Props> = {}
): Promise<Opened> {
  return openEditor(QueryEditor, given, answers, props);
}

export async function openEditor(
  Editor: ComponentType<Props>,
  given: object | string,
  answers: Partial<AuditlakeDataSource> = {},
  props: Partial<Props> = {}
): Promise<Opened> {
  const datasource = fakeDataSource(answers);
  const onRunQuery = jest.fn();
  let current = (typeof given === 'string' ? given : { refId: 'A', ...given }) as AuditlakeQuery;

  function Panel() {
    const [query, setQuery] = useState(current);
    const onChange = (next: AuditlakeQuery) => {
      current = next;
      setQuery(next);
    };
    return <Editor datasource={datasource} query={query} onChange={onChange} onRunQuery={onRunQuery} {...props} />;
  }
  // What the editor loads has come when it is there.
  await act(async () => {
    render(<Panel />);
  });
  return { query: () => current, onRunQuery };
}
