import React, { useState } from 'react';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { AuditlakeDataSource } from '../../datasource';
import { type AuditlakeQuery, type NamedQuery } from '../../types';
import { QueryEditor } from './QueryEditor';

const catalog: NamedQuery[] = [
  {
    name: 'clusters_by_creator',
    title: 'Clusters by creator',
    description: 'Who created clusters',
    group: 'Clusters',
    severity: 'info',
    visualization: 'barchart',
    alertable: true,
    own: false,
    params: [
      { name: 'creator', description: 'Only this one', type: 'string', default: '', required: true },
      { name: 'limit', description: '', type: 'integer', default: '10', required: false },
    ],
  },
  {
    name: 'failed_logins',
    title: 'Failed logins',
    description: '',
    group: 'Logins',
    severity: 'warning',
    visualization: 'timeseries',
    alertable: true,
    own: false,
    params: [],
  },
];

const loaded = () => Promise.resolve(catalog);

/** Shows the editor as a panel does; the returned function gives the query as it stands. */
function open(load: () => Promise<NamedQuery[]>, given: Partial<AuditlakeQuery> = {}) {
  const datasource = Object.create(AuditlakeDataSource.prototype) as AuditlakeDataSource;
  datasource.getNamedQueries = load;
  const onRunQuery = jest.fn();
  let current: AuditlakeQuery = { refId: 'A', queryType: 'named', ...given };

  function Panel() {
    const [query, setQuery] = useState(current);
    const onChange = (next: AuditlakeQuery) => {
      current = next;
      setQuery(next);
    };
    return <QueryEditor datasource={datasource} query={query} onChange={onChange} onRunQuery={onRunQuery} />;
  }
  render(<Panel />);
  return { query: () => current, onRunQuery };
}

describe('QueryEditor', () => {
  it('offers the catalog and runs what is chosen', async () => {
    const { query, onRunQuery } = open(loaded);

    await userEvent.click(await screen.findByLabelText('Query'));
    await userEvent.click(await screen.findByRole('option', { name: /Clusters by creator/ }));

    expect(query()).toEqual({ refId: 'A', queryType: 'named', named: 'clusters_by_creator', params: {} });
    expect(onRunQuery).toHaveBeenCalledTimes(1);
    expect(screen.getByText('Who created clusters')).toBeInTheDocument();
  });

  it('runs with a parameter when its input is left', async () => {
    const { query, onRunQuery } = open(loaded, { named: 'clusters_by_creator' });

    await userEvent.type(await screen.findByLabelText(/^creator/), 'JOB_LAUNCHER');
    expect(onRunQuery).not.toHaveBeenCalled();
    await userEvent.tab();

    expect(query().params).toEqual({ creator: 'JOB_LAUNCHER' });
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('leaves an emptied parameter to the default, which it shows', async () => {
    const { query } = open(loaded, {
      named: 'clusters_by_creator',
      params: { creator: 'ada', limit: '3' },
    });

    await userEvent.clear(await screen.findByLabelText(/^limit/));

    expect(query().params).toEqual({ creator: 'ada' });
    expect(screen.getByPlaceholderText('10')).toBeInTheDocument();
  });

  it('names a required parameter that is missing', async () => {
    open(loaded, { named: 'clusters_by_creator' });

    expect(await screen.findByText('creator is required')).toBeInTheDocument();
  });

  it('forgets the parameters of the query before', async () => {
    const { query } = open(loaded, { named: 'clusters_by_creator', params: { creator: 'ada' } });

    await userEvent.click(await screen.findByLabelText('Query'));
    await userEvent.click(await screen.findByRole('option', { name: /Failed logins/ }));

    expect(query()).toMatchObject({ named: 'failed_logins', params: {} });
  });

  it('says why the catalog is missing', async () => {
    open(() => Promise.reject({ status: 502, data: { message: 'the lake cannot be read' } }));

    expect(await screen.findByText('the lake cannot be read')).toBeInTheDocument();
  });
});
