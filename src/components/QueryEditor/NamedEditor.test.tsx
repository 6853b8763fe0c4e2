import { CoreApp } from '@grafana/data';
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type NamedQuery } from '../../types';
import { open } from './open.fake';

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

const loaded = { getNamedQueries: () => Promise.resolve(catalog) };
const chosen = { queryType: 'named', named: 'clusters_by_creator' };

describe('named queries', () => {
  it('are offered and run when one is chosen', async () => {
    const { query, onRunQuery } = await open({ queryType: 'named' }, loaded);

    await userEvent.click(await screen.findByLabelText('Query'));
    await userEvent.click(await screen.findByRole('option', { name: /Clusters by creator/ }));

    expect(query()).toEqual({ refId: 'A', ...chosen, params: {} });
    expect(onRunQuery).toHaveBeenCalledTimes(1);
    expect(screen.getByText('Who created clusters')).toBeInTheDocument();
  });

  it('run with a parameter when its input is left', async () => {
    const { query, onRunQuery } = await open(chosen, loaded);

    await userEvent.type(await screen.findByLabelText(/^creator/), 'JOB_LAUNCHER');
    expect(onRunQuery).not.toHaveBeenCalled();
    await userEvent.tab();

    expect(query()).toMatchObject({ params: { creator: 'JOB_LAUNCHER' } });
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('leave an emptied parameter to the default, which is shown', async () => {
    const { query } = await open({ ...chosen, params: { creator: 'ada', limit: '3' } }, loaded);

    await userEvent.clear(await screen.findByLabelText(/^limit/));

    expect(query()).toHaveProperty('params', { creator: 'ada' });
    expect(screen.getByPlaceholderText('10')).toBeInTheDocument();
  });

  it('name a required parameter that is missing', async () => {
    await open(chosen, loaded);

    expect(await screen.findByText('creator is required')).toBeInTheDocument();
  });

  it('forget the parameters of the query before', async () => {
    const { query } = await open({ ...chosen, params: { creator: 'ada' } }, loaded);

    await userEvent.click(await screen.findByLabelText('Query'));
    await userEvent.click(await screen.findByRole('option', { name: /Failed logins/ }));

    expect(query()).toMatchObject({ named: 'failed_logins', params: {} });
  });

  it('are those that an alert rule can be set on, in one', async () => {
    const [first, second] = catalog;
    const getNamedQueries = () => Promise.resolve([{ ...first, alertable: false }, second]);
    await open({ queryType: 'named' }, { getNamedQueries }, { app: CoreApp.UnifiedAlerting });

    await userEvent.click(await screen.findByLabelText('Query'));

    const options = await screen.findAllByRole('option');
    expect(options.map((option) => option.textContent)).toEqual([expect.stringContaining('Failed logins')]);
  });

  it('say why the catalog is missing', async () => {
    await open(
      { queryType: 'named' },
      { getNamedQueries: () => Promise.reject({ status: 502, data: { message: 'the lake cannot be read' } }) }
    );

    expect(await screen.findByText('the lake cannot be read')).toBeInTheDocument();
  });
});
