import { readdirSync } from 'fs';
import React from 'react';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type DataSourceApi } from '@grafana/data';
import { isRunnable } from '../queries';
import { type AuditlakeQuery } from '../types';
import { CheatSheet } from './CheatSheet';

describe('CheatSheet', () => {
  it('puts an example into the editor', async () => {
    const chosen: AuditlakeQuery[] = [];
    const datasource = {} as DataSourceApi<AuditlakeQuery>;
    const query: AuditlakeQuery = { refId: 'A', queryType: 'events' };
    render(<CheatSheet datasource={datasource} query={query} onClickExample={(example) => chosen.push(example)} />);

    await userEvent.click(screen.getByRole('button', { name: 'What was denied?' }));
    expect(chosen).toEqual([
      { refId: 'A', queryType: 'events', filters: [{ key: 'outcome', operator: '=', value: 'denied' }] },
    ]);

    for (const button of screen.getAllByRole('button')) {
      await userEvent.click(button);
    }
    expect(chosen.filter((example) => !isRunnable(example))).toEqual([]);

    const catalog = readdirSync('pkg/query/named/queries', { recursive: true }).map((file) => String(file));
    const named = chosen.flatMap((example) => (example.queryType === 'named' ? [example.named] : []));
    expect(named.filter((name) => !catalog.some((file) => file.endsWith(`/${name}.yaml`)))).toEqual([]);
  });
});
